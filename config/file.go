package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"spreadable/internal/strictyaml"
)

const (
	maxFile   = 1 << 20 // bytes; also bounds what a mistaken path makes us read
	maxTokens = 50_000  // the parser's time grows faster than its input
)

// readFile takes the options from a file.
func (c *Config) readFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fileError(path, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return fileError(path, err)
	}
	return c.parse(path, data)
}

// parse takes the options from the text of a file.
func (c *Config) parse(name string, data []byte) error {
	switch {
	case len(data) > maxFile:
		return fmt.Errorf("%s: larger than 1 MiB, which no configuration is", name)
	case !utf8.Valid(data) || strings.ContainsRune(string(data), 0):
		return fmt.Errorf("%s:1:1: not a text file", name)
	}
	tokens, err := strictyaml.Tokens(name, string(data), maxTokens, "configuration")
	if err != nil {
		return err
	}
	if err := checkTokens(name, tokens); err != nil {
		return err
	}
	file, err := strictyaml.Parse(name, tokens, explain)
	if err != nil {
		return err
	}
	for i, doc := range file.Docs {
		if i > 0 && doc.Body != nil {
			return errorAt(name, doc.Body.GetToken(), "a second document: a configuration is one")
		}
		if err := c.mapping(name, doc.Body); err != nil {
			return err
		}
	}
	return nil
}

// checkTokens refuses what YAML has and a configuration does not need, before it can mean anything.
func checkTokens(name string, tokens token.Tokens) error {
	for _, t := range tokens {
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType, token.DirectiveType:
			return errorAt(name, t, "anchors, aliases, tags and directives of YAML are not part of a configuration; put a text that begins with %s in quotes", quote(t.Value[:min(1, len(t.Value))]))
		}
	}
	return nil
}

// mapping takes the keys of a document. An empty one says nothing, which is good.
func (c *Config) mapping(name string, body ast.Node) error {
	switch n := body.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode:
		return nil
	case *ast.MappingNode:
		for _, entry := range n.Values {
			if err := c.entry(name, entry); err != nil {
				return err
			}
		}
		return nil
	default:
		return errorAt(name, n.GetToken(), `want keys with values, such as "port: 4000"`)
	}
}

// entry takes one key with its value.
func (c *Config) entry(name string, entry *ast.MappingValueNode) error {
	at := entry.Key.GetToken()
	o, err := findOption(at.Value)
	if err != nil {
		return errorAt(name, at, "%w", err)
	}
	if _, again := c.sources[o.Key]; again {
		return errorAt(name, at, "%s: given twice; first at %s", o.Key, strings.TrimPrefix(c.sources[o.Key], "file "))
	}
	if err := c.entryValue(name, o, entry.Value); err != nil {
		return err
	}
	c.sources[o.Key] = "file " + strictyaml.Place(name, at)
	return nil
}

// entryValue sets an option from what stands behind its key.
func (c *Config) entryValue(name string, o Option, n ast.Node) error {
	v := o.value(c)
	list, many := v.(listValue)
	if sequence, given := n.(*ast.SequenceNode); given && many {
		var items []string
		for _, item := range sequence.Values {
			text, err := scalar(item)
			if err != nil {
				return errorAt(name, item.GetToken(), "%s: %w", o.Key, err)
			}
			items = append(items, text)
		}
		if err := list.setList(items); err != nil {
			return errorAt(name, n.GetToken(), "%s: %w", o.Key, err)
		}
		return nil
	}
	text, err := scalar(n)
	if err == nil {
		err = v.set(text)
	}
	if err != nil {
		return errorAt(name, n.GetToken(), "%s: %w", o.Key, err)
	}
	return nil
}

// scalar is the text of a single value as it was written, whatever YAML takes it for.
func scalar(n ast.Node) (string, error) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, nil
	case *ast.LiteralNode:
		return strings.TrimRight(n.Value.Value, "\n"), nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, nil
	case *ast.NullNode:
		return "", errors.New("has no value: leave the line out for the default")
	case *ast.SequenceNode:
		return "", errors.New("want one value, not a list")
	case *ast.MappingNode, *ast.MappingValueNode:
		return "", errors.New("want a value, not keys: all options stand side by side")
	}
	return "", fmt.Errorf("want a value, not %s", quote(n.GetToken().Value))
}

// findOption finds an option by its key, or says what could be meant; names of the npm package are recognised.
func findOption(key string) (Option, error) {
	var keys []string
	for _, o := range Options() {
		if o.Key == key {
			return o, nil
		}
		if last := o.Npm[strings.LastIndexAny(o.Npm, ". ")+1:]; last == key {
			return o, fmt.Errorf("unknown key %s; npm's %s is %s here", quote(key), o.Npm, o.Key)
		}
		keys = append(keys, o.Key)
	}
	return Option{}, fmt.Errorf("unknown key %s%s (spreadnode config example lists all)", quote(key), suggest(key, keys))
}

// explain says in one line why a file is not YAML.
func explain(f strictyaml.Fault) string {
	if key, line, ok := f.Twice(); ok {
		return fmt.Sprintf("%s: given twice; first in line %s", key, line)
	}
	if f.Tab() {
		return "not readable as YAML: a tab cannot indent YAML: use spaces"
	}
	return "not readable as YAML: " + f.Message()
}

// errorAt is an error that begins with the place it is about.
func errorAt(name string, t *token.Token, format string, args ...any) error {
	return fmt.Errorf("%s: %w", strictyaml.Place(name, t), fmt.Errorf(format, args...))
}
