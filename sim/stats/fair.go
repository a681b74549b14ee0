package stats

import (
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/stat/distuv"
)

// Jain returns Jain's fairness index of a load, (sum x)^2 / (n sum x^2), in 1/n..1: with
// the value m/n, it is as if m of n nodes shared the work evenly and the rest did none.
// It is NaN when all loads are 0.
//
// Source: Jain, Chiu, Hawe, A Quantitative Measure of Fairness and Discrimination, DEC
// TR-301, 1984.
func Jain(load []int) float64 {
	var sum, squares float64
	for _, x := range load {
		sum += float64(x)
		squares += float64(x) * float64(x)
	}
	return sum * sum / (float64(len(load)) * squares)
}

// Gini returns the Gini coefficient of a load, half the mean absolute difference of two
// nodes (drawn with replacement) over the mean, in 0..1-1/n. It is NaN when all loads
// are 0.
func Gini(load []int) float64 {
	sorted := slices.Sorted(slices.Values(load))
	n := len(sorted)
	var sum, weighted float64
	for i, x := range sorted {
		sum += float64(x)
		// The i-th smallest is the larger one in i pairs and the smaller one in n-1-i.
		weighted += float64(2*i-n+1) * float64(x)
	}
	return weighted / (float64(n) * sum)
}

// Fair is a fair draw: Draws times, independently, some of Nodes nodes are taken, all
// with the same chance, and Taken nodes altogether.
type Fair struct {
	Nodes int // >= 1
	Draws int // >= 1
	Taken int // 0..Nodes*Draws
}

// FairOf returns the fair draw of the same size as one that took draws draws and left
// this load.
func FairOf(load []int, draws int) Fair {
	return Fair{Nodes: len(load), Draws: draws, Taken: total(load)}
}

// Valid reports whether such a draw can be.
func (f Fair) Valid() bool {
	return f.Nodes >= 1 && f.Draws >= 1 && f.Taken >= 0 && f.Taken <= f.Nodes*f.Draws
}

// Chance is the probability p that one draw takes a given node.
func (f Fair) Chance() float64 { return float64(f.Taken) / float64(f.Nodes) / float64(f.Draws) }

// Mean is the expected load of a node.
func (f Fair) Mean() float64 { return float64(f.Taken) / float64(f.Nodes) }

// Jain is the value to expect of Jain's index, E[x]^2 / E[x^2] = m / (m + 1 - p) with the
// mean load m = D p and the variance D p (1-p). As the sum of the loads is fixed, the
// only approximation is that the mean of 1/x^2 summed over nodes is taken for 1 over its
// mean; that is too low by a share of the order 1/n.
func (f Fair) Jain() float64 {
	m := f.Mean()
	return m / (m + 1 - f.Chance())
}

// Gini is the value to expect of the Gini coefficient: the mean absolute difference of
// two independent loads, 2 sum F(x)(1-F(x)), over twice the mean. Two corrections matter
// for small n only: a node is also compared with itself, which takes (n-1)/n; and as two
// loads are negatively correlated, the difference of two deviates more by the square root
// of n/(n-1). Together they are the square root of (n-1)/n.
func (f Fair) Gini() float64 {
	var sum float64
	f.support(func(_ int, cdf float64) { sum += cdf * (1 - cdf) })
	return sum / f.Mean() * math.Sqrt(float64(f.Nodes-1)/float64(f.Nodes))
}

// Band returns, for each node in ascending order of load, the bounds between which a fair
// draw leaves its load with at least the given probability (0.95, say); each rank for
// itself, not all of them at once.
//
// The i-th smallest of n loads is at most x when at least i nodes have at most x, which
// happens with probability P(Binomial(n, F(x)) >= i). It falls with i, so for each x a
// binary search finds the ranks whose quantile is x or less.
func (f Fair) Band(probability float64) (low, high []int) {
	tail := (1 - probability) / 2
	low, high = make([]int, f.Nodes), make([]int, f.Nodes)
	lows, highs := 0, 0
	last := 0
	f.support(func(x int, cdf float64) {
		lows = fillRanks(low, lows, x, cdf, tail)
		highs = fillRanks(high, highs, x, cdf, 1-tail)
		last = x
	})
	for i := lows; i < f.Nodes; i++ {
		low[i] = last
	}
	for i := highs; i < f.Nodes; i++ {
		high[i] = last
	}
	return low, high
}

// fillRanks gives the load x to all ranks from done on whose quantile q is at most x,
// where a node has at most x with probability cdf. It returns the number of ranks that
// have their load.
func fillRanks(loads []int, done, x int, cdf, q float64) int {
	n := len(loads)
	atMost := distuv.Binomial{N: float64(n), P: cdf}
	// The rank i, from 1, qualifies while P(at least i nodes) = 1 - P(at most i-1) >= q.
	upTo := done + sort.Search(n-done, func(j int) bool {
		return 1-atMost.CDF(float64(done+j)) < q
	})
	for i := done; i < upTo; i++ {
		loads[i] = x
	}
	return upTo
}

// support calls visit for every load that a node can have with a probability worth
// counting, in ascending order, with the probability of that load or less.
func (f Fair) support(visit func(x int, cdf float64)) {
	p := f.Chance()
	if p <= 0 || p >= 1 {
		visit(int(f.Mean()), 1) // nothing is left to chance
		return
	}
	load := distuv.Binomial{N: float64(f.Draws), P: p}
	// Ten deviations leave out less than 1e-22 of a normal tail; the constant covers the
	// skewed Poisson tails of small means.
	reach := 10*math.Sqrt(load.Variance()) + 30
	from := max(0, int(load.Mean()-reach))
	to := min(f.Draws, int(load.Mean()+reach))
	for x := from; x <= to; x++ {
		visit(x, load.CDF(float64(x)))
	}
}

func total(load []int) int {
	sum := 0
	for _, x := range load {
		sum += x
	}
	return sum
}
