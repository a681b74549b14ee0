package laws

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Tests of goodness of fit, and what many of them together say.

// kolmogorov is the probability that a sample of n independent draws is at least a
// distance d away from its distribution (Kolmogorov and Smirnov, with the correction of
// Stephens, Use of the Kolmogorov-Smirnov, Cramér-von Mises and related statistics without
// extensive tables, 1970). For two samples n is the product of their sizes over the sum.
func kolmogorov(d, n float64) float64 {
	x, p := (math.Sqrt(n)+0.12+0.11/math.Sqrt(n))*d, 0.0
	for k := 1.0; k < 100; k++ {
		p += 2 * math.Pow(-1, k-1) * math.Exp(-2*k*k*x*x)
	}
	if x < 0.2 {
		return 1 // where the series has not converged
	}
	return min(1, max(0, p))
}

// fits is the probability that draws of a continuous distribution are at least as far from
// it as these, which it sorts.
func fits(draws []float64, cdf func(float64) float64) float64 {
	slices.Sort(draws)
	n, d := float64(len(draws)), 0.0
	for i, x := range draws {
		p := cdf(x)
		d = max(d, p-float64(i)/n, float64(i+1)/n-p)
	}
	return kolmogorov(d, n)
}

// same is the probability that two samples of one distribution are at least as far apart
// as these, which are sorted.
func same(a, b []float64) float64 {
	n, m := float64(len(a)), float64(len(b))
	return kolmogorov(stat.KolmogorovSmirnov(a, nil, b, nil), n*m/(n+m))
}

// significant is the level of a single test: one in a hundred fails by chance.
const significant = 0.01

// doubt is how improbable a number must be by theory for a law with one row to fail.
const doubt = 0.001

// rejected is a row for many independent tests: by chance a hundredth of them have a p
// below 0.01. At most so many may have that more do with a probability of 0.001 only: of
// 100 tests at most 5. Of a law with several such rows all are as improbable together.
func rejected(what string, ps []float64, rows int) Row {
	count := 0.0
	for _, p := range ps {
		if !(p >= significant) {
			count++
		}
	}
	of := distuv.Binomial{N: float64(len(ps)), P: significant}
	most := 0.0
	for of.CDF(most) < 1-doubt/float64(rows) {
		most++
	}
	return Row{what, count, float64(len(ps)) * significant, 0, most}
}

// leastExpected is Cochran's rule: below it the chi-square distribution is no longer a good
// approximation for a group.
const leastExpected = 5

// fitsCounts is the probability that counts of a discrete distribution are at least as far
// from it as these: seen[k] is how often k was. It pools neighbours until 5 or more are
// expected in each group (chi-square, Pearson 1900).
func fitsCounts(seen []int, probability func(k int) float64) float64 {
	total := 0
	for _, n := range seen {
		total += n
	}
	var got, want []float64
	g, w, rest := 0.0, 0.0, 1.0
	for k, n := range seen {
		p := probability(k)
		g, w, rest = g+float64(n), w+p*float64(total), rest-p
		if w >= leastExpected && rest*float64(total) >= leastExpected {
			got, want = append(got, g), append(want, w)
			g, w = 0, 0
		}
	}
	got, want = append(got, g), append(want, w+max(0, rest)*float64(total))
	if len(got) < 2 {
		return math.NaN()
	}
	return distuv.ChiSquared{K: float64(len(got) - 1)}.Survival(stat.ChiSquare(got, want))
}

// tally counts how often each number occurs.
func tally(numbers []int) []int {
	seen := make([]int, slices.Max(numbers)+1)
	for _, n := range numbers {
		seen[n]++
	}
	return seen
}

// meanAndError are the mean of a sample, and its standard error.
func meanAndError(sample []float64) (mean, off float64) {
	mean, sd := stat.MeanStdDev(sample, nil)
	return mean, sd / math.Sqrt(float64(len(sample)))
}

// sorted is a sorted copy.
func sorted(sample []float64) []float64 {
	list := slices.Clone(sample)
	slices.Sort(list)
	return list
}
