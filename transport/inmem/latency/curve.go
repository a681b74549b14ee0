package latency

import (
	"math/bits"
	"time"
)

// Curve is a distribution as a table of its quantiles, between which it is linear. The
// knots lie denser the farther they are out, so that both tails keep their shape: each
// half of the distribution is cut into octaves, the shares 1/4 to 1/2 of all draws, 1/8 to
// 1/4, and so on, and each octave into equal steps. The last octave reaches down to 0.
//
// A draw is a look into the table and a multiplication of integers. That is quicker than
// the logarithms and powers that it stands for, and does not depend on how a processor
// rounds them.
type Curve struct {
	knots [2 * half]time.Duration // lower half by rising share, upper half by rising share from above
	mean  time.Duration
}

// Half of a curve: octaves of 128 steps, so that an exponential tail is true to a relative
// error of step²/8, below 10⁻⁵. Beyond the last octave lies one draw in eight billion.
const (
	stepBits = 7
	steps    = 1 << stepBits
	octaves  = 32
	half     = octaves*steps + 1
	fraction = 20 // bits of the way between two knots

	// outermost is the share at which the ends of the curve are taken: those of most
	// distributions are at no finite latency.
	outermost = 1.0 / (1 << 40)
)

// newCurve makes the curve of a distribution with the given quantiles: in nanoseconds, for
// a share of 0 to 1, rising. No latency is below the floor or above ceiling.
func newCurve(quantile func(share float64) float64, floor, ceiling time.Duration) *Curve {
	c := new(Curve)
	for i := range half {
		share := max(shareAt(i), outermost)
		c.knots[i] = knot(quantile(share), floor, ceiling)
		c.knots[half+i] = knot(quantile(1-share), floor, ceiling)
	}
	c.mean = c.average()
	return c
}

// shareAt is the share of the i-th knot of a half, from 0 to 1/2.
func shareAt(i int) float64 {
	octave, step := i/steps, float64(i%steps)/steps
	if octave == 0 {
		return step / (1 << octaves)
	}
	return (1 + step) * float64(uint64(1)<<octave) / (1 << (octaves + 1))
}

// knot rounds a quantile to 24 bits. What processors make different of the last bits of a
// power or a logarithm is gone then.
func knot(ns float64, floor, ceiling time.Duration) time.Duration {
	if !(ns < float64(ceiling)) { // infinite, too
		return ceiling
	}
	return min(max(time.Duration(float32(ns)), floor), ceiling)
}

// average is the mean: of each step the middle, by its share.
func (c *Curve) average() time.Duration {
	sum := 0.0
	for i := range half - 1 {
		width := shareAt(i+1) - shareAt(i)
		ends := c.knots[i] + c.knots[i+1] + c.knots[half+i] + c.knots[half+i+1]
		sum += width * float64(ends) / 2
	}
	return time.Duration(sum)
}

// At implements Distribution. The first bit of the word says which half, the number of
// zeros after it which octave, and what follows the place in the octave.
func (c *Curve) At(word uint64) time.Duration {
	rest := word << 1
	outer := min(bits.LeadingZeros64(rest), octaves-1)
	octave := octaves - 1 - outer
	rest <<= outer
	if octave > 0 {
		rest <<= 1 // the one after the zeros
	}
	i := int(word>>63)*half + octave*steps + int(rest>>(64-stepBits))
	way := int64(rest << stepBits >> (64 - fraction))
	low, high := int64(c.knots[i]), int64(c.knots[i+1])
	return time.Duration(low + (high-low)*way>>fraction)
}

// Min implements Distribution.
func (c *Curve) Min() time.Duration { return c.knots[0] }

// Mean implements Distribution.
func (c *Curve) Mean() time.Duration { return c.mean }

// Max implements Distribution.
func (c *Curve) Max() time.Duration { return c.knots[half] }

// shifted is the curve of a distribution from 0 up, above a floor.
func shifted(quantile func(share float64) float64, floor time.Duration) *Curve {
	above := func(share float64) float64 { return float64(floor) + quantile(share) }
	return newCurve(above, floor, floor+longest)
}
