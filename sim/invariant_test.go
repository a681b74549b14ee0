package sim_test

import (
	"fmt"
	"testing"
	"time"

	"spreadable/sim"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// parse reads a scenario of the tests.
func parse(t *testing.T, format string, args ...any) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse("test.yaml", fmt.Appendf(nil, format, args...), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// latencies that a small network has to live with.
var latencies = []string{
	"{model: constant, mean: 25ms}",
	"{model: uniform, min: 5ms, max: 100ms}",
	"{model: lognormal, mean: 40ms, stddev: 60ms, min: 2ms}",
}

// Networks of every size from 2 to 40 settle within eight sync intervals, and stay
// settled: from the tenth interval on no invariant is violated, twice an interval, for
// twenty more. Npm's rule flaps for ever at three nodes.
func TestSmallNetworksSettleAndStay(t *testing.T) {
	for nodes := 2; nodes <= 40; nodes++ {
		for seed, latency := range latencies {
			s := parse(t, "name: small\nnodes: %d\nseed: %d\nduration: 480s\nsample: 8s\nlatency: %s\n", nodes,
				seed+1, latency)
			r, err := sim.Run(s, sim.Options{Check: 8 * time.Second})
			if err != nil {
				t.Errorf("%d nodes, latency %s: %v", nodes, latency, err)
				continue
			}
			if rounds := r.Summary.Convergence.Rounds; rounds == nil || *rounds > 8 {
				t.Errorf("%d nodes, latency %s: converged after %v rounds", nodes, latency, text(rounds))
			}
			if bans := r.Summary.Behavior.Bans; bans > 0 {
				t.Errorf("%d nodes, latency %s: %d bans among honest nodes", nodes, latency, bans)
			}
		}
	}
}

func text(rounds *float64) string {
	if rounds == nil {
		return "no number of"
	}
	return fmt.Sprintf("%.1f", *rounds)
}

// However nodes come, the network settles, and what it says of itself is true. Several
// bootstrap nodes begin several networks, which take longer to find each other; the
// others are held to the invariants from the tenth interval on.
func TestEveryJoinSettles(t *testing.T) {
	for _, test := range []struct {
		join  string
		check time.Duration
	}{
		{"{mode: mass}", 16 * time.Second},
		{"{mode: spread, over: 160s}", 16 * time.Second},
		{"{mode: growth, initial: 3, rate: 25%}", 16 * time.Second},
		{"{mode: mass, bootstrap: 3}", 0},
		{"{mode: spread, over: 160s, bootstrap: 2}", 0},
	} {
		s := parse(t, "name: join\nnodes: 150\nseed: 5\nduration: 800s\njoin: %s\nworkload: {searches: {count: 20, start: 720s, over: 40s}}\n", test.join)
		r, err := sim.Run(s, sim.Options{Check: test.check})
		if err != nil {
			t.Errorf("join %s: %v", test.join, err)
			continue
		}
		checkSettled(t, test.join, r)
	}
}

// checkSettled checks the end of a run against the rows of its nodes.
func checkSettled(t *testing.T, what string, r *result.Run) {
	t.Helper()
	last := r.Samples[len(r.Samples)-1]
	if last.Registered != 1 || last.ExactSize != 1 || last.Coverage != 1 {
		t.Errorf("%s: registered %v, exact size %v, coverage %v at the end", what, last.Registered,
			last.ExactSize, last.Coverage)
	}
	slaves, masters := 0, 0
	for _, n := range r.Nodes {
		slaves += n.Slaves
		if n.Slaves > 0 {
			masters++
		}
		if n.Backlink < 0 || r.Nodes[n.Backlink].Slaves == 0 {
			t.Errorf("%s: node %d has backlink %d, which lists no node", what, n.Index, n.Backlink)
		}
	}
	if slaves != len(r.Nodes) || masters != last.Masters {
		t.Errorf("%s: masters list %d of %d nodes; %d masters, sampled %d", what, slaves, len(r.Nodes), masters,
			last.Masters)
	}
	if search := r.Summary.Search; search == nil || search.Coverage.Min != 1 {
		t.Errorf("%s: searches do not reach all nodes: %+v", what, search)
	}
}
