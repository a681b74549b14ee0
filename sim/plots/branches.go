package plots

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"spreadable/sim/result/words"
)

// How a network of several levels is drawn: a ring for each level of masters, that of the
// highest innermost, and a sector for each branch.

// levelColors are the colours of masters, by their level.
var levelColors = [...]color.RGBA{vermillion, orange, grey, black}

// branchLine leads from a master of an upper level to one that it lists.
var branchLine = stroke(grey, 0.8, solid)

// glyphOf is the mark of a master: the higher its level, the larger.
func glyphOf(level int) draw.GlyphStyle {
	g := masterGlyph
	g.Color = levelColors[min(level, len(levelColors))-1]
	g.Radius += vg.Length(level-1) * 2
	return g
}

// level is the highest level at which a node is a master, given that it is one.
func (m *chart) level(i int) int {
	level, n := 1, &m.nodes[i]
	for k, head := range n.Heads {
		if head == n.Index {
			level = k + 2
		}
	}
	return level
}

// ring is the radius of the masters of a level.
func (m *chart) ring(level int) float64 {
	return ringRadius * float64(m.top+2-level) / float64(m.top+1)
}

// sortByBranch brings the masters of a branch together, at every level, and finds out how
// many levels there are.
func (m *chart) sortByBranch() {
	for _, i := range m.masters {
		m.top = max(m.top, len(m.nodes[i].Heads))
	}
	if m.top == 0 {
		return
	}
	slices.SortStableFunc(m.masters, func(a, b int) int {
		x, y := slices.Clone(m.nodes[a].Heads), slices.Clone(m.nodes[b].Heads)
		slices.Reverse(x)
		slices.Reverse(y)
		return cmp.Or(slices.Compare(x, y), cmp.Compare(m.nodes[a].Index, m.nodes[b].Index))
	})
}

// placeHeads moves the masters of upper levels to their rings, in the middle of the sector
// of the branch that they lead.
func (m *chart) placeHeads() {
	for _, i := range m.masters {
		level := m.level(i)
		if level == 1 {
			continue
		}
		first, last := math.Inf(-1), math.Inf(1) // angles go down around the ring
		for _, other := range m.masters {
			if m.sameBranch(i, other, level-1) {
				first, last = max(first, m.at[other].angle), min(last, m.at[other].angle)
			}
		}
		m.at[i] = polar{m.ring(level), (first + last) / 2}
	}
}

// sameBranch reports whether two nodes have the same branch of a level.
func (m *chart) sameBranch(a, b, level int) bool {
	x, y := m.nodes[a].Heads, m.nodes[b].Heads
	return len(x) >= level && len(y) >= level && slices.Equal(x[level-1:], y[level-1:])
}

// listed pairs each master of an upper level with the masters that it lists one level
// below: those of level 1 in its branch, or the heads of the branches in its own.
func (m *chart) listed(byIndex map[int]int) (pairs [][2]int) {
	for _, i := range m.masters {
		for k := range min(m.level(i), len(m.nodes[i].Heads)) {
			head, known := byIndex[m.nodes[i].Heads[k]]
			if known && head != i {
				pairs = append(pairs, [2]int{head, i})
			}
		}
	}
	return pairs
}

// masterKeys are the keys of the legend for masters, of each level.
func (m *chart) masterKeys() (keys []entry) {
	if m.top == 0 {
		return []entry{key(words.Count(len(m.masters), "master", "masters"), mark{masterGlyph})}
	}
	counts := make([]int, m.top+2)
	for _, i := range m.masters {
		counts[m.level(i)]++
	}
	for level := m.top + 1; level >= 1; level-- {
		text := fmt.Sprintf("%s of level %d", words.Count(counts[level], "master", "masters"), level)
		keys = append(keys, key(text, mark{glyphOf(level)}))
	}
	return keys
}
