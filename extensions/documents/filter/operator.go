package filter

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// test is a comparison with what a filter wants. Of a field that is not there the value is
// nil, and present false.
type test func(value any, present bool, cost *Cost) bool

// operator compiles a comparison:
//
//	$eq $ne      equal, where "1" equals 1 and a missing field equals null
//	$eqs $nes    equal and of one type; a missing field equals nothing
//	$gt $gte $lt $lte    of two numbers, two texts or two booleans
//	$in $nin     equals one of a list, as $eq
//	$sw $isw $ew $iew $lk $ilk    begins with, ends with, contains; i: in any case
//	$rx          a regular expression of Go finds something in the first MaxSearch bytes
//	$lgt $lgte $llt $llte    the length of a list
//	$exists      whether there is such a field, null or not
func operator(name string, want any) (test, error) {
	switch name {
	case "$eq", "$ne", "$eqs", "$nes":
		return equality(name, want), nil
	case "$gt", "$gte", "$lt", "$lte":
		return inequality(name[1:], want)
	case "$lgt", "$lgte", "$llt", "$llte":
		return length(name[2:], want)
	case "$in", "$nin":
		return membership(name == "$in", want)
	case "$sw", "$isw", "$ew", "$iew", "$lk", "$ilk":
		return substring(name[1:], want)
	case "$rx":
		rx, size, err := pattern(want)
		return func(value any, _ bool, cost *Cost) bool {
			text, ok := value.(string)
			text = text[:min(len(text), MaxSearch)]
			*cost += Cost(size * len(text))
			return ok && rx.MatchString(text)
		}, err
	case "$exists":
		wanted, ok := want.(bool)
		if !ok {
			return nil, errors.New("want true or false")
		}
		return func(_ any, present bool, _ *Cost) bool { return present == wanted }, nil
	}
	return nil, errors.New("unknown operator")
}

func equality(name string, want any) test {
	equal := func(value any, _ bool, _ *Cost) bool { return Same(value, want) }
	if strings.HasSuffix(name, "s") {
		equal = func(value any, present bool, _ *Cost) bool { return present && Compare(value, want) == 0 }
	}
	if strings.HasPrefix(name, "$n") {
		return func(value any, present bool, cost *Cost) bool { return !equal(value, present, cost) }
	}
	return equal
}

// relation reports whether the result of a comparison is what an operator asks for.
func relation(name string, order int) bool {
	switch name {
	case "gt":
		return order > 0
	case "gte":
		return order >= 0
	case "lt":
		return order < 0
	default:
		return order <= 0
	}
}

func inequality(name string, want any) (test, error) {
	kind := kindOf(want)
	if kind != kindNumber && kind != kindText && kind != kindBool {
		return nil, errors.New("want a number, a text, true or false")
	}
	return func(value any, _ bool, _ *Cost) bool {
		return kindOf(value) == kind && relation(name, Compare(value, want))
	}, nil
}

func length(name string, want any) (test, error) {
	most, ok := want.(float64)
	if !ok {
		return nil, errors.New("want a number")
	}
	return func(value any, _ bool, _ *Cost) bool {
		list, ok := value.([]any)
		return ok && relation(name, Compare(float64(len(list)), most))
	}, nil
}

func membership(in bool, want any) (test, error) {
	list, ok := want.([]any)
	if !ok || len(list) > MaxList {
		return nil, fmt.Errorf("want a list of at most %d values", MaxList)
	}
	return func(value any, _ bool, cost *Cost) bool {
		*cost += Cost(10 * len(list))
		return in == slices.ContainsFunc(list, func(item any) bool { return Same(value, item) })
	}, nil
}

func substring(name string, want any) (test, error) {
	part, ok := want.(string)
	if !ok {
		return nil, errors.New("want a text")
	}
	name, folded := strings.CutPrefix(name, "i")
	if folded {
		part = strings.ToLower(part)
	}
	find := strings.Contains
	switch name {
	case "sw":
		find = strings.HasPrefix
	case "ew":
		find = strings.HasSuffix
	}
	return func(value any, _ bool, cost *Cost) bool {
		text, ok := value.(string)
		*cost += Cost(len(text))
		if folded {
			text = strings.ToLower(text)
		}
		return ok && find(text, part)
	}, nil
}

// Same is the equality of $eq: a number equals its text.
func Same(a, b any) bool {
	if Compare(a, b) == 0 {
		return true
	}
	number, text := a, b
	if kindOf(number) == kindText {
		number, text = b, a
	}
	n, isNumber := number.(float64)
	s, isText := text.(string)
	if !isNumber || !isText {
		return false
	}
	parsed, err := strconv.ParseFloat(s, 64)
	return err == nil && parsed == n
}
