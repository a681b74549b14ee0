package queue

import (
	"math/bits"
	"slices"
)

const (
	// maxSlotBits bounds the counters to 32 KiB, at home in the first cache.
	maxSlotBits = 13
	// insertionMax is the number of events up to which insertion sort wins.
	insertionMax = 24
)

// field is one of the four numbers that order events, most significant first.
type field uint8

const (
	byTime field = iota
	byTo
	byFrom
	bySeq
	fieldCount
)

func (f field) of(e *Event) uint64 {
	switch f {
	case byTime:
		return uint64(e.Time)
	case byTo:
		return uint64(e.To)
	case byFrom:
		return uint64(e.From)
	}
	return uint64(e.Seq)
}

// slots deals events out by the value of one field: equal steps above lo.
type slots struct {
	field field
	lo    uint64
	shift int // a step is 1<<shift
	n     int
}

// slotsFor returns about as many slots as there are events.
func slotsFor(events int, f field, lo, hi uint64) slots {
	slotBits := min(bits.Len(uint(events)), maxSlotBits)
	shift := max(bits.Len64(hi-lo)-slotBits, 0)
	return slots{f, lo, shift, int((hi-lo)>>shift) + 1}
}

func (s *slots) of(e *Event) uint64 { return (s.field.of(e) - s.lo) >> (s.shift & 63) }

// sorter turns the events of one bucket, scattered over chunks, into one sorted
// run. Comparing costs mispredicted branches, about log2(n) for each event; so
// the events are counted and dealt out by the high bits of their times, about
// one to a slot, and only neighbours are compared. Slots that stay crowded, as
// all of them do in a burst at one instant, are dealt out again by what tells
// their events apart. Buffers live on from bucket to bucket.
type sorter struct {
	parts   [][]Event // the input
	ends    []uint32  // per slot: first the count, then the place of the next event
	scratch []Event   // copy of a crowded slot
}

// sort moves the events of s.parts into dst, whose length is that of all parts
// together, in their order. Every time lies in [lo, hi].
func (s *sorter) sort(dst []Event, lo, hi int64) {
	by := slotsFor(len(dst), byTime, uint64(lo), uint64(hi))
	s.deal(dst, by)
}

// deal sorts s.parts into dst, by the given slots first.
func (s *sorter) deal(dst []Event, by slots) {
	most := s.count(by)
	if most == len(dst) && most > insertionMax { // a burst: these slots tell nothing
		if finer, ok := s.distinct(len(dst)); ok {
			by = finer
			most = s.count(by)
		}
	}
	s.scatter(dst, by)
	if most <= insertionMax {
		insertionSort(dst) // in one go: nothing moves beyond its slot
		return
	}
	for start := 0; start < len(dst); {
		slot, end := by.of(&dst[start]), start+1
		for end < len(dst) && by.of(&dst[end]) == slot {
			end++
		}
		s.sortSlot(dst[start:end])
		start = end
	}
}

// sortSlot sorts the events of one slot in place.
func (s *sorter) sortSlot(ev []Event) {
	if len(ev) <= insertionMax {
		insertionSort(ev)
		return
	}
	s.scratch = append(s.scratch[:0], ev...)
	s.parts = append(s.parts[:0], s.scratch)
	if by, ok := s.distinct(len(ev)); ok {
		s.deal(ev, by)
	}
}

// count sets s.ends to the place of each slot's first event and returns how
// many events the fullest slot has.
func (s *sorter) count(by slots) int {
	ends := slices.Grow(s.ends[:0], by.n)[:by.n]
	clear(ends)
	for _, part := range s.parts {
		for i := range part {
			ends[by.of(&part[i])]++
		}
	}
	sum, most := uint32(0), uint32(0)
	for i, n := range ends {
		ends[i] = sum
		sum += n
		most = max(most, n)
	}
	s.ends = ends
	return int(most)
}

// scatter moves every event to the next place of its slot.
func (s *sorter) scatter(dst []Event, by slots) {
	ends := s.ends
	for _, part := range s.parts {
		for i := range part {
			slot := by.of(&part[i])
			dst[ends[slot]] = part[i]
			ends[slot]++
		}
	}
}

// distinct returns slots by the first field in which the n events of s.parts
// differ, over its exact range; false when all four fields agree.
func (s *sorter) distinct(n int) (slots, bool) {
	for f := range fieldCount {
		lo := f.of(&s.parts[0][0])
		hi := lo
		for _, part := range s.parts {
			for i := range part {
				v := f.of(&part[i])
				lo, hi = min(lo, v), max(hi, v)
			}
		}
		if lo < hi {
			return slotsFor(n, f, lo, hi), true
		}
	}
	return slots{}, false
}

// insertionSort is linear when the events are nearly in order.
func insertionSort(ev []Event) {
	for i := 1; i < len(ev); i++ {
		if !ev[i].Before(&ev[i-1]) {
			continue
		}
		e := ev[i]
		j := i
		for ; j > 0 && e.Before(&ev[j-1]); j-- {
			ev[j] = ev[j-1]
		}
		ev[j] = e
	}
}
