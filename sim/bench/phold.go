package bench

import (
	"math/rand/v2"
	"runtime"

	"spreadable/internal/stream"
	"spreadable/sim/kernel/queue"
)

// process is a logical process of PHOLD: what an event reads and writes. It has a random
// stream of its own, as every node of a simulation must.
type process struct {
	random stream.Small
	count  uint64
	seq    uint32
}

const (
	eventsEach = 10 // events that each process starts with
	group      = 32 // events whose processes are loaded together
)

// delay draws 0.1 + Exp(0.9) seconds.
func (p *process) delay() int64 { return int64(1e8 + 9e8*rand.New(&p.random).ExpFloat64()) }

// pholdEnd is the virtual time that a run lasts, in nanoseconds: a million events or
// more, as the peers were run.
func pholdEnd(processes int) int64 {
	if processes >= 1e6 {
		return 7e8
	}
	return int64(max(1e14/float64(processes), 2e9))
}

func phold(w *watch, size, runs int) error {
	for i := range runs {
		q, processes := newPhold(size, uint64(i))
		w.start()
		w.stop(hold(q, processes, pholdEnd(size)))
	}
	return nil
}

func newPhold(size int, seed uint64) (*queue.Queue, []process) {
	q, processes := queue.New(), make([]process, size)
	for i := range processes {
		p := &processes[i]
		p.random = stream.NewSmall(seed, uint64(i), stream.Process)
		for range eventsEach {
			q.Push(queue.Event{Time: p.delay(), To: uint32(i), From: uint32(i), Seq: p.seq})
			p.seq++
		}
	}
	return q, processes
}

// hold runs PHOLD until the end and returns the number of events.
func hold(q *queue.Queue, processes []process, end int64) uint64 {
	events, loaded := uint64(0), uint64(0)
	var e queue.Event
	for {
		next := q.Ahead(group)
		for i := range next {
			loaded += uint64(processes[next[i].To].random)
		}
		for range len(next) + 1 {
			if !q.PopBefore(end, &e) {
				runtime.KeepAlive(loaded)
				return events
			}
			events++
			p := &processes[e.To]
			p.count++
			p.seq++
			to := uint32((p.random.Uint64() >> 32) * uint64(len(processes)) >> 32)
			q.Push(queue.Event{Time: e.Time + p.delay(), To: to, From: e.To, Seq: p.seq})
		}
	}
}
