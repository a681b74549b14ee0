package config

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"spreadable/internal/phrase"
	"spreadable/internal/strictyaml"
)

// format is the format of option files. An item of a list is two words and signs: 75,000
// of them, which take the parser two seconds. Longer lists are lists of ranges.
var format = strictyaml.Format{Name: "configuration", MaxTokens: 150_000}

// readFile takes the options from a file.
func (c *Config) readFile(path string) error {
	data, err := format.ReadFile(path)
	if err != nil {
		return err
	}
	return c.parse(path, data)
}

// parse takes the options from the text of a file. An empty file sets nothing, and is
// valid.
func (c *Config) parse(name string, data []byte) error {
	root, err := format.Parse(name, data)
	if root == nil || err != nil {
		return err
	}
	for _, entry := range root.Values {
		if err := c.entry(name, entry); err != nil {
			return err
		}
	}
	return nil
}

// entry sets the option of one key.
func (c *Config) entry(name string, entry *ast.MappingValueNode) error {
	key, _, err := strictyaml.Text(entry.Key)
	if err != nil {
		return errorAt(name, entry.Key, "expected the name of a key: %w", err)
	}
	o, err := findOption(key)
	if err != nil {
		return errorAt(name, entry.Key, "%w", err)
	}
	if _, again := c.sources[o.Key]; again {
		return errorAt(name, entry.Key, "%s: given twice; first at %s",
			o.Key, strings.TrimPrefix(c.sources[o.Key], "file "))
	}
	if err := c.entryValue(name, o, entry.Value); err != nil {
		return err
	}
	c.sources[o.Key] = "file " + strictyaml.At(name, entry.Key)
	return nil
}

// entryValue sets an option from the value of its key.
func (c *Config) entryValue(name string, o Option, n ast.Node) error {
	v := o.value(c)
	list, many := v.(listValue)
	if sequence, given := n.(*ast.SequenceNode); given && many {
		var items []string
		for _, item := range sequence.Values {
			text, _, err := strictyaml.Text(item)
			if err != nil {
				return errorAt(name, item, "%s: %w", o.Key, err)
			}
			items = append(items, text)
		}
		if err := list.setList(items); err != nil {
			return errorAt(name, n, "%s: %w", o.Key, err)
		}
		return nil
	}
	text, _, err := strictyaml.Text(n)
	if err == nil {
		err = v.set(text)
	}
	if err != nil {
		return errorAt(name, n, "%s: %w", o.Key, err)
	}
	return nil
}

// findOption finds an option by its key, or suggests what is meant; names of the npm
// package are recognised.
func findOption(key string) (Option, error) {
	var keys []string
	for _, o := range Options() {
		if o.Key == key {
			return o, nil
		}
		if last := o.Npm[strings.LastIndexAny(o.Npm, ". ")+1:]; last == key {
			return o, fmt.Errorf("unknown key %s; npm's %s is %s here", phrase.Quote(key), o.Npm, o.Key)
		}
		keys = append(keys, o.Key)
	}
	return Option{}, fmt.Errorf("unknown key %s%s (spreadnode config example lists all)",
		phrase.Quote(key), phrase.Suggest(key, keys))
}

// errorAt makes an error that begins with its place in the file.
func errorAt(name string, n ast.Node, format string, args ...any) error {
	return fmt.Errorf("%s: %w", strictyaml.At(name, n), fmt.Errorf(format, args...))
}
