package latency_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/transport/inmem/latency"
)

const ms = time.Millisecond

// truncated returns mean and standard deviation of the normal distribution cut to
// low..high, by its textbook formula.
func truncated(mean, stddev, low, high time.Duration) (m, s float64) {
	density := func(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }
	below := func(x float64) float64 { return (1 + math.Erf(x/math.Sqrt2)) / 2 }
	a, b := float64(low-mean)/float64(stddev), float64(high-mean)/float64(stddev)
	if high == 0 {
		b = 40
	}
	share := below(b) - below(a)
	shift := (density(a) - density(b)) / share
	spread := 1 + (a*density(a)-b*density(b))/share - shift*shift
	return float64(mean) + shift*float64(stddev), float64(stddev) * math.Sqrt(spread)
}

// Each distribution has the mean and the standard deviation that it promises.
func TestMomentsOfLatencies(t *testing.T) {
	lognormal, err := latency.NewLognormal(50*ms, 20*ms, 10*ms)
	if err != nil {
		t.Fatal(err)
	}
	wide, highest := truncated(50*ms, 30*ms, 20*ms, 60*ms)
	floored, spread := truncated(50*ms, 30*ms, 20*ms, 0)
	for _, test := range []struct {
		name       string
		latency    latency.Model
		mean, devi float64
	}{
		{"constant", latency.Constant(25 * ms), float64(25 * ms), 0},
		{"uniform", latency.Uniform{Low: 10 * ms, High: 40 * ms}, float64(25 * ms), float64(30*ms) / math.Sqrt(12)},
		{"normal, hardly cut", latency.Normal{Center: 50 * ms, Stddev: 5 * ms}, float64(50 * ms), float64(5 * ms)},
		{"normal, cut on both sides", latency.Normal{Center: 50 * ms, Stddev: 30 * ms, Low: 20 * ms, High: 60 * ms}, wide, highest},
		{"normal, cut below", latency.Normal{Center: 50 * ms, Stddev: 30 * ms, Low: 20 * ms}, floored, spread},
		{"lognormal", lognormal, float64(50 * ms), float64(20 * ms)},
	} {
		const draws = 200_000
		rng := rand.New(rand.NewPCG(1, 2))
		sum, squares := 0.0, 0.0
		for range draws {
			x := float64(test.latency.Draw(1, 2, rng))
			sum += x
			squares += x * x
		}
		mean := sum / draws
		devi := math.Sqrt(max(0, squares/draws-mean*mean))
		if math.Abs(mean-test.mean) > 0.005*test.mean {
			t.Errorf("%s: mean %v, want %v", test.name, time.Duration(mean), time.Duration(test.mean))
		}
		if cut := test.mean != float64(50*ms) && test.name[:6] == "normal"; !cut && test.latency.Mean() != time.Duration(test.mean) {
			t.Errorf("%s: says that its mean is %v, want %v", test.name, test.latency.Mean(), time.Duration(test.mean))
		}
		if math.Abs(devi-test.devi) > 0.02*test.devi+1000 {
			t.Errorf("%s: standard deviation %v, want %v", test.name, time.Duration(devi), time.Duration(test.devi))
		}
	}
}

// No draw is below Min, for kernels run hosts apart by it; nor above Max.
func TestLatenciesKeepTheirLimits(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 1))
		duration := func(name string, most int) time.Duration {
			return time.Duration(rapid.IntRange(0, most).Draw(r, name)) * time.Microsecond
		}
		low := duration("low", 100_000)
		high := low + duration("spread", 100_000)
		lognormal, err := latency.NewLognormal(low+1+duration("mean", 100_000), 1+duration("stddev", 1_000_000), low)
		if err != nil {
			r.Fatal(err)
		}
		shape := rapid.Float64Range(0.01, 1000).Draw(r, "shape")
		weibull, err := latency.NewWeibull(1+duration("scale", 1_000_000), shape, low)
		if err != nil {
			r.Fatal(err)
		}
		pareto, err := latency.NewPareto(1+low, shape)
		if err != nil {
			r.Fatal(err)
		}
		jitter := duration("jitter", 10_000)
		for _, l := range []latency.Model{
			latency.PerMessage{Distribution: weibull},
			latency.NewPerPair(weibull, jitter, uint64(low)),
			latency.NewPerPair(latency.Normal{Center: high + 1, Stddev: 1 + jitter, Low: low}.Curve(), jitter, 1),
			latency.PerMessage{Distribution: pareto},
			latency.Constant(low), latency.Uniform{Low: low, High: high},
			latency.Normal{Center: duration("normal mean", 300_000), Stddev: 1 + duration("normal stddev", 100_000), Low: low, High: high},
			lognormal,
		} {
			if l.Min() < low || l.Max() < l.Min() {
				r.Fatalf("%T: min %v, want %v; max %v", l, l.Min(), low, l.Max())
			}
			for pair := range uint32(50) {
				d := l.Draw(pair, 2, rng)
				if d < l.Min() || d > l.Max() {
					r.Fatalf("%T %+v: drew %v outside %v..%v", l, l, d, l.Min(), l.Max())
				}
			}
		}
	})
}

func TestImpossibleLognormalsAreRefused(t *testing.T) {
	for _, test := range []struct{ mean, stddev, floor time.Duration }{{10 * ms, ms, 10 * ms}, {ms, ms, 2 * ms}, {10 * ms, 0, 0}, {10 * ms, -ms, 0}} {
		if _, err := latency.NewLognormal(test.mean, test.stddev, test.floor); err == nil {
			t.Errorf("a lognormal latency of mean %v, stddev %v and min %v is taken", test.mean, test.stddev, test.floor)
		}
	}
}

// A model without an upper limit says so.
func TestOnlyANormalWithoutMaxIsUnbounded(t *testing.T) {
	lognormal, err := latency.NewLognormal(50*ms, 20*ms, 10*ms)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		model latency.Model
		want  time.Duration
	}{
		{latency.Constant(25 * ms), 25 * ms},
		{latency.Uniform{Low: 10 * ms, High: 40 * ms}, 40 * ms},
		{latency.Normal{Center: 50 * ms, Stddev: ms, High: 60 * ms}, 60 * ms},
		{latency.Normal{Center: 50 * ms, Stddev: ms}, latency.Unbounded},
		{lognormal, time.Hour + 10*ms},
	} {
		if got := test.model.Max(); got != test.want {
			t.Errorf("%T %+v: max %v, want %v", test.model, test.model, got, test.want)
		}
	}
}
