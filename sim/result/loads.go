package result

import (
	"slices"

	"spreadable/sim/stats"
)

// LoadRow is some nodes that were drawn as approvers as often, and what a fair draw leaves
// nodes of that rank: a row of approvers.csv. Only nodes that are there at the end count.
type LoadRow struct {
	// Nodes is how many, next to one another from the least to the most drawn.
	Nodes int
	// Drawn is how often each of them was an approver, each draw counted once.
	Drawn int
	// Low and High are the bounds in which a fair draw of the same size leaves each of them
	// with a probability of [BandProbability].
	Low, High int
}

// BandProbability is that of the band around a fair load.
const BandProbability = 0.95

// ApproversFile holds how often nodes were drawn; there is none without two draws.
const ApproversFile = "approvers.csv"

// loadCells lists the columns of approvers.csv.
func loadCells(r *LoadRow) []cell {
	return []cell{
		{name: "nodes", field: &r.Nodes},
		{name: "drawn", field: &r.Drawn},
		{name: "low", field: &r.Low},
		{name: "high", field: &r.High},
	}
}

// LoadRows compares how often each node was drawn with a fair draw; none for fewer than two
// draws, which say nothing of how even they are.
func LoadRows(a *Approval, load []int) (rows []LoadRow) {
	if a == nil || a.Draws < 2 {
		return nil
	}
	fair := stats.FairOf(load, a.Draws)
	if !fair.Valid() || fair.Taken == 0 {
		return nil
	}
	low, high := fair.Band(BandProbability)
	for i, drawn := range slices.Sorted(slices.Values(load)) {
		row := LoadRow{1, drawn, low[i], high[i]}
		if last := len(rows) - 1; last >= 0 && rows[last] == (LoadRow{rows[last].Nodes, drawn, low[i], high[i]}) {
			rows[last].Nodes++
			continue
		}
		rows = append(rows, row)
	}
	return rows
}
