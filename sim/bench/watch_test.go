package bench

import (
	"slices"
	"testing"
	"time"

	"spreadable/transport/inmem/latency"
)

// A stretch is measured by the clock from its start to its stop, and a result has the
// medians, the slowest and the fastest of them.
func TestAWatchMeasuresStretches(t *testing.T) {
	now := time.Hour
	w := &watch{clock: func() time.Duration { return now }}
	for _, stretch := range []struct {
		wall   time.Duration
		events uint64
	}{{time.Second, 1000}, {4 * time.Second, 1000}, {time.Second, 2000}} {
		now += time.Minute // between two stretches
		w.start()
		now += stretch.wall
		w.stop(stretch.events)
	}
	r := w.result("test", 7)
	if r.Name != "test" || r.Size != 7 || r.Runs != 3 || r.Events != 1000 {
		t.Errorf("%+v", r)
	}
	if r.EventsPerSMin != 250 || r.EventsPerS != 1000 || r.EventsPerSMax != 2000 || r.NsPerEvent != 1e6 {
		t.Errorf("events a second %v, %v, %v; %v ns each", r.EventsPerSMin, r.EventsPerS, r.EventsPerSMax, r.NsPerEvent)
	}
	if r.PeakBytes < 1<<20 {
		t.Errorf("the process holds %d bytes", r.PeakBytes)
	}
}

// What is allocated in a stretch counts, and nothing before and after it.
func TestAWatchCountsAllocations(t *testing.T) {
	w := &watch{clock: func() time.Duration { return 0 }}
	keep := make([][]byte, 0, 64)
	allocate := func() { keep = append(keep, make([]byte, 100_000)) }
	allocate()
	w.start()
	for range 10 {
		allocate()
	}
	w.stop(100)
	allocate()
	r := w.result("test", 1)
	if r.BytesPerEvent < 10_000 || r.BytesPerEvent > 20_000 || r.AllocsPerEvent < 0.1 || r.AllocsPerEvent > 1 {
		t.Errorf("%v bytes in %v allocations an event", r.BytesPerEvent, r.AllocsPerEvent)
	}
	if len(keep) != 12 || r.EventsPerS <= 0 {
		t.Errorf("%v events a second where no time passes", r.EventsPerS)
	}
}

// Names are in the order in which benchmarks run, and one of them runs alone.
func TestOneBenchmarkRunsAlone(t *testing.T) {
	if want := []string{"phold", "forward", "planet", "sync", "search"}; !slices.Equal(Names(), want) {
		t.Errorf("benchmarks %v", Names())
	}
	results, err := Run(Options{Clock: ticking(), Only: "forward", Sizes: []int{30}, Runs: 3})
	if err != nil || len(results) != 1 || results[0].Name != "forward" || results[0].Runs != 3 {
		t.Errorf("%+v, %v", results, err)
	}
}

// Each search of the benchmark is measured whole, and alone: a question to each node and
// its answer, those of the masters, and of the client.
func TestASearchIsMeasuredWhole(t *testing.T) {
	results, err := Run(Options{Clock: ticking(), Only: "search", Sizes: []int{100}, Runs: 3})
	if err != nil {
		t.Fatal(err)
	}
	if r := results[0]; r.Events < 2*(100+9+1) || r.Events > 2*(100+12+1)+40 {
		t.Errorf("a search of 100 nodes has %d events", r.Events)
	}
}

// Figures of two versions compare only where the work is the same: so many events. Where
// what nodes do has changed on purpose, sync and search have others.
func TestTheWorkIsAlwaysTheSame(t *testing.T) {
	for name, want := range map[string]uint64{"phold": 998584, "forward": 999811, "planet": 1014757, "sync": 688, "search": 227} {
		results, err := Run(Options{Clock: ticking(), Only: name, Sizes: []int{100}, Runs: 1})
		if err != nil {
			t.Fatal(err)
		}
		if got := results[0].Events; got != want {
			t.Errorf("%s of 100: %d events, want %d", name, got, want)
		}
	}
	if got := [...]int64{pholdEnd(10_000), pholdEnd(999_999), pholdEnd(1_000_000)}; got != [...]int64{1e10, 2e9, 7e8} {
		t.Errorf("phold runs for %v", got)
	}
	if got := forwardStretch(1_000_000, latency.Uniform{Low: leastLatency, High: mostLatency}); got != 220*time.Millisecond {
		t.Errorf("forward of a million runs for %v", got)
	}
}
