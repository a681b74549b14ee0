package queue

import "math/bits"

const (
	wheelBits = 10
	wheelSize = 1 << wheelBits // buckets of one wheel
	wheelMask = wheelSize - 1
	// wheels of 10 bits reach over all 63 bits of a time even when the finest
	// bucket is one nanosecond wide.
	wheelCount = 7
	bucketSize = 16 // bytes
)

// bucket is an unsorted list of chunks with the events of one stretch of time.
// All chunks but the first are full. The zero value is an empty bucket.
type bucket struct {
	min  int64   // least time in the bucket; undefined when empty
	head chunkID // the chunk being filled, first of the list
	free uint32  // places left in head, filled from the top down
}

// wheel is a circle of buckets of equal width. Bucket numbers count from time
// 0; number k lies at index k mod wheelSize.
type wheel struct {
	buckets [wheelSize]bucket
	used    [wheelSize / 64]uint64 // one bit for each bucket that is not empty
	count   int                    // bits set in used
}

// first returns how many buckets after number from the first one in use comes,
// from itself included. The wheel must not be empty.
func (w *wheel) first(from uint64) uint64 {
	i := from & wheelMask
	word := w.used[i/64] &^ (1<<(i%64) - 1)
	for word == 0 {
		i = (i/64*64 + 64) & wheelMask
		word = w.used[i/64]
	}
	at := i/64*64 + uint64(bits.TrailingZeros64(word))
	return (at - from) & wheelMask
}

// take empties bucket number k and returns its list of chunks with the places that are
// free in the first.
func (w *wheel) take(k uint64) bucket {
	i := k & wheelMask
	b := w.buckets[i]
	w.buckets[i] = bucket{}
	w.used[i/64] &^= 1 << (i % 64)
	w.count--
	return b
}
