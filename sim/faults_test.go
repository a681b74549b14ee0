package sim_test

import (
	"fmt"
	"math"
	"testing"

	"spreadable/sim"
	"spreadable/sim/result"
)

// broken runs a network of a hundred nodes with faults.
func broken(t *testing.T, faults string, workers int) *result.Run {
	t.Helper()
	s := parse(t, "name: broken\nnodes: 100\nduration: 12m\nfaults: [%s]\nworkload: {searches: {count: 40, start: 3m, over: 8m}, approvals: {count: 20, start: 3m, over: 8m}}\n", faults)
	r, err := sim.Run(s, sim.Options{Workers: workers})
	return must(t, r, err)
}

// courses are faults of every kind.
var courses = []string{
	"{at: 4m, do: crash, on: 30%}",
	"{at: 4m, do: crash, on: 20% largest masters, silent: false}",
	"{at: 4m, do: crash, on: bootstrap}",
	"{at: 4m, do: bounce, on: 3 masters, for: 40s}, {at: 4m10s, do: bounce, on: 20% slaves, memory: false}",
	"{at: 4m, do: partition, on: '#3-30', for: 90s}, {at: 6m, do: partition, on: 20%}, {at: 7m, do: repair}",
	"{at: 4m, do: hold, on: 20%}, {at: 4m20s, do: hold, on: 2, for: 3m}, {at: 5m, do: release}",
	"{at: 4m, do: hold, on: 40%}, {at: 5m, do: bounce, on: 30%}, {at: 6m, do: release}",
	"{at: 4m, do: slow, on: 30%, by: 1200ms, for: 2m}, {at: 5m, do: loss, share: 5%, for: 1m}",
	"{at: 4m, do: skew, on: 30%, by: 4m}",
}

// A network survives each of them whole, without a ban, and in the same way with any number
// of workers.
func TestANetworkMendsAfterFaults(t *testing.T) {
	for _, course := range courses {
		r := broken(t, course, 1)
		s := &r.Summary
		if s.Faults == nil || s.Faults.Rounds == nil || s.Behavior.Bans != 0 {
			t.Errorf("%s: %+v, %d bans", course, s.Faults, s.Behavior.Bans)
		}
		if other := broken(t, course, 3); other.Summary.Fingerprint != s.Fingerprint {
			t.Errorf("%s: with 3 workers the fingerprint is %s, was %s", course, other.Summary.Fingerprint, s.Fingerprint)
		}
	}
}

// A few nodes mend when the bootstrap node is gone, also where timeouts are long for the
// sync interval: the dead node must not use up the time in which others could be asked.
func TestAFewNodesMendWithoutTheBootstrapNode(t *testing.T) {
	for nodes := 3; nodes <= 6; nodes++ {
		for seed := range 5 {
			s := parse(t, `
name: few
duration: 100s
latency: {model: constant, mean: 10ms}
sync_interval: 1s
nodes: %d
seed: %d
node: {server_timeout: 300ms, ping_timeout: 200ms}
faults: [{at: 20s, do: crash, on: bootstrap}]
`, nodes, seed)
			r, err := sim.Run(s, sim.Options{})
			f := must(t, r, err).Summary.Faults
			if f == nil || f.Rounds == nil || *f.Rounds > 12 {
				t.Errorf("%d nodes, seed %d: %+v", nodes, seed, f)
			}
		}
	}
}

// Where no node is left nothing is measured: what was true before the last crash is not what
// is true at the end.
func TestWithoutNodesNothingIsMeasured(t *testing.T) {
	for _, test := range []struct {
		faults, more string
		back         bool
	}{
		{"{at: 10m, do: crash, on: 100%}", "", false},
		{"{at: 10m, do: crash, on: 100%}", "churn: {session: {model: exponential, mean: 10h}}", false},
		{"{at: 10m, do: bounce, on: 100%, for: 20s}", "", true},
	} {
		s := parse(t, "name: gone\nnodes: 30\nduration: 12m\nfaults: [%s]\n%s\n", test.faults, test.more)
		r, err := sim.Run(s, sim.Options{})
		must(t, r, err)
		unmeasured := 0
		for i := range r.Samples {
			if p := &r.Samples[i]; p.Alive == 0 {
				unmeasured++
				if !math.IsNaN(p.Registered) || !math.IsNaN(p.ExactSize) || !math.IsNaN(p.Coverage) || p.Settled() {
					t.Errorf("%s: %+v", test.faults, p)
				}
			}
		}
		last := r.Samples[len(r.Samples)-1]
		if unmeasured < 5 || last.Time != s.Duration {
			t.Errorf("%s: %d samples without nodes, the last sample is that of %v", test.faults, unmeasured, last.Time)
		}
		c := r.Summary.Convergence
		if test.back != (c.Registered != nil) || test.back != (c.TimeS != nil) || test.back != (r.Summary.Faults.Rounds != nil) {
			t.Errorf("%s: %+v", test.faults, c)
		}
		if !test.back && r.Summary.Sync != nil {
			t.Errorf("%s: %+v for each node of none", test.faults, r.Summary.Sync)
		}
		if churn := r.Summary.Churn; churn != nil && (churn.Alive.Min != 0 || churn.Registered.Min == 0) {
			t.Errorf("%s: alive %+v, registered %+v", test.faults, churn.Alive, churn.Registered)
		}
		if err := r.Write(t.TempDir()); err != nil {
			t.Errorf("%s: %v", test.faults, err)
		}
	}
}

// A fault is on as many nodes as it says, and the samples show it.
func TestFaultsAreOnTheNodesTheySay(t *testing.T) {
	for _, test := range []struct {
		on    string
		nodes int
	}{
		{"30%", 30}, {"7", 7}, {"'#3,5-9'", 6}, {"bootstrap", 1}, {"3 largest masters", 3}, {"20 slaves", 20}, {"nodes", 100},
		{"0.1%", 1}, {"100", 100},
	} {
		r := broken(t, fmt.Sprintf("{at: 4m, do: crash, on: %s}", test.on), 1)
		last := r.Samples[len(r.Samples)-1]
		steps := r.Summary.Faults.Steps
		if len(steps) != 1 || steps[0].Nodes != test.nodes || test.nodes < 100 && last.Alive != 100-test.nodes {
			t.Errorf("crash on %s: %+v, %d are alive at the end", test.on, steps, last.Alive)
		}
	}
}

// Nodes that bounce are back after their time, also those that leave by churn.
func TestNodesThatBounceComeBack(t *testing.T) {
	r := broken(t, "{at: 4m, do: bounce, on: 40%, for: 30s}", 1)
	for _, sample := range r.Samples {
		at := sample.Time.Seconds()
		want := 100
		if at >= 240 && at < 270 {
			want = 60
		}
		if sample.Alive != want {
			t.Errorf("at %v s %d nodes are alive, want %d", at, sample.Alive, want)
		}
	}
	s := parse(t, "name: both\nnodes: 60\nduration: 20m\nchurn: {session: {model: exponential, mean: 5m}, absence: {model: exponential, mean: 1m}, new_ip: 50%%}\nfaults: [{at: 4m, do: bounce, on: 40%%, for: 2m}, {at: 8m, do: crash, on: 50%%}]\n")
	fingerprint, _ := run(t, s, 1)
	if again, _ := run(t, s, 3); again != fingerprint {
		t.Errorf("faults beside churn: with 3 workers the fingerprint is %s, was %s", again, fingerprint)
	}
}

// Every key of a fault has an effect.
func TestEveryKeyOfAFaultHasAnEffect(t *testing.T) {
	for _, pair := range [][2]string{
		{"{at: 4m, do: crash, on: 30%}", "{at: 5m, do: crash, on: 30%}"},
		{"{at: 4m, do: crash, on: 30%}", "{at: 4m, do: crash, on: 40%}"},
		{"{at: 4m, do: crash, on: 30%}", "{at: 4m, do: bounce, on: 30%}"},
		{"{at: 4m, do: crash, on: 30%}", "{at: 4m, do: crash, on: 30%, silent: false}"},
		{"{at: 4m, do: bounce, on: 30%}", "{at: 4m, do: bounce, on: 30%, for: 20s}"},
		{"{at: 4m, do: bounce, on: 30%}", "{at: 4m, do: bounce, on: 30%, memory: false}"},
		{"{at: 4m, do: slow, on: 30%, by: 1s}", "{at: 4m, do: slow, on: 30%, by: 900ms}"},
		{"{at: 4m, do: slow, on: 30%, by: 1s}", "{at: 4m, do: slow, on: 30%, by: 1s, for: 1m}"},
		{"{at: 4m, do: slow, on: 30%, by: 1s}", "{at: 4m, do: slow, on: 20%, by: 1s}"},
		{"{at: 4m, do: skew, on: 30%, by: 3m}", "{at: 4m, do: skew, on: 30%, by: 3m, for: 1m}"},
		{"{at: 4m, do: loss, share: 5%}", "{at: 4m, do: loss, share: 5%, for: 1m}"},
		{"{at: 4m, do: hold, on: 30%}", "{at: 4m, do: hold, on: 30%, for: 1m}"},
		{"{at: 4m, do: hold, on: 30%, for: 1m}", "{at: 4m, do: hold, on: 30% masters, for: 1m}"},
		{"{at: 4m, do: crash, on: 3 masters}", "{at: 4m, do: crash, on: 3 largest masters}"},
		{"{at: 4m, do: crash, on: 3 masters}", "{at: 4m, do: crash, on: 3 slaves}"},
		{"{at: 4m, do: crash, on: '#3-5'}", "{at: 4m, do: crash, on: '#3-6'}"},
		{"{at: 4m, do: skew, on: 30%, by: 3m}", "{at: 4m, do: skew, on: 30%, by: 5m}"},
		{"{at: 4m, do: loss, share: 5%}", "{at: 4m, do: loss, share: 6%}"},
		{"{at: 4m, do: partition, on: 30%}", "{at: 4m, do: partition, on: 30%}, {at: 5m, do: repair}"},
		{"{at: 4m, do: hold, on: 30%}", "{at: 4m, do: hold, on: 30%}, {at: 5m, do: release}"},
	} {
		if a, b := broken(t, pair[0], 1), broken(t, pair[1], 1); a.Summary.Fingerprint == b.Summary.Fingerprint {
			t.Errorf("%s is the same as %s", pair[0], pair[1])
		}
	}
}

// Where two faults of a kind are on a node, the later one holds, and when it ends the
// earlier one holds again: the same run as if that had been written down.
func TestTheEarlierFaultHoldsAgainWhenTheLaterEnds(t *testing.T) {
	for _, pair := range [][2]string{
		{"{at: 4m, do: slow, on: '#3-30', by: 900ms}, {at: 5m, do: slow, on: '#20-40', by: 1s, for: 1m}",
			"{at: 4m, do: slow, on: '#3-30', by: 900ms}, {at: 5m, do: slow, on: '#20-40', by: 1s, for: 1m}, {at: 6m1ns, do: slow, on: '#20-30', by: 900ms}"},
		{"{at: 4m, do: loss, share: 9%}, {at: 5m, do: loss, share: 2%, for: 1m}",
			"{at: 4m, do: loss, share: 9%}, {at: 5m, do: loss, share: 2%}, {at: 6m, do: loss, share: 9%}"},
		{"{at: 4m, do: loss, share: 9%, for: 1m}, {at: 4m30s, do: loss, share: 2%}",
			"{at: 4m, do: loss, share: 9%}, {at: 4m30s, do: loss, share: 2%}"},
		{"{at: 4m, do: skew, on: '#3-30', by: 3m}, {at: 5m, do: skew, on: '#3-30', by: 9m, for: 1m}",
			"{at: 4m, do: skew, on: '#3-30', by: 3m}, {at: 5m, do: skew, on: '#3-30', by: 9m}, {at: 6m, do: skew, on: '#3-30', by: 3m}"},
		{"{at: 4m, do: hold, on: '#3-30', for: 2m}, {at: 5m, do: hold, on: '#20-30', for: 2m}",
			"{at: 4m, do: hold, on: '#3-19', for: 2m}, {at: 4m, do: hold, on: '#20-30', for: 3m}"},
	} {
		if a, b := broken(t, pair[0], 1), broken(t, pair[1], 1); a.Summary.Fingerprint != b.Summary.Fingerprint {
			t.Errorf("%s is not the same as %s", pair[0], pair[1])
		}
	}
}
