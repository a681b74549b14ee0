package sim_test

import (
	"fmt"
	"slices"
	"testing"

	"spreadable/sim"
)

// In a network that has not settled entry nodes disagree about the approvers of a period.
// Every set that served has worked, and is in nodes.csv and in the number of draws.
func TestEverySetOfApproversThatServedIsCounted(t *testing.T) {
	s := parse(t, `
name: discord
nodes: 150
seed: 2
duration: 60s
registration: original
approval: {period: 60s, approvers: "6"}
measure: 0s
workload: {approvals: {count: 40, start: 20s, over: 30s}}
`)
	r, err := sim.Run(s, sim.Options{})
	r = must(t, r, err)
	served := make([]int, len(r.Nodes))
	sets := make(map[string]bool)
	for _, q := range r.Requests {
		set := slices.Sorted(slices.Values(q.Approvers))
		if name := fmt.Sprint(set); len(set) > 0 && !sets[name] {
			sets[name] = true
			for _, node := range set {
				served[node]++
			}
		}
	}
	if len(sets) < 2 {
		t.Fatalf("%d sets of approvers in one period test nothing", len(sets))
	}
	if got := r.Summary.Approval.Draws; got != len(sets) {
		t.Errorf("%d draws, want %d", got, len(sets))
	}
	for i, n := range r.Nodes {
		if n.Approvals != served[i] {
			t.Errorf("node %d was in %d draws, its row says %d", i, served[i], n.Approvals)
		}
	}
}

// Entry nodes whose draws are compared are different ones: while two nodes of three are
// up, there are two.
func TestEntryNodesOfAnApprovalAreDifferentNodes(t *testing.T) {
	s := parse(t, `
name: entries
nodes: 3
duration: 410s
join: {mode: spread, over: 400s}
workload: {approvals: {count: 20, start: 370s, over: 20s, entries: 3}}
`)
	r, err := sim.Run(s, sim.Options{})
	r = must(t, r, err)
	for _, q := range r.Requests {
		if q.Compared != 2 || !q.Agreed {
			t.Errorf("approval %d compared %d entry nodes, agreed %v", q.Index, q.Compared, q.Agreed)
		}
	}
}
