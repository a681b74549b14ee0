package experiment

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"spreadable/sim/stats"
)

// Side is one of two things that are compared: the repetitions of a variant, or one run.
type Side struct {
	Name    string
	Records []*Record
}

// Comparison is what the repetitions of two sides say about their differences.
type Comparison struct {
	A           string       `json:"a"`
	B           string       `json:"b"`
	Pairs       int          `json:"pairs"`      // of repetitions with the same number
	SameSeeds   bool         `json:"same_seeds"` // common random numbers
	Identical   bool         `json:"identical"`  // every pair did the same things in the same order
	Differences []Difference `json:"differences"`
}

// Difference is that of one number: B less A, over pairs.
type Difference struct {
	Metric string  `json:"metric"`
	A      float64 `json:"a"`
	B      float64 `json:"b"`
	Pairs  int     `json:"pairs"`
	Mean   float64 `json:"difference"`
	// Low and High bound the 95 % confidence interval of the difference; null for one
	// pair.
	Low  *float64 `json:"low"`
	High *float64 `json:"high"`
	// P is the probability of such a difference if there were none, PHolm the same
	// corrected for all numbers that were compared; null for one pair.
	P     *float64 `json:"p"`
	PHolm *float64 `json:"p_holm"`

	mean stats.Mean
}

// level is the probability below which a difference is a finding.
const level = 1 - stats.Confidence

// Found reports whether the difference is a finding, all others that were compared taken
// into account.
func (d *Difference) Found() bool { return d.PHolm != nil && *d.PHolm < level }

// Share is a difference, or a bound of one, as a share of A; false if A is 0.
func (d *Difference) Share(x float64) (float64, bool) { return x / math.Abs(d.A), d.A != 0 }

// Errors of things that cannot be compared.
var (
	errNothing = errors.New("no complete repetition has the same number on both sides")
	errSeeds   = errors.New("single runs with different seeds differ by chance: repeat them (repeat: 10), or run both with the same seed")
)

// Compare compares two sides in the given numbers, or in all that both measured.
func Compare(a, b Side, metrics []string) (*Comparison, error) {
	c := &Comparison{A: a.Name, B: b.Name, SameSeeds: true, Identical: true}
	var left, right []*Record
	for _, x := range a.Records {
		i := slices.IndexFunc(b.Records, func(y *Record) bool { return y.Repetition == x.Repetition })
		if i < 0 || x.Outcome != Complete || b.Records[i].Outcome != Complete {
			continue
		}
		left, right = append(left, x), append(right, b.Records[i])
	}
	c.Pairs = len(left)
	for i := range left {
		c.SameSeeds = c.SameSeeds && left[i].Seed == right[i].Seed
		c.Identical = c.Identical && left[i].sameNumbers(right[i])
		if s, t := left[i].Summary.Engine.VirtualS, right[i].Summary.Engine.VirtualS; s != t {
			return nil, fmt.Errorf("%s and %s lasted %gs and %gs of virtual time: what they counted cannot be compared", a.Name, b.Name, s, t)
		}
	}
	switch {
	case c.Pairs == 0:
		return nil, fmt.Errorf("%s and %s: %w", a.Name, b.Name, errNothing)
	case c.Pairs == 1 && !c.SameSeeds:
		return nil, fmt.Errorf("%s and %s: %w", a.Name, b.Name, errSeeds)
	}
	if len(metrics) == 0 {
		metrics = measuredBy(left, right)
	}
	for _, metric := range metrics {
		d, err := difference(metric, left, right)
		if err != nil {
			return nil, fmt.Errorf("%s and %s: %w", a.Name, b.Name, err)
		}
		c.Differences = append(c.Differences, d)
	}
	return c, nil
}

// sameNumbers reports whether two runs did the same: the same events, and the same
// numbers.
func (r *Record) sameNumbers(other *Record) bool {
	if r.Fingerprint() != other.Fingerprint() {
		return false
	}
	a, err := json.Marshal(r.Metrics())
	b, err2 := json.Marshal(other.Metrics())
	return err == nil && err2 == nil && string(a) == string(b)
}

// measuredBy are the numbers that some pair has on both sides, by name.
func measuredBy(left, right []*Record) []string {
	names := map[string]bool{}
	for i := range left {
		for _, n := range left[i].Metrics() {
			if _, ok := right[i].Value(n.Path); ok {
				names[n.Path] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func difference(metric string, left, right []*Record) (Difference, error) {
	var a, b []float64
	for i := range left {
		x, ok := left[i].Value(metric)
		y, ok2 := right[i].Value(metric)
		if ok && ok2 {
			a, b = append(a, x), append(b, y)
		}
	}
	if len(a) == 0 {
		return Difference{}, fmt.Errorf("%s was not measured on both sides", metric)
	}
	d := Difference{Metric: metric, A: stats.MeanOf(a).Value, B: stats.MeanOf(b).Value, Pairs: len(a),
		mean: stats.MeanOf(stats.Differences(a, b))}
	d.Mean = d.mean.Value
	if len(a) > 1 {
		low, high, p := d.mean.Low(), d.mean.High(), d.mean.P(0)
		d.Low, d.High, d.P = &low, &high, &p
	}
	return d, nil
}

// Correct takes into account how many numbers were compared, in all of the comparisons.
func Correct(list []*Comparison) {
	var all []*Difference
	var p []float64
	for _, c := range list {
		for i := range c.Differences {
			if d := &c.Differences[i]; d.P != nil {
				all, p = append(all, d), append(p, *d.P)
			}
		}
	}
	for i, corrected := range stats.Holm(p) {
		all[i].PHolm = &corrected
	}
}

// Better says in which direction a number is better: 1 upwards, -1 downwards, 0 if it is
// neither.
func Better(metric string) int {
	for _, part := range []string{"coverage", "registered", "exact_size", "complete", "granted", "success", "agreement", "jain"} {
		if strings.Contains(metric, part) {
			return 1
		}
	}
	for _, part := range []string{"failed", "error", "latency", "messages", "bytes", "hops", "fanout", "convergence.time_s",
		"rounds", "bans", "requests_per_node", "partial", "relisted", "lost", "refused", "abandoned", "gini"} {
		if strings.Contains(metric, part) {
			return -1
		}
	}
	return 0
}

// Regression is a number that is worse than a baseline by more than a margin, for sure.
type Regression struct {
	A, B   string
	Metric string
	D      *Difference // nil if the number is not measured any more
}

// Regressions are the numbers whose 95 % interval lies beyond a share of the baseline on
// the worse side, corrected for all that were looked at; A is the baseline. A number of
// which neither side is better is worse on both.
func Regressions(list []*Comparison, margin float64) []Regression {
	var found []Regression
	var p []float64
	for _, c := range list {
		for i := range c.Differences {
			d := &c.Differences[i]
			found = append(found, Regression{c.A, c.B, d.Metric, d})
			p = append(p, d.beyond(margin))
		}
	}
	corrected := stats.Holm(p)
	kept := found[:0]
	for i, r := range found {
		if corrected[i] < level {
			kept = append(kept, r)
		}
	}
	return kept
}

// beyond is the probability of the difference if the truth were just the margin to the
// worse side; 1 on this side of it.
func (d *Difference) beyond(margin float64) float64 {
	bound := margin * math.Abs(d.A)
	better := Better(d.Metric)
	switch {
	case d.Mean > bound && better <= 0:
		return d.mean.P(bound)
	case d.Mean < -bound && better >= 0:
		return d.mean.P(-bound)
	}
	return 1
}
