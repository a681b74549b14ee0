package latency

import (
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"spreadable/internal/stream"
)

// PerPair gives each pair of hosts a latency of its own, the same in both directions and
// for all messages between them, and each message a jitter on top of it.
type PerPair struct {
	base   Distribution
	jitter Jitter
	pairs  stream.Key
}

// NewPerPair returns the model in which the distribution is one of pairs. A pair's latency
// follows from the seed and the two hosts, so it takes no memory.
func NewPerPair(base Distribution, jitter time.Duration, seed uint64) *PerPair {
	return &PerPair{base: base, jitter: NewJitter(jitter), pairs: stream.NewKey(seed, stream.Pair)}
}

// Draw implements Model.
func (p *PerPair) Draw(from, to uint32, r *rand.Rand) time.Duration {
	return p.base.At(p.pairs.Between(from, to)) + p.jitter.draw(r)
}

// Min implements Model.
func (p *PerPair) Min() time.Duration { return p.base.Min() }

// Mean implements Model.
func (p *PerPair) Mean() time.Duration { return p.base.Mean() + p.jitter.Mean() }

// Max implements Model.
func (p *PerPair) Max() time.Duration { return atMost(p.base.Max(), p.jitter.Max()) }

// atMost is the sum of two greatest latencies.
func atMost(a, b time.Duration) time.Duration {
	if a == Unbounded || b == Unbounded {
		return Unbounded
	}
	return a + b
}

// Jitter is what a message takes longer than others of its pair: an exponential
// distribution, as of a wait in queues. The zero Jitter is none, and draws nothing.
type Jitter struct{ curve *Curve }

// NewJitter returns the jitter with the given mean.
func NewJitter(mean time.Duration) Jitter {
	if mean <= 0 {
		return Jitter{}
	}
	return Jitter{shifted(distuv.Exponential{Rate: 1 / float64(mean)}.Quantile, 0)}
}

func (j Jitter) draw(r *rand.Rand) time.Duration {
	if j.curve == nil {
		return 0
	}
	return j.curve.At(r.Uint64())
}

// Mean is the mean jitter.
func (j Jitter) Mean() time.Duration {
	if j.curve == nil {
		return 0
	}
	return j.curve.Mean()
}

// Max is the greatest jitter.
func (j Jitter) Max() time.Duration {
	if j.curve == nil {
		return 0
	}
	return j.curve.Max()
}
