package message

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Every row is complete, and no two kinds can be mistaken for each other: people see
// the name, a server sees the path.
func TestRowsAreCompleteAndDiffer(t *testing.T) {
	names, paths := make(map[string]Kind), make(map[string]Kind)
	for kind := range NumKinds {
		row := kind.Row()
		if row.Name == "" || !strings.HasPrefix(row.Path, "/") || row.Limit < 1 {
			t.Errorf("the row of kind %d is not complete: %+v", kind, *row)
		}
		if other, taken := names[row.Name]; taken {
			t.Errorf("kinds %d and %d are both named %s", other, kind, row.Name)
		}
		// An application gives its query and its action a name each, so they may share a
		// path.
		if other, taken := paths[row.Path]; taken && !(other == KindQuery && kind == KindAction) {
			t.Errorf("%s and %s share the path %s", other, kind, row.Path)
		}
		names[row.Name], paths[row.Path] = kind, kind
	}
}

// Nodes ask below /api/, where the sender is checked, clients below /client/, and any
// participant elsewhere.
func TestPathSaysTheSender(t *testing.T) {
	for kind := range NumKinds {
		path, sender := kind.Row().Path, AnyParticipant
		switch {
		case strings.HasPrefix(path, "/api/"):
			sender = Nodes
		case strings.HasPrefix(path, "/client/"):
			sender = Clients
		}
		if got := kind.Row().Sender; got != sender {
			t.Errorf("%s with the path %s has sender %d, want %d", kind, path, got, sender)
		}
		if kind.FromNode() != (sender == Nodes) {
			t.Errorf("%s: FromNode is %t", kind, kind.FromNode())
		}
		ofClients := kind >= KindAvailableNode && kind <= KindAction
		if ofClients != (sender == Clients) {
			t.Errorf("%s does not stand among the kinds of its senders", kind)
		}
	}
}

// A request that is answered at once waits in no queue; one that starts a procedure waits
// in that of its senders.
func TestQueueIsThatOfTheSenders(t *testing.T) {
	for kind := range NumKinds {
		row, want := kind.Row(), NoQueue
		switch {
		case row.Leaf:
		case row.Sender == Nodes:
			want = NodeQueue
		case row.Sender == Clients:
			want = ClientQueue
		default:
			t.Errorf("%s starts a procedure, and any participant may send it", kind)
		}
		if row.Queue != want {
			t.Errorf("%s waits in queue %d, want %d", kind, row.Queue, want)
		}
		if kind.Leaf() != row.Leaf {
			t.Errorf("%s: Leaf is %t", kind, kind.Leaf())
		}
	}
}

// A request that may have effects each time is not sent again when its fate is unknown.
func TestWhatCountsIsNotRepeated(t *testing.T) {
	var once []Kind
	for kind := range NumKinds {
		if !kind.Row().Repeatable {
			once = append(once, kind)
		}
	}
	want := []Kind{KindApprovalCheck, KindQueryMaster, KindQueryButler, KindQuerySlave, KindQuery, KindAction, KindWork, KindDirect}
	if !slices.Equal(once, want) {
		t.Errorf("not repeated are %v, want %v", once, want)
	}
}

// The largest answer is that of a provider, which lists the whole network; the next are
// those that list part of it or hold what an application says.
func TestLimitsGrowWithWhatAnAnswerLists(t *testing.T) {
	lists := []Kind{KindStructure, KindQueryMaster, KindQueryButler, KindQuerySlave, KindApprovalQuestion, KindQuery, KindBranch, KindTree, KindWork, KindDirect, KindBranchEntrants, KindAges}
	for kind := range NumKinds {
		want := int64(131_072)
		switch {
		case kind == KindProvide:
			want = 8_388_608
		case slices.Contains(lists, kind):
			want = 2_097_152
		}
		if got := kind.Row().Limit; got != want {
			t.Errorf("an answer to %s may have %d bytes, want %d", kind, got, want)
		}
	}
}

// A number that is no kind has a name too: it may come from a trace.
func TestUnknownKind(t *testing.T) {
	if got := NumKinds.String(); got != "unknown" {
		t.Errorf("kind %d is named %s", NumKinds, got)
	}
	if got := KindEntrants.String(); got != "entrants" {
		t.Errorf("the last kind is named %s", got)
	}
}

// Each code is a refusal of some kind and has a text for people; a row lists none twice,
// and none that is not among the codes.
func TestEveryCodeHasATextAndARow(t *testing.T) {
	codes := constantCodes(t)
	if len(codes) != len(texts) {
		t.Errorf("%d codes have %d texts", len(codes), len(texts))
	}
	seen := make(map[string]bool)
	used := make(map[string]bool)
	for _, code := range codes {
		text := Refusal(code, "").Error()
		if text == "" || seen[text] {
			t.Errorf("the text of %s is missing or that of another code: %q", code, text)
		}
		seen[text] = true
	}
	for kind := range NumKinds {
		list := kind.Row().Refusals
		for i, code := range list {
			if !slices.Contains(codes, code) || slices.Contains(list[:i], code) {
				t.Errorf("%s lists %s, which is no code or stands there already", kind, code)
			}
			used[code] = true
		}
	}
	for _, code := range codes {
		if !used[code] {
			t.Errorf("no kind is refused with %s", code)
		}
	}
}

// constantCodes reads the constants named Code... from the source.
func constantCodes(t *testing.T) (codes []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Code") {
			return true
		}
		code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, code)
		return false
	})
	return codes
}
