package sim

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"spreadable/sim/scenario"
	"spreadable/transport/inmem"
)

// workers let one run use several cores and change nothing of it.
//
// The hosts are divided among kernels, each with its own lane and its own events. All kernels advance in windows of
// virtual time as wide as the least latency (the lookahead): what a host sends within a window arrives in a later one, so
// within a window no kernel needs to know what the others do. Between windows they exchange what their hosts have sent
// each other. Events are ordered by (time, destination, source, the source's count), which does not depend on who
// delivers them, so every host sees the same events in the same order, whatever the number of workers. (Conservative
// synchronous windows: Lubachevsky, Efficient distributed event-driven simulations of multiple-loop networks, 1989.)
//
// This file has the only goroutines of the simulator.
type workers struct {
	kernels   []*kernel
	lookahead time.Duration
	next      []paddedTime // by kernel: its earliest event, valid between the two barriers of a window
	barrier   *barrier
}

// paddedTime keeps each worker's number on a cache line of its own.
type paddedTime struct {
	at int64
	_  [56]byte
}

// leastLookahead is the least latency with which windows hold enough events to be worth the two barriers around them.
const leastLookahead = 500 * time.Microsecond

// Workers says how many workers a run of the scenario can use when so many are wanted, and, if fewer, why.
func Workers(s *scenario.Scenario, wanted int) (count int, reason string) {
	latency, err := newLatency(s.Latency)
	switch {
	case wanted <= 1 || err != nil:
		return 1, ""
	case latency.Min() < leastLookahead:
		return 1, fmt.Sprintf("one worker only: the least latency is %v, and workers need at least %v to run ahead of each other (set latency.min)",
			latency.Min(), leastLookahead)
	case wanted > s.Nodes:
		return s.Nodes, "no more workers than nodes"
	}
	return wanted, ""
}

func newWorkers(kernels []*kernel, lookahead time.Duration) workers {
	return workers{
		kernels: kernels, lookahead: lookahead, next: make([]paddedTime, len(kernels)), barrier: newBarrier(len(kernels)),
	}
}

// runUntil delivers all events before the limit; then it is the limit's time for all kernels.
func (w *workers) runUntil(limit time.Duration) {
	if len(w.kernels) == 1 {
		w.kernels[0].runUntil(limit)
		return
	}
	var done sync.WaitGroup
	for i := 1; i < len(w.kernels); i++ {
		done.Add(1)
		go func() {
			defer done.Done()
			w.work(i, limit)
		}()
	}
	w.work(0, limit)
	done.Wait()
}

// work is what worker i does: window after window, until nothing is left before the limit.
func (w *workers) work(i int, limit time.Duration) {
	k := w.kernels[i]
	for {
		w.accept(i)
		w.next[i].at = math.MaxInt64
		if at, ok := k.pending.PeekTime(); ok {
			w.next[i].at = at
		}
		w.barrier.wait() // all have accepted, and said when their next event is
		start := int64(math.MaxInt64)
		for j := range w.next {
			start = min(start, w.next[j].at)
		}
		if start >= int64(limit) {
			k.now = limit
			w.barrier.wait() // nobody may look again before all have read
			return
		}
		k.runUntil(min(time.Duration(start)+w.lookahead, limit))
		w.barrier.wait() // all have sent
	}
}

// accept takes over what the other lanes have sent to lane i.
func (w *workers) accept(i int) {
	lane := w.kernels[i].lane
	for j, k := range w.kernels {
		if j != i {
			lane.Accept(k.lane.Outbox(i))
		}
	}
}

// barrier lets a number of workers wait for each other. Windows are short, so whoever waits first looks again and again for
// a while; on a machine that has other things to do it then sleeps.
type barrier struct {
	size    int32
	arrived atomic.Int32
	round   atomic.Uint32
	mutex   sync.Mutex
	next    *sync.Cond
}

func newBarrier(size int) *barrier {
	b := &barrier{size: int32(size)}
	b.next = sync.NewCond(&b.mutex)
	return b
}

const spins = 5000 // some microseconds

func (b *barrier) wait() {
	round := b.round.Load()
	if b.arrived.Add(1) == b.size {
		b.arrived.Store(0)
		b.mutex.Lock()
		b.round.Add(1)
		b.mutex.Unlock()
		b.next.Broadcast()
		return
	}
	for range spins {
		if b.round.Load() != round {
			return
		}
	}
	b.mutex.Lock()
	for b.round.Load() == round {
		b.next.Wait()
	}
	b.mutex.Unlock()
}

var _ inmem.Scheduler = (*kernel)(nil)
