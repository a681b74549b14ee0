package inmem

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Latency is how long a message takes in one direction. A request with its answer takes two draws.
type Latency interface {
	// Draw returns one latency, never below Min.
	Draw(r *rand.Rand) time.Duration
	// Min is the least latency that can be drawn: how far a kernel may run hosts apart from each other.
	Min() time.Duration
}

// Constant is a latency that never varies.
type Constant time.Duration

// Draw implements Latency.
func (c Constant) Draw(*rand.Rand) time.Duration { return time.Duration(c) }

// Min implements Latency.
func (c Constant) Min() time.Duration { return time.Duration(c) }

// Uniform is a latency with equal density from Low to High.
type Uniform struct{ Low, High time.Duration }

// Draw implements Latency.
func (u Uniform) Draw(r *rand.Rand) time.Duration {
	return u.Low + time.Duration(r.Int64N(int64(u.High-u.Low)+1))
}

// Min implements Latency.
func (u Uniform) Min() time.Duration { return u.Low }

// Normal is the normal distribution of the given mean and standard deviation, truncated to Low..High by drawing again.
// High = 0 is no upper limit.
type Normal struct{ Mean, Stddev, Low, High time.Duration }

// maxRedraws bounds the redrawing of a truncated normal; after that the value is clamped, which only a truncation far
// from the mean ever meets.
const maxRedraws = 100

// Draw implements Latency.
func (n Normal) Draw(r *rand.Rand) time.Duration {
	var d time.Duration
	for range maxRedraws {
		d = n.Mean + time.Duration(r.NormFloat64()*float64(n.Stddev))
		if d >= n.Low && (n.High == 0 || d <= n.High) {
			return d
		}
	}
	if d < n.Low {
		return n.Low
	}
	return n.High
}

// Min implements Latency.
func (n Normal) Min() time.Duration { return n.Low }

// Lognormal is a lognormal distribution above a floor: many quick messages, few very slow ones, as measured on the
// Internet. Its parameters are those of the logarithm.
type Lognormal struct {
	Floor     time.Duration
	mu, sigma float64
}

// NewLognormal returns the lognormal distribution with the given mean and standard deviation (of the latency itself, the
// floor included in the mean). With m = mean - floor: sigma^2 = ln(1 + stddev^2/m^2), mu = ln(m) - sigma^2/2.
func NewLognormal(mean, stddev, floor time.Duration) (Lognormal, error) {
	m := float64(mean - floor)
	if m <= 0 || stddev <= 0 {
		return Lognormal{}, fmt.Errorf("lognormal latency: mean %v must be above min %v and stddev %v positive", mean, floor, stddev)
	}
	s2 := math.Log1p(float64(stddev) / m * float64(stddev) / m)
	return Lognormal{Floor: floor, mu: math.Log(m) - s2/2, sigma: math.Sqrt(s2)}, nil
}

// longest bounds a draw: no message takes more than an hour.
const longest = float64(time.Hour)

// Draw implements Latency.
func (l Lognormal) Draw(r *rand.Rand) time.Duration {
	return l.Floor + time.Duration(min(longest, math.Exp(l.mu+l.sigma*r.NormFloat64())))
}

// Min implements Latency.
func (l Lognormal) Min() time.Duration { return l.Floor }
