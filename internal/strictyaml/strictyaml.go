// Package strictyaml reads files that people write, in a small part of YAML: options of a
// node, scenarios. A file is read as its author sees it, or refused in one line that
// names the place.
//
// It refuses:
//
//   - what these files do not need: anchors, aliases, merge keys, tags, directives, a
//     second document;
//   - what readers of YAML do not agree on, or what the YAML library is known to change
//     in silence: control characters, other line breaks than LF and CRLF, a tab inside a
//     text (all of these can be written in double quotes, with an escape such as \t),
//     spaces at the end of a line of a text, texts of several lines, except blocks;
//   - what would take the library too long: more bytes or tokens than a limit.
//
// The library gets only what is left. A panic in it becomes an error of the file, and its
// own errors are put in plain words. The callers decide what the keys mean: a [Format]
// gives them a tree, [Text] its single values as they were written, and [At] the place of
// an error.
package strictyaml

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"spreadable/internal/phrase"
)

// MaxSize is the largest size of a file, in bytes. A list of 65,536 IPv6 addresses in full
// takes 2.8 MB. It also bounds how much is read from a wrong path.
const MaxSize = 4 << 20

// Format is a kind of file.
type Format struct {
	Name string // what one of them is called in errors: "scenario"

	// MaxTokens is how many tokens, words and signs, a file may have: the time of the
	// parser grows with the square of their number, its stack with their nesting.
	MaxTokens int
}

// ReadFile reads the file at path, for Parse, which refuses more than MaxSize.
func (f Format) ReadFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, FileError(path, err)
	}
	defer file.Close()
	if stat, err := file.Stat(); err == nil && stat.IsDir() {
		return nil, fmt.Errorf("%s: is a directory, not a %s file", path, f.Name)
	}
	return f.ReadFrom(path, file)
}

// ReadFrom is ReadFile for a file that is open already, such as standard input; its
// errors begin with name. It reads one byte more than MaxSize, so that Parse notices a
// file that is too large.
func (Format) ReadFrom(name string, from io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(from, MaxSize+1))
	if err != nil {
		return nil, FileError(name, err)
	}
	return data, nil
}

// FileError puts the path first, as in every other error, and drops the name of the
// system call.
func FileError(path string, err error) error {
	if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
		err = inner.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// Parse turns the text of a file into its mapping of keys; nil if it holds none. Its
// errors begin with name.
func (f Format) Parse(name string, data []byte) (*ast.MappingNode, error) {
	text, err := f.text(name, data)
	if err != nil {
		return nil, err
	}
	tokens := lexer.Tokenize(text)
	if len(tokens) > f.MaxTokens {
		return nil, errorAt(name, tokens[f.MaxTokens],
			"more than %d words and signs, which no %s has", f.MaxTokens, f.Name)
	}
	if err := f.checkTokens(name, tokens); err != nil {
		return nil, err
	}
	file, err := parse(tokens)
	if err != nil {
		return nil, explained(name, err)
	}
	if err := checkLines(name, tokens); err != nil {
		return nil, err
	}
	var body ast.Node
	for _, doc := range file.Docs { // at most one has a body: see checkTokens
		if doc.Body != nil {
			body = doc.Body
		}
	}
	switch n := body.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode:
		return nil, nil
	case *ast.MappingNode:
		return n, nil
	default:
		return nil, errorAt(name, n.GetToken(), `expected keys with values, such as "key: value", not %s`, KindOf(n))
	}
}

// parse calls the YAML parser. The library is young, and files are not trusted: a panic
// in it is an error of the file, not of the program.
func parse(tokens token.Tokens) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			file, err = nil, errors.New("the YAML parser failed")
		}
	}()
	return parser.Parse(tokens, 0)
}

// explained puts an error of the library in plain words, with its place in front.
func explained(name string, err error) error {
	located := yaml.Error(nil)
	if !errors.As(err, &located) || located.GetToken() == nil {
		return errorAt(name, nil, "%s", explain(err.Error()))
	}
	return errorAt(name, located.GetToken(), "%s", explain(located.GetMessage()))
}

// Text returns the text of a single value as it was written, whatever YAML takes it for,
// and whether it is in quotes or a block, and so is not a number. The line break at the
// end of a block is not part of it.
func Text(n ast.Node) (text string, quoted bool, err error) {
	switch n := n.(type) {
	case *ast.StringNode:
		t := n.GetToken().Type
		return n.Value, t == token.SingleQuoteType || t == token.DoubleQuoteType, nil
	case *ast.LiteralNode:
		return strings.TrimRight(n.Value.Value, "\n"), true, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, false, nil
	case *ast.NullNode:
		if word := n.GetToken().Value; n.GetToken().Type == token.NullType {
			return "", false, fmt.Errorf("expected a value, but YAML reads %s as nothing; in quotes it is a text", word)
		}
	}
	return "", false, fmt.Errorf("expected a value, not %s", KindOf(n))
}

// KindOf names what a node is, in the words of a person.
func KindOf(n ast.Node) string {
	switch n := n.(type) {
	case *ast.NullNode:
		return "nothing"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a group of keys"
	case *ast.SequenceNode:
		return "a list"
	default:
		return phrase.Quote(n.GetToken().Value)
	}
}

// At returns the place of a node in a file, as editors understand it: name:line:column,
// both from 1.
func At(name string, n ast.Node) string {
	// The token of a mapping is its first colon, but a reader looks for its first key.
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	return place(name, n.GetToken())
}

// place is At for a token. Without one it is the beginning of the file.
func place(name string, t *token.Token) string {
	if t == nil || t.Position == nil {
		return name + ":1:1"
	}
	return fmt.Sprintf("%s:%d:%d", name, t.Position.Line, t.Position.Column)
}

func errorAt(name string, t *token.Token, format string, args ...any) error {
	return fmt.Errorf("%s: %w", place(name, t), fmt.Errorf(format, args...))
}
