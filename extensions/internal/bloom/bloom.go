// Package bloom has summaries of sets of keys: Bloom filters. A summary of a set says of
// each key of the set that it may be in it, and of nearly all other keys that they are not.
package bloom

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"

	"spreadable/core/host"
)

// Filter summarizes a set of keys. It has m bits, of which each key sets k. A key of the
// set is always in it. A key that is not in the set is in the filter with probability
//
//	(1 - e^(-kn/m))^k
//
// after n keys (Bloom, Space/time trade-offs in hash coding, 1970; Broder and Mitzenmacher,
// Network applications of Bloom filters, 2004, formula 1). The k places of a key are
// a + i·b mod m (Kirsch and Mitzenmacher, Less hashing, same performance, 2006), where a
// and b are parts of the key: a key is a hash already.
type Filter struct {
	words []uint64 // m/64 of them
	k     int
	added int
}

// The bounds of what Decode accepts. MaxBytes holds 4.6 million keys at a rate of 0.1 %.
const (
	MaxBytes  = 8 << 20
	MaxHashes = 32
)

// New returns an empty filter for so many keys, in which other keys are found at the rate
// wrong, between 0 and 1: m = -n ln(wrong) / (ln 2)² bits, k = m/n ln 2 of them for a key
// (Broder and Mitzenmacher, section 2.2).
func New(keys int, wrong float64) *Filter {
	keys = max(keys, 8)
	wrong = min(max(wrong, 1e-9), 0.5)
	m := math.Ceil(-float64(keys) * math.Log(wrong) / (math.Ln2 * math.Ln2))
	m = min(m, MaxBytes*8)
	k := int(math.Round(m / float64(keys) * math.Ln2))
	return &Filter{words: make([]uint64, int(math.Ceil(m/64))), k: min(max(k, 1), MaxHashes)}
}

// Add puts a key into the filter.
func (f *Filter) Add(key host.Key) {
	f.added++
	f.visit(key, func(word int, bit uint64) bool {
		f.words[word] |= bit
		return true
	})
}

// May reports whether the key may be in the set.
func (f *Filter) May(key host.Key) bool {
	return f.visit(key, func(word int, bit uint64) bool { return f.words[word]&bit != 0 })
}

// visit goes through the places of a key until goOn returns false, and reports whether it
// went through all.
func (f *Filter) visit(key host.Key, goOn func(word int, bit uint64) bool) bool {
	m := uint64(len(f.words)) * 64
	a, b := binary.LittleEndian.Uint64(key[:]), binary.LittleEndian.Uint64(key[8:])|1
	for range f.k {
		place := a % m
		if !goOn(int(place/64), 1<<(place%64)) {
			return false
		}
		a += b
	}
	return true
}

// Added is how many keys were put into this filter, as far as it was made here.
func (f *Filter) Added() int { return f.added }

// Rate is how often a key that is not in the set is found, as the share of bits that are
// set tells: (set/m)^k.
func (f *Filter) Rate() float64 {
	set := 0
	for _, w := range f.words {
		set += bits.OnesCount64(w)
	}
	return math.Pow(float64(set)/float64(len(f.words)*64), float64(f.k))
}

// Encode is the filter in bytes: one for k, then the words, little-endian.
func (f *Filter) Encode() []byte {
	text := make([]byte, 1, 1+8*len(f.words))
	text[0] = byte(f.k)
	for _, w := range f.words {
		text = binary.LittleEndian.AppendUint64(text, w)
	}
	return text
}

// Decode reads what Encode has written. A filter has at most MaxBytes and MaxHashes.
func Decode(text []byte) (*Filter, error) {
	switch {
	case len(text) < 9 || len(text)%8 != 1:
		return nil, fmt.Errorf("bloom: %d bytes: want a byte and words of 8", len(text))
	case len(text) > 1+MaxBytes:
		return nil, fmt.Errorf("bloom: %d bytes, at most %d", len(text), 1+MaxBytes)
	case text[0] == 0 || text[0] > MaxHashes:
		return nil, fmt.Errorf("bloom: %d hashes, want 1 to %d", text[0], MaxHashes)
	}
	f := &Filter{k: int(text[0]), words: make([]uint64, len(text)/8)}
	for i := range f.words {
		f.words[i] = binary.LittleEndian.Uint64(text[1+8*i:])
	}
	return f, nil
}
