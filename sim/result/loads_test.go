package result

import (
	"slices"
	"testing"
)

func TestLoadsAreRowsOfNodesThatAreAlike(t *testing.T) {
	for _, c := range []struct {
		draws int
		load  []int
		nodes []int // of the rows
	}{
		{2, []int{2, 2, 2}, []int{3}}, // nothing is left to chance
		{2, []int{2, 0}, []int{1, 1}},
		{1, []int{1, 0}, nil}, // one draw
		{2, []int{0, 0}, nil}, // none that is there was drawn
		{2, nil, nil},
	} {
		var nodes []int
		last := -1
		for _, r := range LoadRows(&Approval{Draws: c.draws}, c.load) {
			if nodes = append(nodes, r.Nodes); r.Drawn < last || r.Low > r.High {
				t.Errorf("%v: row %+v after one of %d", c.load, r, last)
			}
			last = r.Drawn
		}
		if !slices.Equal(nodes, c.nodes) {
			t.Errorf("%d draws, %v: rows of %v nodes, want %v", c.draws, c.load, nodes, c.nodes)
		}
	}
}

// A draw has all its approvers, a load only the nodes that are there at the end.
func TestADrawHasApproversThatHaveLeft(t *testing.T) {
	requests := []Request{
		{Kind: KindApproval, OK: true, Approvers: []int{0, 1, 9}},
		{Kind: KindApproval, OK: true, DrawStart: 1, Approvers: []int{1, 2, 8}},
	}
	a := ApprovalSummary(requests, []int{1, 2, 1})
	if a.ApproversMean == nil || *a.ApproversMean != 3 || a.LoadMean == nil || *a.LoadMean != 4.0/3 {
		t.Errorf("%v approvers, load %v", a.ApproversMean, a.LoadMean)
	}
}
