package sim

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"time"

	"spreadable/internal/stream"
	"spreadable/sim/population"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// callsOf are the times at which the operations of a kind start, ascending.
func callsOf(s *scenario.Scenario, kind result.Kind) []time.Duration {
	series, number := s.Workload.Searches.Series(), uint64(0)
	if kind == result.KindApproval {
		series, number = s.Workload.Approvals.Series(), 1
	}
	r := rand.New(stream.New(s.Seed, number, stream.Calls))
	switch {
	case series.Times != nil:
		return series.Times
	case s.Workload.Arrivals != scenario.ArrivePoisson:
		return evenly(series.Count, series.Start, series.Over)
	case series.Rate > 0:
		return poisson(series.Rate, series.Start, series.Over, r)
	}
	return scattered(series.Count, series.Start, series.Over, r)
}

// evenly are so many times, evenly spaced.
func evenly(count int, start, over time.Duration) []time.Duration {
	times := make([]time.Duration, count)
	for i := range times {
		times[i] = start + time.Duration(float64(over)*float64(i)/float64(count))
	}
	return times
}

// poisson are the times of a Poisson process of so many a second.
func poisson(rate float64, start, over time.Duration, r *rand.Rand) (times []time.Duration) {
	for at := 0.0; ; {
		at += r.ExpFloat64() / rate
		if at >= over.Seconds() {
			return times
		}
		times = append(times, start+time.Duration(at*float64(time.Second)))
	}
}

// scattered are the times of a Poisson process with so many of them: each lies anywhere,
// whatever the others do.
func scattered(count int, start, over time.Duration, r *rand.Rand) []time.Duration {
	times := make([]time.Duration, count)
	for i := range times {
		times[i] = start + time.Duration(r.Int64N(int64(over)+1))
	}
	slices.Sort(times)
	return times
}

// entries says at which nodes clients ask. It is constant during a run.
type entries struct {
	world  *world
	hosts  []int     // only these; nil for all
	chance []float64 // of zipf: up to each host, in any unit; nil else
}

func newEntries(w *world) *entries {
	e := &entries{world: w, hosts: w.scenario.Workload.EntryHosts()}
	if exponent := w.scenario.Workload.ZipfExponent(); exponent > 0 {
		sum := 0.0
		for i := range w.nodes {
			sum += math.Pow(float64(i+1), -exponent)
			e.chance = append(e.chance, sum)
		}
	}
	return e
}

// tries is how often a node is drawn that is up and that clients can call.
const tries = 1000

// draw draws a node of those that are up. Where no host that may be asked is, it is one
// that is down.
func (e *entries) draw(alive population.Alive, r *rand.Rand) int {
	if e.hosts == nil && e.chance == nil {
		return e.world.entry(alive, r)
	}
	node := 0
	for range tries {
		if e.hosts != nil {
			node = e.hosts[r.IntN(len(e.hosts))]
		} else {
			node = sort.SearchFloat64s(e.chance, r.Float64()*e.chance[len(e.chance)-1])
		}
		if alive.Has(node) && !e.world.outside(node) {
			break
		}
	}
	return node
}

// different draws so many different nodes that clients can call, or all there are. The
// first is drawn as the scenario says, the others are any.
func (e *entries) different(rng *rand.Rand, alive population.Alive, count int) []int {
	list := []int{e.draw(alive, rng)}
	for most := min(count, e.world.members(alive)); len(list) < most; {
		if node := e.world.entry(alive, rng); !slices.Contains(list, node) {
			list = append(list, node)
		}
	}
	return list
}
