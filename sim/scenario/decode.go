package scenario

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"spreadable/internal/phrase"
	"spreadable/internal/strictyaml"
	"spreadable/sim/result"
)

// positions maps the dotted path of a key to the place where it was written:
// "file:line:column" or "--set key=value". A key that has none was not given.
// The empty path is the file itself.
type positions map[string]string

var (
	durationType      = reflect.TypeFor[time.Duration]()
	expectationsType  = reflect.TypeFor[[]Expectation]()
	latencyModelType  = reflect.TypeFor[LatencyModel]()
	lifetimeModelType = reflect.TypeFor[LifetimeModel]()
	sharesType        = reflect.TypeFor[Shares]()
	numberType        = reflect.TypeFor[Number]()
	fileType          = reflect.TypeFor[File]()
)

// decoder fills structs from a syntax tree, strictly, by the yaml tags of
// their fields.
//
// The YAML library has a decoder of its own. This one exists for what that
// one cannot give: the place of every key for the errors of validate, advice
// on misspelt keys, and no conversions ("10" is no number, 3.5 no count).
type decoder struct {
	file   string
	source positions
}

// group decodes a mapping into a struct.
func (d decoder) group(path string, n ast.Node, v reflect.Value) error {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		return errorAt(d.place(n), "%s takes keys below it (%s), not %s", path,
			strings.Join(keysOf(v.Type()), ", "), strictyaml.KindOf(n))
	}
	for _, entry := range m.Values {
		name, err := d.key(entry)
		if err != nil {
			return err
		}
		f, found := fieldOf(v.Type(), name)
		if !found {
			return errorAt(d.place(entry.Key), "%w", unknownKey(path, name, v.Type()))
		}
		if err := d.value(join(path, name), entry, v.FieldByIndex(f.Index)); err != nil {
			return err
		}
	}
	return nil
}

// value decodes what stands behind one key.
func (d decoder) value(path string, entry *ast.MappingValueNode, v reflect.Value) error {
	if err := d.once(path, entry); err != nil {
		return err
	}
	if v.Type() == expectationsType {
		return d.expectations(path, entry.Value, v)
	}
	if v.Type() == sharesType {
		return d.shares(path, entry.Value, v)
	}
	if v.Type() == timesType {
		return d.times(path, entry.Value, v)
	}
	if isItems(v.Type()) {
		return d.items(path, entry.Value, v)
	}
	if v.Type() == sweepType {
		return d.sweep(path, entry.Value, v)
	}
	if v.Type() == repeatType {
		return d.repeat(path, entry.Value, v)
	}
	if v.Kind() == reflect.Struct {
		return d.group(path, entry.Value, v)
	}
	return d.scalar(path, entry.Value, v)
}

// once records where a key stands and refuses it the second time: the YAML library does
// not see that "nodes" and nodes are the same key.
func (d decoder) once(path string, entry *ast.MappingValueNode) error {
	if first, again := d.source[path]; again {
		return errorAt(d.place(entry.Key), "%s: given twice; first at %s", phrase.OneLine(path), first)
	}
	d.source[path] = d.place(entry.Key)
	return nil
}

// scalar decodes a single value.
func (d decoder) scalar(path string, n ast.Node, v reflect.Value) error {
	text, quoted, err := strictyaml.Text(n)
	if err != nil {
		return errorAt(d.place(n), "%s: %w", path, err)
	}
	d.source[path] = d.place(n)
	if quoted && (v.CanInt() || v.CanUint() || v.Kind() == reflect.Bool) && v.Type() != durationType && v.Type() != rateType && v.Type() != sizeType {
		return errorAt(d.place(n), "%s: expected a value without quotes, not the text %s", path, phrase.Quote(text))
	}
	if err := setScalar(v, path, text); err != nil {
		return errorAt(d.place(n), "%w", err)
	}
	return nil
}

// expectations decodes the mapping of paths to conditions, in the order of
// the file.
func (d decoder) expectations(path string, n ast.Node, v reflect.Value) error {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		return errorAt(d.place(n), `%s takes paths of numbers with conditions, such as search.hops.max: "<= 3", not %s`, path, strictyaml.KindOf(n))
	}
	for _, entry := range m.Values {
		name, err := d.key(entry)
		if err != nil {
			return err
		}
		if kind, isGroup := entry.Value.(*ast.MappingNode); isGroup {
			return errorAt(d.place(entry.Key),
				`%s.%s: write the whole path as one key, such as search.hops.max, not %s`,
				path, phrase.OneLine(name), strictyaml.KindOf(kind))
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

// key returns the text of a key.
func (d decoder) key(entry *ast.MappingValueNode) (string, error) {
	text, _, err := strictyaml.Text(entry.Key)
	if err != nil {
		return "", errorAt(d.place(entry.Key), "expected the name of a key: %w", err)
	}
	return text, nil
}

func (d decoder) place(n ast.Node) string { return strictyaml.At(d.file, n) }

// setScalar reads text as the type of v, the key at path.
func setScalar(v reflect.Value, path, text string) error {
	var err error
	switch {
	case v.Type() == expectationsType:
		return setExpectation(v, path, text)
	case v.Type() == sharesType:
		return setShare(v, path, text)
	case v.Type() == numberType:
		var x float64
		x, err = parseNumber(text)
		v.SetFloat(x)
	case v.Type() == levelsType:
		var l Levels
		l, err = parseLevels(text)
		v.SetInt(int64(l))
	case v.Type() == durationType:
		var d time.Duration
		d, err = parseDuration(text)
		v.SetInt(int64(d))
	case v.Type() == rateType:
		var r Rate
		r, err = parseRate(text)
		v.SetInt(int64(r))
	case v.Type() == sizeType:
		var size Size
		size, err = parseSize(text)
		v.SetInt(int64(size))
	case v.Kind() == reflect.Struct:
		err = fmt.Errorf("is a group: set one of its keys (%s)", strings.Join(keysOf(v.Type()), ", "))
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.Kind() == reflect.Bool:
		if text != "true" && text != "false" {
			err = fmt.Errorf("expected true or false, not %s", phrase.Quote(text))
		}
		v.SetBool(text == "true")
	case v.CanInt():
		var i int64
		i, _, err = parseWhole(text, true, v.Type().Bits())
		v.SetInt(i)
	case v.CanUint():
		var u uint64
		_, u, err = parseWhole(text, false, v.Type().Bits())
		v.SetUint(u)
	case v.CanFloat():
		var x float64
		x, err = parseShare(text)
		v.SetFloat(x)
	default:
		err = errors.New("cannot be set from a scenario")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// fieldOf finds the field of a struct that belongs to a key.
func fieldOf(t reflect.Type, key string) (reflect.StructField, bool) {
	for f := range t.Fields() {
		if name := f.Tag.Get("yaml"); name != "" && name == key {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// keysOf lists the keys of a struct in their order.
func keysOf(t reflect.Type) []string {
	var keys []string
	for f := range t.Fields() {
		if name := f.Tag.Get("yaml"); name != "" {
			keys = append(keys, name)
		}
	}
	return keys
}

// unknownKey is the error for a key that the group at path does not have.
func unknownKey(path, name string, t reflect.Type) error {
	where := "the scenario"
	if path != "" {
		where = path
	}
	advice := ""
	if form := nested(name, t); form != "" {
		advice = fmt.Sprintf("; in a file, write %q", form)
	} else if near := phrase.Suggest(name, keysOf(t)); near != "" {
		advice = near
	} else if elsewhere := homeOf(name, "", reflect.TypeFor[Scenario]()); elsewhere != "" {
		advice = fmt.Sprintf("; did you mean %q?", elsewhere)
	}
	return fmt.Errorf("unknown key %s in %s%s (known keys: %s)", phrase.Quote(name), where, advice,
		strings.Join(keysOf(t), ", "))
}

// nested writes a key that was named by its dotted path, as the command line does, in the
// form of a file: latency.mean as latency: {mean: ...}. It is empty when there is no such
// key.
func nested(path string, t reflect.Type) string {
	name, rest, more := strings.Cut(path, ".")
	f, found := fieldOf(t, name)
	switch {
	case !found:
		return ""
	case f.Type == expectationsType && more && result.Known(rest):
		return fmt.Sprintf("%s: {%s: ...}", name, rest)
	case f.Type.Kind() != reflect.Struct && !more:
		return name + ": ..."
	case f.Type.Kind() == reflect.Struct && more:
		if inner := nested(rest, f.Type); inner != "" {
			return fmt.Sprintf("%s: {%s}", name, inner)
		}
	}
	return ""
}

// homeOf finds the path of a key that was written in the wrong group.
func homeOf(name, path string, t reflect.Type) string {
	for f := range t.Fields() {
		key := f.Tag.Get("yaml")
		if key != "" && key == name {
			return join(path, key)
		}
		if key != "" && f.Type.Kind() == reflect.Struct {
			if home := homeOf(name, join(path, key), f.Type); home != "" {
				return home
			}
		}
	}
	return ""
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
