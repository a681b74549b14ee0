package scenario

import (
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"spreadable/internal/phrase"
	"spreadable/internal/strictyaml"
)

// Some keys hold lists of groups of keys: `faults` and `attacks`.
var (
	faultsType  = reflect.TypeFor[Faults]()
	attacksType = reflect.TypeFor[Attacks]()
)

// isItems reports whether a key of this type holds a list of groups.
func isItems(t reflect.Type) bool { return t == faultsType || t == attacksType }

// itemExample is an item of such a list, for errors.
func itemExample(t reflect.Type) string {
	if t == attacksType {
		return "{at: 5m, lie: sizes, on: 10%}"
	}
	return "{at: 5m, do: crash, on: 30%}"
}

// items decodes a list of groups.
func (d decoder) items(path string, n ast.Node, v reflect.Value) error {
	nodes, ok := n.(*ast.SequenceNode)
	if !ok {
		return errorAt(d.place(n), "%s: expected a list, such as - %s, not %s", path, itemExample(v.Type()), strictyaml.KindOf(n))
	}
	list := reflect.MakeSlice(v.Type(), len(nodes.Values), len(nodes.Values))
	for i, item := range nodes.Values {
		at := join(path, strconv.Itoa(i))
		d.source[at] = d.place(item)
		if err := d.group(at, item, list.Index(i)); err != nil {
			return err
		}
	}
	v.Set(list)
	return nil
}

// setItems reads a list of groups from the text of a set, in the form of a file.
func (s *Scenario) setItems(path, text, place string, v reflect.Value) error {
	root, err := parseTree(place, []byte(path+": "+text))
	if err != nil {
		return fmt.Errorf("%s: expected a list such as [%s], not %s", path, itemExample(v.Type()), phrase.Quote(text))
	}
	maps.DeleteFunc(s.source, func(key, _ string) bool { return strings.HasPrefix(key, path+".") })
	d := decoder{file: place, source: s.source}
	return d.items(path, root.Values[0].Value, v)
}
