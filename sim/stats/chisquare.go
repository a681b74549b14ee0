package stats

import (
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// minExpected is the expected count of a group below which the chi-square distribution is
// no longer a good approximation; the customary rule of Cochran.
const minExpected = 5

// Test is the outcome of a chi-square test.
type Test struct {
	// Statistic is the corrected chi-square statistic, >= 0; about DF when the draw is
	// even.
	Statistic float64
	// DF is the number of degrees of freedom, groups less one, >= 1.
	DF int
	// P is the probability that an even draw gives this statistic or a larger one, 0..1.
	P float64
}

// ChiSquare tests whether draws that left this load were even. Neighbouring nodes are
// pooled into groups, all as small as an expected count of at least 5 allows, so that the
// test also works when most nodes were never drawn. It is false when that leaves fewer
// than two groups, or when every draw took every node.
//
// The textbook test is for counts drawn with replacement. A draw of k distinct nodes out
// of n has the multivariate hypergeometric covariance, which is that of the textbook
// times (n-k)/(n-1), for all groups and pairs of groups alike; so the statistic divided
// by this factor has the textbook's distribution again. At k = 5 of 10,000 the factor is
// 0.9996, at 32 of 64 it is 0.51 and leaving it out would hide any bias.
func ChiSquare(load []int, draws int) (Test, bool) {
	f := FairOf(load, draws)
	if !f.Valid() || f.Taken == 0 || f.Taken == f.Nodes*f.Draws {
		return Test{}, false
	}
	size := (minExpected*f.Nodes + f.Taken - 1) / f.Taken // nodes per group, rounded up
	groups := f.Nodes / size
	if groups < 2 {
		return Test{}, false
	}
	seen, expected := pool(load, groups, f.Mean())
	perDraw := float64(f.Taken) / float64(f.Draws)
	correction := (float64(f.Nodes) - perDraw) / float64(f.Nodes-1)
	t := Test{Statistic: stat.ChiSquare(seen, expected) / correction, DF: groups - 1}
	t.P = distuv.ChiSquared{K: float64(t.DF)}.Survival(t.Statistic)
	return t, true
}

// pool divides the nodes into groups of neighbours whose sizes differ by at most one, and
// returns for each what was seen and what was to be expected.
func pool(load []int, groups int, mean float64) (seen, expected []float64) {
	n := len(load)
	for g := range groups {
		from, to := g*n/groups, (g+1)*n/groups
		seen = append(seen, float64(total(load[from:to])))
		expected = append(expected, mean*float64(to-from))
	}
	return seen, expected
}
