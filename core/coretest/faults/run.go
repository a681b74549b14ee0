package faults

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"spreadable/sim/fault"
)

// Run is what is run, and how long it is watched.
type Run struct {
	Kind  string // one of fault.Kinds
	Size  int
	Seed  uint64
	Boots int // bootstrap nodes, at most Size
	Watch int // rounds after the fault; 0 is 120
}

// Result is what became of a run.
type Result struct {
	Plan   string        // what the fault did
	Lasted time.Duration // the fault itself
	// Start is how many rounds it took until the invariants first held, -1 if not in 15.
	Start int
	// Rounds is how many after the fault they held for good, -1 if they do not in the end.
	Rounds     int
	Relapses   int    // how often they held and then did not
	Violation  string // in the end, or ""
	Components int    // networks in the end
	Bans       []Ban  // of honest nodes by honest nodes
	Bystanders int    // those of them against nodes that were never away
}

func (r Result) String() string {
	return fmt.Sprintf("%s; lasted %v; whole at first after %d rounds, then after %d with %d relapses; %d networks, %d false bans (%d of bystanders) %s",
		r.Plan, r.Lasted, r.Start, r.Rounds, r.Relapses, r.Components, len(r.Bans), r.Bystanders, r.Violation)
}

// Do runs it, and writes all that happens to log, a line each.
func (r Run) Do(t testing.TB, log io.Writer) Result {
	w := grown(t, r.Size, r.Seed, r.Boots, log)
	defer w.Close()
	result := Result{Start: w.settle(15)}
	w.Run(w.breaker.Between(0, 5*round))
	began := w.Now()
	kind, _ := fault.Of(r.Kind)
	w.breaker.Do(kind)
	result.Lasted, result.Plan = w.Now()-began, strings.Join(w.breaker.Steps, "; ")
	watch := r.Watch
	if watch == 0 {
		watch = 120
	}
	w.watch(watch, &result)
	result.Components, result.Bans = w.Components(), w.FalseBans()
	for _, ban := range result.Bans {
		if w.Host(ban.Who).Lives == 1 {
			result.Bystanders++
		}
	}
	fmt.Fprintf(log, "start %d, rounds %d, relapses %d, components %d, bans %d\n",
		result.Start, result.Rounds, result.Relapses, result.Components, len(w.Bans))
	return result
}

// settle runs until the invariants hold and returns after how many rounds; -1 if they do
// not within the limit.
func (w *World) settle(limit int) int {
	for i := range limit {
		w.Run(round)
		if w.Violation() == "" {
			return i + 1
		}
	}
	return -1
}

// watch follows the mending.
func (w *World) watch(rounds int, result *Result) {
	for i := range rounds {
		if w.Violation() != "" {
			if result.Rounds < i {
				result.Relapses++ // it was whole before
			}
			result.Rounds = i + 1
		}
		w.Run(round)
	}
	if result.Violation = w.Violation(); result.Violation != "" {
		result.Rounds = -1
	}
}

// finish ends a run that has no fault to mend, and returns its world for a closer look.
func (w *World) finish() *World {
	fmt.Fprintf(w.log, "components %d, bans %d\n", w.Components(), len(w.Bans))
	w.Close()
	return w
}
