package stats

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Confidence is the probability that an interval of this package covers the true mean.
const Confidence = 0.95

// Mean is what independent repetitions say about the mean of a number.
type Mean struct {
	// N is the number of repetitions, >= 1.
	N int
	// Value is their arithmetic mean.
	Value float64
	// SD is their standard deviation, with N-1 in the denominator; NaN if N is 1.
	SD float64
	// Half is half the width of the confidence interval of the mean, t SD/√N with
	// Student's t of N-1 degrees of freedom (Student, "The probable error of a mean",
	// 1908); NaN if N is 1. The values must be independent: those of one run, such as the
	// latencies of its searches, are not.
	Half float64
}

// MeanOf judges the mean of independent values, of which there must be one or more.
func MeanOf(values []float64) Mean {
	m := Mean{N: len(values), SD: math.NaN(), Half: math.NaN()}
	if m.N == 1 {
		m.Value = values[0]
		return m
	}
	if equal(values) { // rounding must not make a difference of none
		m.Value, m.SD, m.Half = values[0], 0, 0
		return m
	}
	m.Value, m.SD = stat.MeanStdDev(values, nil)
	m.Half = student(m.N).Quantile(1-(1-Confidence)/2) * m.standardError()
	return m
}

func equal(values []float64) bool {
	for _, x := range values {
		if x != values[0] {
			return false
		}
	}
	return true
}

// Low is the lower bound of the interval.
func (m Mean) Low() float64 { return m.Value - m.Half }

// High is the upper bound of the interval.
func (m Mean) High() float64 { return m.Value + m.Half }

// Within reports whether the half width of the interval is at most a share of the mean.
func (m Mean) Within(share float64) bool { return m.Half <= share*math.Abs(m.Value) }

// P is the probability, if the true mean were the given one, of a mean at least as far
// from it: the two-sided t test. NaN if N is 1.
func (m Mean) P(truth float64) float64 {
	switch {
	case m.N < 2:
		return math.NaN()
	case m.SD == 0 && m.Value == truth:
		return 1
	case m.SD == 0:
		return 0
	}
	return 2 * student(m.N).Survival(math.Abs(m.Value-truth)/m.standardError())
}

func (m Mean) standardError() float64 { return m.SD / math.Sqrt(float64(m.N)) }

// student is Student's t distribution for the mean of so many values.
func student(n int) distuv.StudentsT {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}
}

// Differences returns b[i]-a[i]. With common random numbers what both sides have in
// common cancels, and the mean of the differences is known much better than the
// difference of the means.
func Differences(a, b []float64) []float64 {
	d := make([]float64, len(a))
	for i := range a {
		d[i] = b[i] - a[i]
	}
	return d
}

// Holm corrects probabilities that were all looked at, so that the chance of one or more
// false findings among them stays at the level to which each result is held: the i-th
// smallest of m counts m-i+1 times, and none less than a smaller one (Holm, "A simple
// sequentially rejective multiple test procedure", 1979). NaN stays NaN and does not
// count. The results are in the order of p.
func Holm(p []float64) []float64 {
	order := make([]int, 0, len(p))
	for i, x := range p {
		if !math.IsNaN(x) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	corrected := make([]float64, len(p))
	for i := range corrected {
		corrected[i] = math.NaN()
	}
	least := 0.0
	for rank, i := range order {
		least = max(least, min(1, p[i]*float64(len(order)-rank)))
		corrected[i] = least
	}
	return corrected
}
