package sim

import (
	"time"

	"spreadable/sim/queue"
	"spreadable/transport/inmem"
)

// kernel is the heart of the simulator: virtual time and the events that are still to come. It hands each event to the
// lane it drives, or, if it is one of the scenario's own, to the world. A worker drives one or several (workers.go).
type kernel struct {
	pending *queue.Queue
	now     time.Duration
	lane    *inmem.Lane
	world   *world
	done    uint64                  // events delivered
	touched uint64                  // keeps the loads of lookAhead alive
	publish func(now time.Duration) // tells how far the kernel is, now and then; nil when nobody wants to know
}

// The scenario's own events, by which the world acts on its nodes and clients.
const (
	eventStart  = inmem.EventKinds + iota // bring up node To
	eventClient                           // let client To begin its operation
)

// scenarioSource is the source of the scenario's own events: after all nodes and clients in the order of events.
const scenarioSource = ^uint32(0)

func newKernel(w *world, lane *inmem.Lane) *kernel {
	k := &kernel{pending: queue.New(), lane: lane, world: w}
	lane.Attach(k)
	return k
}

// Now implements inmem.Scheduler.
func (k *kernel) Now() time.Duration { return k.now }

// Schedule implements inmem.Scheduler.
func (k *kernel) Schedule(e inmem.Event) {
	k.pending.Push(queue.Event{
		Time: int64(e.At), To: e.To, From: e.From, Seq: e.Seq, Slot: e.Slot, Aux: e.Gen, Kind: uint8(e.Kind),
	})
}

// ahead is how many events are looked at together before they are delivered. Their hosts are scattered over memory far
// larger than any cache; loaded in a group, the misses overlap. (One at a time just before its delivery gains nothing.)
const ahead = 32

func (k *kernel) lookAhead() {
	next := k.pending.Ahead(ahead)
	for i := range next {
		k.touched += k.lane.Touch(inmem.EventKind(next[i].Kind), next[i].To, next[i].Slot)
	}
	for i := range next {
		k.touched += k.lane.TouchCall(inmem.EventKind(next[i].Kind), next[i].Slot)
	}
}

// runUntil delivers all events before the limit; then it is the limit's time.
func (k *kernel) runUntil(limit time.Duration) {
	for {
		e, ok := k.pending.PopBefore(int64(limit))
		if !ok {
			break
		}
		k.now = time.Duration(e.Time)
		if k.done%ahead == 0 {
			k.lookAhead()
			if k.publish != nil {
				k.publish(k.now)
			}
		}
		k.done++
		switch kind := inmem.EventKind(e.Kind); kind {
		case eventStart:
			k.world.net.Start(int(e.To))
		case eventClient:
			k.world.clients.begin(int(e.To) - k.world.nodes)
		default:
			k.lane.Deliver(inmem.Event{At: k.now, To: e.To, From: e.From, Seq: e.Seq, Slot: e.Slot, Gen: e.Aux, Kind: kind})
		}
	}
	k.now = limit
}
