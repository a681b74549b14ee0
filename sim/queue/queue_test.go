package queue

import (
	"container/heap"
	"math/rand/v2"
	"testing"
)

func TestHoldAgreesWithPlainHeap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	q, p := New(), &plain{}
	seq := uint32(0)
	push := func(at int64) {
		seq++
		e := Event{Time: at, To: r.Uint32N(10), From: r.Uint32N(10), Seq: seq}
		q.Push(e)
		heap.Push(p, e)
	}
	for range 10000 {
		push(holdDelay(r))
	}
	for i := range 200000 {
		e, ok := q.Pop()
		f := heap.Pop(p).(Event)
		if !ok || e != f {
			t.Fatalf("event %d: got %+v, want %+v", i, e, f)
		}
		switch i % 5 {
		case 0:
			push(e.Time)
		case 1:
			push(e.Time + r.Int64N(1000))
		default:
			push(e.Time + holdDelay(r))
		}
	}
}
