package sim_test

import (
	"fmt"
	"testing"

	"spreadable/sim"
	"spreadable/sim/result"
)

// summarize runs a network of so many nodes with some keys of churn.
func summarize(t *testing.T, nodes int, duration, churn string) *result.Summary {
	t.Helper()
	s := parse(t, "name: churn\nnodes: %d\nduration: %s\nchurn: %s\n", nodes, duration, churn)
	r, err := sim.Run(s, sim.Options{})
	return &must(t, r, err).Summary
}

// Whatever nodes do, the run is the same to the bit with any number of workers.
func TestChurnIsTheSameWithAnyNumberOfWorkers(t *testing.T) {
	for _, churn := range []string{
		"{session: {model: exponential, mean: 4m}}",
		"{session: {model: weibull, shape: 0.6, mean: 4m}, absence: {model: pareto, shape: 2, mean: 2m}, memory: 60%, new_ip: 40%}",
	} {
		s := parse(t, "name: churn\nnodes: 90\nduration: 20m\nchurn: %s\nworkload: {searches: {count: 30, start: 2m, over: 15m}}\n", churn)
		fingerprint, summary := run(t, s, 1)
		for _, workers := range []int{2, 3, 8} {
			if f, text := run(t, s, workers); f != fingerprint || text != summary {
				t.Errorf("%s: with %d workers the fingerprint is %s, was %s", churn, workers, f, fingerprint)
			}
		}
	}
}

// A network whose nodes stay for half an hour in the median reaches nearly all of them at
// any time, and none bans another.
func TestANetworkHoldsUnderChurn(t *testing.T) {
	for _, churn := range []string{
		"{session: {model: exponential, median: 30m}}",
		"{session: {model: exponential, median: 30m}, crash: 0%}",
		"{session: {model: exponential, median: 30m}, absence: {model: exponential, mean: 10m}, new_ip: 50%}",
		"{preset: kad}", "{preset: ipfs-2022}",
	} {
		s := summarize(t, 300, "1h", churn)
		c := s.Churn
		if c.Coverage == nil || c.Coverage.Mean < 0.98 || c.Registered.Mean < 0.98 {
			t.Errorf("%s: coverage %+v, registered %+v", churn, c.Coverage, c.Registered)
		}
		if s.Behavior.Bans != 0 {
			t.Errorf("%s: %d bans", churn, s.Behavior.Bans)
		}
		if c.RelistedS != nil && *c.RelistedS > 24 {
			t.Errorf("%s: listed again %.1f s after the silent death of a master", churn, *c.RelistedS)
		}
	}
}

// A node that leaves in good order tells its backlink that it has gone, so no master lists
// a dead one.
func TestNodesThatLeaveInGoodOrderAreNotTakenForDead(t *testing.T) {
	for _, levels := range []string{"1", "2", "auto"} {
		s := parse(t, "name: leave\nnodes: 300\nlevels: %s\nduration: 10m\nleave: {at: 4m, rate: 5%%, to: 150}\n", levels)
		r, err := sim.Run(s, sim.Options{})
		c := must(t, r, err).Summary.Churn
		if c.Left != 150 || c.Delisted > 3 || c.Stale.Mean > 0.0001 {
			t.Errorf("levels %s: of %d nodes that left %d were listed until they were silent; stale: %+v", levels, c.Left, c.Delisted, *c.Stale)
		}
	}
}

// The sums count what the keys say: crashes, returns, memory and addresses.
func TestTheSummaryCountsWhatNodesDo(t *testing.T) {
	const lives = "session: {model: exponential, mean: 5m}, absence: {model: exponential, mean: 5m}"
	for _, test := range []struct {
		keys string
		want func(c *result.Churn) bool
	}{
		{"crash: 0%", func(c *result.Churn) bool { return c.Crashed == 0 && c.Relisted == 0 && c.RelistedS == nil }},
		{"crash: 100%", func(c *result.Churn) bool { return c.Crashed == c.Left && c.Relisted > 0 }},
		{"memory: 0%", func(c *result.Churn) bool { return c.Remembered == 0 && c.Returned > 0 }},
		{"memory: 100%", func(c *result.Churn) bool { return c.Remembered == c.Returned }},
		{"new_ip: 0%", func(c *result.Churn) bool { return c.Moved == 0 && c.Hosts == 200 }},
		{"new_ip: 100%", func(c *result.Churn) bool { return c.Moved == c.Returned && c.Hosts > 200 }},
	} {
		s := summarize(t, 100, "40m", fmt.Sprintf("{%s, %s}", lives, test.keys))
		if !test.want(s.Churn) || s.Churn.Left < 500 {
			t.Errorf("%s: %+v", test.keys, s.Churn)
		}
	}
	still := parse(t, "name: still\nnodes: 10\nduration: 1m\n")
	if r, err := sim.Run(still, sim.Options{}); err != nil || r.Summary.Churn != nil {
		t.Errorf("a run without churn has %+v, %v", r.Summary.Churn, err)
	}
}

// A master of many slaves, one of which dies every few seconds, still takes newcomers: if
// it took its losses for those of a catastrophe, it would refuse them, and new masters
// would come by the dozen.
func TestMastersTakeNewcomersWhileSlavesDieAllTheTime(t *testing.T) {
	s := parse(t, "name: fast\nnodes: 900\nduration: 6m\nchurn: {session: {model: exponential, median: 3m}, crash: 100%%}\n")
	r, err := sim.Run(s, sim.Options{})
	churn := must(t, r, err).Summary.Churn
	if churn.Registered.Mean < 0.89 || churn.Coverage.Mean < 0.79 {
		t.Errorf("%.3f of the nodes are registered in the mean, and searches reach %.3f, want 0.89 and 0.79",
			churn.Registered.Mean, churn.Coverage.Mean)
	}
}
