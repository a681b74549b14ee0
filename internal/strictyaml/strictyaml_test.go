package strictyaml

import (
	"fmt"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/token"
)

// read gives a text to all of the package, and words a fault by what is known about it.
func read(text string) (docs int, err error) {
	tokens, err := Tokens("f.yaml", text, 40, "file")
	if err != nil {
		return 0, err
	}
	file, err := Parse("f.yaml", tokens, func(f Fault) string {
		if key, line, ok := f.Twice(); ok {
			return fmt.Sprintf("%s twice, first in line %s", key, line)
		}
		if f.Tab() {
			return "a tab"
		}
		return "no YAML"
	})
	if err != nil {
		return 0, err
	}
	return len(file.Docs), nil
}

func TestGoodTextsAreRead(t *testing.T) {
	for _, text := range []string{"", "a: 1\n", "\ufeffa: 1\nb: [2, 3]\n", "# nothing\n"} {
		if docs, err := read(text); err != nil || docs > 1 {
			t.Errorf("%q: %d documents, %v", text, docs, err)
		}
	}
}

func TestAFaultNamesItsPlace(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a: 1\nb: 2\na: 3\n", "f.yaml:3:1: a twice, first in line 1"},
		{"a:\n\tb: 1\n", "f.yaml:2:1: a tab"},
		{"a: 1\nb: \"open\n", "f.yaml:2:4: no YAML"},
		{"x: [1, 2\n", "f.yaml:1:4: no YAML"},
		{strings.Repeat("- 1\n", 30), "f.yaml:21:1: more than 40 words and signs, which no file has"},
	} {
		if _, err := read(c.text); err == nil || err.Error() != c.want {
			t.Errorf("%q\ngot  %v\nwant %s", c.text, err, c.want)
		}
	}
}

func TestWithoutATokenThePlaceIsTheBeginning(t *testing.T) {
	for _, at := range []*token.Token{nil, {}} {
		if got := Place("f.yaml", at); got != "f.yaml:1:1" {
			t.Errorf("got %s", got)
		}
	}
}

// A message never holds more than a line, whatever excerpt the library shows below it.
func TestAMessageIsOneLine(t *testing.T) {
	if got := (Fault{"not this\n>  1 | a: b: c\n"}).Message(); got != "not this" {
		t.Errorf("got %q", got)
	}
}

// Any text is read or refused in one line that begins with its place; nothing panics.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a: 1\n", "a:\n\tb", "- [", "? &a *a", "%x\n---\n", "\"", "a: >9\n b", "{a: {b: }"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := read(text); err != nil && (!strings.HasPrefix(err.Error(), "f.yaml:") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%q: %q", text, err)
		}
	})
}
