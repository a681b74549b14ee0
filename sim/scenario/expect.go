package scenario

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"spreadable/internal/phrase"
	"spreadable/sim/result"
)

// conditionPattern is the shape of a condition: a comparison with a number,
// or two numbers as bounds.
const conditionPattern = `^\s*(?:(<=|<|>=|>|==|!=)\s*(\S+)|(\S+?)\s*\.\.\s*(\S+))\s*$`

// conditionSchemaPattern is the same, closer, for the schema, which has no
// other way to say what a number is.
const conditionSchemaPattern = `^\s*((<=|<|>=|>|==|!=)\s*[-+0-9.eE]+|[-+0-9.eE]+\s*\.\.\s*[-+0-9.eE]+)\s*$`

var conditionShape = regexp.MustCompile(conditionPattern)

// setExpectation adds one expectation to the list v, or replaces the one with
// the same path.
func setExpectation(v reflect.Value, path, condition string) error {
	name, found := strings.CutPrefix(path, "expect.")
	if !found {
		return fmt.Errorf("%s: is a group: set one of its keys, such as expect.search.hops.max", path)
	}
	e, err := parseExpectation(name, condition)
	if err != nil {
		return fmt.Errorf("expect.%w", err)
	}
	list := v.Interface().([]Expectation)
	if i := slices.IndexFunc(list, func(old Expectation) bool { return old.Path == name }); i >= 0 {
		list[i] = e
		return nil
	}
	v.Set(reflect.ValueOf(append(list, e)))
	return nil
}

// parseExpectation reads the condition on the number at path.
func parseExpectation(path, condition string) (Expectation, error) {
	if !result.Known(path) {
		return Expectation{}, unknownNumber(path)
	}
	parts := conditionShape.FindStringSubmatch(condition)
	if parts == nil {
		return Expectation{}, fmt.Errorf(`%s: expected a condition such as "<= 3" or "0.9 .. 1.1", not %s`, path,
			phrase.Quote(condition))
	}
	e := Expectation{Path: path, Op: Op(parts[1])}
	low, high := parts[2], "0"
	if e.Op == "" {
		e.Op, low, high = Within, parts[3], parts[4]
	}
	var err error
	if e.Low, err = parseNumber(low); err == nil {
		e.High, err = parseNumber(high)
	}
	if err != nil {
		return Expectation{}, fmt.Errorf("%s: %w", path, err)
	}
	if e.Op == Within && e.Low > e.High {
		return Expectation{}, fmt.Errorf("%s: no number lies within %s: the lower bound comes first", path,
			phrase.Quote(condition))
	}
	return e, nil
}

// unknownNumber is the error for a path that the summary does not have.
func unknownNumber(path string) error {
	return fmt.Errorf("%s: summary.json has no number with this path%s", phrase.OneLine(path),
		phrase.Suggest(path, result.Paths()))
}

// Condition returns the condition as it is written in a scenario file:
// "<= 3", "0.9 .. 1.1".
func (e Expectation) Condition() string {
	if e.Op == Within {
		return number(e.Low) + " .. " + number(e.High)
	}
	return string(e.Op) + " " + number(e.Low)
}

// Check compares a summary with the expectation. A number that was not
// measured meets no condition; the outcome then says why it is absent.
func (e Expectation) Check(s *result.Summary) result.Outcome {
	outcome := result.Outcome{Path: e.Path, Condition: e.Condition()}
	x, measured := s.Value(e.Path)
	if !measured {
		outcome.Value = s.Absent(e.Path)
		return outcome
	}
	outcome.Value = number(x)
	outcome.OK = e.holds(x)
	return outcome
}

// holds reports whether x meets the condition.
func (e Expectation) holds(x float64) bool {
	switch e.Op {
	case AtMost:
		return x <= e.Low
	case Less:
		return x < e.Low
	case AtLeast:
		return x >= e.Low
	case Greater:
		return x > e.Low
	case Equal:
		return x == e.Low
	case NotEqual:
		return x != e.Low
	case Within:
		return e.Low <= x && x <= e.High
	}
	return false
}

// Check compares a summary with all expectations, in their order.
func (s *Scenario) Check(summary *result.Summary) []result.Outcome {
	outcomes := make([]result.Outcome, 0, len(s.Expect))
	for _, e := range s.Expect {
		outcomes = append(outcomes, e.Check(summary))
	}
	return outcomes
}

// number is the shortest text of x that reads back as x, without an exponent
// as long as that is readable.
func number(x float64) string {
	if x != 0 && (x >= 1e15 || x <= -1e15 || (x < 1e-6 && x > -1e-6)) {
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}
