package sim_test

import (
	"math"
	"testing"
	"time"

	"spreadable/sim"
	"spreadable/sim/result"
)

// What the network promises, as numbers.

func must(t *testing.T, r *result.Run, err error) *result.Run {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A search takes three sequential requests, whatever the size, and its fan-out is the
// square root: 150 ms where one request takes 50.
func TestASearchTakesThreeRequests(t *testing.T) {
	for _, nodes := range []int{9, 100, 400} {
		s := parse(t, "name: search\nnodes: %d\nseed: 3\nduration: 240s\nlatency: {model: constant, mean: 25ms}\nworkload: {searches: {count: 30, start: 192s, over: 30s}}\n", nodes)
		r, err := sim.Run(s, sim.Options{})
		r = must(t, r, err)
		for _, q := range r.Requests {
			root := math.Sqrt(float64(nodes))
			switch {
			case !q.OK || q.Coverage != 1:
				t.Errorf("%d nodes: search %d has coverage %v, error %q", nodes, q.Index, q.Coverage, q.Error)
			case q.Hops != 3 || q.Latency != 150*time.Millisecond:
				t.Errorf("%d nodes: search %d took %d hops and %v", nodes, q.Index, q.Hops, q.Latency)
			case float64(q.Fanout) > 1.25*root+2:
				t.Errorf("%d nodes: search %d fanned out to %d", nodes, q.Index, q.Fanout)
			case q.Messages < int64(nodes) || q.Messages > int64(nodes)+int64(1.25*root)+3:
				t.Errorf("%d nodes: search %d took %d messages", nodes, q.Index, q.Messages)
			}
		}
	}
}

// At rest a node sends about three requests an interval: a slave one, a master one to
// each slave and each other master.
func TestUpkeepIsThreeRequestsANodeAndRound(t *testing.T) {
	for _, nodes := range []int{64, 400} {
		s := parse(t, "name: upkeep\nnodes: %d\nseed: 2\nduration: 480s\n", nodes)
		r, err := sim.Run(s, sim.Options{})
		r = must(t, r, err)
		if r.Summary.Sync == nil || r.Summary.Sync.RequestsPerNodeRound > 3.3 ||
			r.Summary.Sync.RequestsPerNodeRound < 2 {
			t.Errorf("%d nodes: %+v", nodes, r.Summary.Sync)
		}
		masters := float64(r.Samples[len(r.Samples)-1].Masters)
		if root := math.Sqrt(float64(nodes)); math.Abs(masters-root) > 0.15*root+1 {
			t.Errorf("%d nodes have %v masters, want about %.0f", nodes, masters, root)
		}
	}
}

// The course of npm nodes on one machine, as interop/course measures it: the bootstrap node
// first, then 63 at one instant, all by their own timers. A machine takes time for each
// request, so the timers follow one another from the first ping on. All register at the bootstrap
// node at their first sync. At its second it sheds all but its optimum, and those that it
// shed make masters of the others. From then on the network loses few.
func TestOriginalTakesTheCourseOfNpm(t *testing.T) {
	settled := 0
	for seed := 1; seed <= 5; seed++ {
		s := parse(t, `
name: course
nodes: 64
seed: %d
duration: 320s
sample: 16s
registration: original
latency: {model: constant, mean: 1ms}
network: {service: 1ms, connection: each}
join: {mode: list, times: [0s, 300ms]}
`, seed)
		r, err := sim.Run(s, sim.Options{})
		r = must(t, r, err)
		for round, want := range map[int][2]int{1: {63, 1}, 2: {63, 9}} {
			if got := r.Samples[round]; got.RegisteredCount != want[0] || got.Masters != want[1] {
				t.Errorf("seed %d, round %d: %d nodes registered at %d masters, want %v", seed, round, got.RegisteredCount, got.Masters, want)
			}
		}
		for round, got := range r.Samples[3:] {
			if got.RegisteredCount < 50 || got.Masters < 8 || got.Masters > 9 {
				t.Errorf("seed %d, round %d: %d nodes registered at %d masters", seed, round+3, got.RegisteredCount, got.Masters)
			}
		}
		if last := r.Samples[len(r.Samples)-1]; last.ExactSize == 1 {
			settled++
		}
	}
	if settled < 4 {
		t.Errorf("64 original nodes know the exact size after 20 rounds with %d of 5 seeds", settled)
	}
}

// Nodes that sync when the scenario says so, one after the other.
func TestNodesSyncByHand(t *testing.T) {
	const text = `
name: manual
nodes: 12
duration: 480s
sample: 16s
registration: original
sync: manual
`
	r, err := sim.Run(parse(t, text+"sync_order: 0\n"), sim.Options{})
	r = must(t, r, err)
	if last := r.Samples[len(r.Samples)-1]; last.RegisteredCount != 0 {
		t.Errorf("%d nodes have registered without a sync", last.RegisteredCount)
	}
	r, err = sim.Run(parse(t, text), sim.Options{})
	r = must(t, r, err)
	if last := r.Samples[len(r.Samples)-1]; last.ExactSize != 1 {
		t.Errorf("after 30 rounds one after the other %v of 12 nodes know the exact size", last.ExactSize)
	}
}

// In a settled network every approval is granted, and two entry nodes name the same
// approvers.
func TestApprovalsAreGrantedAndAgreed(t *testing.T) {
	s := parse(t, `
name: approval
nodes: 100
seed: 4
duration: 480s
approval: {period: 20s, approvers: "3"}
workload: {approvals: {count: 100, start: 170s, over: 290s, entries: 3}}
`)
	r, err := sim.Run(s, sim.Options{})
	r = must(t, r, err)
	drawn := make(map[time.Duration]bool)
	for _, q := range r.Requests {
		drawn[q.DrawStart] = true
		// The draw at one of the three entry nodes, three requests to approvers, one for the
		// question and one for the action, and what nodes ask each other for these.
		if q.Messages < 6 {
			t.Errorf("approval %d took %d messages", q.Index, q.Messages)
		}
		if !q.OK || len(q.Approvers) != 3 {
			t.Errorf("approval %d: %q, approvers %v", q.Index, q.Error, q.Approvers)
		}
		if !q.Agreed {
			t.Errorf("approval %d: the entry nodes disagree", q.Index)
		}
	}
	if len(drawn) < 14 {
		t.Errorf("only %d draws in 290 s of periods of 20 s", len(drawn))
	}
}
