package queue

import (
	"container/heap"
	"math/rand/v2"
	"testing"
)

// holdDelay draws the delay of PHOLD: 0.1 + Exp(0.9) seconds.
func holdDelay(r *rand.Rand) int64 { return int64(1e8 + 9e8*r.ExpFloat64()) }

type sizedHold struct {
	name    string
	pending int
}

var holds = []sizedHold{{"1k", 1e3}, {"10k", 1e4}, {"100k", 1e5}, {"1M", 1e6}, {"10M", 1e7}}

// BenchmarkHold is PHOLD without the state of the nodes: every event popped
// schedules one to a destination drawn from a tenth as many nodes as events
// are pending.
func BenchmarkHold(b *testing.B) {
	for _, h := range holds {
		b.Run(h.name+"/ladder", func(b *testing.B) { holdLadder(b, h.pending) })
		b.Run(h.name+"/heap", func(b *testing.B) { holdHeap(b, h.pending) })
	}
}

func holdLadder(b *testing.B, pending int) {
	r := rand.New(rand.NewPCG(1, 2))
	nodes := uint32(pending / 10)
	q := New()
	for i := range pending {
		q.Push(Event{Time: holdDelay(r), To: uint32(i) % nodes, From: uint32(i) % nodes, Seq: uint32(i)})
	}
	seq := uint32(pending)
	step := func() {
		e, _ := q.Pop()
		seq++
		q.Push(Event{Time: e.Time + holdDelay(r), To: r.Uint32N(nodes), From: e.To, Seq: seq})
	}
	for range 2 * pending { // the steady state, past the first mean delay
		step()
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		step()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mevents/s")
}

func holdHeap(b *testing.B, pending int) {
	r := rand.New(rand.NewPCG(1, 2))
	nodes := uint32(pending / 10)
	var q plain
	for i := range pending {
		q = append(q, Event{Time: holdDelay(r), To: uint32(i) % nodes, From: uint32(i) % nodes, Seq: uint32(i)})
	}
	heap.Init(&q)
	seq := uint32(pending)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		e := heap.Pop(&q).(Event)
		seq++
		heap.Push(&q, Event{Time: e.Time + holdDelay(r), To: r.Uint32N(nodes), From: e.To, Seq: seq})
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mevents/s")
}

// BenchmarkBurst pushes and pops that many events of one instant; the time is
// that of one event.
func BenchmarkBurst(b *testing.B) {
	for _, h := range holds[1:4] {
		b.Run(h.name, func(b *testing.B) { burst(b, h.pending) })
	}
}

func burst(b *testing.B, size int) {
	r := rand.New(rand.NewPCG(1, 2))
	q := New()
	at, seq := int64(0), uint32(0)
	b.ReportAllocs()
	for done := 0; done < b.N; done += size {
		at += 16e9
		for range size {
			seq++
			q.Push(Event{Time: at, To: r.Uint32N(uint32(size)), From: r.Uint32N(uint32(size)), Seq: seq})
		}
		for range size {
			q.Pop()
		}
	}
}
