package scenario

import (
	"fmt"
	"io"

	"github.com/goccy/go-yaml/ast"

	"spreadable/internal/strictyaml"
)

// format is that of scenario files. The largest sensible one has some hundred words.
var format = strictyaml.Format{Name: "scenario", MaxTokens: 20_000}

// ReadFile reads a scenario file for [Parse].
func ReadFile(path string) ([]byte, error) { return format.ReadFile(path) }

// ReadFrom is ReadFile for a file that is open already, such as standard input; name
// stands in its errors.
func ReadFrom(name string, from io.Reader) ([]byte, error) { return format.ReadFrom(name, from) }

// parseTree turns the text of a scenario file into its mapping.
func parseTree(name string, data []byte) (*ast.MappingNode, error) {
	root, err := format.Parse(name, data)
	if root == nil && err == nil {
		return nil, errorAt(name+":1:1", "the file is empty: a scenario needs at least name, nodes and duration")
	}
	return root, err
}

// errorAt is an error whose line starts with the place it is about.
func errorAt(place, format string, args ...any) error {
	return fmt.Errorf("%s: %w", place, fmt.Errorf(format, args...))
}
