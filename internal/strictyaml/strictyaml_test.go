package strictyaml

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"
)

var small = Format{Name: "list", MaxTokens: 40}

// read reads a text and writes what it has understood.
func read(text string) (string, error) {
	root, err := small.Parse("f.yaml", []byte(text))
	if root == nil || err != nil {
		return "", err
	}
	return show(root)
}

// show writes a tree as its readers take it apart: they know their keys, and their lists
// hold single values.
func show(n ast.Node) (string, error) {
	var inner []string
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, entry := range n.Values {
			key, _, err := Text(entry.Key)
			if err == nil && strings.Trim(key, "abcdekpqy ") != "" {
				err = errors.New("unknown key")
			}
			if err != nil {
				return "", fmt.Errorf("%s: %w", At("f.yaml", entry.Key), err)
			}
			value, err := show(entry.Value)
			if err != nil {
				return "", err
			}
			inner = append(inner, fmt.Sprintf("%q: %s", key, value))
		}
		return "{" + strings.Join(inner, ", ") + "}", nil
	case *ast.SequenceNode:
		for _, item := range n.Values {
			value, err := showText(item)
			if err != nil {
				return "", err
			}
			inner = append(inner, value)
		}
		return "[" + strings.Join(inner, ", ") + "]", nil
	}
	return showText(n)
}

func showText(n ast.Node) (string, error) {
	text, _, err := Text(n)
	if err != nil {
		return "", fmt.Errorf("%s: %w", At("f.yaml", n), err)
	}
	return fmt.Sprintf("%q", text), nil
}

func TestTextsAreReadAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "# nothing\n": "", "---\n# nothing": "", "~": "",
		"a: 1\n":                `{"a": "1"}`,
		"\ufeffa: 1\nb: [2, 3]": `{"a": "1", "b": ["2", "3"]}`,
		"---\na: 1\n...\n":      `{"a": "1"}`,
		"a: {b: c, d: 'e'}":     `{"a": {"b": "c", "d": "e"}}`,
		"a: 010\nb: 1_000\nc: .5\nd: 1e3\ne: 0x1f":                  `{"a": "010", "b": "1_000", "c": ".5", "d": "1e3", "e": "0x1f"}`,
		"a: yes\nb: off\nc: True\nd: .inf\ne: 1.10":                 `{"a": "yes", "b": "off", "c": "True", "d": ".inf", "e": "1.10"}`,
		"a: 2001-01-01\nb: 12:30:45\nc: '~'":                        `{"a": "2001-01-01", "b": "12:30:45", "c": "~"}`,
		"a: x  y\u00a0z\u3000 # c":                                  `{"a": "x  y\u00a0z\u3000"}`,
		"a: x#y\nb: 'it''s'":                                        `{"a": "x#y", "b": "it's"}`,
		`a: "tab\tnul\0 \x41é\u00e9\U0001f600\ud83d\ude00\N\L\/\\"`: `{"a": "tab\tnul\x00 Aéé😀😀\u0085\u2028/\\"}`,
		"a: 'x\ty'":                           `{"a": "x\ty"}`,
		"a:\tx\t# a\tcomment\nb: [x,\ty]\t\n": `{"a": "x", "b": ["x", "y"]}`,
		"a: |\n  x\n   y\n\n  # z\nb: 1":      `{"a": "x\n y\n\n# z", "b": "1"}`,
		"a: >-\n  x\n  y\n\n  z":              `{"a": "x y\nz"}`,
		"a: x\r\nb: |\r\n  z\r\n  w":          `{"a": "x", "b": "z\nw"}`,
		`{"a":1,"b":["c"],"d":{"e":"f"}}`:     `{"a": "1", "b": ["c"], "d": {"e": "f"}}`,
		"'a b': \"  x  \"":                    `{"a b": "  x  "}`,
	} {
		if got, err := read(text); err != nil || got != want {
			t.Errorf("%q\ngot  %s %v\nwant %s", text, got, err, want)
		}
	}
}

// What the library, or another reader, takes for something else is refused in one line
// with its place.
func TestWhatWouldBeChangedIsRefused(t *testing.T) {
	const tab = `a tab inside a text: write \t, in double quotes, or spaces`
	const end = `spaces at the end of a line of a text`
	for text, want := range map[string]string{
		"a: 1\nb: x\ty\n":         "2:4: " + tab,
		"a: 1\nb: \"x\ty\"\nc: 2": "2:4: " + tab,
		// the lexer's place, one too far
		"a: 1\nb: [z, x\ty]":                "2:8: " + tab,
		"a: 1\nb\tc: 1":                     "2:1: " + tab,
		"a: |\n  x\ty\n":                    tab,
		"a: >\n  x\n  \ty\n":                tab,
		"a: |\n  x \n  y\n":                 end,
		"a: >-\n  x\n  y ":                  end,
		"a:\n  ?\n":                         "2:3: a ? alone on a line: put it in quotes",
		"a: {b: c,d:e}":                     `1:11: expected "key: value", with a space after the colon`,
		"a: b\nd:e\n":                       "not readable as YAML",
		"a:\n\tb: 1\n":                      "2:1: a tab cannot indent YAML: use spaces",
		"a: x\u0085y":                       `1:5: readers of YAML do not agree on the character U+0085: write "\u0085", in double quotes`,
		"a: 'x\u2028y'":                     "1:6: readers of YAML do not agree on the character U+2028",
		"a: x\ufeff":                        "1:5: readers of YAML do not agree on the character U+FEFF",
		"a: x\ry":                           "1:5: readers of YAML do not agree on the character U+000D",
		"a: \"x\x00\"":                      "1:6: not a text file: control character 0x00",
		"a: x\x7f":                          "1:5: not a text file: control character 0x7f",
		"a: \xff":                           "1:4: not a text file: byte 0xff is not UTF-8",
		"a: null":                           "1:4: expected a value, but YAML reads null as nothing; in quotes it is a text",
		"a: ~":                              "1:4: expected a value, but YAML reads ~ as nothing; in quotes it is a text",
		"a:":                                ": expected a value, not nothing",
		"? a\n: 1":                          "expected a value",
		"a: !!str 1":                        `1:4: tags (!) are not part of a list: put a text that starts with "!" in quotes`,
		"a: &x 1\nb: *x":                    "1:4: anchors, aliases and merge keys (& * <<) are not part of a list: write the value out",
		"<<: {a: 1}":                        "1:1: anchors, aliases and merge keys",
		"%YAML 1.2\n---\na: 1":              `1:1: directives (%) are not part of a list: put a text that starts with "%" in quotes`,
		"a: 1\n---\nb: 2":                   "2:1: a second document: a list file holds one",
		"a: 1\n...\nb: 2":                   "2:1: a second document: a list file holds one",
		"a: 1\nb: 2\na: 3\n":                "3:1: a: given twice; first in line 1",
		"a: 1\nb: \"open\n":                 "2:4: an opened quote is never closed",
		"x: [1, 2\n":                        "1:4: an opened [ is never closed",
		"- 1":                               `1:1: expected keys with values, such as "key: value", not a list`,
		"a: \"\\q\"":                        "not readable as YAML: ",
		"a: \"\\ud800\"":                    "not readable as YAML: ",
		strings.Repeat("- 1\n", 30):         "21:1: more than 40 words and signs, which no list has",
		strings.Repeat("#", MaxSize) + "\n": "f.yaml: larger than 4 MiB, which no list is",
	} {
		got, err := read(text)
		switch {
		case err == nil:
			t.Errorf("%q is read as %s", text, got)
		case !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "f.yaml:") || strings.Contains(err.Error(), "\n"):
			t.Errorf("%.100q\ngot  %v\nwant %s", text, err, want)
		}
	}
}

// pieces of texts to which YAML, its library or another reader gives a
// meaning.
var pieces = []string{
	"a", "b", "é", "😀", " ", "  ", "\t", "\n  ", "\n\n  ", "\n   ", "\r\n  ", "\n", "#", " #", ":", ": ", "-", "- ", "'", "''", `"`, `\`, `\t`, `\n`,
	`\"`, `\x41`, `\u00e9`, `\U0001F600`, `\/`, `\ `, "\\\n  ", "\u00a0", "\u0085", "\u2028", "\ufeff", "0", "1", ".", "_", "~", "!", "&", "*", "%",
	"@", "`", "|", ">", "{", "}", "[", "]", ",", "?", "=", "<<", "null", "true", "e", "---", "...", "0x", "+",
}

// TestTwoReadersAgree holds every text that is read against another reader of YAML: where
// that one reads it too, it must read the same. So nothing is dropped or changed in
// silence.
func TestTwoReadersAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			body := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 6).Draw(t, "body"), "")
			style := rapid.SampledFrom([]string{"%s", "\"%s\"", "'%s'", "|\n  %s", ">-\n  %s", ">\n  %s", "[%s, z]", "{y: %s}", "\n  y: %s", "[\"%s\"]"}).Draw(t, "style")
			before := rapid.SampledFrom([]string{"", "p: 1\n", "p: 'q'\n", "# c\n", "p: q # c\n", "---\n"}).Draw(t, "before")
			after := rapid.SampledFrom([]string{"", "\n", "\nq: 2\n", " # c\n", "\n# c\nq: 2\n", "\t\n"}).Draw(t, "after")
			text := before + "k: " + fmt.Sprintf(style, body) + after
			ours, err := read(text)
			if err != nil {
				continue
			}
			if others, err := other(text); err == nil && ours != others {
				t.Fatalf("%q\nread as   %s\nothers do %s", text, ours, others)
			}
		}
	})
}

// other reads a text with a library that has no line of ours, or of our library, in it.
func other(text string) (string, error) {
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil || n.Kind == 0 {
		return "", err
	}
	return showOther(n.Content[0]), nil
}

func showOther(n *yaml.Node) string {
	var inner []string
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			inner = append(inner, showOther(n.Content[i])+": "+showOther(n.Content[i+1]))
		}
		return "{" + strings.Join(inner, ", ") + "}"
	case yaml.SequenceNode:
		for _, item := range n.Content {
			inner = append(inner, showOther(item))
		}
		return "[" + strings.Join(inner, ", ") + "]"
	}
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 { // see Text
		return fmt.Sprintf("%q", strings.TrimRight(n.Value, "\n"))
	}
	return fmt.Sprintf("%q", n.Value)
}

// TestWhatAnEmitterWritesIsReadOrRefused does the same with texts as a common library
// writes them.
func TestWhatAnEmitterWritesIsReadOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.OneOf(rapid.SampledFrom(pieces), rapid.String())
		value := strings.Join(rapid.SliceOfN(piece, 0, 6).Draw(t, "pieces"), "")
		text, err := yaml.Marshal(map[string]string{"k": value})
		if err != nil {
			return // not UTF-8
		}
		got, err := read(string(text))
		block := fmt.Sprintf("{%q: %q}", "k", strings.TrimRight(value, "\n"))
		if whole := fmt.Sprintf("{%q: %q}", "k", value); err == nil && got != whole && got != block {
			t.Fatalf("%q, written as\n%s, is read as %s", value, text, got)
		}
	})
}

// number is above 0, and says so.
type number int

func (n *number) UnmarshalYAML(text []byte) (err error) {
	if *n, err = number(len(text)), nil; string(text) == "0" {
		err = errors.New("want a number above 0")
	}
	return err
}

func TestAFileIsDecodedIntoAStruct(t *testing.T) {
	type options struct {
		A string   `yaml:"a"`
		B int      `yaml:"b"`
		C []string `yaml:"c"`
		N number   `yaml:"n"`
	}
	for text, want := range map[string]string{
		"": "{kept 0 [] 0}", "# nothing": "{kept 0 [] 0}", "a: x\nb: 5\nc: [y, z]": "{x 5 [y z] 0}", "n: 10": "{kept 0 [] 2}",
		"\nd: 1":          `f.yaml:2:1: unknown field "d"`,
		"b: x":            "f.yaml:1:4: cannot unmarshal string into Go struct field options.B of type int",
		"n: 0":            "f.yaml: want a number above 0",
		"a: &x 1\nb: *x":  "f.yaml:1:4: anchors, aliases and merge keys (& * <<) are not part of a list: write the value out, or put it in quotes",
		"a: 1\na: 2":      "f.yaml:2:1: a: given twice; first in line 1",
		"a: \"open\nb: 5": "f.yaml:1:4: an opened quote is never closed",
	} {
		got := options{A: "kept"}
		err := small.Decode("f.yaml", []byte(text), &got)
		if said := fmt.Sprint(got); err == nil && said != want || err != nil && err.Error() != want {
			t.Errorf("%q: %s, %v, want %s", text, said, err, want)
		}
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	if _, err := small.ReadFile("no/such/file.yaml"); err == nil || err.Error() != "no/such/file.yaml: no such file or directory" {
		t.Errorf("%v", err)
	}
	if _, err := small.ReadFile(dir); err == nil || err.Error() != dir+": is a directory, not a list file" {
		t.Errorf("%v", err)
	}
	large := filepath.Join(dir, "large.yaml")
	if err := os.WriteFile(large, make([]byte, 2*MaxSize), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := small.ReadFile(large); err != nil || len(data) != MaxSize+1 {
		t.Errorf("%d bytes were read, %v", len(data), err)
	}
}

func TestWithoutATokenThePlaceIsTheBeginning(t *testing.T) {
	for _, at := range []*token.Token{nil, {}} {
		if got := place("f.yaml", at); got != "f.yaml:1:1" {
			t.Errorf("got %s", got)
		}
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
