// Package strictyaml reads files in a small part of YAML, of which people write every line: options and scenarios. It does
// what is the same for all of them, so that a file from anybody is refused in one line that names its place: it bounds
// what the YAML library is given, keeps a panic of the library from being one of the program, and takes the library's
// errors apart. Which part of YAML a file may use, and what is said about it, is the reader's own.
package strictyaml

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Place says where a token of a file stands, as editors understand it: name:line:column, both from 1. Without a token it
// is the beginning of the file.
func Place(name string, t *token.Token) string {
	if t == nil || t.Position == nil {
		return name + ":1:1"
	}
	return fmt.Sprintf("%s:%d:%d", name, t.Position.Line, t.Position.Column)
}

// Tokens cuts a text into its words and signs. More than most of them are an error, as the parser's time grows with the
// square of their number and its stack with their nesting; kind says of what sort the file is, such as "scenario".
func Tokens(name, text string, most int, kind string) (token.Tokens, error) {
	tokens := lexer.Tokenize(strings.TrimPrefix(text, "\ufeff"))
	if len(tokens) > most {
		return nil, fmt.Errorf("%s: more than %d words and signs, which no %s has", Place(name, tokens[most]), most, kind)
	}
	return tokens, nil
}

// Parse makes a tree of the tokens. If that fails, the error begins with its place; explain words the rest.
func Parse(name string, tokens token.Tokens, explain func(Fault) string) (*ast.File, error) {
	file, err := parse(tokens)
	if err == nil {
		return file, nil
	}
	located := yaml.Error(nil)
	if !errors.As(err, &located) || located.GetToken() == nil {
		return nil, fmt.Errorf("%s: %s", Place(name, nil), explain(Fault{err.Error()}))
	}
	return nil, fmt.Errorf("%s: %s", Place(name, located.GetToken()), explain(Fault{located.GetMessage()}))
}

// parse calls the YAML parser. The library is young and a file may come from anyone: a panic in it is an error of the
// file, not of the program.
func parse(tokens token.Tokens) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			file, err = nil, errors.New("the YAML parser failed")
		}
	}()
	return parser.Parse(tokens, 0)
}

// Fault is why a text is not YAML.
type Fault struct{ text string }

// Message is the library's own words, in one line: an excerpt of the file may follow them, which is left out.
func (f Fault) Message() string {
	line, _, _ := strings.Cut(f.text, "\n")
	return line
}

// alreadyDefined is how the library reports a key that stands twice.
var alreadyDefined = regexp.MustCompile(`^mapping key "(.*)" already defined at \[(\d+):\d+\]$`)

// Twice reports whether a key stands twice in one mapping, which key, and the line of the first.
func (f Fault) Twice() (key, line string, ok bool) {
	parts := alreadyDefined.FindStringSubmatch(f.Message())
	if parts == nil {
		return "", "", false
	}
	return parts[1], parts[2], true
}

// Tab reports whether a tab stands where YAML wants spaces.
func (f Fault) Tab() bool {
	return strings.Contains(f.text, "tab character") || strings.Contains(f.text, "character '\t'")
}
