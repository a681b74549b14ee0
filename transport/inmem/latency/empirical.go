package latency

import (
	"fmt"
	"math"
	"math/bits"
	"sort"
	"strings"
	"time"
)

// Empirical is a measured distribution: some of its quantiles, between which all latencies
// are equally likely.
type Empirical struct {
	shares []uint64 // of 2^64, rising; the last one is 1 less than that
	values []time.Duration
	mean   time.Duration
}

// NewEmpirical returns the distribution of which the share shares[i] of all latencies is
// at most values[i]. The shares rise from 0 to 1, and the values never fall.
func NewEmpirical(shares []float64, values []time.Duration) (*Empirical, error) {
	if len(shares) < 2 || len(shares) != len(values) {
		return nil, fmt.Errorf("expected two quantiles or more, not %d", len(shares))
	}
	e, mean := &Empirical{values: values}, 0.0
	for i, share := range shares {
		if err := follows(i, shares, values); err != nil {
			return nil, err
		}
		word := uint64(math.MaxUint64)
		if share < 1 {
			word = uint64(math.Ldexp(share, 64))
		}
		e.shares = append(e.shares, word)
		if i > 0 {
			mean += (share - shares[i-1]) * float64(values[i]+values[i-1]) / 2
		}
	}
	e.mean = time.Duration(math.Round(mean))
	return e, nil
}

// follows says why the i-th quantile cannot stand where it does. The least latency must be
// known because workers run ahead of each other by it, and the greatest because there is
// no other end to the distribution.
func follows(i int, shares []float64, values []time.Duration) error {
	switch last := len(shares) - 1; {
	case i == 0 && shares[i] != 0:
		return fmt.Errorf("the first quantile is %v, not 0, the least latency", shares[i])
	case values[i] < 0 || values[i] > longest:
		return fmt.Errorf("expected a latency from 0s to %v, not %v", longest, values[i])
	case i > 0 && !(shares[i] > shares[i-1]):
		return fmt.Errorf("quantiles out of order: %v after %v", shares[i], shares[i-1])
	case i > 0 && values[i] < values[i-1]:
		return fmt.Errorf("latencies out of order: %v after %v", values[i], values[i-1])
	case shares[i] > 1:
		return fmt.Errorf("the quantile %v is above 1", shares[i])
	case i == last && shares[i] != 1:
		return fmt.Errorf("the last quantile is %v, not 1, the greatest latency", shares[i])
	}
	return nil
}

// At implements Distribution. The share of the word lies between two quantiles; the latency
// is as far between theirs. The product takes 128 bits.
func (e *Empirical) At(word uint64) time.Duration {
	i := sort.Search(len(e.shares)-2, func(i int) bool { return e.shares[i+1] >= word })
	width, from := e.shares[i+1]-e.shares[i], word-e.shares[i]
	high, low := bits.Mul64(uint64(e.values[i+1]-e.values[i]), from)
	way, _ := bits.Div64(high, low, width)
	return e.values[i] + time.Duration(way)
}

// Min implements Distribution.
func (e *Empirical) Min() time.Duration { return e.values[0] }

// Mean implements Distribution.
func (e *Empirical) Mean() time.Duration { return e.mean }

// Max implements Distribution.
func (e *Empirical) Max() time.Duration { return e.values[len(e.values)-1] }

// ReadEmpirical reads quantiles as CSV: a share of 0 to 1 and a latency with its unit in
// each line ("0.5,25ms"). A first line may name the columns; if the second one's name ends
// in a unit ("latency_ms"), the latencies are plain numbers of that unit.
func ReadEmpirical(name string, data []byte) (*Empirical, error) {
	lines, err := readCSV(name, data)
	if err != nil {
		return nil, err
	}
	var unit string
	if len(lines) > 0 && !isNumber(lines[0].cells[0]) {
		unit = unitOf(lines[0].cells)
		lines = lines[1:]
	}
	if len(lines) < 2 {
		return nil, fmt.Errorf("%s: expected two quantiles or more, not %d", name, len(lines))
	}
	var shares []float64
	var values []time.Duration
	for _, line := range lines {
		if len(line.cells) != 2 {
			return nil, line.errorf(name, "expected a share and a latency (0.5,25ms), not %d cells", len(line.cells))
		}
		share, err := number(line.cells[0])
		if err != nil {
			return nil, line.errorf(name, "expected a share from 0 to 1, %w", err)
		}
		value, err := duration(line.cells[1], unit)
		if err != nil {
			return nil, line.errorf(name, "%w", err)
		}
		shares, values = append(shares, share), append(values, value)
	}
	for i := range shares {
		if err := follows(i, shares, values); err != nil {
			return nil, lines[i].errorf(name, "%w", err)
		}
	}
	return NewEmpirical(shares, values)
}

// unitOf is the unit at the end of the name of the last column, if there is one.
func unitOf(header []string) string {
	last := strings.TrimSpace(header[len(header)-1])
	for _, unit := range []string{"ns", "us", "µs", "ms", "s"} {
		if last == unit || strings.HasSuffix(last, "_"+unit) {
			return unit
		}
	}
	return ""
}
