package bench

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"spreadable/sim"
)

// ticking is a clock that advances by a microsecond whenever it is read.
func ticking() func() time.Duration {
	now := time.Duration(0)
	return func() time.Duration {
		now += time.Microsecond
		return now
	}
}

func TestEveryBenchmarkMeasuresEverySizeAsOftenAsAsked(t *testing.T) {
	var begun, told []string
	results, err := Run(Options{
		Clock: ticking(), Sizes: []int{30, 60}, Runs: 2,
		Begin: func(name string, _ int) { begun = append(begun, name) },
		Each:  func(r Result) { told = append(told, r.Name) },
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"phold", "phold", "forward", "forward", "planet", "planet", "sync", "sync", "search", "search"}
	if !slices.Equal(begun, want) || !slices.Equal(told, want) || len(results) != len(want) {
		t.Errorf("began %v, told %v, returned %d", begun, told, len(results))
	}
	for i, r := range results {
		if r.Size != []int{30, 60}[i%2] || r.Runs != 2 || r.Events == 0 || r.PeakBytes == 0 {
			t.Errorf("%+v", r)
		}
		if r.EventsPerSMin > r.EventsPerS || r.EventsPerS > r.EventsPerSMax || r.NsPerEvent <= 0 {
			t.Errorf("%+v: not in order", r)
		}
	}
}

// What is measured is what the names say: so many events there must be.
func TestEventsAreThoseOfTheWork(t *testing.T) {
	const n = 100
	least := map[string]uint64{
		"phold":   n * eventsEach / 2,
		"forward": 4 * n,
		"planet":  4 * n,
		"sync":    n * (2 + 1), // a request to the backlink with its answer, and a timer
		"search":  2 * n,       // a request to every node with its answer
	}
	for name, events := range least {
		results, err := Run(Options{Clock: ticking(), Only: name, Sizes: []int{n}, Runs: 1})
		if err != nil || len(results) != 1 {
			t.Fatalf("%s: %v, %v", name, results, err)
		}
		if results[0].Events < events {
			t.Errorf("%s: %d events, expected %d or more", name, results[0].Events, events)
		}
	}
}

// A round is measured as often as asked for even where samples come in between.
func TestSamplesAreNotMeasured(t *testing.T) {
	results, err := Run(Options{Clock: ticking(), Only: "sync", Sizes: []int{20}, Runs: 40})
	if err != nil || results[0].Runs != 40 {
		t.Errorf("%+v, %v", results, err)
	}
}

// PHOLD keeps its population: every event causes one.
func TestPholdKeepsItsEvents(t *testing.T) {
	q, processes := newPhold(50, 1)
	events := hold(q, processes, 20e9)
	if q.Len() != 50*eventsEach {
		t.Errorf("%d events pending", q.Len())
	}
	counted := uint64(0)
	for i := range processes {
		counted += processes[i].count
	}
	// The mean delay is 1 s, so of 500 pending events some 500 happen every second.
	if counted != events || events < 9000 || events > 11000 {
		t.Errorf("%d events, counted %d", events, counted)
	}
}

func TestTheMedianOfAnEvenNumberLiesInTheMiddle(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{[]float64{3}, 3}, {[]float64{1, 4}, 2.5}, {[]float64{1, 2, 9}, 2}} {
		if got := median(c.values); got != c.want {
			t.Errorf("median of %v is %v", c.values, got)
		}
	}
}

// An interval is measured whole, also where a run that has much to do reports several
// times in it: there are as many events in it as between two samples of the same run that
// are an interval apart.
func TestAnIntervalIsMeasuredWhole(t *testing.T) {
	const n = 10_000
	results, err := Run(Options{Clock: ticking(), Only: "sync", Sizes: []int{n}, Runs: 1})
	if err != nil {
		t.Fatal(err)
	}
	s, err := converging(n, fmt.Sprintf("duration: %s\nsample: %s\n", settled+syncInterval, syncInterval))
	if err != nil {
		t.Fatal(err)
	}
	run, err := sim.Run(s, sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := run.Samples[len(run.Samples)-1].Events
	if got := results[0].Events; got != uint64(want) {
		t.Errorf("%d events measured, the interval has %d", got, want)
	}
}

// What an event takes does not depend on how often it is measured: no first search, which
// allocates far more than all others, is among those measured.
func TestBytesOfAnEventDoNotDependOnTheNumberOfRuns(t *testing.T) {
	for _, name := range []string{"sync", "search"} {
		var bytes, allocs []float64
		for _, runs := range []int{1, 2, 5} {
			results, err := Run(Options{Clock: ticking(), Only: name, Sizes: []int{1000}, Runs: runs})
			if err != nil {
				t.Fatal(err)
			}
			bytes, allocs = append(bytes, results[0].BytesPerEvent), append(allocs, results[0].AllocsPerEvent)
		}
		if slices.Max(bytes) > 1.3*slices.Min(bytes)+2 || slices.Max(allocs) > 1.3*slices.Min(allocs)+0.1 {
			t.Errorf("%s: %.1f bytes and %.2f allocations an event with 1, 2 and 5 runs", name, bytes, allocs)
		}
	}
}

// One core means one core, for the collection of garbage too.
func TestOneProcessorIsMeasured(t *testing.T) {
	before := runtime.GOMAXPROCS(2)
	defer runtime.GOMAXPROCS(before)
	clock := ticking()
	_, err := Run(Options{Only: "phold", Sizes: []int{10}, Runs: 1, Clock: func() time.Duration {
		if n := runtime.GOMAXPROCS(0); n != 1 {
			t.Errorf("measured on %d processors", n)
		}
		return clock()
	}})
	if err != nil || runtime.GOMAXPROCS(0) != 2 {
		t.Errorf("afterwards there are %d processors, %v", runtime.GOMAXPROCS(0), err)
	}
}
