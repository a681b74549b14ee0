package latency_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"spreadable/transport/inmem/latency"
)

// However little of the curve a truncation leaves, what is drawn is distributed as that
// part of the curve (Kolmogorov and Smirnov: no share differs by more than 1.95/√n, which
// by chance happens one time in a thousand), and does not pile up at its ends.
func TestATruncatedNormalFollowsTheCurveWithinItsLimits(t *testing.T) {
	const draws = 20_000
	below := func(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
	for _, n := range []latency.Normal{
		{Center: 10 * ms, Stddev: 100 * ms, Low: 9 * ms, High: 11 * ms},             // 0.8 %
		{Center: 10 * ms, Stddev: 10 * time.Second, Low: 9 * ms, High: 11 * ms},     // 0.008 %
		{Center: 10 * ms, Stddev: 365 * 24 * time.Hour, Low: 9 * ms, High: 11 * ms}, // all but nothing
		{Center: 10 * ms, Stddev: 20 * ms, Low: 9 * ms, High: 11 * ms},              // 4 %
		{Center: time.Millisecond, Stddev: time.Second, High: 20 * ms},
		{Center: time.Millisecond, Stddev: time.Second},
		{Center: 50 * ms, Stddev: 30 * ms, Low: 20 * ms, High: 60 * ms}, // wide
		{Center: 10 * ms, Stddev: ms, Low: 15 * ms, High: 18 * ms},      // in the upper tail
		{Center: 30 * ms, Stddev: ms, Low: 10 * ms, High: 25 * ms},      // in the lower tail
		{Center: 10 * ms, Stddev: ms, Low: 20 * ms},                     // ten deviations away
	} {
		rng := rand.New(rand.NewPCG(1, 2))
		drawn := make([]time.Duration, draws)
		for i := range drawn {
			drawn[i] = n.Draw(1, 2, rng)
		}
		slices.Sort(drawn)
		share := func(d time.Duration) float64 { // of the truncated curve below d, by its upper tail
			z := func(d time.Duration) float64 { return float64(d-n.Center) / float64(n.Stddev) }
			high := 0.0
			if n.High != 0 {
				high = below(-z(n.High))
			}
			return (below(-z(n.Low)) - below(-z(d))) / (below(-z(n.Low)) - high)
		}
		worst, ends := 0.0, 0
		for i, d := range drawn {
			worst = max(worst, math.Abs(share(d)-float64(i)/draws), math.Abs(share(d)-float64(i+1)/draws))
			if d == n.Low || d == n.High {
				ends++
			}
		}
		if worst > 1.95/math.Sqrt(draws) {
			t.Errorf("%+v: shares differ by up to %.4f", n, worst)
		}
		if ends > 2 || drawn[0] < n.Low || n.High != 0 && drawn[draws-1] > n.High {
			t.Errorf("%+v: %d draws on a limit, all from %v to %v", n, ends, drawn[0], drawn[draws-1])
		}
	}
}
