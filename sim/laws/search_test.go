package laws

import (
	"maps"
	"slices"
	"testing"
	"time"

	"spreadable/sim"
	"spreadable/sim/scenario"
)

// Where each pair has one latency and there is no jitter, every search takes exactly the
// maximum of the sums that the topology implies.
func TestASearchTakesAsLongAsItsSlowestPath(t *testing.T) {
	for i, keys := range []string{
		"{model: lognormal, mean: 40ms, stddev: 20ms, min: 5ms, per: pair}",
		"{model: pareto, min: 10ms, shape: 3, per: pair}",
		"{model: planet}",
		"{model: planet, access: {server: 100%}, places: {Tokyo: 20%, London: 50%, Sydney: 30%}}",
		"{model: regions}",
	} {
		s, err := parsed(uint64(i+1), 70+31*i, "latency: "+keys+"\nworkload: {searches: {count: 100, start: 112s, over: 40s}}")
		if err != nil {
			t.Fatal(err)
		}
		s.Duration = 160 * time.Second
		checkPaths(t, s, keys)
	}
}

// checkPaths runs a scenario and holds each of its searches against the topology.
func checkPaths(t *testing.T, s *scenario.Scenario, keys string) {
	t.Helper()
	r, err := sim.Run(s, sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	model, err := s.LatencyModel()
	if err != nil {
		t.Fatal(err)
	}
	trip := func(a, b int) time.Duration { return 2 * model.Draw(uint32(a), uint32(b), nil) }
	paths := topologyOf(r)
	masters := slices.Sorted(maps.Keys(paths))
	for _, q := range r.Requests {
		if want := paths.latency(masters, s.Nodes+q.Index, q.Entry, trip); q.Latency != want {
			t.Errorf("%s: search %d at node %d takes %v, its slowest path %v", keys, q.Index, q.Entry, q.Latency, want)
		}
	}
}
