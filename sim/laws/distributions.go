package laws

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"

	"spreadable/internal/stream"
	"spreadable/sim/plots"
	"spreadable/sim/population"
	"spreadable/sim/scenario"
)

// distributions is the law of all that is drawn.
func distributions() Law {
	return Law{
		Name:   "distributions",
		Title:  "latencies, lifetimes and arrivals have the distributions that they are named after",
		Source: "gonum's distuv; for what is left of a session, Feller, volume II, XI.4",
		Parameters: []Parameter{seed(),
			whole("seeds", "samples of each distribution", 40, 100, 1, 10_000),
			whole("draws", "draws of each sample", 1000, 20_000, 50, 10_000_000),
			{Name: "shape", Help: "shape of weibull, pareto and lognormal; 0 is one for each", Max: 20},
		},
		run: runDistributions,
	}
}

// subject is something drawn, beside its distribution function.
type subject struct {
	name string
	draw func(seed uint64, n int) ([]float64, error)
	cdf  func(float64) float64
}

// runDistributions tests many samples of each kind of draw, and counts those that fail.
func runDistributions(s *settings) (*Outcome, error) {
	// One shape for all, or for each model one that is like those of measurements.
	shape := func(fallback float64) float64 {
		if given := s.number("shape"); given > 0 {
			return given
		}
		return fallback
	}
	subjects := append(append(latencies(shape), lifetimes(shape)...), arrivals())
	out := &Outcome{}
	var all []float64
	for k, of := range subjects {
		var ps []float64
		for i := range s.whole("seeds") {
			drawn, err := of.draw(stream.Mix(s.seed()+uint64(i), uint64(k)), s.whole("draws"))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", of.name, err)
			}
			ps = append(ps, fits(drawn, of.cdf))
		}
		out.Rows = append(out.Rows, rejected(fmt.Sprintf("%s: of %d samples, those with p below 0.01", of.name, len(ps)), ps, len(subjects)))
		all = append(all, ps...)
	}
	even := plots.Curve{Name: "where all laws hold"}
	even.Add(0, 0)
	even.Add(1, 1)
	out.Charts = []plots.Chart{{Name: "distributions", Title: fmt.Sprintf("Probabilities p of %d tests", len(all)),
		X: "p", Y: "share of tests with a smaller p", Curves: []plots.Curve{even, shares("measured", sorted(all), true)}}}
	return out, nil
}

// latencies are one of each model of latency with a distribution, in seconds.
func latencies(shape func(float64) float64) []subject {
	// A lognormal is given by its mean above the floor and its deviation, gonum's by mu and
	// sigma.
	sigma2 := math.Log1p(20. * 20 / (40 * 40))
	normal := distuv.Normal{Mu: 0.050, Sigma: 0.020}
	cut := func(x float64) float64 {
		low, high := normal.CDF(0.010), normal.CDF(0.080)
		return (normal.CDF(x) - low) / (high - low)
	}
	w, p := shape(0.7), shape(2.5)
	list := []struct {
		keys string
		cdf  func(float64) float64
	}{
		{"{model: uniform, min: 5ms, max: 45ms}", distuv.Uniform{Min: 0.005, Max: 0.045}.CDF},
		{"{model: normal, mean: 50ms, stddev: 20ms, min: 10ms, max: 80ms}", cut},
		{"{model: lognormal, mean: 50ms, stddev: 20ms, min: 10ms}", above(0.010, distuv.LogNormal{Mu: math.Log(0.040) - sigma2/2, Sigma: math.Sqrt(sigma2)}.CDF)},
		{"{model: exponential, mean: 25ms, min: 5ms}", above(0.005, distuv.Exponential{Rate: 1 / 0.020}.CDF)},
		{fmt.Sprintf("{model: weibull, scale: 20ms, shape: %v, min: 2ms}", w), above(0.002, distuv.Weibull{K: w, Lambda: 0.020}.CDF)},
		{fmt.Sprintf("{model: pareto, min: 5ms, shape: %v}", p), distuv.Pareto{Xm: 0.005, Alpha: p}.CDF},
	}
	var subjects []subject
	for _, l := range list {
		for _, per := range []string{"message", "pair"} {
			keys := l.keys[:len(l.keys)-1] + ", per: " + per + "}"
			subjects = append(subjects, subject{"latency " + keys, drawLatencies(keys), l.cdf})
		}
	}
	return subjects
}

// above is a distribution moved up.
func above(floor float64, cdf func(float64) float64) func(float64) float64 {
	return func(x float64) float64 { return cdf(x - floor) }
}

// drawLatencies draws one message of each of many pairs.
func drawLatencies(keys string) func(uint64, int) ([]float64, error) {
	return func(seed uint64, n int) ([]float64, error) {
		s, err := parsed(seed, 2, "latency: "+keys)
		if err != nil {
			return nil, err
		}
		model, err := s.LatencyModel()
		if err != nil {
			return nil, err
		}
		r, list := rand.New(stream.New(seed, 0, stream.Weather)), make([]float64, n)
		for i := range list {
			list[i] = model.Draw(uint32(i), uint32(i+1+i%1000), r).Seconds()
		}
		return list, nil
	}
}

// parsed is a small scenario with a key.
func parsed(seed uint64, nodes int, key string) (*scenario.Scenario, error) {
	return scenario.Parse("law.yaml", fmt.Appendf(nil, "name: law\nseed: %d\nnodes: %d\nduration: 100h\n%s\n", seed, nodes, key), nil)
}

// lifetimes are one of each model of lifetimes, whole and what is left of them, in units
// of its scale.
func lifetimes(shape func(float64) float64) []subject {
	w, p, l := shape(0.61), max(1.2, shape(2.5)), min(5, shape(1))
	exponential := distuv.Weibull{K: 1, Lambda: 600}
	weibull := distuv.Weibull{K: w, Lambda: 600}
	pareto := distuv.Pareto{Xm: 600, Alpha: p}
	lognormal := distuv.LogNormal{Mu: math.Log(600), Sigma: l}
	var subjects []subject
	for _, of := range []struct {
		keys string
		cdf  func(float64) float64
		mean float64
		part func(float64) float64 // E(X; X <= x) as a share of the mean
	}{
		{"{model: exponential, mean: 600s}", exponential.CDF, 600, func(x float64) float64 { return mathext.GammaIncReg(2, x/600) }},
		{fmt.Sprintf("{model: weibull, scale: 600s, shape: %v}", w), weibull.CDF, weibull.Mean(),
			func(x float64) float64 { return mathext.GammaIncReg(1+1/w, math.Pow(x/600, w)) }},
		{fmt.Sprintf("{model: pareto, scale: 600s, shape: %v}", p), pareto.CDF, pareto.Mean(),
			func(x float64) float64 { return distuv.Pareto{Xm: 600, Alpha: p - 1}.CDF(x) }},
		{fmt.Sprintf("{model: lognormal, median: 600s, shape: %v}", l), lognormal.CDF, lognormal.Mean(),
			func(x float64) float64 { return distuv.LogNormal{Mu: math.Log(600) + l*l, Sigma: l}.CDF(x) }},
	} {
		// What is left of a session at a random instant has the density (1 - F)/mean. Its
		// distribution function is (x (1 - F(x)) + E(X; X <= x)) / mean.
		left := func(x float64) float64 { return x*(1-of.cdf(x))/of.mean + of.part(x) }
		subjects = append(subjects,
			subject{"sessions " + of.keys, drawLifetimes(of.keys, false), of.cdf},
			subject{"rest of sessions " + of.keys, drawLifetimes(of.keys, true), left})
	}
	return subjects
}

// drawLifetimes draws sessions, or what is left of them at a random instant.
func drawLifetimes(keys string, residual bool) func(uint64, int) ([]float64, error) {
	return func(seed uint64, n int) ([]float64, error) {
		s, err := parsed(seed, 2, "churn: {session: "+keys+"}")
		if err != nil {
			return nil, err
		}
		session, _ := s.Churn.Lifetimes()
		whole, left := population.Sample(s, session, n)
		if residual {
			return left, nil
		}
		return whole, nil
	}
}

// arrivals are the times between nodes that join by a Poisson process.
func arrivals() subject {
	const rate = 20
	return subject{"arrivals {mode: rate, per_second: 20}", func(seed uint64, n int) ([]float64, error) {
		s, err := parsed(seed, n+1, "join: {mode: rate, per_second: 20}")
		if err != nil {
			return nil, err
		}
		var gaps []float64
		last := 0.0
		for i, at := range population.New(s).Starts() {
			if i > 0 {
				gaps = append(gaps, at.Seconds()-last)
			}
			last = at.Seconds()
		}
		return gaps, nil
	}, distuv.Exponential{Rate: rate}.CDF}
}
