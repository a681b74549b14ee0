// Package schema says what documents of a collection look like: the types of their fields,
// what is required, and defaults for what is missing.
package schema

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"unicode/utf8"

	"spreadable/extensions/documents/filter"
)

// Field says what a value may be. The zero value allows all.
type Field struct {
	// Type is "text", "number", "integer", "boolean", "list", "object", or "" for any.
	Type string `yaml:"type"`
	// Required refuses documents without the field. A Default takes its place instead.
	// Null counts as a value, which only Nullable allows beside a Type.
	Required bool `yaml:"required"`
	Nullable bool `yaml:"nullable"`
	Default  any  `yaml:"default"`
	// Min and Max bound a number, or the length of a text in characters or of a list.
	Min *float64 `yaml:"min"`
	Max *float64 `yaml:"max"`
	// Values, if there are any, are all that the value may be.
	Values []any `yaml:"values"`
	// Fields are those of an object, and Strict refuses others. Items are those of a list.
	Fields map[string]*Field `yaml:"fields"`
	Strict bool              `yaml:"strict"`
	Items  *Field            `yaml:"items"`

	// Test is a test of the program's own, after all others. Set may change the value
	// before it is tested: a setter. Both get what encoding/json decodes, must not change it
	// in place, and must do the same at all nodes.
	Test func(value any) error  `yaml:"-"`
	Set  func(value any) any    `yaml:"-"`
	Make func(document any) any `yaml:"-"` // Default as a function of the document
}

// maxDepth is how deep fields may lie within each other.
const maxDepth = 16

var types = []string{"", "text", "number", "integer", "boolean", "list", "object"}

// Check says what is wrong with a declaration, and makes the numbers of its defaults and
// values those of JSON.
func (f *Field) Check() error { return f.check(0) }

func (f *Field) check(depth int) error {
	switch {
	case depth > maxDepth:
		return fmt.Errorf("more than %d fields within each other", maxDepth)
	case !slices.Contains(types, f.Type):
		return fmt.Errorf("type %q: want text, number, integer, boolean, list or object", f.Type)
	case (len(f.Fields) > 0 || f.Strict) && f.Type != "object":
		return errors.New("fields and strict are for type object")
	case f.Items != nil && f.Type != "list":
		return errors.New("items is for type list")
	case f.Min != nil && f.Max != nil && *f.Min > *f.Max:
		return errors.New("min is above max")
	case f.Required && f.Default != nil:
		return errors.New("a required field needs no default")
	}
	for i, v := range f.Values {
		f.Values[i] = normal(v)
	}
	f.Default = normal(f.Default)
	for _, name := range slices.Sorted(maps.Keys(f.Fields)) {
		inner := f.Fields[name]
		if inner == nil {
			inner = &Field{}
			f.Fields[name] = inner
		}
		if err := inner.check(depth + 1); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if f.Items != nil {
		if err := f.Items.check(depth + 1); err != nil {
			return fmt.Errorf("items: %w", err)
		}
	}
	if f.Default != nil {
		if _, err := f.Apply(f.Default); err != nil {
			return fmt.Errorf("default: %w", err)
		}
	}
	return nil
}

// normal makes a value of a file one of JSON.
func normal(value any) any {
	switch v := value.(type) {
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case []any:
		for i := range v {
			v[i] = normal(v[i])
		}
	case map[string]any:
		for name := range v { // order-free: each on its own
			v[name] = normal(v[name])
		}
	}
	return value
}

// Apply returns a value with its defaults, or says what is wrong with it. It does not
// change the value.
func (f *Field) Apply(value any) (any, error) { return f.Change(value, all) }

// Change is Apply to an object of which only the fields that are fresh were written. The
// setters of the others have run when these were.
func (f *Field) Change(value any, fresh func(field string) bool) (any, error) {
	if f.Set != nil {
		value = f.Set(value)
	}
	return f.checked(value, fresh)
}

func all(string) bool  { return true }
func none(string) bool { return false }

// checked is a value with its defaults, after its setter.
func (f *Field) checked(value any, fresh func(field string) bool) (any, error) {
	if value == nil && f.Nullable {
		return nil, nil
	}
	value, err := f.typed(value, fresh)
	if err != nil {
		return nil, err
	}
	if len(f.Values) > 0 && !slices.ContainsFunc(f.Values, func(v any) bool { return filter.Compare(v, value) == 0 }) {
		return nil, errors.New("it is none of the values that are allowed")
	}
	if f.Test != nil {
		if err := f.Test(value); err != nil {
			return nil, err
		}
	}
	return value, nil
}

func (f *Field) typed(value any, fresh func(field string) bool) (any, error) {
	good := f.Type == ""
	switch v := value.(type) {
	case string:
		good = good || f.Type == "text"
		if err := f.bounded("characters", float64(utf8.RuneCountInString(v))); err != nil {
			return nil, err
		}
	case float64:
		good = good || f.Type == "number" || f.Type == "integer" && v == math.Trunc(v)
		if err := f.bounded("", v); err != nil {
			return nil, err
		}
	case bool:
		good = good || f.Type == "boolean"
	case []any:
		if good || f.Type == "list" {
			return f.list(v, fresh)
		}
	case map[string]any:
		if good || f.Type == "object" {
			return f.object(v, fresh)
		}
	}
	if !good {
		return nil, fmt.Errorf("want type %s", f.Type)
	}
	return value, nil
}

func (f *Field) bounded(unit string, n float64) error {
	if unit != "" {
		unit = " " + unit
	}
	if f.Min != nil && n < *f.Min {
		return fmt.Errorf("want at least %v%s", *f.Min, unit)
	}
	if f.Max != nil && n > *f.Max {
		return fmt.Errorf("want at most %v%s", *f.Max, unit)
	}
	return nil
}

func (f *Field) list(items []any, fresh func(field string) bool) (any, error) {
	if err := f.bounded("items", float64(len(items))); err != nil || f.Items == nil {
		return items, err
	}
	applied := make([]any, len(items))
	for i, item := range items {
		var err error
		if applied[i], err = f.Items.part(item, fresh("")); err != nil {
			return nil, fmt.Errorf("%d: %w", i, err)
		}
	}
	return applied, nil
}

func (f *Field) object(object map[string]any, fresh func(field string) bool) (any, error) {
	if len(f.Fields) == 0 && !f.Strict {
		return object, nil
	}
	applied := maps.Clone(object)
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if f.Fields[name] == nil && f.Strict {
			return nil, fmt.Errorf("%.60q: there is no such field", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Fields)) {
		inner := f.Fields[name]
		value, written := object[name]
		present := written
		if !present {
			if value, present = inner.missing(object); !present {
				if inner.Required {
					return nil, fmt.Errorf("%s: it is required", name)
				}
				continue
			}
		}
		value, err := inner.part(value, !written || fresh(name))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if applied == nil {
			applied = make(map[string]any)
		}
		applied[name] = value
	}
	return applied, nil
}

// part is a value within another, with all that is in it.
func (f *Field) part(value any, fresh bool) (any, error) {
	if fresh {
		return f.Apply(value)
	}
	return f.checked(value, none)
}

// missing is the value of a field that a document does not have.
func (f *Field) missing(document any) (any, bool) {
	if f.Make != nil {
		return f.Make(document), true
	}
	return f.Default, f.Default != nil
}
