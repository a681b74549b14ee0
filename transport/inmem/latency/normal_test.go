package latency_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"spreadable/transport/inmem/latency"
)

// However little of the curve a truncation leaves, what is drawn is distributed as that
// part of the curve (Kolmogorov and Smirnov: no share differs by more than 1.95/√n, which
// by chance happens one time in a thousand), and does not pile up at its ends.
func TestATruncatedNormalFollowsTheCurveWithinItsLimits(t *testing.T) {
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
		for _, model := range []latency.Model{n, latency.PerMessage{Distribution: n.Curve()}} {
			follow(t, n, model)
		}
	}
}

// follow holds draws of a model against a truncated normal distribution.
func follow(t *testing.T, n latency.Normal, model latency.Model) {
	t.Helper()
	const draws = 20_000
	below := func(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
	share := func(d time.Duration) float64 { // of the truncated curve below d, by its upper tail
		z := func(d time.Duration) float64 { return float64(d-n.Center) / float64(n.Stddev) }
		high := 0.0
		if n.High != 0 {
			high = below(-z(n.High))
		}
		return (below(-z(n.Low)) - below(-z(d))) / (below(-z(n.Low)) - high)
	}
	list := drawn(model, 1, draws)
	if worst := distance(list, share); worst > 1.95/math.Sqrt(draws) {
		t.Errorf("%T of %+v: shares differ by up to %.4f", model, n, worst)
	}
	ends := 0
	for _, d := range list {
		if d == n.Low || d == n.High {
			ends++
		}
	}
	if slices.Sort(list); ends > 2 || list[0] < n.Low || n.High != 0 && list[draws-1] > n.High {
		t.Errorf("%T of %+v: %d draws on a limit, all from %v to %v", model, n, ends, list[0], list[draws-1])
	}
}
