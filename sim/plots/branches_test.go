package plots

import (
	"testing"

	"spreadable/sim/result"
)

// threeLevels is a network in which each master lists two: nodes 0 and 4 are of level 3, 2
// and 6 of level 2, and 1, 3, 5 and 7 of level 1. Each has one slave, 8 higher.
func threeLevels() (nodes []result.Node) {
	for i := range 8 {
		nodes = append(nodes, result.Node{
			Index: i, Role: result.RoleBoth, Slaves: 1, Backlink: i ^ 1, Heads: []int{i &^ 1, i &^ 3},
		})
	}
	for i := range 8 {
		nodes = append(nodes, result.Node{Index: 8 + i, Role: result.RoleSlave, Backlink: i, Heads: nodes[i].Heads})
	}
	return nodes
}

// Masters stand on the ring of their highest level, the highest innermost, and each branch
// has a sector of its own.
func TestLevelsAreRings(t *testing.T) {
	m := layOut(threeLevels())
	for i, level := range []int{3, 1, 2, 1, 3, 1, 2, 1} {
		if got := m.at[i].radius; got != m.ring(level) || m.level(i) != level {
			t.Errorf("node %d, a master of level %d, stands on the ring of radius %.2f as one of level %d", i, level, got, m.level(i))
		}
	}
	if !(m.ring(3) > 0 && m.ring(3) < m.ring(2) && m.ring(2) < m.ring(1) && m.ring(1) < firstRow) {
		t.Errorf("the rings have the radii %.2f, %.2f and %.2f", m.ring(1), m.ring(2), m.ring(3))
	}
	for _, branch := range [][]int{{0, 1}, {2, 3}, {0, 1, 2, 3}, {4, 5}, {6, 7}, {4, 5, 6, 7}} {
		least, most := 10.0, -10.0
		for _, i := range branch {
			least, most = min(least, m.at[8+i].angle), max(most, m.at[8+i].angle)
		}
		for i := range 8 {
			inside := m.at[8+i].angle >= least && m.at[8+i].angle <= most
			if mine := i >= branch[0] && i <= branch[len(branch)-1]; inside != mine {
				t.Errorf("the slave of node %d stands in the sector of branch %v: %v", i, branch, inside)
			}
		}
	}
}

// A line leads from a master above the first level to those that it lists.
func TestMastersOfUpperLevelsAreLinkedToThoseBelow(t *testing.T) {
	m := layOut(threeLevels())
	byIndex := make(map[int]int)
	for _, i := range m.masters {
		byIndex[m.nodes[i].Index] = i
	}
	want := map[[2]int]bool{{0, 1}: true, {0, 2}: true, {2, 3}: true, {4, 5}: true, {4, 6}: true, {6, 7}: true}
	for _, link := range m.listed(byIndex) {
		if !want[link] {
			t.Errorf("a line leads from %d to %d", link[0], link[1])
		}
		delete(want, link)
	}
	if len(want) > 0 {
		t.Errorf("no line for %v", want)
	}
}
