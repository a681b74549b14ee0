package latency

import (
	"math/rand/v2"
	"time"
)

// Normal is the normal distribution with the mean Center and a standard deviation,
// truncated to Low..High by drawing again. High = 0 is no upper limit.
type Normal struct{ Center, Stddev, Low, High time.Duration }

// maxRedraws bounds the redrawing of a truncated normal; after that the value is clamped,
// which only a truncation far from the mean ever meets.
const maxRedraws = 100

// Draw implements Model.
func (n Normal) Draw(_, _ uint32, r *rand.Rand) time.Duration {
	var d time.Duration
	for range maxRedraws {
		d = n.Center + time.Duration(r.NormFloat64()*float64(n.Stddev))
		if d >= n.Low && (n.High == 0 || d <= n.High) {
			return d
		}
	}
	if d < n.Low {
		return n.Low
	}
	return n.High
}

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
