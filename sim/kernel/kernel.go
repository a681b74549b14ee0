package kernel

import "time"

// Kernel delivers the events of all partitions. E is the envelope of their handlers.
type Kernel[E any] struct {
	workers    int
	partitions []*Partition[E]
	lookahead  time.Duration
	load       uint64 // events in a lookahead, as many as there were at times lately
	parking    parking
}

// LeastLookahead is the least lookahead with which workers can run ahead of each other
// far enough to be worth it. With less, use one worker and one partition.
const LeastLookahead = 500 * time.Microsecond

// perWorker is a compromise: more partitions keep the workers busier, and more envelopes
// go from partition to partition.
const perWorker = 2

// Partitions is how many partitions so many workers need for so many destinations.
func Partitions(workers, destinations int) int {
	if workers <= 1 {
		return 1
	}
	return min(destinations, workers*perWorker)
}

// New makes a kernel of a partition for each handler, at time 0. The lookahead is the
// least time from what happens in one partition to what it causes in another; with one
// partition it has no meaning.
func New[E any](workers int, lookahead time.Duration, handlers []Handler[E]) *Kernel[E] {
	k := &Kernel[E]{workers: workers, lookahead: lookahead, load: worthwhile}
	k.parking.changed.L = &k.parking.mutex
	for i, h := range handlers {
		k.partitions = append(k.partitions, newPartition(k, i, len(handlers), h))
	}
	return k
}

// Partition returns the i-th partition.
func (k *Kernel[E]) Partition(i int) *Partition[E] { return k.partitions[i] }

// Workers is how many workers there are.
func (k *Kernel[E]) Workers() int { return k.workers }

// Now is the virtual time between two calls of RunUntil.
func (k *Kernel[E]) Now() time.Duration { return k.partitions[0].now }

// Events is how many events have been delivered, between two calls of RunUntil.
func (k *Kernel[E]) Events() uint64 {
	sum := uint64(0)
	for _, p := range k.partitions {
		sum += p.delivered
	}
	return sum
}

// worthwhile is how many events there must be in a lookahead for several processors to be
// quicker than one: following each other's clocks costs as much as some ten events.
const worthwhile = 64

// RunUntil delivers all events before the limit; then it is the limit's time for all.
func (k *Kernel[E]) RunUntil(limit time.Duration) {
	if len(k.partitions) == 1 {
		k.partitions[0].runUntil(limit)
		return
	}
	if k.idle(limit) {
		return
	}
	before, began := k.Events(), k.Now()
	workers := 1
	if k.load >= worthwhile {
		workers = k.atWork()
	}
	s := &shift[E]{kernel: k, limit: limit, workers: workers}
	share(workers, s.work)
	steps := max(1, (limit-began)/max(1, k.lookahead))
	// It falls slowly: a single slice with few events says little.
	k.load = max((k.Events()-before)/uint64(steps), k.load*7/8)
}

// idle skips a time in which nothing happens: workers that only follow each other's
// clocks would take as many steps as it has lookaheads.
func (k *Kernel[E]) idle(limit time.Duration) bool {
	for _, p := range k.partitions {
		p.accept()
	}
	for _, p := range k.partitions {
		if at, ok := p.pending.PeekTime(); ok && at < int64(limit) {
			return false
		}
	}
	for _, p := range k.partitions {
		p.now = limit
		p.clock.Store(int64(limit))
	}
	return true
}
