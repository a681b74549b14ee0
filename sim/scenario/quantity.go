package scenario

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// Unit is what a number of a scenario is measured in.
type Unit string

// The units of scenarios.
const (
	Plain    Unit = ""      // a number
	Seconds  Unit = "s"     // a duration, written with any unit of time
	Fraction Unit = "1"     // a share, written in percent
	BitRate  Unit = "bit/s" // a bandwidth
)

// Quantity is a value of a scenario as a number, for axes and conditions.
type Quantity struct {
	Number float64
	Unit   Unit
}

// ParseQuantity reads a value in the form of a scenario file; false if it is no number.
func ParseQuantity(text string) (Quantity, bool) {
	if x, err := parseNumber(text); err == nil {
		return Quantity{x, Plain}, true
	}
	if d, err := parseDuration(text); err == nil {
		return Quantity{d.Seconds(), Seconds}, true
	}
	if x, err := parseShare(text); err == nil {
		return Quantity{x, Fraction}, true
	}
	if rateShape.MatchString(text) {
		if r, err := parseRate(text); err == nil {
			return Quantity{float64(r), BitRate}, true
		}
	}
	return Quantity{}, false
}

// text writes a quantity in the form of a scenario file. Steps of decimal fractions gather
// errors in the last of a number's 16 digits, so it has 12.
func (q Quantity) text() string {
	switch q.Unit {
	case Seconds:
		return formatDuration(time.Duration(math.Round(q.Number * float64(time.Second))))
	case Fraction:
		return digits(q.Number*100) + "%"
	case BitRate:
		return Rate(math.Round(q.Number)).String()
	}
	return digits(q.Number)
}

func digits(x float64) string {
	short, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 12, 64), 64)
	return strconv.FormatFloat(short, 'f', -1, 64)
}

// mostSteps is the longest range.
const mostSteps = 10_000

var (
	errEndless  = errors.New("never reaches its end")
	errTooFine  = errors.New("has more than " + strconv.Itoa(mostSteps) + " values")
	errNoRange  = errors.New("expected from, to and step (or factor), all in the same unit, such as {from: 20ms, to: 100ms, step: 20ms}")
	errBackward = errors.New("to is less than from")
)

// steps lists the values of a range, its end included: by a step in the same unit, or by
// a plain factor.
func steps(from, to, step, factor string) ([]string, error) {
	a, ok := ParseQuantity(from)
	z, ok2 := ParseQuantity(to)
	by, ok3 := ParseQuantity(strings.TrimSpace(step + factor))
	switch {
	case !ok || !ok2 || !ok3 || a.Unit != z.Unit || (step == "") == (factor == ""),
		step != "" && by.Unit != a.Unit, factor != "" && by.Unit != Plain:
		return nil, errNoRange
	case z.Number < a.Number:
		return nil, errBackward
	case step != "" && by.Number <= 0, factor != "" && (by.Number <= 1 || a.Number <= 0):
		return nil, errEndless
	}
	var list []string
	for i := 0; ; i++ {
		x := a.Number + float64(i)*by.Number
		if factor != "" {
			x = a.Number * math.Pow(by.Number, float64(i))
		}
		switch {
		case x > z.Number*(1+1e-9):
			return list, nil
		case i == mostSteps:
			return nil, errTooFine
		}
		list = append(list, Quantity{x, a.Unit}.text())
	}
}
