package sim

import (
	"fmt"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/sim/invariant"
	"spreadable/sim/population"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
	"spreadable/transport/inmem"
)

// What differs in networks of several levels.

// levels is how many levels of masters the network has: where it decides that itself, as
// its first node knows it.
func (w *world) levels() int {
	if w.scenario.Levels == scenario.AutoLevels {
		return w.node(0).Levels()
	}
	return int(w.scenario.Levels)
}

// checkTree returns the first violated invariant of a network of several levels.
func (c *checker) checkTree(alive population.Alive) error {
	var nodes []*core.Node
	for i := range alive.All() {
		if !c.world.outside(i) {
			nodes = append(nodes, c.world.node(i))
		}
	}
	if err := invariant.Tree(nodes); err != nil {
		return fmt.Errorf("%w: %w", ErrViolated, err)
	}
	return nil
}

// reachBranches counts the live nodes that a search reaches over the heads of these
// branches of a level.
func (m *meter) reachBranches(list *message.Branches, level int) int {
	m.looks++
	return m.reachHeads(list, level)
}

// reachHeads counts what the heads reach, and has not been counted by this look. A head
// that has lost its branch reaches nothing more than another node would.
func (m *meter) reachHeads(list *message.Branches, level int) (reached int) {
	for _, b := range list.List {
		i := inmem.Index(b.Head)
		if !m.nodes[i].up {
			continue
		}
		head := m.world.node(i)
		if below := head.Branches(); level > 1 && len(below) > level-2 {
			reached += m.reachHeads(below[level-2], level-1)
		} else {
			reached += m.reachMasters(head.Structure().Masters)
		}
	}
	return reached
}

// headsOf are the heads of the branches that a node belongs to, from level 1 up.
func headsOf(n *core.Node) (heads []int) {
	for _, b := range n.Path() {
		heads = append(heads, inmem.Index(b.Head))
	}
	return heads
}

// upperLevels describes the levels of masters above the first: the heads of the branches
// of level k are the masters of level k+1, and have as many members as the branch has
// masters of level k.
func (w *world) upperLevels() (levels []result.Level) {
	for level := 1; level < w.levels(); level++ {
		var members []float64
		for i := range w.population.At(w.now()).All() {
			n := w.node(i)
			path := n.Path()
			if len(path) < level || len(n.Branches()) < level || path[level-1].Head != n.Structure().Address {
				continue
			}
			if level == 1 {
				members = append(members, float64(len(n.Structure().Masters.List)))
			} else {
				members = append(members, float64(len(n.Branches()[level-2].List)))
			}
		}
		levels = append(levels, result.LevelSummary(level+1, members))
	}
	return levels
}
