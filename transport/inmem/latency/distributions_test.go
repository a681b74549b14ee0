package latency_test

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"spreadable/transport/inmem/latency"
)

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 2)) }

// law is a latency distribution beside the one of gonum that it must follow.
type law struct {
	name  string
	made  latency.Distribution
	above time.Duration // what is added to each draw of the other
	below func(ns float64) float64
	err   error
}

func curve(name string, above time.Duration, below func(float64) float64) func(*latency.Curve, error) law {
	return func(c *latency.Curve, err error) law { return law{name, c, above, below, err} }
}

// laws are distributions with light and heavy tails, with and without a floor.
func laws(t *testing.T) []law {
	t.Helper()
	lognormal, err := latency.NewLognormal(50*ms, 20*ms, 10*ms)
	if err != nil {
		t.Fatal(err)
	}
	s2 := math.Log1p(0.25) // of a mean of 40 ms above the floor
	list := []law{
		{"uniform", latency.Uniform{Low: 5 * ms, High: 45 * ms}, 0, distuv.Uniform{Min: float64(5 * ms), Max: float64(45 * ms)}.CDF, nil},
		{"normal", latency.Normal{Center: 500 * ms, Stddev: 10 * ms}.Curve(), 0, distuv.Normal{Mu: float64(500 * ms), Sigma: float64(10 * ms)}.CDF, nil},
		{"lognormal", lognormal.Curve(), 10 * ms,
			distuv.LogNormal{Mu: math.Log(float64(40*ms)) - s2/2, Sigma: math.Sqrt(s2)}.CDF, nil},
		curve("exponential", 5*ms, distuv.Exponential{Rate: 1 / float64(20*ms)}.CDF)(latency.NewExponential(25*ms, 5*ms)),
		curve("exponential from 0", 0, distuv.Exponential{Rate: 1 / float64(3*time.Second)}.CDF)(latency.NewExponential(3*time.Second, 0)),
	}
	for _, shape := range []float64{0.4, 0.615, 1, 2.5, 20} {
		list = append(list,
			curve(fmt.Sprintf("weibull %v", shape), 2*ms, distuv.Weibull{K: shape, Lambda: float64(20 * ms)}.CDF)(latency.NewWeibull(20*ms, shape, 2*ms)),
			curve(fmt.Sprintf("pareto %v", shape), 0, distuv.Pareto{Xm: float64(5 * ms), Alpha: shape}.CDF)(latency.NewPareto(5*ms, shape)))
	}
	return list
}

// distance is the greatest difference of shares between draws and a distribution
// (Kolmogorov and Smirnov).
func distance(draws []time.Duration, below func(time.Duration) float64) float64 {
	slices.Sort(draws)
	n, worst := float64(len(draws)), 0.0
	for i, d := range draws {
		share := below(d)
		worst = max(worst, math.Abs(share-float64(i)/n), math.Abs(share-float64(i+1)/n))
	}
	return worst
}

// drawn are latencies of messages, or one of each of as many pairs.
func drawn(m latency.Model, seed uint64, n int) []time.Duration {
	rng := random(seed)
	list := make([]time.Duration, n)
	for i := range list {
		list[i] = m.Draw(uint32(i), uint32(i/1000), rng)
	}
	return list
}

// Every distribution follows that of gonum, drawn for each message and for each pair: of
// 200,000 draws no share differs by more than 2.3/√n, which by chance happens one time
// in 20,000. The seeds are fixed, so it happens always or never.
func TestDistributionsFollowGonum(t *testing.T) {
	const n = 200_000
	for i, l := range laws(t) {
		if l.err != nil {
			t.Errorf("%s: %v", l.name, l.err)
			continue
		}
		below := func(d time.Duration) float64 {
			if d >= l.made.Max() { // the limit of an hour holds all that is beyond
				return 1
			}
			return l.below(float64(d - l.above))
		}
		for kind, m := range map[string]latency.Model{
			"messages": latency.PerMessage{Distribution: l.made}, "pairs": latency.NewPerPair(l.made, 0, uint64(i)),
		} {
			draws := slices.DeleteFunc(drawn(m, uint64(i), n), func(d time.Duration) bool { return d >= l.made.Max() })
			cut := float64(n-len(draws)) / n // as many as the distribution has there
			if worst := distance(draws, func(d time.Duration) float64 { return below(d) / (1 - cut) }); worst > 2.3/math.Sqrt(n) {
				t.Errorf("%s of %s: shares differ by up to %.5f", l.name, kind, worst)
			}
			if want := 1 - l.below(float64(l.made.Max()-l.above)); math.Abs(cut-want) > 4*math.Sqrt(want/n)+1e-6 {
				t.Errorf("%s of %s: %.6f of all draws are at the limit, want %.6f", l.name, kind, cut, want)
			}
		}
	}
}

// The mean that a distribution tells is that of its formula.
func TestDistributionsTellTheirMeans(t *testing.T) {
	weibull, err := latency.NewWeibull(20*ms, 0.615, 2*ms)
	if err != nil {
		t.Fatal(err)
	}
	pareto, err := latency.NewPareto(5*ms, 2.5)
	if err != nil {
		t.Fatal(err)
	}
	exponential, err := latency.NewExponential(25*ms, 5*ms)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		made latency.Distribution
		want float64
	}{
		{"weibull", weibull, float64(2*ms) + distuv.Weibull{K: 0.615, Lambda: float64(20 * ms)}.Mean()},
		{"pareto", pareto, distuv.Pareto{Xm: float64(5 * ms), Alpha: 2.5}.Mean()},
		{"exponential", exponential, float64(25 * ms)},
	} {
		if got := float64(test.made.Mean()); math.Abs(got/test.want-1) > 1e-4 {
			t.Errorf("%s: says %v, its formula %v", test.name, test.made.Mean(), time.Duration(test.want))
		}
	}
}

// Far out in the tail a curve is still the distribution: the one draw in a billion.
func TestCurvesKeepTheirTails(t *testing.T) {
	exponential, err := latency.NewExponential(25*ms, 5*ms)
	if err != nil {
		t.Fatal(err)
	}
	for _, share := range []float64{1e-3, 1e-6, 1e-9} {
		outside := uint64(share * (1 << 63) * 2)
		for _, test := range []struct {
			word uint64
			want float64
		}{{1<<63 | outside, -math.Log(share)}, {outside, -math.Log1p(-share)}} {
			got := float64(exponential.At(test.word)-5*ms) / float64(20*ms)
			if math.Abs(got-test.want) > 1e-3*test.want+1e-9 {
				t.Errorf("share %v: %v means, want %v", share, got, test.want)
			}
		}
	}
}

// A measured distribution has the quantiles that were measured, and is even between them.
func TestAMeasuredDistributionHasItsQuantiles(t *testing.T) {
	shares, values := []float64{0, 0.5, 0.9, 1}, []time.Duration{10 * ms, 20 * ms, 60 * ms, 400 * ms}
	e, err := latency.NewEmpirical(shares, values)
	if err != nil {
		t.Fatal(err)
	}
	below := func(d time.Duration) float64 {
		i := 1
		for ; i < len(values)-1 && d > values[i]; i++ {
		}
		return shares[i-1] + (shares[i]-shares[i-1])*float64(d-values[i-1])/float64(values[i]-values[i-1])
	}
	const n = 1_000_000
	if worst := distance(drawn(latency.PerMessage{Distribution: e}, 1, n), below); worst > 1.95/math.Sqrt(n) {
		t.Errorf("shares differ by up to %.5f", worst)
	}
	if e.Min() != 10*ms || e.Max() != 400*ms || e.Mean() != 46500*time.Microsecond {
		t.Errorf("min %v, mean %v, max %v", e.Min(), e.Mean(), e.Max())
	}
	if e.At(0) != 10*ms || e.At(math.MaxUint64) != 400*ms {
		t.Errorf("drew %v to %v", e.At(0), e.At(math.MaxUint64))
	}
}

// What is drawn does not depend on the processor: a hash of draws, which any difference in
// the last bit would change. (With GOAMD64=v3 the compiler fuses multiplications with
// additions, as it does for arm64, and the hash must be the same.)
func TestDrawsAreTheSameOnEveryProcessor(t *testing.T) {
	h := fnv.New64a()
	add := func(list []time.Duration) {
		for _, d := range list {
			fmt.Fprintln(h, int64(d))
		}
	}
	for _, l := range laws(t) {
		add(drawn(latency.PerMessage{Distribution: l.made}, 1, 2000))
	}
	p, _ := planet(t, 1)
	add(drawn(p, 1, 2000))
	if got, want := h.Sum64(), uint64(0xa9fddb6f39f3bb); got != want {
		t.Errorf("the draws have the hash %#x, want %#x", got, want)
	}
}

// BenchmarkDraw is what a message costs by the kind of model.
func BenchmarkDraw(b *testing.B) {
	lognormal, err := latency.NewLognormal(50*ms, 20*ms, 10*ms)
	if err != nil {
		b.Fatal(err)
	}
	bare, cities := planet(b, 1)
	with := terms(1)
	with.Jitter = latency.NewJitter(ms)
	if with.Access, err = latency.NewAccess([]latency.Share{{Name: "fiber", Part: 0.5}, {Name: "cable", Part: 0.5}}, 1); err != nil {
		b.Fatal(err)
	}
	homes, err := latency.NewPlanet(cities, nil, with)
	if err != nil {
		b.Fatal(err)
	}
	for _, bench := range []struct {
		name  string
		model latency.Model
	}{
		{"constant", latency.Constant(ms)}, {"lognormal", lognormal}, {"curve", latency.PerMessage{Distribution: lognormal.Curve()}},
		{"pairs", latency.NewPerPair(lognormal.Curve(), ms, 1)}, {"planet", bare}, {"planet-homes", homes},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			rng := random(1)
			for i := range uint32(b.N) {
				bench.model.Draw(i%100_000, i*7%100_000, rng)
			}
		})
	}
}
