package latency

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// line is one line of a file, as cells.
type line struct {
	number int // from 1
	cells  []string
}

// errorf is an error about the line.
func (l line) errorf(file, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", file, l.number, fmt.Errorf(format, args...))
}

// eachCSV calls a function with every line of a file of cells with commas between them.
// Empty lines and those that begin with # are left out. The cells are valid during the
// call.
func eachCSV(file string, data []byte, do func(line) error) error {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	r.Comment, r.FieldsPerRecord, r.TrimLeadingSpace, r.ReuseRecord = '#', -1, true, true
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if wrong := new(csv.ParseError); errors.As(err, &wrong) {
			return fmt.Errorf("%s:%d: %w", file, wrong.Line, wrong.Err)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		number, _ := r.FieldPos(0)
		if err := do(line{number, cells}); err != nil {
			return err
		}
	}
}

// readCSV reads all lines of eachCSV.
func readCSV(file string, data []byte) ([]line, error) {
	var lines []line
	err := eachCSV(file, data, func(l line) error {
		l.cells = slices.Clone(l.cells)
		lines = append(lines, l)
		return nil
	})
	return lines, err
}

// readWords reads a file of words with blanks between them. Lines are left out as by
// readCSV.
func readWords(data []byte) []line {
	var lines []line
	number := 0
	for text := range bytes.Lines(data) {
		number++
		if words := strings.Fields(string(text)); len(words) > 0 && words[0][0] != '#' {
			lines = append(lines, line{number, words})
		}
	}
	return lines
}

// number reads a finite number.
func number(text string) (float64, error) {
	x, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, fmt.Errorf("not %.40q", text)
	}
	return x, nil
}

func isNumber(text string) bool {
	_, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return err == nil || errors.Is(err, strconv.ErrRange)
}

// isHuge reports whether a text is a number that is too large for a latency in a unit.
func isHuge(text, unit string) bool {
	x, err := strconv.ParseFloat(text, 64)
	one, wrong := time.ParseDuration("1" + unit)
	return (err == nil && !math.IsInf(x, 0) || errors.Is(err, strconv.ErrRange)) && wrong == nil && x*float64(one) > float64(longest)
}

// duration reads a latency: a number of the given unit, or one with its unit where none is
// given. A blank may stand between them.
func duration(text, unit string) (time.Duration, error) {
	compact := strings.ReplaceAll(text, " ", "")
	d, err := time.ParseDuration(compact + unit)
	switch {
	case strings.TrimSpace(text) == "":
		return 0, errors.New("a latency is missing")
	case err != nil && unit != "" && isHuge(compact, unit):
		return 0, fmt.Errorf("a latency of %.40s%s is above %v", compact, unit, longest)
	case err != nil && unit == "":
		return 0, fmt.Errorf("expected a latency with its unit (ns us ms s), such as 25ms, not %.40q", text)
	case err != nil:
		return 0, fmt.Errorf("expected a latency in %s, not %.40q", unit, text)
	case d < 0:
		return 0, fmt.Errorf("a latency of %s%s is negative", strings.TrimSpace(text), unit)
	case d > longest:
		return 0, fmt.Errorf("a latency of %s%s is above %v", strings.TrimSpace(text), unit, longest)
	}
	return d, nil
}
