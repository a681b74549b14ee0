package latency

import (
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/mathext"
)

// Normal is the normal distribution with the mean Center and a standard deviation,
// truncated to Low..High. High = 0 is no upper limit.
type Normal struct{ Center, Stddev, Low, High time.Duration }

// maxRedraws bounds the drawing again of values outside Low..High. That is the quickest way
// where Low..High holds a good part of the curve.
const maxRedraws = 100

// Draw implements Model.
func (n Normal) Draw(_, _ uint32, r *rand.Rand) time.Duration {
	for range maxRedraws {
		d := n.Center + time.Duration(r.NormFloat64()*float64(n.Stddev))
		if d >= n.Low && (n.High == 0 || d <= n.High) {
			return d
		}
	}
	return n.quantile(r.Float64())
}

// quantile is the value below which lies the share u, from 0 to 1, of the truncated
// distribution: with the share F of the whole curve below a value, F⁻¹ of a point evenly
// drawn between F(Low) and F(High) (inversion; Devroye, Non-uniform random variate
// generation, 1986, II.2).
func (n Normal) quantile(u float64) time.Duration {
	low, high := n.deviations(n.Low), math.Inf(1)
	if n.High != 0 {
		high = n.deviations(n.High)
	}
	// Far above the mean all shares are 1 to a float64; the curve is the same below it.
	side := 1.0
	if low > 0 {
		low, high, side, u = -high, -low, -1, 1-u
	}
	share := below(low) + u*(below(high)-below(low))
	d := float64(n.Center) + side*mathext.NormalQuantile(share)*float64(n.Stddev)
	// Rounding may put it outside, or where no Duration is.
	highest := float64(math.MaxInt64 / 2)
	if n.High != 0 {
		highest = float64(n.High)
	}
	return time.Duration(max(min(d, highest), float64(n.Low)))
}

// deviations is how many standard deviations a value is above the mean.
func (n Normal) deviations(d time.Duration) float64 {
	return float64(d-n.Center) / float64(n.Stddev)
}

// below is the share of the standard normal distribution below x.
func below(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

// Min implements Model.
func (n Normal) Min() time.Duration { return n.Low }

// Mean implements Model.
func (n Normal) Mean() time.Duration { return n.Center }

// Max implements Model.
func (n Normal) Max() time.Duration {
	if n.High == 0 {
		return Unbounded
	}
	return n.High
}

// Curve is the truncated distribution by its quantiles.
func (n Normal) Curve() *Curve {
	ceiling := n.High
	if ceiling == 0 {
		ceiling = max(n.Low, n.Center) + longest
	}
	return newCurve(func(share float64) float64 { return float64(n.quantile(share)) }, n.Low, ceiling)
}
