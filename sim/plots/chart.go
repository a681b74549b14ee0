package plots

import (
	"bytes"
	"encoding/csv"
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Chart is a plot of curves over one axis, such as a measurement beside its formula.
type Chart struct {
	Name   string // of its files, without the ending
	Title  string
	X, Y   string // labels of the axes
	Curves []Curve
}

// Curve is one curve of a chart.
type Curve struct {
	Name   string
	Marks  bool // a mark for each point, as for what was measured, instead of a line
	points plotter.XYs
}

// Add adds a point.
func (c *Curve) Add(x, y float64) { c.points = append(c.points, plotter.XY{X: x, Y: y}) }

// ring marks the points of the i-th measurement behind so many formulas: as a ring in the
// colour of the latest, and a larger one in another colour for each further measurement.
func ring(lines, i int) draw.GlyphStyle {
	return draw.GlyphStyle{Color: palette(max(0, lines-1) + i).Color, Radius: 3.5 + 2*vg.Length(i), Shape: hollow{}}
}

// hollow is a ring that is white inside, so that it stands out from the curve below it.
type hollow struct{}

// DrawGlyph implements draw.GlyphDrawer.
func (hollow) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	if style.Radius < 4 { // a larger one stands around another
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: color.White, Radius: style.Radius, Shape: draw.CircleGlyph{}}, at)
	}
	c.SetLineWidth(1.4)
	c.SetColor(style.Color)
	var ring vg.Path
	ring.Move(vg.Point{X: at.X + style.Radius, Y: at.Y})
	ring.Arc(at, style.Radius, 0, 2*math.Pi)
	ring.Close()
	c.Stroke(ring)
}

// palette are the colours of curves.
func palette(i int) draw.LineStyle {
	return []draw.LineStyle{stroke(blue, 1.8, solid), stroke(vermillion, 1.8, solid), stroke(orange, 1.8, solid), stroke(skyBlue, 1.8, solid)}[i%4]
}

// PNG returns the chart as a PNG image.
func (c *Chart) PNG() ([]byte, error) {
	p := axes(c.X, c.Y)
	limit(p, c.least(), c.most(func(at plotter.XY) float64 { return at.X }), 0, 1.08*c.most(func(at plotter.XY) float64 { return at.Y }))
	p.X.Max += (p.X.Max - p.X.Min) * 0.02
	var legend []entry
	lines, marks := 0, 0
	for _, curve := range c.Curves {
		if curve.Marks {
			style := ring(lines, marks)
			add(p, &plotter.Scatter{XYs: curve.points, GlyphStyleFunc: func(int) draw.GlyphStyle { return style }})
			legend = append(legend, key(curve.Name, mark{style}))
			marks++
			continue
		}
		drawn := line(curve.points, palette(lines))
		add(p, drawn)
		legend = append(legend, key(curve.Name, drawn))
		lines, marks = lines+1, 0
	}
	f := of(p, legend...)
	f.title = c.Title
	return f.png()
}

// least is where the axis of x begins.
func (c *Chart) least() float64 {
	least := math.Inf(1)
	for _, curve := range c.Curves {
		for _, at := range curve.points {
			least = min(least, at.X)
		}
	}
	return least
}

// most is the greatest coordinate of all points.
func (c *Chart) most(of func(plotter.XY) float64) float64 {
	most := math.Inf(-1)
	for _, curve := range c.Curves {
		for _, at := range curve.points {
			most = max(most, of(at))
		}
	}
	return most
}

// CSV returns all numbers of the chart: the name of the curve, x and y.
func (c *Chart) CSV() ([]byte, error) {
	rows := [][]string{{"curve", c.X, c.Y}}
	for _, curve := range c.Curves {
		for _, at := range curve.points {
			rows = append(rows, []string{curve.Name, digits(at.X), digits(at.Y)})
		}
	}
	return csvOf(rows)
}

// csvOf writes rows as CSV.
func csvOf(rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	err := csv.NewWriter(&b).WriteAll(rows)
	return b.Bytes(), err
}

// digits writes a number to nine digits.
func digits(x float64) string { return strconv.FormatFloat(x, 'g', 9, 64) }
