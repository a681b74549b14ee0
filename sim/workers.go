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
// The hosts are divided among tracks, a few for each worker. What a host sends now arrives after the least latency at the
// earliest (the lookahead), so the events of a track may be delivered up to the lookahead beyond the clocks of all the
// others: nothing that they have not sent yet can fall before that. A worker takes the track that is furthest behind, drives
// it as far as that goes, hands over what its hosts have sent, moves its clock, and takes another. While one worker is held
// up in a track by a slow moment (a master asks all others in one instant; a hundred thousand newcomers ask one node), the
// rest have the other tracks: with one track each they waited for each other two fifths of the time. Events are ordered
// by (time, destination, source, the source's count), which does not depend on who delivers them, so every host sees the
// same events in the same order, whatever the number of workers and tracks.
// (Conservative synchronisation with lookahead: Chandy and Misra, Distributed simulation, 1979.)
//
// There are no more goroutines than processors, and one only while there is little to do. This file has the only
// goroutines of the simulator.
type workers struct {
	count     int
	tracks    []*track
	lookahead time.Duration
	load      uint64 // events in a lookahead, as many as there were at times lately
	parking   parking
}

// track is a part of the network that one worker drives at a time: a lane with its kernel. The fields that others read
// stand on cache lines of their own.
type track struct {
	kernel *kernel
	number int

	_     [64]byte
	taken atomic.Bool  // by a worker
	clock atomic.Int64 // every event before it has been delivered, and what it sent handed over
	_     [64]byte
	boxes []mailbox // by sender
}

func (t *track) now() time.Duration { return time.Duration(t.clock.Load()) }

// mailbox holds what one track's hosts have sent to another's and nobody has taken over yet.
type mailbox struct {
	full  atomic.Bool // saves the lock when there is nothing
	mutex sync.Mutex
	box   []inmem.Envelope
	spare []inmem.Envelope // the receiver's: the box it emptied last
	_     [64]byte
}

// tracksPerWorker is a compromise: more tracks keep the workers busier, and take more messages from track to track.
const tracksPerWorker = 2

// tracksFor is how many tracks so many workers need.
func tracksFor(workers, nodes int) int {
	if workers <= 1 {
		return 1
	}
	return min(nodes, workers*tracksPerWorker)
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

func newWorkers(count int, kernels []*kernel, lookahead time.Duration) *workers {
	t := &workers{count: count, lookahead: lookahead, load: worthwhile}
	t.parking.changed = sync.NewCond(&t.parking.mutex)
	for i, k := range kernels {
		c := &track{kernel: k, number: i, boxes: make([]mailbox, len(kernels))}
		if len(kernels) > 1 {
			k.publish = func(now time.Duration) { t.publish(c, now) }
		}
		t.tracks = append(t.tracks, c)
	}
	return t
}

// runUntil delivers all events before the limit; then it is the limit's time for all.
func (t *workers) runUntil(limit time.Duration) {
	if len(t.tracks) == 1 {
		t.tracks[0].kernel.runUntil(limit)
		return
	}
	if t.idle(limit) {
		return
	}
	before, began := t.events(), t.tracks[0].kernel.now
	hands := 1
	if t.load >= worthwhile {
		hands = t.hands()
	}
	share(hands, func(hand int) { t.work(limit, hand, hands) })
	steps := max(1, (limit-began)/max(1, t.lookahead))
	t.load = max((t.events()-before)/uint64(steps), t.load*7/8) // one quiet slice does not make a quiet time
}

// hands is how many workers can really work at the same time.
func (t *workers) hands() int { return min(t.count, runtime.GOMAXPROCS(0)) }

// split has the workers, which must stand still, do something with the numbers below n, each with a part of them.
func (t *workers) split(n int, do func(from, to int)) {
	hands := min(t.hands(), max(1, n/worthSplitting))
	share(hands, func(hand int) { do(n*hand/hands, n*(hand+1)/hands) })
}

// worthSplitting is how many nodes are worth a goroutine that looks at each of them.
const worthSplitting = 2000

// share does something on so many goroutines, numbered from 0, and waits for all of them.
func share(hands int, do func(hand int)) {
	var done sync.WaitGroup
	for i := 1; i < hands; i++ {
		done.Go(func() { do(i) })
	}
	do(0)
	done.Wait()
}

// worthwhile is how many events there must be in a lookahead for several processors to be quicker than one: following each
// other's clocks costs as much as some ten events.
const worthwhile = 64

func (t *workers) events() uint64 {
	sum := uint64(0)
	for _, track := range t.tracks {
		sum += track.kernel.done
	}
	return sum
}

// idle skips a time in which nothing happens: workers that only follow each other's clocks would take as many steps as it
// has lookaheads.
func (t *workers) idle(limit time.Duration) bool {
	for _, track := range t.tracks {
		track.accept()
	}
	for _, track := range t.tracks {
		if at, ok := track.kernel.pending.PeekTime(); ok && at < int64(limit) {
			return false
		}
	}
	for _, track := range t.tracks {
		track.kernel.now = limit
		track.clock.Store(int64(limit))
	}
	return true
}

// work is what one worker does, by its number of so many hands, until all tracks have come to the limit.
func (t *workers) work(limit time.Duration, hand, hands int) {
	for looks := 0; ; looks++ {
		next, arrived := t.take(limit, hand, hands)
		switch {
		case next.track != nil:
			next.track.accept()
			next.track.kernel.runUntil(next.until)
			t.publish(next.track, next.until)
			next.track.taken.Store(false)
			looks = 0
		case arrived:
			return
		case looks > patientLooks:
			t.park(limit, hand, hands)
			looks = 0
		}
	}
}

// turn is what a worker can do: drive a track for a time.
type turn struct {
	track       *track
	from, until time.Duration
}

// take finds the next turn and takes its track. There is none when all tracks that could go on are taken, or when all have
// arrived at the limit.
func (t *workers) take(limit time.Duration, hand, hands int) (next turn, arrived bool) {
	for {
		next, arrived = t.find(limit, hand, hands)
		if next.track == nil {
			return next, arrived
		}
		if next.track.taken.CompareAndSwap(false, true) {
			if next.track.now() == next.from {
				return next, false
			}
			next.track.taken.Store(false) // somebody else has driven it in between
		}
	}
}

// find looks for the free track that is furthest behind: among those that this worker drives most of the time, whose memory its
// processor has in the cache, if one of them can go on for a while; else among all.
func (t *workers) find(limit time.Duration, hand, hands int) (next turn, arrived bool) {
	least, second := limit, limit // the first two clocks
	var last *track               // the one with the least
	for _, c := range t.tracks {
		if now := c.now(); now < least {
			least, second, last = now, least, c
		} else {
			second = min(second, now)
		}
	}
	atHome := false
	for i, c := range t.tracks {
		if c.taken.Load() {
			continue
		}
		until := least // until here nothing can come from the others but what they have handed over
		if c == last {
			until = second
		}
		until = min(limit, until+t.lookahead)
		now := c.now()
		home := i%hands == hand && (until == limit || until-now >= t.lookahead/4)
		if now < until && (next.track == nil || home && !atHome || home == atHome && now < next.from) {
			next, atHome = turn{c, now, until}, home
		}
	}
	return next, least == limit
}

// patientLooks is how often a worker looks again for the others' progress before it sleeps: for a few hundred microseconds,
// many times what it takes to wake it up again.
const patientLooks = 20000

// parking is where workers wait for a clock to move, on a machine that has other things to do.
type parking struct {
	sleepers atomic.Int32
	mutex    sync.Mutex
	changed  *sync.Cond
}

// park sleeps until a clock has moved, unless there is something to do.
func (t *workers) park(limit time.Duration, hand, hands int) {
	p := &t.parking
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.sleepers.Add(1) // before the last look: who publishes after it sees a sleeper
	defer p.sleepers.Add(-1)
	if next, arrived := t.find(limit, hand, hands); next.track == nil && !arrived {
		p.changed.Wait()
	}
}

// accept takes over what the others have handed over. It must come after the look at their clocks: what they send later
// arrives after the horizon.
func (t *track) accept() {
	for i := range t.boxes {
		m := &t.boxes[i]
		if !m.full.Load() {
			continue
		}
		m.mutex.Lock()
		got := m.box
		m.box = m.spare[:0]
		m.full.Store(false)
		m.mutex.Unlock()
		t.kernel.lane.Accept(got)
		m.spare = got[:0]
	}
}

// publish hands over what the track's hosts have sent, and then says how far it is.
func (t *workers) publish(from *track, now time.Duration) {
	lane := from.kernel.lane
	for _, to := range t.tracks {
		if to == from || lane.Waiting(to.number) == 0 {
			continue
		}
		m := &to.boxes[from.number]
		m.mutex.Lock()
		if len(m.box) == 0 {
			m.box = lane.Outbox(to.number, m.box)
		} else {
			sent := lane.Outbox(to.number, nil)
			m.box = append(m.box, sent...)
			clear(sent)
			lane.Outbox(to.number, sent)
		}
		m.full.Store(true)
		m.mutex.Unlock()
	}
	from.clock.Store(int64(now))
	if p := &t.parking; p.sleepers.Load() > 0 {
		p.mutex.Lock()
		p.changed.Broadcast()
		p.mutex.Unlock()
	}
}
