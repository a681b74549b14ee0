package coretest

import (
	"cmp"
	"container/heap"
	"time"
)

// Event is something that will happen. Events of one moment happen in the order of
// receiver, sender, and the sender's own counter.
type Event struct {
	At       time.Duration
	To, From uint32
	Seq      uint64
	Do       func()
}

// Events is the smallest event kernel there is: the time, and a heap of what is still to
// happen. It shares no code with sim/kernel, so that the two can judge each other. The
// zero value is ready for use, at time 0.
type Events struct {
	now     time.Duration
	pending eventHeap
}

// Now is the time of the latest event, or the end of the latest Run.
func (e *Events) Now() time.Duration { return e.now }

// Schedule adds an event. One that lies in the past happens now.
func (e *Events) Schedule(event Event) { heap.Push(&e.pending, event) }

// Step lets the next event happen; false when there is none up to the limit, a point in
// time.
func (e *Events) Step(limit time.Duration) bool {
	if len(e.pending) == 0 || e.pending[0].At > limit {
		return false
	}
	event := heap.Pop(&e.pending).(Event)
	e.now = max(e.now, event.At)
	event.Do()
	return true
}

// Run lets so much time pass, with all that happens in it.
func (e *Events) Run(d time.Duration) {
	limit := e.now + d
	for e.Step(limit) {
	}
	e.now = max(e.now, limit)
}

// Drain lets everything happen that is scheduled, and what follows from it.
func (e *Events) Drain() {
	for len(e.pending) > 0 {
		e.Step(e.pending[0].At)
	}
}

type eventHeap []Event

func (q eventHeap) Len() int      { return len(q) }
func (q eventHeap) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q eventHeap) Less(i, j int) bool {
	a, b := &q[i], &q[j]
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.To, b.To), cmp.Compare(a.From, b.From),
		cmp.Compare(a.Seq, b.Seq)) < 0
}

func (q *eventHeap) Push(x any) { *q = append(*q, x.(Event)) }

func (q *eventHeap) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	(*q)[last] = Event{} // let the collector have what it holds
	*q = (*q)[:last]
	return e
}
