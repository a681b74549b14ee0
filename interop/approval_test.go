//go:build interop

package interop

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"spreadable/client"
)

// question is what the npm client returns from getApprovalQuestion: the approvalInfo
// without an answer.
type question map[string]any

func (q question) answered(answer any) map[string]any {
	info := map[string]any{"answer": answer}
	for k, v := range q {
		if k != "question" {
			info[k] = v
		}
	}
	return info
}

// drawTimeout is the timeout of requests between nodes where approvals are tested, as long
// as it may be: an entry node leaves an approver out that is too late with its picture.
const drawTimeout = round

// mixed is a settled network of two npm nodes and two of ours, for a test that runs beside
// others: networks mostly wait. No node dies in it until the last request, so its long
// timeout delays nothing.
func mixed(t *testing.T, username, password string) *network {
	t.Helper()
	t.Parallel()
	n := &network{username: username, password: password, timeout: drawTimeout}
	n.start(t, 2, 2, false)
	n.settle(t, 20)
	return n
}

func (n *network) of(npm bool) *member {
	return n.members[slices.IndexFunc(n.members, func(m *member) bool { return m.npm == npm })]
}

// npmClient is the npm package's client, connected to a node. Its timer is off, so that
// it stays there.
func (n *network) npmClient(t *testing.T, at *member) *process {
	t.Helper()
	p := npmProcess(t, "npm client")
	settings := map[string]any{"address": at.address, "task": false}
	if n.username != "" {
		settings["auth"] = map[string]string{"username": n.username, "password": n.password}
	}
	p.must(t, "client", map[string]any{"options": settings}, nil)
	return p
}

func request(p *process, at *member, endpoint string, info map[string]any) error {
	return p.do("request", map[string]any{
		"endpoint": endpoint, "options": map[string]any{"address": at.address, "approvalInfo": info},
	}, nil)
}

// TestNpmClientIsApprovedThroughOurNode: the question comes from a node of ours, the
// approvers are of both kinds, and the approved request succeeds at both kinds.
func TestNpmClientIsApprovedThroughOurNode(t *testing.T) {
	n := mixed(t, "", "")
	ours, npm := n.of(false), n.of(true)
	client := n.npmClient(t, ours)
	var q question
	client.must(t, "question", map[string]any{"action": "client"}, &q)
	if q["question"] != "127.0.0.1" || q["clientIp"] != "127.0.0.1" {
		t.Errorf("question is %v", q)
	}
	if list, _ := q["approvers"].([]any); len(list) != approvers {
		t.Errorf("approvers are %v, want all four nodes", list)
	}
	right := q.answered(q["question"])
	for _, at := range []*member{ours, npm} {
		if err := request(client, at, "client", right); err != nil {
			t.Errorf("approved request at %s: %v", at.name, err)
		}
	}
	change := func(key string, value any) map[string]any {
		info := q.answered(q["question"])
		info[key] = value
		return info
	}
	for _, tt := range []struct {
		name string
		info map[string]any
		code string
	}{
		{"used before", right, "WRONG_APPROVAL_ANSWER"},
		{"an unknown action", change("action", "nonsense"), "INVALID_APPROVAL_ACTION"},
		{"a stale period", change("startedAt", q["startedAt"].(float64)-900_000), "WRONG_APPROVAL_TIME"},
		{"a foreign key", change("key", strings.Repeat("0", 32)), "WRONG_APPROVAL_ANSWER"},
		{"no IP", change("answer", "x"), "INVALID_APPROVAL_INFO"},
		{"foreign approvers", change("approvers", []string{"localhost:1"}), "NOT_ENOUGH_APPROVER_DECISIONS"},
	} {
		for _, at := range []*member{ours, npm} {
			if got := code(request(client, at, "client", tt.info)); got != "ERR_SPREADABLE_"+tt.code {
				t.Errorf("%s: %s says %q, want %s", tt.name, at.name, got, tt.code)
			}
		}
	}
}

// TestWrongAnswersAreRefusedByBoth uses a question of its own, since a wrong answer
// counts as a use.
func TestWrongAnswersAreRefusedByBoth(t *testing.T) {
	n := mixed(t, "", "")
	client := n.npmClient(t, n.of(false))
	var q question
	client.must(t, "question", map[string]any{"action": "client"}, &q)
	for _, npm := range []bool{false, true} {
		if got := code(request(client, n.of(npm), "client", q.answered("9.9.9.9"))); got != "ERR_SPREADABLE_WRONG_APPROVAL_ANSWER" {
			t.Errorf("%s says %q", n.of(npm).name, got)
		}
	}
}

// TestNpmClientReadsTheCaptcha: each approver, of whatever kind, draws its own text; the
// entry node cuts its symbols from them; a person who reads the picture gives the first
// symbols of each.
func TestNpmClientReadsTheCaptcha(t *testing.T) {
	n := mixed(t, "", "")
	for _, npm := range []bool{false, true} {
		entry := n.of(npm)
		client := n.npmClient(t, entry)
		var q question
		client.must(t, "question", map[string]any{"action": "captcha", "info": map[string]any{"captchaWidth": 180}}, &q)
		if picture, _ := q["question"].(string); !strings.HasPrefix(picture, "data:image/png;base64,") || len(picture) > 300<<10 {
			t.Errorf("%s: the question is %.40q of %d bytes", entry.name, picture, len(picture))
		}
		answer := n.read(t, q)
		wrong := "000000"
		if answer == wrong {
			wrong = "111111"
		}
		for _, at := range []*member{n.of(false), n.of(true)} {
			if err := request(client, at, "captcha", q.answered(strings.ToUpper(answer))); err != nil {
				t.Errorf("entry %s, request at %s: %v", entry.name, at.name, err)
			}
		}
		client.must(t, "question", map[string]any{"action": "captcha"}, &q)
		if got := code(request(client, entry, "captcha", q.answered(wrong))); got != "ERR_SPREADABLE_WRONG_APPROVAL_ANSWER" {
			t.Errorf("entry %s, a wrong answer: %q", entry.name, got)
		}
	}
}

// read asks the approvers what they have drawn, instead of looking at the picture.
func (n *network) read(t *testing.T, q question) string {
	t.Helper()
	list, _ := q["approvers"].([]any)
	answer, left := "", 6
	for i, approver := range list {
		at := slices.IndexFunc(n.members, func(m *member) bool { return m.address == approver })
		if at < 0 {
			t.Fatalf("approver %v is not of the network", approver)
		}
		var drawn struct{ Answer string }
		n.members[at].must(t, "answer", map[string]any{"key": q["key"]}, &drawn)
		if drawn.Answer == "" {
			t.Fatalf("%s has drawn nothing within %v: its part of the picture is missing", n.members[at].name, drawTimeout)
		}
		cells := left / (len(list) - i)
		answer += drawn.Answer[:cells]
		left -= cells
	}
	return answer
}

// TestOurClientIsApprovedThroughNpmNode goes the other way.
func TestOurClientIsApprovedThroughNpmNode(t *testing.T) {
	n := mixed(t, "", "")
	client := goProcess(t, "go client")
	client.must(t, "client", map[string]any{"options": options{}}, nil)
	for _, npm := range []bool{true, false} {
		entry := map[string]any{"entry": n.of(npm).address}
		client.must(t, "approve", entry, nil)
		entry["answer"] = "9.9.9.9"
		if got := code(client.do("approve", entry, nil)); got != "ERR_SPREADABLE_WRONG_APPROVAL_ANSWER" {
			t.Errorf("a wrong answer at %s: %q", n.of(npm).name, got)
		}
	}
}

// TestClosedNetworkOfBothKinds: both kinds know the password, and so do their clients.
func TestClosedNetworkOfBothKinds(t *testing.T) {
	n := mixed(t, "user", "pa:ss")
	client := n.npmClient(t, n.of(false))
	var q question
	client.must(t, "question", map[string]any{"action": "client"}, &q)
	if err := request(client, n.of(false), "client", q.answered(q["question"])); err != nil {
		t.Error(err)
	}
	ours := goProcess(t, "go client")
	ours.must(t, "client", map[string]any{"options": options{Username: "user", Password: "pa:ss"}}, nil)
	ours.must(t, "approve", map[string]any{"entry": n.of(true).address}, nil)
}

// TestApprovalsOfBothKindsDefaults: an npm node draws the square root of the network's
// size, one of ours the sixth root, or the square root where npm nodes are about. All four
// combinations of entry node and verifier succeed.
func TestApprovalsOfBothKindsDefaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ npm, ours, drawn int }{{2, 3, 3}, {3, 2, 3}, {4, 8, 4}, {5, 15, 5}} {
		t.Run(fmt.Sprintf("%d npm nodes, %d of ours", tt.npm, tt.ours), func(t *testing.T) {
			t.Parallel()
			n := &network{standard: true, timeout: drawTimeout}
			n.start(t, tt.npm, tt.ours, false)
			n.settle(t, 40)
			for _, entry := range []*member{n.of(false), n.of(true)} {
				n.approveNpmClient(t, entry, tt.drawn)
				n.approveGoClient(t, entry, tt.drawn)
			}
		})
	}
}

// TestNpmClientChangesItsWorker between the key and the question: it takes the key from one
// node, asks another for the question, and uses the approval at all.
func TestNpmClientChangesItsWorker(t *testing.T) {
	t.Parallel()
	n := &network{standard: true, timeout: drawTimeout}
	n.start(t, 1, 4, false)
	n.settle(t, 20)
	c := n.npmClient(t, n.members[0])
	var q question
	c.must(t, "question", map[string]any{"action": "client", "move": n.members[1].address}, &q)
	for _, at := range n.members {
		if err := request(c, at, "client", q.answered(q["question"])); err != nil {
			t.Errorf("at %s: %v", at.name, err)
		}
	}
}

// approveNpmClient gets an approval of so many approvers from an entry node, and uses it
// at every node.
func (n *network) approveNpmClient(t *testing.T, entry *member, drawn int) {
	t.Helper()
	c := n.npmClient(t, entry)
	var q question
	c.must(t, "question", map[string]any{"action": "client"}, &q)
	if list, _ := q["approvers"].([]any); len(list) != drawn {
		t.Errorf("%s draws %v, want %d approvers", entry.name, list, drawn)
	}
	for _, at := range n.members {
		if err := request(c, at, "client", q.answered(q["question"])); err != nil {
			t.Errorf("the npm client through %s, at %s: %v", entry.name, at.name, err)
		}
	}
	at := n.members[0]
	if got := code(request(c, at, "client", q.answered("9.9.9.9"))); got != "ERR_SPREADABLE_WRONG_APPROVAL_ANSWER" {
		t.Errorf("a wrong answer at %s: %q", at.name, got)
	}
}

// approveGoClient does the same with our client.
func (n *network) approveGoClient(t *testing.T, entry *member, drawn int) {
	t.Helper()
	c := n.goClient(t, entry, client.Options{})
	q, answer := n.ask(t, c, "client", nil)
	if len(q.Approvers) != drawn {
		t.Errorf("%s draws %v, want %d approvers", entry.name, q.Approvers, drawn)
	}
	for _, at := range n.members {
		if err := use(t, c, at, "client", q.Answer(answer)); err != nil {
			t.Errorf("the Go client through %s, at %s: %v", entry.name, at.name, err)
		}
	}
	if err := use(t, c, entry, "client", q.Answer("9.9.9.9")); !errors.Is(err, client.CodeWrongAnswer) {
		t.Errorf("a wrong answer at %s: %v", entry.name, err)
	}
}
