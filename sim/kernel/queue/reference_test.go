package queue

import (
	"container/heap"
	"math"
)

// plain is the reference: a binary heap of events by value.
type plain []Event

func (p plain) Len() int           { return len(p) }
func (p plain) Less(i, j int) bool { return p[i].Before(&p[j]) }
func (p plain) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *plain) Push(x any)        { *p = append(*p, x.(Event)) }
func (p *plain) Pop() any {
	s := *p
	e := s[len(s)-1]
	*p = s[:len(s)-1]
	return e
}

// failer is what testing.T and rapid.T have in common here.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// twins does the same to a queue and to the reference and compares.
type twins struct {
	t    failer
	q    *Queue
	want plain
	now  int64
	seq  uint32
}

func newTwins(t failer, q *Queue) *twins { return &twins{t: t, q: q} }

// push adds an event at a delay after the present, or at the end of time.
func (w *twins) push(delay int64, to, from uint32) {
	w.seq++
	delay = min(delay, math.MaxInt64-w.now)
	e := Event{
		Time: w.now + delay, To: to, From: from, Seq: w.seq,
		Slot: ^w.seq, Aux: w.seq * 3, Kind: uint8(w.seq),
	}
	w.q.Push(e)
	heap.Push(&w.want, e)
}

// pop takes one event from both; false when they are empty.
func (w *twins) pop() (Event, bool) {
	w.t.Helper()
	got, ok := w.q.Pop()
	return w.compare(got, ok, len(w.want) > 0)
}

// popBefore takes one event before limit from both; false when none is.
func (w *twins) popBefore(limit int64) (Event, bool) {
	w.t.Helper()
	var got Event
	ok := w.q.PopBefore(limit, &got)
	return w.compare(got, ok, len(w.want) > 0 && w.want[0].Time < limit)
}

func (w *twins) compare(got Event, ok, wanted bool) (Event, bool) {
	w.t.Helper()
	var want Event
	if wanted {
		want = heap.Pop(&w.want).(Event)
		w.now = want.Time
	}
	if ok != wanted || got != want {
		w.t.Fatalf("popped %+v, %v; want %+v, %v", got, ok, want, wanted)
	}
	return got, ok
}

// look compares what can be seen without popping.
func (w *twins) look() {
	w.t.Helper()
	if w.q.Len() != len(w.want) {
		w.t.Fatalf("Len is %d, want %d", w.q.Len(), len(w.want))
	}
	var want int64
	if len(w.want) > 0 {
		want = w.want[0].Time
	}
	if got, ok := w.q.PeekTime(); got != want || ok != (len(w.want) > 0) {
		w.t.Fatalf("PeekTime is %d, %v; want %d of %d events", got, ok, want, len(w.want))
	}
}

// drain empties both.
func (w *twins) drain() {
	w.t.Helper()
	w.look()
	for {
		if _, ok := w.pop(); !ok {
			break
		}
	}
	w.look()
}
