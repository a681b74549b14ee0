package scenario

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"spreadable/internal/phrase"
	"spreadable/internal/strictyaml"
	"spreadable/sim/result"
)

// Sweep says which keys of a scenario an experiment varies.
type Sweep struct {
	// Axes: the experiment has a variant for each combination of their rows, the last
	// axis changing fastest.
	Axes []Axis
	// Where is the condition that a variant must meet, such as "nodes <= 1000 ||
	// latency.mean < 50ms"; empty is none. Package experiment reads it.
	Where string
}

// Axis is one key with its values, or several keys whose values go together.
type Axis struct {
	Keys []string   // dotted paths
	Rows [][]string // each a value, as --set takes it, for every key
	at   []string   // places of the rows in the file
}

// Place is where a row of the axis is written, for errors.
func (a Axis) Place(row int) string { return a.at[row] }

// Repeat says how often each variant is run, each time with another seed.
type Repeat struct {
	// Count is a fixed number of repetitions, or 0.
	Count int
	// Until are the numbers of the summary that must be known well enough, if Count is 0:
	// repetitions are added until all of them are, or there are Max.
	Until []Precision
	Max   int
}

// Precision asks for a confidence interval of a mean that reaches at most a share of the
// mean to either side.
type Precision struct {
	Path  string // of a number of the summary
	Share float64
}

// Limits of experiments.
const (
	// MaxRepetitions is the largest number of repetitions of a variant.
	MaxRepetitions = 100_000
	// LeastJudged is the number of repetitions from which on an interval is judged.
	LeastJudged = 5

	defaultMostRepetitions = 50
)

var (
	sweepType  = reflect.TypeFor[*Sweep]()
	repeatType = reflect.TypeFor[*Repeat]()
)

// ErrSwept is the error of a scenario that describes an experiment, for ParseDesign, where
// one run is wanted.
var ErrSwept = errors.New("describes several runs: spreadsim sweep runs them")

// Swept reports whether the scenario describes several runs.
func (s *Scenario) Swept() bool { return s.Sweep != nil || s.Repeat != nil }

// errSwept refuses a scenario of several runs where one is wanted.
func (s *Scenario) errSwept() error {
	path := "sweep"
	if s.Sweep == nil {
		path = "repeat"
	}
	return s.errorf(path, "%s: %w", path, ErrSwept)
}

// sweep decodes what is varied.
func (d decoder) sweep(path string, n ast.Node, v reflect.Value) error {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		return errorAt(d.place(n), "%s takes keys of the scenario with lists of values, such as {nodes: [100, 1000]}, not %s", path, strictyaml.KindOf(n))
	}
	sweep := &Sweep{}
	for _, entry := range m.Values {
		key, err := d.key(entry)
		if err != nil {
			return err
		}
		if err := d.once(join(path, key), entry); err != nil {
			return err
		}
		if err := d.sweepEntry(sweep, path, key, entry.Value); err != nil {
			return err
		}
	}
	if len(sweep.Axes) == 0 {
		return errorAt(d.place(n), "%s: varies no key: give one with values, such as {nodes: [100, 1000]}, or leave it out", path)
	}
	v.Set(reflect.ValueOf(sweep))
	return nil
}

// sweepEntry decodes one key of a sweep. A key that is there already is replaced, by a
// set.
func (d decoder) sweepEntry(sweep *Sweep, path, key string, n ast.Node) error {
	at := join(path, key)
	if key == "where" {
		text, _, err := strictyaml.Text(n)
		if err != nil {
			return errorAt(d.place(n), "%s: %w", at, err)
		}
		sweep.Where = text
		d.source[at] = d.place(n)
		return nil
	}
	if key == "zip" {
		return d.zips(sweep, at, n)
	}
	axis, err := d.axis(at, []string{key}, []ast.Node{n})
	if err != nil {
		return err
	}
	sweep.put(axis)
	return nil
}

// put adds an axis, or replaces the one with the same keys.
func (s *Sweep) put(axis Axis) {
	if i := slices.IndexFunc(s.Axes, func(a Axis) bool { return slices.Equal(a.Keys, axis.Keys) }); i >= 0 {
		s.Axes[i] = axis
		return
	}
	s.Axes = append(s.Axes, axis)
}

// zips decodes groups of keys that go together: one, or a list of them.
func (d decoder) zips(sweep *Sweep, path string, n ast.Node) error {
	groups := []ast.Node{n}
	if list, ok := n.(*ast.SequenceNode); ok {
		groups = list.Values
	}
	for _, group := range groups {
		m, ok := group.(*ast.MappingNode)
		if !ok {
			return errorAt(d.place(group), "%s takes keys with lists of the same length, such as {nodes: [100, 1000], duration: [5m, 10m]}, not %s", path, strictyaml.KindOf(group))
		}
		var keys []string
		var lists []ast.Node
		for _, entry := range m.Values {
			key, err := d.key(entry)
			if err != nil {
				return err
			}
			keys, lists = append(keys, key), append(lists, entry.Value)
		}
		axis, err := d.axis(path, keys, lists)
		if err != nil {
			return err
		}
		sweep.put(axis)
	}
	return nil
}

// axis decodes the values of the keys of one axis.
func (d decoder) axis(path string, keys []string, lists []ast.Node) (Axis, error) {
	axis := Axis{Keys: keys}
	for i, key := range keys {
		if err := maySweep(key); err != nil {
			return axis, errorAt(d.place(lists[i]), "%s: %w", path, err)
		}
		values, places, err := d.values(path, lists[i])
		if err != nil {
			return axis, err
		}
		if i == 0 {
			axis.Rows, axis.at = make([][]string, len(values)), places
		}
		if len(values) != len(axis.Rows) {
			return axis, errorAt(d.place(lists[i]), "%s: %s has %d values and %s has %d: keys that go together have as many each",
				path, keys[0], len(axis.Rows), key, len(values))
		}
		for row, value := range values {
			axis.Rows[row] = append(axis.Rows[row], value)
		}
	}
	return axis, nil
}

// maySweep says why a key cannot be varied.
func maySweep(key string) error {
	var blank Scenario
	v, err := find(reflect.ValueOf(&blank).Elem(), key)
	switch top, _, _ := strings.Cut(key, "."); {
	case err != nil:
		return err
	case top == "name", top == "description", top == "expect", top == "sweep", top == "repeat":
		return fmt.Errorf("%s cannot be varied", phrase.OneLine(key))
	case v.Kind() == reflect.Struct:
		return fmt.Errorf("%s is a group: vary its keys (%s)", key, strings.Join(keysOf(v.Type()), ", "))
	}
	return nil
}

// values lists the values of one key: those of a list, or of a range.
func (d decoder) values(path string, n ast.Node) (values, places []string, err error) {
	switch n := n.(type) {
	case *ast.SequenceNode:
		if len(n.Values) == 0 {
			return nil, nil, errorAt(d.place(n), "%s: the list is empty: expected one value or more, such as [100, 1000]", path)
		}
		for _, item := range n.Values {
			value, err := itemText(item)
			if err != nil {
				return nil, nil, errorAt(d.place(item), "%s: %w", path, err)
			}
			if slices.Contains(values, value) {
				return nil, nil, errorAt(d.place(item), "%s: the value %s is given twice", path, phrase.Quote(value))
			}
			values, places = append(values, value), append(places, d.place(item))
		}
	case *ast.MappingNode:
		if values, err = d.span(path, n); err != nil {
			return nil, nil, err
		}
		places = slices.Repeat([]string{d.place(n)}, len(values))
	}
	if len(values) == 0 {
		return nil, nil, errorAt(d.place(n), "%s: expected a list such as [100, 1000] or a range such as {from: 100, to: 500, step: 100}, not %s", path, strictyaml.KindOf(n))
	}
	return values, places, nil
}

// itemText is a value in the form that --set takes: a word, or a list in brackets.
func itemText(n ast.Node) (string, error) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		text, _, err := strictyaml.Text(n)
		return text, err
	}
	if !list.IsFlowStyle {
		return "", fmt.Errorf("a list as a value is written in brackets")
	}
	return list.String(), nil
}

// span decodes a range.
func (d decoder) span(path string, m *ast.MappingNode) ([]string, error) {
	given := map[string]string{}
	for _, entry := range m.Values {
		key, err := d.key(entry)
		if err != nil {
			return nil, err
		}
		if !slices.Contains([]string{"from", "to", "step", "factor"}, key) {
			return nil, errorAt(d.place(entry.Key), "%s: %w, not %s", path, errNoRange, phrase.Quote(key))
		}
		if given[key], _, err = strictyaml.Text(entry.Value); err != nil {
			return nil, errorAt(d.place(entry.Value), "%s: %w", path, err)
		}
	}
	list, err := steps(given["from"], given["to"], given["step"], given["factor"])
	if err != nil {
		return nil, errorAt(d.place(m), "%s: the range: %w", path, err)
	}
	return list, nil
}

// repeat decodes the number of repetitions.
func (d decoder) repeat(path string, n ast.Node, v reflect.Value) error {
	repeat := &Repeat{}
	v.Set(reflect.ValueOf(repeat))
	m, ok := n.(*ast.MappingNode)
	if !ok {
		text, _, err := strictyaml.Text(n)
		if err == nil {
			repeat.Count, err = repetitions(text, 1)
		}
		if err != nil {
			return errorAt(d.place(n), "%s: %w", path, err)
		}
		return nil
	}
	repeat.Max = defaultMostRepetitions
	for _, entry := range m.Values {
		key, err := d.key(entry)
		if err != nil {
			return err
		}
		if err := d.once(join(path, key), entry); err != nil {
			return err
		}
		switch key {
		case "until":
			err = d.until(repeat, join(path, key), entry.Value)
		case "max":
			text, _, failed := strictyaml.Text(entry.Value)
			if err = failed; err == nil {
				repeat.Max, err = repetitions(text, LeastJudged)
			}
			if err != nil {
				err = errorAt(d.place(entry.Value), "%s.max: %w", path, err)
			}
		default:
			err = errorAt(d.place(entry.Key), "%s: unknown key %s (known keys: until, max)", path, phrase.Quote(key))
		}
		if err != nil {
			return err
		}
	}
	if len(repeat.Until) == 0 {
		return errorAt(d.place(n), "%s: expected a number, or until with numbers of the summary, such as {until: {search.latency_ms.p90: 2%%}, max: 50}", path)
	}
	return nil
}

func repetitions(text string, least int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > MaxRepetitions || strconv.Itoa(n) != text {
		return 0, fmt.Errorf("expected a whole number from %d to %d, not %s", least, MaxRepetitions, phrase.Quote(text))
	}
	return n, nil
}

// until decodes how well numbers must be known.
func (d decoder) until(repeat *Repeat, path string, n ast.Node) error {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		return errorAt(d.place(n), "%s takes paths of numbers with shares, such as {search.latency_ms.p90: 2%%}, not %s", path, strictyaml.KindOf(n))
	}
	for _, entry := range m.Values {
		name, err := d.key(entry)
		if err != nil {
			return err
		}
		if !result.Known(name) {
			return errorAt(d.place(entry.Key), "%s: %w", path, unknownNumber(name))
		}
		text, _, err := strictyaml.Text(entry.Value)
		var share float64
		if err == nil {
			share, err = parseShare(text)
		}
		if err == nil && share == 0 {
			err = fmt.Errorf("expected a share above 0%%, as runs with other seeds differ, not %s", phrase.Quote(text))
		}
		if err != nil {
			return errorAt(d.place(entry.Value), "%s.%s: %w", path, name, err)
		}
		repeat.Until = append(repeat.Until, Precision{name, share})
	}
	return nil
}

// setSwept reads what is varied, or how often it is repeated, from the text of a set, in
// the form of a file: sweep.nodes=[100, 200], repeat=5.
func (s *Scenario) setSwept(path, text, place string) error {
	top, key, below := strings.Cut(path, ".")
	root, err := parseTree(place, []byte("value: "+text))
	if err != nil {
		return fmt.Errorf("%s: expected what a file says behind this key, such as [100, 200], not %s", path, phrase.Quote(text))
	}
	n := root.Values[0].Value
	d := decoder{file: place, source: positions{}}
	s.source[top] = place
	switch {
	case top == "repeat" && !below:
		return d.repeat(top, n, reflect.ValueOf(&s.Repeat).Elem())
	case top == "sweep" && !below:
		return d.sweep(top, n, reflect.ValueOf(&s.Sweep).Elem())
	case top == "sweep":
		if s.Sweep == nil {
			s.Sweep = &Sweep{}
		}
		return d.sweepEntry(s.Sweep, top, key, n)
	}
	return fmt.Errorf("%s cannot be set: set repeat", path)
}
