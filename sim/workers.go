package sim

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"spreadable/sim/scenario"
	"spreadable/transport/inmem"
)

// workers let one run use several cores and change nothing of it.
//
// The hosts are divided among workers, each with its own kernel, lane and events. What a host sends now arrives after the
// least latency at the earliest (the lookahead). So a worker may deliver all events up to the lookahead beyond the clocks
// of all others: nothing that they have not sent yet can fall before that. While it works it publishes its own clock,
// after handing over what its hosts have sent; so the workers follow each other within one lookahead, and none waits
// for another's slow moment. Events are ordered by (time, destination, source, the source's count), which does not depend
// on who delivers them, so every host sees the same events in the same order, whatever the number of workers.
// (Conservative synchronisation with lookahead: Chandy and Misra, Distributed simulation, 1979.)
//
// This file has the only goroutines of the simulator.
type workers []*worker

// worker is one of them. The fields that others read stand on cache lines of their own.
type worker struct {
	kernel *kernel
	number int
	all    workers
	ahead  time.Duration // the lookahead

	_     [64]byte
	clock atomic.Int64 // every event before it has been delivered, and what it sent handed over
	_     [64]byte
	boxes []mailbox // by sender
}

// mailbox holds what one worker's hosts have sent to another's and nobody has taken over yet.
type mailbox struct {
	full  atomic.Bool // saves the lock when there is nothing
	mutex sync.Mutex
	box   []inmem.Envelope
	spare []inmem.Envelope // the receiver's: the box it emptied last
	_     [64]byte
}

// leastLookahead is the least latency with which workers can run ahead of each other far enough to be worth it.
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
	all := make(workers, len(kernels))
	for i, k := range kernels {
		w := &worker{kernel: k, number: i, all: all, ahead: lookahead, boxes: make([]mailbox, len(kernels))}
		if len(kernels) > 1 {
			k.publish = w.publish
		}
		all[i] = w
	}
	return all
}

// runUntil delivers all events before the limit; then it is the limit's time for all.
func (all workers) runUntil(limit time.Duration) {
	if len(all) == 1 {
		all[0].kernel.runUntil(limit)
		return
	}
	var done sync.WaitGroup
	for _, w := range all[1:] {
		done.Add(1)
		go func() {
			defer done.Done()
			w.work(limit)
		}()
	}
	all[0].work(limit)
	done.Wait()
}

// patientLooks is how often a worker looks again for the others' progress before it lets somebody else use the core.
const patientLooks = 200

// work delivers this worker's events before the limit, as far as the others' clocks allow at a time.
func (w *worker) work(limit time.Duration) {
	for looks := 0; ; looks++ {
		until := w.horizon(limit)
		if until > w.kernel.now {
			w.accept()
			w.kernel.runUntil(until)
			w.publish(until)
			looks = 0
		}
		if until == limit {
			return
		}
		if looks > patientLooks {
			runtime.Gosched()
		}
	}
}

// horizon is the time before which nothing new can come from the others.
func (w *worker) horizon(limit time.Duration) time.Duration {
	until := limit
	for _, other := range w.all {
		if other != w {
			until = min(until, time.Duration(other.clock.Load())+w.ahead)
		}
	}
	return until
}

// accept takes over what the others have handed over. It must come after the look at their clocks: what they send later
// arrives after the horizon.
func (w *worker) accept() {
	for i := range w.boxes {
		m := &w.boxes[i]
		if !m.full.Load() {
			continue
		}
		m.mutex.Lock()
		got := m.box
		m.box = m.spare[:0]
		m.full.Store(false)
		m.mutex.Unlock()
		w.kernel.lane.Accept(got)
		m.spare = got[:0]
	}
}

// publish hands over what this worker's hosts have sent, and then says how far it is.
func (w *worker) publish(now time.Duration) {
	lane := w.kernel.lane
	for _, other := range w.all {
		if other == w || lane.Waiting(other.number) == 0 {
			continue
		}
		m := &other.boxes[w.number]
		m.mutex.Lock()
		if len(m.box) == 0 {
			m.box = lane.Outbox(other.number, m.box)
		} else {
			sent := lane.Outbox(other.number, nil)
			m.box = append(m.box, sent...)
			clear(sent)
			lane.Outbox(other.number, sent)
		}
		m.full.Store(true)
		m.mutex.Unlock()
	}
	w.clock.Store(int64(now))
}
