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

// kindReport is a row of the table.
type kindReport struct {
	Phases int `json:"phases"`
	Failed int `json:"failed"`
	// Until the network was whole, in sync intervals; null if it never was.
	MedianRounds *int `json:"median_rounds"`
	MostRounds   *int `json:"most_rounds"`
}

// report returns the table.
func (t *tally) report() map[string]kindReport {
	table := make(map[string]kindReport)
	for name, k := range t.kinds {
		row := kindReport{Phases: len(k.rounds) + k.failed, Failed: k.failed}
		if n := len(k.rounds); n > 0 {
			slices.Sort(k.rounds)
			row.MedianRounds, row.MostRounds = &k.rounds[n/2], &k.rounds[n-1]
		}
		table[name] = row
	}
	return table
}

// print writes the table for people.
func (t *tally) print(w io.Writer) {
	fmt.Fprintf(w, "%-20s %7s %7s %15s %6s\n", "", "phases", "failed", "rounds (median)", "(most)")
	table := t.report()
	for _, name := range slices.Sorted(maps.Keys(table)) {
		row, median, most := table[name], "", ""
		if row.MedianRounds != nil {
			median, most = fmt.Sprint(*row.MedianRounds), fmt.Sprint(*row.MostRounds)
		}
		fmt.Fprintf(w, "%-20s %7d %7d %15s %6s\n", name, row.Phases, row.Failed, median, most)
	}
	fmt.Fprintf(w, "%d runs, %d failed, %d events\n", t.runs, t.failed, t.events)
}
