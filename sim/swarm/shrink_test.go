package swarm_test

import (
	"slices"
	"testing"

	"spreadable/sim/swarm"
)

// A system that fails after a hang, in networks of five nodes and more, shrinks to just
// that.
func TestShrinkFindsTheSmallestPlan(t *testing.T) {
	run := func(p swarm.Plan) *swarm.Failure {
		if p.Nodes >= 5 && slices.Contains(p.Faults, "hang") {
			return &swarm.Failure{Kind: swarm.FailedMend}
		}
		return nil
	}
	large := parse(t, "seed=9 nodes=250 bootstrap=3 levels=3 loss=0.02 faults=kill,hang,churn,hang liars=captor:3")
	small, failure := swarm.Shrink(large, run(large), run)
	if want := "seed=9 nodes=5 faults=hang"; small.String() != want || failure == nil {
		t.Errorf("shrinks to %q, %v, want %q", small, failure, want)
	}
}

// Another failure is not the one that was looked for.
func TestShrinkKeepsToTheFailure(t *testing.T) {
	run := func(p swarm.Plan) *swarm.Failure {
		if p.Nodes < 20 {
			return &swarm.Failure{Kind: swarm.FailedBan}
		}
		return &swarm.Failure{Kind: swarm.FailedMend}
	}
	large := parse(t, "nodes=100 faults=kill")
	if small, failure := swarm.Shrink(large, run(large), run); small.Nodes < 20 || failure.Kind != swarm.FailedMend {
		t.Errorf("shrinks to %s, which fails by %s", small, failure.Kind)
	}
}

// Where sizes fail only with some seeds, others are tried.
func TestShrinkTriesOtherSeeds(t *testing.T) {
	run := func(p swarm.Plan) *swarm.Failure {
		if p.Nodes > 50 || p.Nodes == 3 && p.Seed%7 == 0 {
			return &swarm.Failure{Kind: swarm.FailedMend}
		}
		return nil
	}
	large := parse(t, "seed=1 nodes=100 faults=kill")
	if small, _ := swarm.Shrink(large, run(large), run); small.String() != "seed=7 nodes=3" {
		t.Errorf("shrinks to %s", small)
	}
}
