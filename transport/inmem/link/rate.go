package link

import (
	"math/bits"
	"time"
)

// Rate is a bandwidth in bits per second; 0 has no limit.
type Rate int64

// LeastRate is the least Rate that is not 0: with it, every size has a time that a
// Duration holds.
const LeastRate Rate = 1000

// Time is how long so many bytes take: 8 * bytes / rate, rounded up to a nanosecond.
func (r Rate) Time(bytes uint32) time.Duration {
	if r == 0 {
		return 0
	}
	high, low := bits.Mul64(8*uint64(bytes), uint64(time.Second))
	whole, rest := bits.Div64(high, low, uint64(r))
	if rest > 0 {
		whole++
	}
	return time.Duration(whole)
}
