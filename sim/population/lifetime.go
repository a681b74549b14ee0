package population

import (
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"spreadable/sim/scenario"
)

// lifetime is a distribution of how long nodes stay, or stay away.
type lifetime interface {
	// draw is a whole session, residual what is left of one that is under way at a random
	// instant. Both are in seconds.
	draw(rand.Source) float64
	residual(rand.Source) float64
	mean() float64
}

// newLifetime builds a distribution that has been checked.
func newLifetime(l scenario.Lifetime) lifetime {
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

func (w weibull) draw(r rand.Source) float64 {
	return distuv.Weibull{K: w.shape, Lambda: w.scale, Src: r}.Rand()
}

// residual: (x/scale)^shape of a session is exponential, of a length-biased one it has a
// gamma distribution of shape 1 + 1/shape.
func (w weibull) residual(r rand.Source) float64 {
	long := distuv.Gamma{Alpha: 1 + 1/w.shape, Beta: 1, Src: r}.Rand()
	return rand.New(r).Float64() * w.scale * math.Pow(long, 1/w.shape)
}

func (w weibull) mean() float64 { return distuv.Weibull{K: w.shape, Lambda: w.scale}.Mean() }

// pareto has the survival function (least/x)^shape from least on. With a shape of 1 or
// less it would have no mean, and no equilibrium.
type pareto struct{ least, shape float64 }

func (p pareto) draw(r rand.Source) float64 {
	return distuv.Pareto{Xm: p.least, Alpha: p.shape, Src: r}.Rand()
}

// residual: the length-biased distribution is a Pareto of a shape smaller by 1.
func (p pareto) residual(r rand.Source) float64 {
	long := distuv.Pareto{Xm: p.least, Alpha: p.shape - 1, Src: r}.Rand()
	return rand.New(r).Float64() * long
}

func (p pareto) mean() float64 { return distuv.Pareto{Xm: p.least, Alpha: p.shape}.Mean() }

// lognormal is the exponential of a normal distribution.
type lognormal struct{ mu, sigma float64 }

func (l lognormal) draw(r rand.Source) float64 {
	return distuv.LogNormal{Mu: l.mu, Sigma: l.sigma, Src: r}.Rand()
}

// residual: the length-biased distribution is a lognormal whose mu is greater by sigma².
func (l lognormal) residual(r rand.Source) float64 {
	long := distuv.LogNormal{Mu: l.mu + l.sigma*l.sigma, Sigma: l.sigma, Src: r}.Rand()
	return rand.New(r).Float64() * long
}

func (l lognormal) mean() float64 { return distuv.LogNormal{Mu: l.mu, Sigma: l.sigma}.Mean() }

// forever is later than any run lasts.
const forever = time.Duration(math.MaxInt64)

// duration is a number of seconds as a time, at least a nanosecond and at most forever.
func duration(seconds float64) time.Duration {
	if ns := seconds * float64(time.Second); ns < float64(forever) {
		return max(1, time.Duration(ns))
	}
	return forever
}
