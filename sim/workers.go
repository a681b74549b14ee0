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
// There are no more goroutines than processors, and one only while there is little to do; workers share them, so that
// nobody waits for somebody who cannot run. This file has the only goroutines of the simulator.
type workers struct {
	all     []*worker
	busy    bool // there was enough to do lately for more than one processor
	parking parking
}

// worker is one of them. The fields that others read stand on cache lines of their own.
type worker struct {
	kernel *kernel
	number int
	team   *workers
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

func newWorkers(kernels []*kernel, lookahead time.Duration) *workers {
	team := &workers{}
	team.parking.changed = sync.NewCond(&team.parking.mutex)
	for i, k := range kernels {
		w := &worker{kernel: k, number: i, team: team, ahead: lookahead, boxes: make([]mailbox, len(kernels))}
		if len(kernels) > 1 {
			k.publish = w.publish
		}
		team.all = append(team.all, w)
	}
	return team
}

// runUntil delivers all events before the limit; then it is the limit's time for all.
func (t *workers) runUntil(limit time.Duration) {
	if len(t.all) == 1 {
		t.all[0].kernel.runUntil(limit)
		return
	}
	if t.idle(limit) {
		return
	}
	before, began := t.events(), t.all[0].kernel.now
	teams := 1
	if t.busy {
		teams = min(len(t.all), runtime.GOMAXPROCS(0))
	}
	var done sync.WaitGroup
	for i := 1; i < teams; i++ {
		done.Add(1)
		go func() {
			defer done.Done()
			t.work(i, teams, limit)
		}()
	}
	t.work(0, teams, limit)
	done.Wait()
	steps := max(1, (limit-began)/max(1, t.all[0].ahead))
	t.busy = t.events()-before >= worthwhile*uint64(steps)
}

// worthwhile is how many events there must be in one lookahead for several processors to be quicker than one: following each
// other's clocks costs as much as some ten events.
const worthwhile = 64

func (t *workers) events() uint64 {
	sum := uint64(0)
	for _, w := range t.all {
		sum += w.kernel.done
	}
	return sum
}

// idle skips a time in which nothing happens: workers that only follow each other's clocks would take as many steps as it
// has lookaheads.
func (t *workers) idle(limit time.Duration) bool {
	for _, w := range t.all {
		w.accept()
	}
	for _, w := range t.all {
		if at, ok := w.kernel.pending.PeekTime(); ok && at < int64(limit) {
			return false
		}
	}
	for _, w := range t.all {
		w.kernel.now = limit
		w.clock.Store(int64(limit))
	}
	return true
}

// work drives the workers first, first+step, first+2*step ... until all of them have come to the limit.
func (t *workers) work(first, step int, limit time.Duration) {
	for looks := 0; ; looks++ {
		moved, arrived := false, true
		for i := first; i < len(t.all); i += step {
			w := t.all[i]
			moved = w.advance(limit) || moved
			arrived = arrived && w.kernel.now == limit
		}
		switch {
		case arrived:
			return
		case moved:
			looks = 0
		case looks > patientLooks:
			t.park(first, step, limit)
			looks = 0
		}
	}
}

// advance delivers the worker's events as far as the others' clocks allow, and reports whether that was any further.
func (w *worker) advance(limit time.Duration) bool {
	until := w.horizon(limit)
	if until <= w.kernel.now {
		return false
	}
	w.accept()
	w.kernel.runUntil(until)
	w.publish(until)
	return true
}

// patientLooks is how often a goroutine looks again for the others' progress before it sleeps: for some ten microseconds, which
// is longer than the others need on cores of their own.
const patientLooks = 5000

// parking is where goroutines wait for a clock to move, on a machine that has other things to do.
type parking struct {
	sleepers atomic.Int32
	mutex    sync.Mutex
	changed  *sync.Cond
}

// park sleeps until a clock has moved, unless one of these workers can go on.
func (t *workers) park(first, step int, limit time.Duration) {
	p := &t.parking
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.sleepers.Add(1) // before the last look: who publishes after it sees a sleeper
	defer p.sleepers.Add(-1)
	for i := first; i < len(t.all); i += step {
		if w := t.all[i]; w.kernel.now < limit && w.horizon(limit) > w.kernel.now {
			return
		}
	}
	p.changed.Wait()
}

// horizon is the time before which nothing new can come from the others.
func (w *worker) horizon(limit time.Duration) time.Duration {
	until := limit
	for _, other := range w.team.all {
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
	for _, other := range w.team.all {
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
	if p := &w.team.parking; p.sleepers.Load() > 0 {
		p.mutex.Lock()
		p.changed.Broadcast()
		p.mutex.Unlock()
	}
}
