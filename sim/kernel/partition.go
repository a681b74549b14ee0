package kernel

import (
	"sync/atomic"
	"time"

	"spreadable/sim/kernel/queue"
)

// Event is something that happens to one destination at one instant; see queue.Event.
// Time is virtual time since the start of the run in nanoseconds, To and From are numbers
// of the caller's. Slot, Aux and Kind are the caller's, too.
type Event = queue.Event

// Handler is what events happen to: one partition of the simulated system. A kernel calls
// it from one goroutine at a time. E is the envelope in which the handlers send each
// other events; its content is theirs.
type Handler[E any] interface {
	// Deliver makes an event happen. It may call the partition's Schedule and Now, and
	// must touch nothing of another partition, nor keep e.
	Deliver(e *Event)

	// Prefetch is told which events are probably next, in order, and loads the memory
	// that they will need. Destinations are scattered over memory far larger than any
	// cache; loaded in a group, the misses overlap. It must change nothing.
	Prefetch(next []Event)

	// Waiting is how many envelopes wait to be handed over to another partition, by
	// number.
	Waiting(to int) int

	// Seal returns these envelopes. The handler goes on with empty, which it owns from
	// now on.
	Seal(to int, empty []E) []E

	// Accept schedules the events in envelopes from another partition, and clears them.
	// None is earlier than the lookahead after it was sent.
	Accept(envelopes []E)
}

// Partition is a part of the simulated system that one worker drives at a time. The
// fields that other workers read stand on cache lines of their own.
type Partition[E any] struct {
	handler   Handler[E]
	pending   *queue.Queue
	now       time.Duration
	delivered uint64
	number    int
	kernel    *Kernel[E]

	_     [64]byte
	taken atomic.Bool // by a worker
	// clock is a time: every event before it has been delivered, and what that sent has
	// been handed over.
	clock atomic.Int64
	_     [64]byte
	boxes []mailbox[E] // by sender
}

func newPartition[E any](k *Kernel[E], number, partitions int, h Handler[E]) *Partition[E] {
	return &Partition[E]{
		handler: h, pending: queue.New(), number: number, kernel: k, boxes: make([]mailbox[E], partitions),
	}
}

// Now is the virtual time: that of the event being delivered or, between two calls of
// RunUntil, the limit of the last one.
func (p *Partition[E]) Now() time.Duration { return p.now }

// Schedule adds an event, which must not be earlier than Now.
func (p *Partition[E]) Schedule(e Event) { p.pending.Push(e) }

// group is how many events are prefetched together. (One at a time, just before its
// delivery, gains nothing.)
const group = 32

// runUntil delivers all events before the limit; then it is the limit's time.
func (p *Partition[E]) runUntil(limit time.Duration) {
	var e Event
	for p.pending.PopBefore(int64(limit), &e) {
		p.now = time.Duration(e.Time)
		if p.delivered%group == 0 {
			p.handler.Prefetch(p.pending.Ahead(group))
			p.publish(p.now)
		}
		p.delivered++
		p.handler.Deliver(&e)
	}
	p.now = limit
}

// publish hands over what the partition has sent, and then moves its clock.
func (p *Partition[E]) publish(now time.Duration) {
	others := p.kernel.partitions
	if len(others) == 1 {
		return
	}
	for _, to := range others {
		if to != p && p.handler.Waiting(to.number) > 0 {
			to.boxes[p.number].put(p.handler, to.number)
		}
	}
	p.clock.Store(int64(now))
	p.kernel.parking.wake()
}

// accept takes over what the others have handed over. It must come after the look at
// their clocks: what they send later arrives after the safe time.
func (p *Partition[E]) accept() {
	for i := range p.boxes {
		p.boxes[i].empty(p.handler)
	}
}

// behind is the time up to which the others know that nothing comes from here any more.
func (p *Partition[E]) behind() time.Duration { return time.Duration(p.clock.Load()) }
