package queue

import (
	"container/heap"
	"math/rand/v2"
	"runtime"
	"testing"
)

// delay draws the virtual time from an event to the one that it causes.
type delay func(r *rand.Rand) int64

// phold is the delay of PHOLD: 0.1 + Exp(0.9) seconds.
func phold(r *rand.Rand) int64 { return int64(1e8 + 9e8*r.ExpFloat64()) }

// tiers are what both kinds of queue offer to a benchmark.
type tiers interface {
	Push(Event)
	Pop() (Event, bool)
}

// heapQueue is the reference as a queue.
type heapQueue struct{ h plain }

func (q *heapQueue) Push(e Event)       { heap.Push(&q.h, e) }
func (q *heapQueue) Pop() (Event, bool) { return heap.Pop(&q.h).(Event), true }

// hold keeps that many events pending: each one popped pushes the next, to a
// destination drawn from a tenth as many nodes.
type hold[Q tiers] struct {
	q     Q
	r     *rand.Rand
	delay delay
	nodes uint32
	seq   uint32
}

func newHold[Q tiers](q Q, pending int, d delay) *hold[Q] {
	h := &hold[Q]{q, rand.New(rand.NewPCG(1, 2)), d, uint32(pending / 10), 0}
	for range pending {
		h.push(Event{To: h.r.Uint32N(h.nodes)})
	}
	return h
}

func (h *hold[Q]) push(cause Event) {
	h.seq++
	h.q.Push(Event{
		Time: cause.Time + h.delay(h.r), To: h.r.Uint32N(h.nodes), From: cause.To, Seq: h.seq,
	})
}

func (h *hold[Q]) step() {
	e, _ := h.q.Pop()
	h.push(e)
}

func (h *hold[Q]) run(b *testing.B, warmup int) {
	for range warmup {
		h.step()
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		h.step()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mevents/s")
}

var sizes = []struct {
	name    string
	pending int
}{{"1k", 1e3}, {"10k", 1e4}, {"100k", 1e5}, {"1M", 1e6}, {"10M", 1e7}}

// BenchmarkHold is PHOLD without the state of the nodes, after each event has
// been replaced twice.
func BenchmarkHold(b *testing.B) {
	for _, s := range sizes {
		b.Run(s.name+"/ladder", func(b *testing.B) {
			h := newHold(New(), s.pending, phold)
			h.run(b, 2*s.pending)
			b.ReportMetric(float64(h.q.Bytes())/float64(s.pending), "bytes/event")
		})
		b.Run(s.name+"/heap", func(b *testing.B) {
			h := newHold(&heapQueue{}, s.pending, phold)
			h.run(b, 0)
			b.ReportMetric(float64(32*cap(h.q.h))/float64(s.pending), "bytes/event")
		})
	}
}

// BenchmarkNodes is PHOLD with 64 bytes of state for each node, which an event
// reads and writes: alone, or after loading the nodes of 32 events together, so
// that the cache misses overlap.
func BenchmarkNodes(b *testing.B) {
	for _, s := range sizes[1:] {
		b.Run(s.name+"/alone", func(b *testing.B) { holdNodes(b, s.pending, 0) })
		b.Run(s.name+"/ahead", func(b *testing.B) { holdNodes(b, s.pending, 32) })
	}
}

func holdNodes(b *testing.B, pending, ahead int) {
	h := newHold(New(), pending, phold)
	state := make([][8]uint64, h.nodes)
	loaded, sum := 0, uint64(0)
	step := func() {
		if loaded == 0 {
			next := h.q.Ahead(ahead)
			for i := range next {
				sum += state[next[i].To][0]
			}
			loaded = len(next) + 1
		}
		loaded--
		e, _ := h.q.Pop()
		state[e.To][0]++
		h.push(e)
	}
	for range 2 * pending {
		step()
	}
	b.ResetTimer()
	for range b.N {
		step()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mevents/s")
	runtime.KeepAlive(sum) // and so the loads
}

// delays are shapes that a queue of buckets might find hard.
var delays = []struct {
	name string
	delay
}{
	{"constant", func(*rand.Rand) int64 { return 50e6 }},
	// messages of one node in ten, timers of the others
	{"mixed", func(r *rand.Rand) int64 {
		if r.Uint32N(10) == 0 {
			return 5e6 + r.Int64N(100e6)
		}
		return 16e9
	}},
	{"zero", func(r *rand.Rand) int64 { // three links of a chain at one instant
		if r.Uint32N(4) > 0 {
			return 0
		}
		return phold(r)
	}},
	{"nanoseconds", func(r *rand.Rand) int64 { return r.Int64N(1000) }},
	{"scales", func(r *rand.Rand) int64 { return 1 << r.Uint32N(46) }}, // to 20 hours
	{"days", func(r *rand.Rand) int64 { return r.Int64N(7 * 86400e9) }},
}

// BenchmarkDelays holds 100,000 events with other delays than PHOLD's.
func BenchmarkDelays(b *testing.B) {
	for _, d := range delays {
		b.Run(d.name+"/ladder", func(b *testing.B) { newHold(New(), 1e5, d.delay).run(b, 2e5) })
		b.Run(d.name+"/heap", func(b *testing.B) { newHold(&heapQueue{}, 1e5, d.delay).run(b, 0) })
	}
}

// BenchmarkBurst pushes that many events of one instant and pops them. The
// time is that of one event.
func BenchmarkBurst(b *testing.B) {
	for _, s := range sizes[1:4] {
		b.Run(s.name, func(b *testing.B) {
			r, q, seq := rand.New(rand.NewPCG(1, 2)), New(), uint32(0)
			nodes := uint32(s.pending)
			b.ReportAllocs()
			for done := 0; done < b.N; done += s.pending {
				for range s.pending {
					seq++
					q.Push(Event{Time: int64(done), To: r.Uint32N(nodes), From: r.Uint32N(nodes), Seq: seq})
				}
				for range s.pending {
					q.Pop()
				}
			}
		})
	}
}
