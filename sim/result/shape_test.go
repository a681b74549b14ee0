package result

import (
	"math"
	"testing"
)

// With one level both numbers are the square root, to the bit: what runs of one level
// have written so far stays as it is.
func TestWithOneLevelShapeIsTheSquareRoot(t *testing.T) {
	for size := range 200_000 {
		want := math.Sqrt(float64(size))
		if GroupSize(size, 1) != want || ExpectedMasters(size, 1) != want {
			t.Fatalf("%d nodes: groups of %v, %v masters, want %v", size, GroupSize(size, 1),
				ExpectedMasters(size, 1), want)
		}
	}
}

// More levels make smaller groups and more masters; the groups hold all nodes.
func TestGroupsHoldTheNetwork(t *testing.T) {
	for _, c := range []struct {
		size, levels   int
		group, masters float64
	}{
		{1_000_000, 2, 100, 10_000},
		{1_000_000, 5, 10, 100_000},
		{1, 3, 1, 1},
		{0, 2, 0, 0},
	} {
		group, masters := GroupSize(c.size, c.levels), ExpectedMasters(c.size, c.levels)
		if math.Abs(group-c.group) > 1e-9*c.group || math.Abs(masters-c.masters) > 1e-9*c.masters {
			t.Errorf("%d nodes, %d levels: groups of %v, %v masters", c.size, c.levels, group, masters)
		}
	}
}
