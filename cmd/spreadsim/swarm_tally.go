package main

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"spreadable/sim/swarm"
)

// tally counts what became of the phases of all runs, by the kind of fault or liar.
type tally struct {
	runs, failed int
	events       uint64
	kinds        map[string]*kindTally
}

// kindTally is what became of the phases of one kind.
type kindTally struct {
	rounds []int // until the network was whole
	failed int
}

func newTally() tally { return tally{kinds: make(map[string]*kindTally)} }

func (t *tally) add(o swarm.Outcome) {
	t.runs++
	t.events += o.Events
	for _, p := range o.Phases {
		k := t.kind(p.Fault)
		k.rounds = append(k.rounds, p.Rounds)
	}
	if o.Failure != nil {
		t.failed++
		t.kind(o.Failure.Phase).failed++
	}
}

func (t *tally) kind(name string) *kindTally {
	if t.kinds[name] == nil {
		t.kinds[name] = new(kindTally)
	}
	return t.kinds[name]
}

// print writes a table of all kinds.
func (t *tally) print(w io.Writer) {
	fmt.Fprintf(w, "%-20s %7s %7s %15s %6s\n", "", "phases", "failed", "rounds (median)", "(most)")
	for _, name := range slices.Sorted(maps.Keys(t.kinds)) {
		k := t.kinds[name]
		slices.Sort(k.rounds)
		median, most := "", ""
		if n := len(k.rounds); n > 0 {
			median, most = fmt.Sprint(k.rounds[n/2]), fmt.Sprint(k.rounds[n-1])
		}
		fmt.Fprintf(w, "%-20s %7d %7d %15s %6s\n", name, len(k.rounds)+k.failed, k.failed, median, most)
	}
	fmt.Fprintf(w, "%d runs, %d failed, %d events\n", t.runs, t.failed, t.events)
}
