package laws

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"spreadable/internal/stream"
	"spreadable/scenarios"
	"spreadable/sim"
	"spreadable/sim/plots"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
	"spreadable/transport/inmem/latency"
)

// search is the law of the latency of searches.
func search() Law {
	return Law{
		Name:   "search",
		Title:  "the latency of a search is the maximum of the sums that the topology implies",
		Source: "the three hops of a search; scenarios/laws/search-latency.yaml has the formula",
		Parameters: []Parameter{seed(),
			whole("seeds", "runs with different seeds", 30, 100, 1, 10_000),
			whole("draws", "draws of the formula for each run", 4000, 20_000, 100, 1_000_000),
		},
		Scenario: "laws/search-latency.yaml",
		run:      runSearch,
	}
}

// shipped reads a scenario of the laws with a seed.
func shipped(path string, seed uint64, sets []string) (*scenario.Scenario, error) {
	text, err := scenarios.Laws.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return scenario.Parse(path, text, append(slices.Clone(sets), "seed="+strconv.FormatUint(seed, 10)))
}

// topology is which nodes a search asks: the slaves of each master.
type topology map[int][]int

// topologyOf is the topology at the end of a run. In a settled network it is that of all
// searches.
func topologyOf(r *result.Run) topology {
	t := make(topology)
	for _, n := range r.Nodes {
		if n.Backlink != result.NoBacklink {
			t[n.Backlink] = append(t[n.Backlink], n.Index)
		}
	}
	return t
}

// latency is how long a search takes that a client asks of an entry node, when a request
// with its answer takes as long as trip says: the client's request, and the slowest of the
// masters, each of which takes a request and the slowest of its slaves. What a node asks
// of itself takes no time.
func (t topology) latency(masters []int, client, entry int, trip func(from, to int) time.Duration) time.Duration {
	slowest := time.Duration(0)
	for _, master := range masters {
		below := time.Duration(0)
		for _, slave := range t[master] {
			if slave != master {
				below = max(below, trip(master, slave))
			}
		}
		if master != entry {
			below += trip(entry, master)
		}
		slowest = max(slowest, below)
	}
	return trip(client, entry) + slowest
}

// implied are draws of the formula, in milliseconds and sorted.
func (t topology) implied(draws, nodes int, model latency.Model, r *rand.Rand) []float64 {
	trip := func(a, b int) time.Duration {
		return model.Draw(uint32(a), uint32(b), r) + model.Draw(uint32(b), uint32(a), r)
	}
	masters := slices.Sorted(maps.Keys(t))
	list := make([]float64, draws)
	for i := range list {
		list[i] = ms(t.latency(masters, nodes+i, r.IntN(nodes), trip))
	}
	slices.Sort(list)
	return list
}

// runSearch compares the searches of each seed with draws of the formula by the topology of
// that run. The draws come from the model of the run, which another law holds against its
// distribution, and from other random numbers.
func runSearch(s *settings) (*Outcome, error) {
	var ps, measured, implied []float64
	failed := 0
	for i := range s.whole("seeds") {
		this, err := shipped("laws/search-latency.yaml", s.seed()+uint64(i), s.sets)
		if err != nil {
			return nil, err
		}
		model, err := this.LatencyModel()
		if err != nil {
			return nil, err
		}
		run, err := sim.Run(this, sim.Options{})
		if err != nil {
			return nil, err
		}
		// Other random numbers than those of the run: a stream that no host has.
		r := rand.New(stream.New(this.Seed, 1<<40, stream.Weather))
		want := topologyOf(run).implied(s.whole("draws"), this.Nodes, model, r)
		var got []float64
		for _, q := range run.Requests {
			if !q.OK {
				failed++
			}
			got = append(got, ms(q.Latency))
		}
		if len(got) == 0 {
			return nil, fmt.Errorf("set workload.searches.count: the law needs searches")
		}
		slices.Sort(got)
		ps = append(ps, same(got, want))
		measured, implied = append(measured, got...), append(implied, want...)
	}
	slices.Sort(measured)
	slices.Sort(implied)
	return &Outcome{
		Rows: []Row{
			rejected(fmt.Sprintf("of %d seeds, those whose searches differ with p below 0.01", len(ps)), ps, 1),
			within("searches that failed", float64(failed), 0, 0),
		},
		Charts: []plots.Chart{{Name: "search", Title: "Latency of searches", X: "latency in ms", Y: "share of searches that are quicker",
			Curves: []plots.Curve{shares("formula", implied, false), shares("simulated", measured, true)}}},
	}, nil
}

// shares is the curve of a sorted sample: which share of it is below. The ends, a hundredth
// as a mark and a thousandth as a line, are left out.
func shares(name string, sorted []float64, marks bool) plots.Curve {
	c := plots.Curve{Name: name, Marks: marks}
	steps := 500
	if marks {
		steps = 50
	}
	for i := range steps {
		share := (float64(i) + 0.5) / float64(steps)
		c.Add(sorted[int(share*float64(len(sorted)))], share)
	}
	return c
}
