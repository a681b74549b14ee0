package httptransport

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"spreadable/core/message"
)

// Fields that cannot be read are refused with a code that the row of the kind lists, the
// same as the node gives to wrong ones.
func TestUnreadableFieldsAreRefusedByTheTable(t *testing.T) {
	n := startNode(t, "localhost", nil, nil)
	sync1(t, n)
	good := map[string]string{
		"target": `"127.0.0.1:1"`, "action": `"client"`, "key": `"k"`, "answer": `"127.0.0.1"`, "approvers": `[]`,
		"clientIp": `"127.0.0.1"`, "startedAt": periodStart(), "confirmedAddresses": `[]`,
	}
	refused := make(map[message.Kind][]string)
	for kind := range message.NumKinds {
		row := kind.Row()
		if row.Sender == message.AnyParticipant || strings.HasSuffix(row.Path, "/") {
			continue
		}
		for field := range good {
			for _, bad := range []string{`5`, `null`, `{}`, `"\u0000"`, `"` + strings.Repeat("x", 5000) + `"`, `[5]`, `["x"]`, `true`} {
				fields := []string{fmt.Sprintf(`%q:%s`, field, bad)}
				for name, value := range good {
					if name != field {
						fields = append(fields, fmt.Sprintf(`%q:%s`, name, value))
					}
				}
				got := send(t, n, asks{"POST", row.Path, "", headers("node-root", n.address()), "{" + strings.Join(fields, ",") + "}"})
				var failure struct{ Code string }
				if err := json.Unmarshal([]byte(got.body), &failure); err != nil {
					t.Fatalf("%s of a bad %s: %s", kind, field, got)
				}
				code := strings.TrimPrefix(failure.Code, "ERR_SPREADABLE_")
				if code != "" && !slices.Contains(row.Refusals, code) {
					t.Errorf("%s with %s: %s is refused with %s, which its row does not list", kind, field, bad, code)
				}
				refused[kind] = append(refused[kind], code)
			}
		}
	}
	if !slices.Contains(refused[message.KindApprovalCheck], message.CodeInvalidApproval) {
		t.Error("a check without a list of approvers is not refused with INVALID_APPROVAL_INFO")
	}
}
