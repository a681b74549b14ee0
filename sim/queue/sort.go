package queue

import (
	"math/bits"
	"slices"
)

const (
	maxSlotBits  = 13 // 32 KiB of counters, at home in the first-level cache
	insertionMax = 24 // events that insertion sort handles faster than pdqsort
)

// sorter turns the scattered events of one bucket into one sorted run. Its
// buffers live on from bucket to bucket.
type sorter struct {
	parts [][]Event
	ends  []uint32
}

// sort merges s.parts into dst, whose length is that of all parts together.
// Every time lies in [lo, lo+span]. It is a counting sort on the high bits of
// the time into about as many slots as there are events, and a comparison sort
// within each slot: O(n) when the times are spread, O(n log n) when not.
func (s *sorter) sort(dst []Event, lo int64, span uint64) {
	slotBits := min(bits.Len(uint(len(dst))), maxSlotBits)
	shift := max(bits.Len64(span)-slotBits, 0)
	slots := int(span>>shift) + 1
	s.ends = slices.Grow(s.ends[:0], slots)[:slots]
	clear(s.ends)
	for _, part := range s.parts {
		for i := range part {
			s.ends[uint64(part[i].Time-lo)>>shift]++
		}
	}
	sum, most := uint32(0), uint32(0)
	for i, n := range s.ends { // from counts to the start of each slot
		s.ends[i] = sum
		sum += n
		most = max(most, n)
	}
	for _, part := range s.parts {
		for i := range part {
			at := &s.ends[uint64(part[i].Time-lo)>>shift]
			dst[*at] = part[i]
			*at++
		}
	}
	if most <= insertionMax {
		insertionSort(dst) // nothing moves beyond its slot
		return
	}
	start := uint32(0)
	for _, end := range s.ends { // by now the end of each slot
		if slot := dst[start:end]; len(slot) > insertionMax {
			slices.SortFunc(slot, compare)
		} else {
			insertionSort(slot)
		}
		start = end
	}
}

// insertionSort is linear for events that are nearly in order.
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
