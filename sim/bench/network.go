package bench

import (
	"fmt"
	"time"

	"spreadable/sim"
	"spreadable/sim/scenario"
)

// A run reports its progress at least this often between two samples, at equal distances;
// these are the stretches measured here.
const slicesPerSample = 16

// settled is when every network here has converged long since.
const settled = 128 * time.Second

const syncInterval = 16 * time.Second

// syncRound measures slices of one sync interval each. Samples would disturb, so they are
// 16 of them apart.
func syncRound(w *watch, size, runs int) error {
	const sample = slicesPerSample * syncInterval
	end := settled + time.Duration(runs+runs/(slicesPerSample-1)+1)*syncInterval
	s, err := converging(size, fmt.Sprintf("duration: %s\nsample: %s\n", end, sample))
	if err != nil {
		return err
	}
	return measure(w, s, syncInterval, func(start time.Duration) bool {
		return start >= settled && start < end && start%sample != 0 && len(w.measured) < runs
	})
}

// searchSlice holds a whole search, three hops of 50 ms, and little else.
const searchSlice = 160 * time.Millisecond

// coldSearches come before those measured. A first search finds nothing to reuse, and
// allocates some five times what every later one does; by the fourth nothing is left of
// that.
const coldSearches = 3

// search measures slices with a search each, one between every two samples.
func search(w *watch, size, runs int) error {
	const sample = slicesPerSample * searchSlice
	const cold = settled/sample*sample + slicesPerSample/2*searchSlice
	const first = cold + coldSearches*sample
	end := first + time.Duration(runs)*sample
	s, err := converging(size, fmt.Sprintf("duration: %s\nsample: %s\nworkload: {searches: {count: %d, start: %s, over: %s}}\n",
		end, sample, coldSearches+runs, cold, end-cold))
	if err != nil {
		return err
	}
	return measure(w, s, searchSlice, func(start time.Duration) bool {
		return start >= first && start < end && (start-first)%sample == 0
	})
}

// converging is a network that all nodes join at once, with 25 ms for each message.
func converging(nodes int, more string) (*scenario.Scenario, error) {
	return scenario.Parse("bench", fmt.Appendf(nil,
		"name: bench\nnodes: %d\nsync_interval: %s\nlatency: {mean: 25ms}\njoin: {mode: mass}\n%s", nodes,
		syncInterval, more), nil)
}

// measure runs a scenario and measures stretches of the given length: one from each
// moment that is wanted. Both ends of a stretch must be moments at which the run reports;
// it may also report in between. A stretch that follows a sample must not be wanted:
// taking the sample would count.
func measure(w *watch, s *scenario.Scenario, length time.Duration, wanted func(start time.Duration) bool) error {
	before, end := uint64(0), time.Duration(0) // end is 0 while nothing is measured
	run, err := sim.Run(s, sim.Options{Progress: func(p sim.Progress) {
		if end > 0 && p.Virtual >= end {
			w.stop(p.Events - before)
			end = 0
		}
		if end > 0 {
			return
		}
		w.look() // building and settling may take more memory than what is measured
		if wanted(p.Virtual) {
			before, end = p.Events, p.Virtual+length
			w.start()
		}
	}})
	if err != nil {
		return err
	}
	if c := run.Summary.Convergence; *c.Coverage < 1 || *c.ExactSize < 1 {
		return fmt.Errorf("the network has not settled: coverage %v, exact size %v", *c.Coverage, *c.ExactSize)
	}
	if searches := run.Summary.Search; searches != nil && searches.Complete < searches.Count {
		return fmt.Errorf("only %d of %d searches were complete", searches.Complete, searches.Count)
	}
	w.look()
	return nil
}
