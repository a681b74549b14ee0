package plots

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"spreadable/sim/result"
	"spreadable/sim/result/words"
)

// maxDrawn is the largest network that is drawn: more nodes would be a smear.
const maxDrawn = 500

// Network draws which master lists which node.
func Network(run *result.Run) Plot {
	plt := Plot{
		Name:  "network",
		Title: "The network at the end",
		Reading: "Masters stand on a ring, their slaves fan out behind them. An arrow leads from a master to its " +
			"backlink, the master that lists it; a master without an arrow lists itself, or has none.",
	}
	alive := 0
	for i := range run.Nodes {
		if run.Nodes[i].Role != result.RoleGone {
			alive++
		}
	}
	switch {
	case alive == 0:
		plt.Missing = "no node was alive at the end of the run"
		return plt
	case alive > maxDrawn:
		plt.Missing = fmt.Sprintf("only networks of up to %d nodes are drawn; this one has %s", maxDrawn,
			words.Number(float64(alive)))
		return plt
	}
	m := layOut(run.Nodes)
	if len(m.masters) == 0 {
		plt.Missing = "there was no master at the end of the run"
		return plt
	}
	if m.top > 0 {
		plt.Reading = "The innermost ring has the masters of the highest level. Those of each level below stand on the next " +
			"ring, in the sector of their branch, and the slaves fan out behind them. A line leads from each master above the " +
			"first level to those that it lists; it has slaves of its own, too."
	}
	plt.figure = &figure{height: 640, body: m.draw, legend: m.legend()}
	return plt
}

// chart places nodes on the unit disk.
type chart struct {
	nodes   []result.Node
	at      map[int]polar // by index; only nodes that are drawn
	masters []int         // positions in nodes, in the order around the ring
	top     int           // levels of branches; 0 in a network of one level
	slaves  []int
	lost    []int // nodes without a place in the network
}

type polar struct{ radius, angle float64 }

// Radii of the ring of masters and of the slaves' rows behind it.
const (
	ringRadius  = 0.46
	firstRow    = 0.62
	outerRadius = 1.0
)

// layOut gives each master a sector of the disk as wide as its list is long, itself on
// the ring and its slaves in rows behind it. Nodes without a place come last, outside.
func layOut(nodes []result.Node) *chart {
	m := &chart{nodes: nodes, at: make(map[int]polar)}
	position := make(map[int]int, len(nodes))
	for i := range nodes {
		position[nodes[i].Index] = i
	}
	members := make(map[int][]int) // slaves that are not masters, by their master's index
	for i := range nodes {
		n := &nodes[i]
		master, listed := position[n.Backlink]
		switch {
		case n.Role == result.RoleGone:
		case n.Slaves > 0:
			m.masters = append(m.masters, i)
		case listed && nodes[master].Slaves > 0:
			m.slaves = append(m.slaves, i)
			members[n.Backlink] = append(members[n.Backlink], i)
		default:
			m.lost = append(m.lost, i)
		}
	}
	m.sortByBranch()
	m.placeSectors(members)
	m.placeHeads()
	return m
}

// placeSectors goes around the ring. Every sector is wide enough for one node more than
// its members: the gap.
func (m *chart) placeSectors(members map[int][]int) {
	total := 0
	for _, i := range m.masters {
		total += len(members[m.nodes[i].Index]) + 1
	}
	angle := math.Pi / 2
	for _, i := range m.masters {
		list := members[m.nodes[i].Index]
		width := 2 * math.Pi * float64(len(list)+1) / float64(total)
		m.at[i] = polar{m.ring(1), angle - width/2}
		m.placeRows(list, angle, width)
		angle -= width
	}
}

// placeRows spreads slaves over the rows of a sector that starts at an angle and goes
// clockwise. There are as many rows as make neighbours in a row and rows themselves about
// equally far apart.
func (m *chart) placeRows(list []int, start, width float64) {
	if len(list) == 0 {
		return
	}
	depth := outerRadius - firstRow
	usable := width * 0.86
	rows := int(math.Round(math.Sqrt(float64(len(list)) * depth / (usable * (firstRow + outerRadius) / 2))))
	rows = min(max(rows, 1), 8, len(list))
	done := 0
	for row := range rows {
		in := (len(list) - done) / (rows - row)
		radius := firstRow + depth*(float64(row)+0.5)/float64(rows)
		stagger := 0.0 // keeps a row out of the way of the spokes of the next
		if rows > 1 {
			stagger = 0.5*float64(row%2) - 0.25
		}
		for i := range in {
			angle := start - width/2 + usable*((float64(i)+0.5+stagger)/float64(in)-0.5)
			m.at[list[done+i]] = polar{radius, angle}
		}
		done += in
	}
}

// Looks of nodes and links.
var (
	masterGlyph = draw.GlyphStyle{Color: vermillion, Radius: 6, Shape: draw.CircleGlyph{}}
	slaveGlyph  = draw.GlyphStyle{Color: blue, Radius: 3, Shape: draw.CircleGlyph{}}
	lostGlyph   = draw.GlyphStyle{Color: black, Radius: 5, Shape: draw.CrossGlyph{}}
	spoke       = stroke(skyBlue, 0.5, solid)
	backlink    = stroke(orange, 1.1, solid)
)

func (m *chart) legend() []entry {
	legend := m.masterKeys()
	legend = append(legend, key(words.Count(len(m.slaves), "slave", "slaves"), mark{slaveGlyph}))
	if m.top == 0 {
		legend = append(legend, key("backlink of a master", arrow{}))
	}
	if len(m.lost) > 0 {
		legend = append(legend, key(words.Count(len(m.lost), "node", "nodes")+" without a place", mark{lostGlyph}))
	}
	return legend
}

// arrow is the legend's mark of a backlink.
type arrow struct{}

// Thumbnail draws a short arrow.
func (arrow) Thumbnail(c *draw.Canvas) {
	drawArrow(c, vg.Point{X: c.Min.X, Y: c.Center().Y}, vg.Point{X: c.Max.X, Y: c.Center().Y}, 0)
}

// draw draws links first, so that nodes stay on top.
func (m *chart) draw(c draw.Canvas) {
	if len(m.lost) > 0 {
		c = m.drawLost(c)
	}
	size := c.Size()
	scale := (min(size.X, size.Y) - 10) / 2 / vg.Length(m.reach())
	point := func(i int) vg.Point {
		sin, cos := math.Sincos(m.at[i].angle)
		r := m.at[i].radius
		return c.Center().Add(vg.Point{X: scale * vg.Length(r*cos), Y: scale * vg.Length(r*sin)})
	}
	byIndex := make(map[int]int, len(m.masters))
	for _, i := range m.masters {
		byIndex[m.nodes[i].Index] = i
	}
	for _, i := range m.slaves {
		c.StrokeLines(spoke, []vg.Point{point(i), point(byIndex[m.nodes[i].Backlink])})
	}
	for _, link := range m.listed(byIndex) {
		c.StrokeLines(branchLine, []vg.Point{point(link[0]), point(link[1])})
	}
	for _, i := range m.masters {
		if to, ok := byIndex[m.nodes[i].Backlink]; ok && to != i && m.top == 0 {
			drawArrow(&c, point(i), point(to), masterGlyph.Radius+1)
		}
	}
	for _, i := range m.slaves {
		c.DrawGlyphNoClip(slaveGlyph, point(i))
	}
	for _, i := range m.masters {
		c.DrawGlyphNoClip(glyphOf(m.level(i)), point(i))
	}
}

// reach is the radius of the outermost node.
func (m *chart) reach() float64 {
	r := ringRadius
	for _, i := range m.slaves {
		r = max(r, m.at[i].radius)
	}
	return r
}

// drawLost puts the nodes without a place in lines at the bottom and returns what is left
// above.
func (m *chart) drawLost(c draw.Canvas) draw.Canvas {
	const step = 13
	perLine := int(c.Size().X / step)
	lines := (len(m.lost) + perLine - 1) / perLine
	for i := range m.lost {
		c.DrawGlyphNoClip(lostGlyph, vg.Point{
			X: c.Min.X + step/2 + vg.Length(i%perLine)*step,
			Y: c.Min.Y + step/2 + vg.Length(lines-1-i/perLine)*step,
		})
	}
	return draw.Crop(c, 0, 0, vg.Length(lines*step)+6, 0)
}

// drawArrow draws an arrow that keeps away from both its ends by a distance.
func drawArrow(c *draw.Canvas, from, to vg.Point, away vg.Length) {
	d := to.Sub(from)
	length := vg.Length(math.Hypot(float64(d.X), float64(d.Y)))
	if length <= 2*away {
		return
	}
	unit := d.Scale(1 / length)
	from, to = from.Add(unit.Scale(away)), to.Sub(unit.Scale(away))
	const head, half = 7, 2.8
	neck := to.Sub(unit.Scale(head))
	side := vg.Point{X: -unit.Y * half, Y: unit.X * half}
	c.StrokeLines(backlink, []vg.Point{from, neck})
	c.FillPolygon(orange, []vg.Point{to, neck.Add(side), neck.Sub(side)})
}
