package population

import (
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"spreadable/internal/stream"
	"spreadable/sim/scenario"
)

// newLifetime builds a distribution of a scenario that has been checked.
func newLifetime(s *scenario.Scenario, l scenario.Lifetime) scenario.LifetimeDistribution {
	if made, ok := s.Distribution(l); ok {
		return made
	}
	scale, shape := l.ScaleOf().Seconds(), float64(l.Shape)
	switch l.Model {
	case scenario.WeibullLife:
		return weibull{shape, scale}
	case scenario.ParetoLife:
		return pareto{scale, shape}
	case scenario.LognormalLife:
		return lognormal{math.Log(scale), shape}
	default:
		return weibull{1, scale} // an exponential
	}
}

// What is seen at a random instant is a long session with a greater chance than a short
// one: its length has the density x·f(x)/mean, and what is left of it is uniform over that
// length (Feller, An Introduction to Probability Theory, volume II, chapter XI.4). For
// each distribution the length-biased one is known in closed form.

// weibull has the survival function exp(−(x/scale)^shape).
type weibull struct{ shape, scale float64 }

// Draw implements scenario.LifetimeDistribution.
func (w weibull) Draw(r rand.Source) float64 {
	return distuv.Weibull{K: w.shape, Lambda: w.scale, Src: r}.Rand()
}

// Residual implements scenario.LifetimeDistribution. (x/scale)^shape of a session is
// exponential, of a length-biased one it has a gamma distribution of shape 1 + 1/shape.
func (w weibull) Residual(r rand.Source) float64 {
	long := distuv.Gamma{Alpha: 1 + 1/w.shape, Beta: 1, Src: r}.Rand()
	return rand.New(r).Float64() * w.scale * math.Pow(long, 1/w.shape)
}

// Mean implements scenario.LifetimeDistribution.
func (w weibull) Mean() float64 { return distuv.Weibull{K: w.shape, Lambda: w.scale}.Mean() }

// pareto has the survival function (least/x)^shape from least on. With a shape of 1 or
// less it would have no mean, and no equilibrium.
type pareto struct{ least, shape float64 }

// Draw implements scenario.LifetimeDistribution.
func (p pareto) Draw(r rand.Source) float64 {
	return distuv.Pareto{Xm: p.least, Alpha: p.shape, Src: r}.Rand()
}

// Residual implements scenario.LifetimeDistribution. The length-biased distribution is a
// Pareto of a shape smaller by 1.
func (p pareto) Residual(r rand.Source) float64 {
	long := distuv.Pareto{Xm: p.least, Alpha: p.shape - 1, Src: r}.Rand()
	return rand.New(r).Float64() * long
}

// Mean implements scenario.LifetimeDistribution.
func (p pareto) Mean() float64 { return distuv.Pareto{Xm: p.least, Alpha: p.shape}.Mean() }

// lognormal is the exponential of a normal distribution.
type lognormal struct{ mu, sigma float64 }

// Draw implements scenario.LifetimeDistribution.
func (l lognormal) Draw(r rand.Source) float64 {
	return distuv.LogNormal{Mu: l.mu, Sigma: l.sigma, Src: r}.Rand()
}

// Residual implements scenario.LifetimeDistribution. The length-biased distribution is a
// lognormal whose mu is greater by sigma².
func (l lognormal) Residual(r rand.Source) float64 {
	long := distuv.LogNormal{Mu: l.mu + l.sigma*l.sigma, Sigma: l.sigma, Src: r}.Rand()
	return rand.New(r).Float64() * long
}

// Mean implements scenario.LifetimeDistribution.
func (l lognormal) Mean() float64 { return distuv.LogNormal{Mu: l.mu, Sigma: l.sigma}.Mean() }

// forever is later than any run lasts.
const forever = time.Duration(math.MaxInt64)

// duration is a number of seconds as a time, at least a nanosecond and at most forever.
func duration(seconds float64) time.Duration {
	if ns := seconds * float64(time.Second); ns < float64(forever) {
		return max(1, time.Duration(ns))
	}
	return forever
}

// Sample draws times of a distribution: whole ones, and what is left of those that are
// under way at a random instant. All are in seconds.
func Sample(s *scenario.Scenario, l scenario.Lifetime, n int) (whole, residual []float64) {
	life, r := newLifetime(s, l), stream.New(s.Seed, 0, stream.Session)
	for range n {
		whole, residual = append(whole, life.Draw(r)), append(residual, life.Residual(r))
	}
	return whole, residual
}
