package scenario

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"spreadable/internal/phrase"
	"spreadable/internal/strictyaml"
	"spreadable/transport/inmem/latency"
)

// Shares are parts of a whole by their names. Their keys are names, not ours.
type Shares []latency.Share

// Number is a number without a unit.
type Number float64

// shares decodes a mapping of names to shares.
func (d decoder) shares(path string, n ast.Node, v reflect.Value) error {
	m, ok := n.(*ast.MappingNode)
	if !ok || len(m.Values) == 0 {
		return errorAt(d.place(n), "%s takes names with shares below it, such as {tokyo: 40%%, ohio: 60%%}, not %s",
			path, strictyaml.KindOf(n))
	}
	for _, entry := range m.Values {
		name, err := d.key(entry)
		if err != nil {
			return err
		}
		if err := d.once(join(path, name), entry); err != nil {
			return err
		}
		if err := d.scalar(join(path, name), entry.Value, v); err != nil {
			return err
		}
	}
	return nil
}

// setShare reads one share; path ends in its name.
func setShare(v reflect.Value, path, text string) error {
	name := path
	for range 2 { // the group and its key
		_, name, _ = strings.Cut(name, ".")
	}
	if name == "" {
		example := map[string]string{"latency.access": "fiber", "latency.places": "tokyo"}[path]
		return fmt.Errorf("%s: is a group: set one of its names, such as %s.%s=100%%", path, path, example)
	}
	part, err := parseShare(text)
	if err != nil {
		return fmt.Errorf("%s: %w", phrase.OneLine(path), err)
	}
	shares := v.Addr().Interface().(*Shares)
	if i := slices.IndexFunc(*shares, func(s latency.Share) bool { return s.Name == name }); i >= 0 {
		(*shares)[i].Part = part
	} else {
		*shares = append(*shares, latency.Share{Name: name, Part: part})
	}
	return nil
}

// sorted lists the shares by name: their order means nothing.
func (s Shares) sorted() Shares {
	return slices.SortedFunc(slices.Values(s), func(a, b latency.Share) int { return strings.Compare(a.Name, b.Name) })
}

// String says the shares in one line: "cable 40%, fiber 60%".
func (s Shares) String() string {
	var list []string
	for _, share := range s.sorted() {
		list = append(list, share.Name+" "+formatShare(share.Part))
	}
	return strings.Join(list, ", ")
}

// plain lists the shares as they are written.
func (s Shares) plain() yaml.MapSlice {
	var group yaml.MapSlice
	for _, share := range s.sorted() {
		group = append(group, yaml.MapItem{Key: share.Name, Value: formatShare(share.Part)})
	}
	return group
}
