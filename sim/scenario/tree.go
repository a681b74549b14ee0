package scenario

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"spreadable/internal/strictyaml"
)

// MaxFileSize is the greatest size of a scenario file, in bytes.
const MaxFileSize = 1 << 20

// maxTokens bounds what is given to the YAML parser. The largest sensible
// scenario has some hundreds.
const maxTokens = 20_000

// readFile reads a scenario file of at most MaxFileSize bytes.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer f.Close()
	if stat, err := f.Stat(); err == nil && stat.IsDir() {
		return nil, fmt.Errorf("%s: is a directory, not a scenario file", path)
	}
	// One byte more than allowed tells a file that fits from one that does not.
	data, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	if err != nil {
		return nil, fileError(path, err)
	}
	return data, nil
}

// fileError puts the path first, as in every other error, and drops the name
// of the system call.
func fileError(path string, err error) error {
	if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
		err = inner.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// parseTree turns the text of a scenario file into its mapping. What YAML
// allows but no scenario needs (aliases, tags, directives, several documents)
// is refused here, before it can mean anything.
func parseTree(name string, data []byte) (*ast.MappingNode, error) {
	if err := checkText(name, data); err != nil {
		return nil, err
	}
	tokens, err := strictyaml.Tokens(name, string(data), maxTokens, "scenario")
	if err != nil {
		return nil, err
	}
	if err := checkTokens(name, tokens); err != nil {
		return nil, err
	}
	file, err := strictyaml.Parse(name, tokens, explain)
	if err != nil {
		return nil, err
	}
	return rootMapping(name, file)
}

// checkText refuses what is too large or no text at all.
func checkText(name string, data []byte) error {
	if len(data) > MaxFileSize {
		return fmt.Errorf("%s: larger than 1 MiB, which no scenario is", name)
	}
	line, column := 1, 1
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return fmt.Errorf("%s:%d:%d: not a text file: byte 0x%02x is not UTF-8", name, line, column, data[i])
		case r == '\n':
			line, column = line+1, 0
		case r < ' ' && r != '\t' && r != '\r', r == 0x7f:
			return fmt.Errorf("%s:%d:%d: not a text file: control character 0x%02x", name, line, column, r)
		}
		i += size
		column++
	}
	return nil
}

// checkTokens refuses the parts of YAML that scenarios do without.
func checkTokens(name string, tokens token.Tokens) error {
	for i, t := range tokens {
		refused := ""
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			refused = "anchors, aliases and merge keys (& * <<) are not part of a scenario: write the value out"
		case token.TagType:
			refused = `tags (!) are not part of a scenario: put a text that starts with "!" in quotes`
		case token.DirectiveType:
			refused = `directives (%) are not part of a scenario: put a text that starts with "%" in quotes`
		case token.DocumentHeaderType:
			if i > 0 && !onlyComments(tokens[:i]) {
				refused = "a second document: a scenario file holds one"
			}
		case token.DocumentEndType:
			if i < len(tokens)-1 {
				refused = "a second document: a scenario file holds one"
			}
		}
		if refused != "" {
			return errorAt(strictyaml.Place(name, t), "%s", refused)
		}
	}
	return nil
}

func onlyComments(tokens token.Tokens) bool {
	for _, t := range tokens {
		if t.Type != token.CommentType {
			return false
		}
	}
	return true
}

// explain says what the YAML library's message means for the person who wrote
// the file. A message that is not known here is passed on.
func explain(f strictyaml.Fault) string {
	if key, line, ok := f.Twice(); ok {
		return fmt.Sprintf(`duplicate key "%s": first given in line %s`, key, line)
	}
	if f.Tab() {
		return "a tab cannot indent YAML: use spaces"
	}
	message := f.Message()
	for _, known := range []struct{ part, meaning string }{
		{"invalid header option", `a text that starts with ">" or "|" needs quotes, such as ">= 3"`},
		{"unexpected key name", `expected "key: value", with a space after the colon`},
		{"invalid key for this map", "expected the name of a key"},
		{"not allowed in this context", "this does not belong here: check the indentation, quotes and brackets of this line and the one before"},
		{"end token '}'", "an opened { is never closed"},
		{"end token ']'", "an opened [ is never closed"},
		{"end character of", "an opened quote is never closed"},
	} {
		if strings.Contains(message, known.part) {
			return known.meaning
		}
	}
	return "not readable as YAML: " + oneLine(message)
}

// rootMapping finds the one mapping that a scenario file is.
func rootMapping(name string, file *ast.File) (*ast.MappingNode, error) {
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil {
			body = doc.Body
		}
	}
	switch n := body.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode:
		return nil, errorAt(name+":1:1", "the file is empty: a scenario needs at least name, nodes and duration")
	case *ast.MappingNode:
		return n, nil
	default:
		return nil, errorAt(strictyaml.Place(name, n.GetToken()), `expected keys with values, such as "nodes: 1000", not %s`, kindOf(n))
	}
}

// kindOf names what a node is, in the words of a person.
func kindOf(n ast.Node) string {
	switch n := n.(type) {
	case *ast.NullNode:
		return "nothing"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a group of keys"
	case *ast.SequenceNode:
		return "a list"
	default:
		return quote(n.GetToken().Value)
	}
}

// errorAt is an error whose line starts with the place it is about.
func errorAt(place, format string, args ...any) error {
	return fmt.Errorf("%s: %w", place, fmt.Errorf(format, args...))
}
