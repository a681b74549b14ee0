package draw

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/bits"
)

// Hash is a number of 128 bits: the MD5 of the original's draw, or the first half of a
// SHA-256. Lower hashes are drawn first. As a limit it is the highest hash that is asked
// for, so a limit of all ones asks for everything ([Unlimited]).
type Hash struct{ high, low uint64 }

// hashOf reads a sum, its most significant byte first.
func hashOf(sum [16]byte) Hash {
	return Hash{binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:])}
}

// Compare returns -1, 0 or 1 for a lower, equal or higher h. It is also the order of the
// hex texts, which npm nodes compare.
func (h Hash) Compare(other Hash) int {
	if c := cmp.Compare(h.high, other.high); c != 0 {
		return c
	}
	return cmp.Compare(h.low, other.low)
}

// String is the hash as 32 hex digits.
func (h Hash) String() string { return fmt.Sprintf("%016x%016x", h.high, h.low) }

// ParseHash reads what String writes; anything else is the zero hash.
func ParseHash(text string) (h Hash, ok bool) {
	var sum [16]byte
	if len(text) != hex.EncodedLen(len(sum)) {
		return h, false
	}
	if _, err := hex.Decode(sum[:], []byte(text)); err != nil {
		return h, false
	}
	return hashOf(sum), true
}

// Unlimited is the limit that asks for everything.
func Unlimited() Hash { return Hash{math.MaxUint64, math.MaxUint64} }

// Limit returns the limit with which the first attempt at a draw of count approvers in a
// network of a size is made. Hashes are spread evenly, so t = (m/size) * 2^128 is the
// threshold below which m are expected. M is 4 count + 10: so even where two thirds
// of the nodes do not answer, the first attempt finds enough in 95 cases of 100, and the
// answers of all masters together hold some tens of addresses, whatever the size.
func Limit(size, count int) Hash {
	expected := 4*uint64(max(count, 0)) + 10
	if size < 1 || expected >= uint64(size) {
		return Unlimited()
	}
	high, rest := bits.Div64(expected, 0, uint64(size))
	low, _ := bits.Div64(rest, 0, uint64(size))
	return Hash{high, low}.less1()
}

// less1 is the number before h, which is not 0.
func (h Hash) less1() Hash {
	low, borrow := bits.Sub64(h.low, 1, 0)
	return Hash{h.high - borrow, low}
}

// Doubled is the limit of the next attempt, when too few below this one are alive. Below
// it are twice as many hashes.
func (h Hash) Doubled() Hash {
	if h.high>>63 == 1 {
		return Unlimited()
	}
	return Hash{h.high<<1 | h.low>>63, h.low<<1 | 1}
}

// share is the share of all hashes that a limit asks for, above 0 and up to 1.
func (h Hash) share() float64 {
	return math.Ldexp(float64(h.high), -64) + math.Ldexp(float64(h.low)+1, -128)
}

// Expected is how many there are in all, in the mean, if so many are below the limit, and
// at most 2^31-1.
func (h Hash) Expected(below int) int {
	return int(min(math.Round(float64(below)/h.share()), math.MaxInt32))
}

// implausible is the probability with which an honest master exceeds [Plausible]. One that
// takes part in a draw every five minutes does so once in ten years.
const implausible = 1e-6

// Plausible returns how many entrants below a limit a master of a size may name: the
// quantile of the Poisson distribution with mean size * share of the limit, and at least
// count. A longer answer is cut to its lowest so many. So a master whose slaves choose
// their addresses such that all of them fall below the limit costs no more than another,
// and the first count entrants of an honest master, which are all that can be drawn
// from it while they are alive, are never lost.
func Plausible(size int, limit Hash, count int) int {
	mean := float64(max(size, 0)) * limit.share()
	k := int(math.Ceil(mean))
	for k < size && poissonAbove(k, mean) > implausible {
		k++
	}
	return max(k, count)
}

// poissonAbove is the probability that a Poisson variable exceeds k, for k at or above its
// mean: the sum of mean^i e^-mean / i! over i > k. Its terms fall at least as fast as a
// geometric series of factor mean/(k+2).
func poissonAbove(k int, mean float64) float64 {
	if mean == 0 {
		return 0
	}
	gamma, _ := math.Lgamma(float64(k) + 2)
	term := math.Exp(float64(k+1)*math.Log(mean) - mean - gamma)
	sum := 0.0
	for i := k + 2; term > sum*1e-12; i++ {
		sum += term
		term *= mean / float64(i)
	}
	return sum
}
