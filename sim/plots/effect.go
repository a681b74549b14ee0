package plots

import (
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Effect is what a varied key does to a number: curves of means with the bands of their
// confidence intervals, in one panel or in several side by side.
type Effect struct {
	Name, Title, Subtitle string
	X, Y                  string // labels of the axes
	LogX, LogY            bool
	Panels                []Panel
}

// Panel is one of several plots with the same axes.
type Panel struct {
	Title  string
	Curves []Trend
}

// Trend is a number over a key. Trends with the same name in several panels have the same
// colour.
type Trend struct {
	Name   string
	Points []Mean
	Theory bool // a law, drawn as a dashed line without a band
}

// Mean is a mean with the bounds of its interval; NaN where there is none.
type Mean struct{ X, Y, Low, High float64 }

// curveColors tell curves apart, in the order in which they come.
var curveColors = []color.RGBA{blue, vermillion, orange, skyBlue, black, grey}

// curveShapes do the same without colour.
var curveShapes = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.SquareGlyph{}, draw.TriangleGlyph{}, draw.RingGlyph{}, draw.PlusGlyph{}, draw.CrossGlyph{}}

// bandOpacity lets bands that overlap be seen, of 255.
const bandOpacity = 56

// DrawEffect lays an effect out.
func DrawEffect(e Effect) *Plot {
	const perRow, rowHeight = 3, vg.Length(260)
	names := e.names()
	f := &figure{title: e.Title, subtitle: e.Subtitle}
	if len(names) > 1 || names[0] != "" {
		for i, name := range names {
			f.legend = append(f.legend, key(name, e.thumbs(i, name)...))
		}
	}
	rows := (len(e.Panels) + perRow - 1) / perRow
	if rows > 1 || len(e.Panels) > 1 {
		f.height = rowHeight*vg.Length(rows) + 80
	}
	f.body = func(c draw.Canvas) {
		columns := min(perRow, len(e.Panels))
		tiles := draw.Tiles{Rows: rows, Cols: columns, PadX: 14, PadY: 10}
		for i, p := range e.Panels {
			tile := tiles.At(c, i%columns, i/columns)
			if p.Title != "" {
				tile = write(tile, label(black), 13, p.Title)
			}
			e.panel(p, names).Draw(tile)
		}
	}
	return &Plot{Name: e.Name, Title: e.Title, figure: f}
}

// WriteEffect writes an effect into a folder, as SVG and PNG, and its numbers as CSV.
func WriteEffect(e Effect, dir string) error {
	if err := writeTable(filepath.Join(dir, e.Name+".csv"), e.table()); err != nil {
		return err
	}
	return DrawEffect(e).write(dir)
}

// table has a row for each point, in full precision. A curve of theory has no interval.
func (e *Effect) table() [][]string {
	rows := [][]string{{"panel", "curve", e.X, e.Y, "low", "high"}}
	for _, p := range e.Panels {
		for _, c := range p.Curves {
			for _, m := range c.Points {
				rows = append(rows, []string{p.Title, c.Name, exact(m.X), exact(m.Y), exact(m.Low), exact(m.High)})
			}
		}
	}
	return rows
}

// exact writes a number so that it reads back as the same; nothing for one that is not
// there.
func exact(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

// writeTable writes rows as CSV into a file, and makes its folder.
func writeTable(path string, rows [][]string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	text, err := csvOf(rows)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

// names are the names of all curves, in their order, theory last.
func (e *Effect) names() []string {
	var names, laws []string
	for _, p := range e.Panels {
		for _, c := range p.Curves {
			list := &names
			if c.Theory {
				list = &laws
			}
			if !slices.Contains(*list, c.Name) {
				*list = append(*list, c.Name)
			}
		}
	}
	return append(names, laws...)
}

func (e *Effect) isLaw(name string) bool {
	return slices.ContainsFunc(e.Panels, func(p Panel) bool {
		return slices.ContainsFunc(p.Curves, func(c Trend) bool { return c.Name == name && c.Theory })
	})
}

func (e *Effect) thumbs(i int, name string) []plot.Thumbnailer {
	if e.isLaw(name) {
		return []plot.Thumbnailer{line(nil, stroke(grey, 1.2, dashed))}
	}
	return []plot.Thumbnailer{line(nil, curveStroke(i)), mark{curveGlyph(i)}}
}

func curveStroke(i int) draw.LineStyle { return stroke(curveColors[i%len(curveColors)], 1.6, solid) }

func curveGlyph(i int) draw.GlyphStyle {
	return draw.GlyphStyle{Color: curveColors[i%len(curveColors)], Radius: 3, Shape: curveShapes[i%len(curveShapes)]}
}

// panel draws the curves of one panel, on the axes of all.
func (e *Effect) panel(p Panel, names []string) *plot.Plot {
	axes := axes(e.X, e.Y)
	limit(axes, e.xRange()[0], e.xRange()[1], e.yRange()[0], e.yRange()[1])
	if e.LogX {
		axes.X.Tick.Marker = plot.TickerFunc(logTicks)
	}
	if e.LogY {
		axes.Y.Tick.Marker = plot.TickerFunc(logTicks)
	}
	for _, c := range p.Curves {
		points := e.scaled(c.Points)
		if c.Theory {
			add(axes, line(middle(points), stroke(grey, 1.2, dashed)))
			continue
		}
		i := slices.Index(names, c.Name)
		if band := bandOf(points); len(band) > 2 {
			fill := curveColors[i%len(curveColors)]
			add(axes, &plotter.Polygon{XYs: []plotter.XYs{band}, Color: color.NRGBA{fill.R, fill.G, fill.B, bandOpacity}})
		}
		add(axes, line(middle(points), curveStroke(i)), &plotter.Scatter{XYs: middle(points), GlyphStyle: curveGlyph(i)})
	}
	return axes
}

// scaled puts points on the axes: logarithms where the axis is logarithmic.
func (e *Effect) scaled(points []Mean) []Mean {
	list := slices.Clone(points)
	for i := range list {
		m := &list[i]
		if e.LogX {
			m.X = math.Log10(m.X)
		}
		if e.LogY {
			m.Y, m.Low, m.High = math.Log10(m.Y), math.Log10(m.Low), math.Log10(m.High)
		}
	}
	return list
}

func middle(points []Mean) plotter.XYs {
	list := make(plotter.XYs, len(points))
	for i, m := range points {
		list[i] = plotter.XY{X: m.X, Y: m.Y}
	}
	return list
}

// bandOf goes along the upper bounds, and back along the lower ones. A bound that is
// missing or, on a logarithmic axis, not above 0 is the mean itself.
func bandOf(points []Mean) plotter.XYs {
	var band plotter.XYs
	bound := func(x, y, middle float64) {
		if math.IsNaN(y) || math.IsInf(y, 0) {
			y = middle
		}
		band = append(band, plotter.XY{X: x, Y: y})
	}
	for _, m := range points {
		bound(m.X, m.High, m.Y)
	}
	for _, m := range slices.Backward(points) {
		bound(m.X, m.Low, m.Y)
	}
	return band
}

// air is the share of an axis that is left free at its ends.
const air = 0.05

func (e *Effect) xRange() [2]float64 {
	return e.rangeOf(false, func(m Mean) []float64 { return []float64{m.X} })
}

// yRange takes in the bands, and 0 on an axis that is not logarithmic.
func (e *Effect) yRange() [2]float64 {
	return e.rangeOf(!e.LogY, func(m Mean) []float64 { return []float64{m.Y, m.Low, m.High} })
}

func (e *Effect) rangeOf(withZero bool, of func(Mean) []float64) [2]float64 {
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range e.Panels {
		for _, c := range p.Curves {
			for _, m := range e.scaled(c.Points) {
				for _, x := range of(m) {
					if !math.IsNaN(x) && !math.IsInf(x, 0) {
						low, high = min(low, x), max(high, x)
					}
				}
			}
		}
	}
	if withZero {
		low, high = min(low, 0), max(high, 0)
	}
	if low >= high {
		return [2]float64{low - 0.5, high + 0.5}
	}
	space := (high - low) * air
	if withZero && low == 0 {
		return [2]float64{0, high + space}
	}
	return [2]float64{low - space, high + space}
}
