// Package filter is the language in which clients say which documents they want:
//
//	{"year": {"$gte": 1990}, "$or": [{"artist": "Nirvana"}, {"tags.0": {"$isw": "gru"}}]}
//
// A filter is compiled once and then matched with many documents. Whatever a client sends,
// compiling and matching take little: all sizes are bounded, and a regular expression is one
// of Go's, which takes time linear in the text, small, and sees only the beginning of a long
// text. What matching costs is counted, so that a search can end when it has cost too much.
package filter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"spreadable/extensions/documents/bounds"
)

// The bounds of a filter.
const (
	MaxText    = 32 << 10 // bytes of its JSON
	MaxDepth   = 8        // of $and, $or and $not within each other
	MaxNesting = 100      // lists and objects of its JSON within each other, values included
	MaxTerms   = 64       // comparisons
	MaxList    = 1000     // values of $in and $nin
	MaxPattern = 200      // bytes of $rx
	MaxProgram = 1000     // instructions of its automaton
	MaxRegexps = 4        // $rx in a filter
	MaxSearch  = 4 << 10  // bytes of a text that $rx sees
	MaxPath    = 200      // bytes of the path of a field
)

// Filter is a compiled filter. The zero value matches all documents. It is immutable.
type Filter struct{ root matcher }

// matcher is one part of a filter. It adds what it costs.
type matcher func(document any, cost *Cost) bool

// Cost is what matching costs: steps of some nanoseconds each, at most about ten.
type Cost int64

// Match reports whether a document matches: a value as encoding/json decodes one. It adds
// to the cost.
func (f Filter) Match(document any, cost *Cost) bool { return f.root == nil || f.root(document, cost) }

// All reports whether the filter says nothing, and so matches all documents.
func (f Filter) All() bool { return f.root == nil }

// Compile reads a filter. No text is the filter that matches all.
func Compile(text []byte) (Filter, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return Filter{}, nil
	}
	if len(text) > MaxText {
		return Filter{}, fmt.Errorf("filter: %d bytes, want at most %d", len(text), MaxText)
	}
	if err := bounds.Check(text, MaxNesting); err != nil {
		return Filter{}, fmt.Errorf("filter: %w", err)
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		return Filter{}, fmt.Errorf("filter: not JSON: %w", err)
	}
	c := compiler{}
	root, err := c.object(tree, 0)
	if err != nil {
		return Filter{}, fmt.Errorf("filter: %w", err)
	}
	if c.terms == 0 {
		return Filter{}, nil
	}
	return Filter{root}, nil
}

// compiler counts while it compiles.
type compiler struct{ terms, regexps int }

var errTooDeep = fmt.Errorf("conditions within each other: at most %d deep", MaxDepth)

// object compiles {"field": condition, "$or": [...], ...}: all of these must hold.
func (c *compiler) object(tree any, depth int) (matcher, error) {
	fields, ok := tree.(map[string]any)
	if !ok {
		return nil, errors.New(`want an object such as {"field": value}`)
	}
	if depth > MaxDepth {
		return nil, errTooDeep
	}
	var parts []matcher
	for _, name := range sortedKeys(fields) {
		part, err := c.entry(name, fields[name], depth)
		if err != nil {
			return nil, fmt.Errorf("%.60q: %w", name, err)
		}
		parts = append(parts, part)
	}
	return every(parts), nil
}

// entry compiles one member of an object.
func (c *compiler) entry(name string, value any, depth int) (matcher, error) {
	switch name {
	case "$and", "$or":
		parts, err := c.list(value, depth)
		if err != nil {
			return nil, err
		}
		if name == "$and" {
			return every(parts), nil
		}
		return some(parts), nil
	case "$not":
		part, err := c.object(value, depth+1)
		return not(part), err
	}
	if strings.HasPrefix(name, "$") {
		return nil, errors.New("want the path of a field, $and, $or or $not")
	}
	path, err := ParsePath(name)
	if err != nil {
		return nil, err
	}
	return c.field(path, value, depth)
}

func (c *compiler) list(value any, depth int) (parts []matcher, err error) {
	items, ok := value.([]any)
	if !ok || len(items) == 0 {
		return nil, errors.New("want a list of filters")
	}
	for _, item := range items {
		part, err := c.object(item, depth+1)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// field compiles the condition of a field: a value that it must equal, or operators.
func (c *compiler) field(path Path, value any, depth int) (matcher, error) {
	conditions, isObject := value.(map[string]any)
	if !isObject || !operators(conditions) {
		return c.term(path, "$eq", value)
	}
	var parts []matcher
	for _, name := range sortedKeys(conditions) {
		part, err := c.condition(path, name, conditions[name], depth)
		if err != nil {
			return nil, fmt.Errorf("%.60s: %w", name, err)
		}
		parts = append(parts, part)
	}
	return every(parts), nil
}

func (c *compiler) condition(path Path, name string, value any, depth int) (matcher, error) {
	if name != "$not" {
		return c.term(path, name, value)
	}
	if depth >= MaxDepth {
		return nil, errTooDeep
	}
	part, err := c.field(path, value, depth+1)
	return not(part), err
}

// operators reports whether an object is one of operators rather than a value.
func operators(object map[string]any) bool {
	for name := range object { // order-free: any will do
		if strings.HasPrefix(name, "$") {
			return true
		}
	}
	return false
}

// term compiles one comparison.
func (c *compiler) term(path Path, name string, want any) (matcher, error) {
	if c.terms++; c.terms > MaxTerms {
		return nil, fmt.Errorf("more than %d comparisons", MaxTerms)
	}
	if name == "$rx" {
		if c.regexps++; c.regexps > MaxRegexps {
			return nil, fmt.Errorf("more than %d regular expressions", MaxRegexps)
		}
	}
	test, err := operator(name, want)
	if err != nil {
		return nil, err
	}
	return func(document any, cost *Cost) bool {
		value, present := path.Of(document)
		*cost += Cost(10 * len(path))
		return test(value, present, cost)
	}, nil
}

func every(parts []matcher) matcher {
	return func(document any, cost *Cost) bool {
		return !slices.ContainsFunc(parts, func(m matcher) bool { return !m(document, cost) })
	}
}

func some(parts []matcher) matcher {
	return func(document any, cost *Cost) bool {
		return slices.ContainsFunc(parts, func(m matcher) bool { return m(document, cost) })
	}
}

func not(part matcher) matcher {
	return func(document any, cost *Cost) bool { return !part(document, cost) }
}

func sortedKeys(object map[string]any) []string {
	names := make([]string, 0, len(object))
	for name := range object { // order-free: sorted below
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// pattern compiles a regular expression of a client, and counts its instructions.
func pattern(want any) (rx *regexp.Regexp, size int, err error) {
	text, ok := want.(string)
	if !ok || len(text) > MaxPattern {
		return nil, 0, fmt.Errorf("want a regular expression of at most %d bytes", MaxPattern)
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, 0, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, 0, err
	}
	if len(program.Inst) > MaxProgram {
		return nil, 0, errors.New("the regular expression repeats too much")
	}
	rx, err = regexp.Compile(text)
	return rx, len(program.Inst), err
}
