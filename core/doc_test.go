package core_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spreadable/core/message"
)

// The essay of this package has one paragraph for each kind of request, in the order of
// the kinds, and each says what the row of its kind in package message says: the name,
// the path, and the codes with which the request can be refused.
func TestEssayAndTableAgree(t *testing.T) {
	paragraphs := messageParagraphs(t)
	constants := kindConstants(t)
	if len(paragraphs) != int(message.NumKinds) || len(constants) != int(message.NumKinds) {
		t.Fatalf("%d paragraphs and %d constants for %d kinds", len(paragraphs), len(constants), message.NumKinds)
	}
	for kind := range message.NumKinds {
		row, p := kind.Row(), paragraphs[kind]
		if want := strings.TrimPrefix(constants[kind], "Kind"); p.name != want {
			t.Errorf("paragraph %d is about %s, want %s", kind, p.name, want)
		}
		method, path := "POST", row.Path
		if row.Sender == message.AnyParticipant {
			method = "GET"
		}
		if strings.HasSuffix(path, "/") {
			path += "NAME"
		}
		if p.method != method || p.path != path {
			t.Errorf("%s is said to go to %s %s, want %s %s", p.name, p.method, p.path, method, path)
		}
		if !slices.Equal(p.codes, row.Refusals) {
			t.Errorf("%s is said to be refused with %q, its row says %q", p.name, p.codes, row.Refusals)
		}
		for _, part := range []string{"from ", " to ", "Answer: ", "Effect: "} {
			if !strings.Contains(p.text, part) {
				t.Errorf("the paragraph of %s has no %q", p.name, part)
			}
		}
	}
}

// paragraph is what the essay says of one kind.
type paragraph struct {
	name, method, path, text string
	codes                    []string
}

var (
	kindHeading = regexp.MustCompile(`^(\w+) \((GET|POST) (/\S*)\): (.*)$`)
	code        = regexp.MustCompile(`\b[A-Z]+(_[A-Z]+)+\b`)
)

// messageParagraphs reads the section "Messages" of the essay.
func messageParagraphs(t *testing.T) (list []paragraph) {
	t.Helper()
	file := parse(t, "doc.go")
	_, section, found := strings.Cut(file.Doc.Text(), "\n# Messages\n")
	section, _, end := strings.Cut(section, "\n# ")
	if !found || !end {
		t.Fatal("the essay has no section on messages")
	}
	for text := range strings.SplitSeq(section, "\n\n") {
		text = strings.Join(strings.Fields(text), " ")
		if m := kindHeading.FindStringSubmatch(text); m != nil {
			list = append(list, paragraph{m[1], m[2], m[3], m[4], code.FindAllString(m[4], -1)})
		}
	}
	return list
}

// kindConstants returns the names of the kinds' constants in their order.
func kindConstants(t *testing.T) (names []string) {
	t.Helper()
	for _, d := range parse(t, "message/table.go").Decls {
		group, ok := d.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			name := spec.(*ast.ValueSpec).Names[0].Name
			if strings.HasPrefix(name, "Kind") {
				names = append(names, name)
			}
		}
	}
	return names
}

func parse(t *testing.T, name string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
