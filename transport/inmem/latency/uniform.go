package latency

import (
	"math/bits"
	"math/rand/v2"
	"time"
)

// Uniform is a latency with equal density from Low to High.
type Uniform struct{ Low, High time.Duration }

// Draw implements Model.
func (u Uniform) Draw(_, _ uint32, r *rand.Rand) time.Duration {
	return u.Low + time.Duration(r.Int64N(int64(u.High-u.Low)+1))
}

// Min implements Model.
func (u Uniform) Min() time.Duration { return u.Low }

// Mean implements Model.
func (u Uniform) Mean() time.Duration { return (u.Low + u.High) / 2 }

// Max implements Model.
func (u Uniform) Max() time.Duration { return u.High }

// At implements Distribution: the word, as a share of 2^64, of the way from Low to High.
func (u Uniform) At(word uint64) time.Duration {
	way, _ := bits.Mul64(word, uint64(u.High-u.Low)+1)
	return u.Low + time.Duration(way)
}
