package draw

import (
	"cmp"
	"crypto/md5"
	"slices"
	"time"
)

// Ranking orders addresses by their rank in one period: the MD5 of address, "+"
// and the start in milliseconds, lowest first. Equal addresses, which npm's
// lists contain when two masters list the same slave, keep the order in which they
// were added.
//
// It is lazy. Adding costs one hash; the order is worked out only as far as Next
// asks for it. A draw needs some ten of ten thousand, so this takes a few passes
// over memory instead of a sort. The zero value must be Reset before use; [New],
// [Rank] and [Memo.Ranking] do so. A ranking that is reused keeps its memory, 24
// bytes for each address.
type Ranking struct {
	entries []entry
	done    int    // entries before it are in order and were returned
	pivots  []int  // indices of entries in their final place, nearest last; see settle
	suffix  []byte // "+" and the start
	text    []byte // what is hashed, kept so that Add needs no new memory
	memo    *Memo  // may be nil
}

// An entry is one ranked address, without the address: the caller's index
// stands for it.
type entry struct {
	hash  Hash
	index int32
	order uint32 // when it was added; makes all entries distinct
}

// compare orders by hash, then by the order of adding.
func (e *entry) compare(other *entry) int {
	if c := e.hash.Compare(other.hash); c != 0 {
		return c
	}
	return cmp.Compare(e.order, other.order)
}

// New returns an empty ranking for the period that begins at start.
func New(start time.Duration) *Ranking {
	r := new(Ranking)
	r.Reset(start)
	return r
}

// Rank returns the ranking of the addresses in the period that begins at start.
// Next names them by their place in the slice.
func Rank(addresses []string, start time.Duration) *Ranking {
	r := New(start)
	r.Grow(len(addresses))
	for i, address := range addresses {
		r.Add(int32(i), address)
	}
	return r
}

// Reset empties the ranking and prepares it for the period that begins at
// start. It keeps the memory for the addresses to come.
func (r *Ranking) Reset(start time.Duration) {
	r.entries = r.entries[:0]
	r.pivots = r.pivots[:0]
	r.done = 0
	r.memo = nil
	r.suffix = appendSuffix(r.suffix[:0], start)
}

// Grow reserves memory for n more addresses.
func (r *Ranking) Grow(n int) { r.entries = slices.Grow(r.entries, n) }

// Len returns how many addresses were added and not yet returned by Next.
func (r *Ranking) Len() int { return len(r.entries) - r.done }

// Add ranks an address. Next will return the index, which means nothing to the
// ranking. An address added after a call of Next takes its place among those
// that were not yet returned.
func (r *Ranking) Add(index int32, address string) {
	r.entries = append(r.entries, entry{hash: r.Hash(index, address), index: index, order: uint32(len(r.entries))})
	r.pivots = r.pivots[:0] // what was known of the order no longer holds
}

// Hash returns the hash of an address, whether it was added or not.
func (r *Ranking) Hash(index int32, address string) Hash {
	var known *Hash
	if r.memo != nil {
		if known = r.memo.at(index); *known != (Hash{}) {
			return *known
		}
	}
	r.text = append(append(r.text[:0], address...), r.suffix...)
	h := hashOf(md5.Sum(r.text))
	if known != nil {
		*known = h
	}
	return h
}

// Next returns the indices of the next k addresses in rank order: fewer when fewer
// are left, none when none are.
func (r *Ranking) Next(k int) []int {
	next := make([]int, 0, max(0, min(k, r.Len())))
	for range cap(next) {
		r.settle()
		next = append(next, int(r.entries[r.done].index))
		r.done++
	}
	return next
}

// settle moves the lowest of the entries that are left to their front. It is
// one step of an incremental quicksort (Paredes and Navarro, "Optimal
// incremental sorting", 2006): the pivots of one step serve the next ones, so that
// k steps over n entries cost O(n + k log k) on average, however they are divided
// into calls of Next.
func (r *Ranking) settle() {
	if len(r.pivots) == 0 {
		r.pivots = append(r.pivots, len(r.entries))
	}
	for {
		nearest := r.pivots[len(r.pivots)-1]
		if nearest == r.done {
			r.pivots = r.pivots[:len(r.pivots)-1]
			return
		}
		pivot := r.done + partition(r.entries[r.done:nearest])
		r.pivots = append(r.pivots, pivot)
	}
}

// partition puts one of the entries at its final place, all lower ones before
// it and all higher ones after it, and returns that place. There must be at
// least one entry.
func partition(entries []entry) int {
	last := len(entries) - 1
	chosen := choosePivot(entries)
	entries[chosen], entries[last] = entries[last], entries[chosen]
	pivot, place := entries[last], 0
	for i := range entries[:last] {
		if entries[i].compare(&pivot) < 0 {
			entries[i], entries[place] = entries[place], entries[i]
			place++
		}
	}
	entries[place], entries[last] = entries[last], entries[place]
	return place
}

// choosePivot returns the place of a good pivot. Of many entries only the lowest
// few will be asked for, so the pivot is the lowest of eight samples: a first pass
// then leaves a ninth of the entries and seldom has to swap, which is four times as
// fast as halving them. Hashes come in no order, so the places of the samples do not
// matter. Evenly spread ones also suit entries that are in order already.
func choosePivot(entries []entry) int {
	const samples = 8
	if len(entries) < 16*samples {
		return len(entries) / 2
	}
	step := len(entries) / samples
	lowest := step / 2
	for place := lowest + step; place < len(entries); place += step {
		if entries[place].compare(&entries[lowest]) < 0 {
			lowest = place
		}
	}
	return lowest
}
