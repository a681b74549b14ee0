// Package bench measures what the simulator costs, from the bare event core up to a
// search of a whole network, in the same units for all: events a second, and nanoseconds,
// bytes and allocations for each event.
//
//   - phold: the event core alone. N logical processes with 10 events each; an event
//     causes one other, 0.1 + Exp(0.9) s later, at any process. It is the benchmark of
//     Fujimoto (Performance of Time Warp under synthetic workloads, 1990) that other
//     engines publish, with all traffic remote.
//   - forward: the transport with minimal handlers. N nodes with 20 random neighbours;
//     each pings one of them, and when the answer comes, another. An event is one message
//     delivered, a ping or its answer, and causes exactly one other: the work of
//     PeerSim's forwarding of N messages among random neighbours, with two latencies
//     drawn, a call to look up, bytes counted and a fingerprint kept besides.
//   - planet: forward with the latencies of pairs of cities instead of an even one.
//   - sync: one sync interval of a converged network of N nodes; each renews its lists.
//   - search: one network-wide request in a converged network of N nodes, to all of them
//     and back, with what synchronisation goes on in these 160 ms. It is not the first
//     one: what that leaves behind is used again.
//
// One processor does it all, the collection of garbage too. The clock is the caller's:
// nothing in sim reads one.
package bench

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"time"
)

// Options of a measurement.
type Options struct {
	// Clock tells the wall time since any fixed moment. Required.
	Clock func() time.Duration
	// Only is the name of the benchmark to run; empty is all.
	Only string
	// Sizes are the numbers N of processes or nodes.
	Sizes []int
	// Runs is how often each measurement is made, at least 1.
	Runs int
	// Begin is told what is measured next. May be nil.
	Begin func(name string, size int)
	// Each is told every result as it comes. May be nil.
	Each func(Result)
}

// Result is one benchmark at one size. Its figures are medians over the runs, except the
// slowest, the fastest and the memory.
type Result struct {
	Name           string  `json:"name"`
	Size           int     `json:"size"`   // processes or nodes
	Runs           int     `json:"runs"`   // measurements
	Events         uint64  `json:"events"` // in one of them
	EventsPerS     float64 `json:"events_per_s"`
	EventsPerSMin  float64 `json:"events_per_s_min"` // of the slowest run
	EventsPerSMax  float64 `json:"events_per_s_max"` // of the fastest
	NsPerEvent     float64 `json:"ns_per_event"`
	BytesPerEvent  float64 `json:"bytes_per_event"`  // allocated on the heap
	AllocsPerEvent float64 `json:"allocs_per_event"` // allocations on the heap
	// PeakBytes is the most memory that the process held from the operating system when
	// it was looked at: building and settling the network included, with some thousand
	// looks. What benchmarks before it had used was given back.
	PeakBytes uint64 `json:"peak_bytes"`
}

// benchmark measures at one size, as often as asked for.
type benchmark func(w *watch, size, runs int) error

// benchmarks in the order in which they run.
var benchmarks = []struct {
	name string
	run  benchmark
}{{"phold", phold}, {"forward", forward}, {"planet", planet}, {"sync", syncRound}, {"search", search}}

// Names lists the benchmarks.
func Names() []string {
	var names []string
	for _, b := range benchmarks {
		names = append(names, b.name)
	}
	return names
}

// Run runs the benchmarks and returns their results in order. It returns those it has
// with the first error. Meanwhile the process uses one processor.
func Run(o Options) ([]Result, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var results []Result
	for _, b := range benchmarks {
		if o.Only != "" && o.Only != b.name {
			continue
		}
		for _, size := range o.Sizes {
			if o.Begin != nil {
				o.Begin(b.name, size)
			}
			debug.FreeOSMemory()
			w := &watch{clock: o.Clock}
			if err := b.run(w, size, o.Runs); err != nil {
				return results, fmt.Errorf("%s of %d: %w", b.name, size, err)
			}
			r := w.result(b.name, size)
			results = append(results, r)
			if o.Each != nil {
				o.Each(r)
			}
		}
	}
	return results, nil
}

// watch measures stretches of a run.
type watch struct {
	clock    func() time.Duration
	begun    time.Duration
	before   runtime.MemStats
	peak     uint64
	measured []stretch
}

// stretch is what was measured once.
type stretch struct {
	events, bytes, allocs uint64
	wall                  time.Duration
}

// start begins a stretch.
func (w *watch) start() {
	runtime.ReadMemStats(&w.before)
	w.begun = w.clock()
}

// stop ends the stretch that start began.
func (w *watch) stop(events uint64) {
	wall := w.clock() - w.begun
	after := w.look()
	w.measured = append(w.measured, stretch{
		events: events, wall: wall, bytes: after.TotalAlloc - w.before.TotalAlloc,
		allocs: after.Mallocs - w.before.Mallocs,
	})
}

// look notes how much memory the process holds.
func (w *watch) look() *runtime.MemStats {
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	w.peak = max(w.peak, now.Sys-now.HeapReleased)
	return &now
}

func (w *watch) result(name string, size int) Result {
	rates := w.sorted(func(s stretch) float64 { return float64(s.events) / max(s.wall.Seconds(), 1e-9) })
	return Result{
		Name: name, Size: size, Runs: len(w.measured), PeakBytes: w.peak,
		Events:         uint64(median(w.sorted(func(s stretch) float64 { return float64(s.events) }))),
		EventsPerS:     median(rates),
		EventsPerSMin:  rates[0],
		EventsPerSMax:  rates[len(rates)-1],
		NsPerEvent:     median(w.sorted(func(s stretch) float64 { return s.each(float64(s.wall)) })),
		BytesPerEvent:  median(w.sorted(func(s stretch) float64 { return s.each(float64(s.bytes)) })),
		AllocsPerEvent: median(w.sorted(func(s stretch) float64 { return s.each(float64(s.allocs)) })),
	}
}

func (s stretch) each(total float64) float64 { return total / float64(max(1, s.events)) }

func (w *watch) sorted(of func(stretch) float64) []float64 {
	var values []float64
	for _, s := range w.measured {
		values = append(values, of(s))
	}
	slices.Sort(values)
	return values
}

func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
