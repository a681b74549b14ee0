package latency

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

// Lognormal is a lognormal distribution above a floor: many quick messages, few very slow
// ones, as measured on the Internet.
type Lognormal struct {
	mean, floor time.Duration
	mu, sigma   float64 // of the logarithm
}

// NewLognormal returns the lognormal distribution with the given mean and standard
// deviation (of the latency itself, the floor included in the mean). With m = mean -
// floor: sigma^2 = ln(1 + stddev^2/m^2), mu = ln(m) - sigma^2/2.
func NewLognormal(mean, stddev, floor time.Duration) (Lognormal, error) {
	m := float64(mean - floor)
	if m <= 0 || stddev <= 0 {
		return Lognormal{}, fmt.Errorf("lognormal latency: mean %v must be above min %v and stddev %v positive", mean, floor, stddev)
	}
	s2 := math.Log1p(float64(stddev) / m * float64(stddev) / m)
	return Lognormal{mean: mean, floor: floor, mu: math.Log(m) - s2/2, sigma: math.Sqrt(s2)}, nil
}

// Draw implements Model.
func (l Lognormal) Draw(_, _ uint32, r *rand.Rand) time.Duration {
	return l.floor + time.Duration(min(float64(longest), math.Exp(l.mu+l.sigma*r.NormFloat64())))
}

// Min implements Model.
func (l Lognormal) Min() time.Duration { return l.floor }

// Mean implements Model.
func (l Lognormal) Mean() time.Duration { return l.mean }

// Max implements Model.
func (l Lognormal) Max() time.Duration { return l.floor + longest }

// Curve is the distribution by its quantiles.
func (l Lognormal) Curve() *Curve {
	of := distuv.LogNormal{Mu: l.mu, Sigma: l.sigma}
	return shifted(of.Quantile, l.floor)
}
