package sim

import (
	"fmt"
	"testing"

	"spreadable/sim/scenario"
)

// What masters send and receive is counted without searches. In a settled network nearly
// each message is of a master, so their share is all bytes once or twice.
func TestMastersCarryTheUpkeep(t *testing.T) {
	const text = "name: l\nnodes: 200\nlevels: %s\nduration: 320s\nworkload: {searches: {count: 400, start: 160s, over: 100s}}\n"
	for _, levels := range []string{"1", "2"} {
		s, err := scenario.Parse("l.yaml", []byte(fmt.Sprintf(text, levels)), nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Run(s, Options{})
		if err != nil {
			t.Fatal(err)
		}
		sync, masters := r.Summary.Sync, float64(r.Summary.Structure.Masters)
		if sync == nil || sync.BytesPerMasterRound == nil {
			t.Fatalf("%s levels: the steady state was not measured", levels)
		}
		m := sync.BytesPerMasterRound
		share := m.Mean * masters / (sync.BytesPerNodeRound * float64(s.Nodes))
		t.Logf("%s levels: %v masters of %+v, %v bytes a node: %.3f", levels, masters, *m, sync.BytesPerNodeRound, share)
		if share < 1 || share > 2 || m.Min <= 0 || m.Min >= m.Mean || m.Mean >= m.Max {
			t.Errorf("%s levels: %v masters carry %+v a round, each of %d nodes %v", levels, masters, *m, s.Nodes, sync.BytesPerNodeRound)
		}
	}
}
