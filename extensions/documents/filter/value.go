package filter

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Path names a field: the names of objects, and the numbers of lists from 0, one within
// the other.
type Path []string

// ParsePath reads a path such as "address.lines.0".
func ParsePath(text string) (Path, error) {
	if len(text) > MaxPath {
		return nil, fmt.Errorf("the path of a field has at most %d bytes", MaxPath)
	}
	parts := strings.Split(text, ".")
	for _, part := range parts {
		if part == "" {
			return nil, errors.New(`the path of a field is "name" or "name.of.inner"`)
		}
	}
	return parts, nil
}

// Of is the value at the path in a document, and whether there is one.
func (p Path) Of(document any) (value any, present bool) {
	value = document
	for _, name := range p {
		switch v := value.(type) {
		case map[string]any:
			if value, present = v[name]; !present {
				return nil, false
			}
		case []any:
			i, err := strconv.ParseUint(name, 10, 31)
			if err != nil || int(i) >= len(v) {
				return nil, false
			}
			value = v[i]
		default:
			return nil, false
		}
	}
	return value, true
}

// kind is the type of a value, in the order in which values of different types are sorted.
type kind int8

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindText
	kindList
	kindObject
)

func kindOf(value any) kind {
	switch value.(type) {
	case bool:
		return kindBool
	case float64:
		return kindNumber
	case string:
		return kindText
	case []any:
		return kindList
	case map[string]any:
		return kindObject
	}
	return kindNull
}

// Compare is a total order of all values of JSON: null, false, true, numbers, texts by
// their bytes, lists, objects. Values of one type are equal if they are equal in all parts.
func Compare(a, b any) int {
	kind := kindOf(a)
	if order := cmp.Compare(kind, kindOf(b)); order != 0 {
		return order
	}
	switch kind {
	case kindBool:
		return order(a.(bool)) - order(b.(bool))
	case kindNumber:
		return cmp.Compare(a.(float64), b.(float64))
	case kindText:
		return cmp.Compare(a.(string), b.(string))
	case kindList:
		return compareLists(a.([]any), b.([]any))
	case kindObject:
		return compareObjects(a.(map[string]any), b.(map[string]any))
	}
	return 0
}

func order(b bool) int {
	if b {
		return 1
	}
	return 0
}

func compareLists(a, b []any) int {
	for i := range min(len(a), len(b)) {
		if order := Compare(a[i], b[i]); order != 0 {
			return order
		}
	}
	return cmp.Compare(len(a), len(b))
}

// compareObjects compares names first, in their order, and then values.
func compareObjects(a, b map[string]any) int {
	inA, inB := sortedKeys(a), sortedKeys(b)
	for i := range min(len(inA), len(inB)) {
		if order := cmp.Compare(inA[i], inB[i]); order != 0 {
			return order
		}
		if order := Compare(a[inA[i]], b[inB[i]]); order != 0 {
			return order
		}
	}
	return cmp.Compare(len(inA), len(inB))
}
