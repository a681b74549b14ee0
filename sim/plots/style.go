package plots

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"spreadable/sim/result/words"
)

// The colours of Okabe and Ito (Color Universal Design, 2008) that stand out on white,
// and greys for what should stay in the background.
var (
	black      = color.RGBA{0x1A, 0x1A, 0x1A, 0xFF}
	orange     = color.RGBA{0xE6, 0x9F, 0x00, 0xFF}
	skyBlue    = color.RGBA{0x56, 0xB4, 0xE9, 0xFF}
	blue       = color.RGBA{0x00, 0x72, 0xB2, 0xFF}
	vermillion = color.RGBA{0xD5, 0x5E, 0x00, 0xFF}
	grey       = color.RGBA{0x66, 0x66, 0x66, 0xFF}
	paleGrey   = color.RGBA{0xE4, 0xE4, 0xE4, 0xFF}
	paleBlue   = color.RGBA{0xB5, 0xDA, 0xF3, 0xFF}
)

// Dashes of curves.
var (
	solid  []vg.Length
	dashed = []vg.Length{6, 3}
	dotted = []vg.Length{1.5, 3}
)

// axes returns an empty plot in the style of all plots: a light grid, an axis line at the
// bottom only, readable numbers. The range of the axes is fixed by the caller, so that
// data never touches the frame by accident.
func axes(x, y string) *plot.Plot {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = x, y
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font = label(black).Font
		a.Label.TextStyle.Color = black
		a.Label.Padding = 4
		a.Tick.Label.Font = label(black).Font
		a.Tick.Label.Color = black
		a.Tick.LineStyle.Color = grey
		a.LineStyle.Color = grey
		a.Padding = 0
		a.Tick.Marker = plot.TickerFunc(ticks)
	}
	p.Y.LineStyle.Width = 0
	p.Y.Tick.Length = 0
	p.Y.Tick.Label.XAlign = text.XRight
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = paleGrey, paleGrey
	grid.Horizontal.Width, grid.Vertical.Width = 0.7, 0.7
	p.Add(grid)
	return p
}

// limit fixes the range of the axes.
func limit(p *plot.Plot, xMin, xMax, yMin, yMax float64) {
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = xMin, xMax, yMin, yMax
}

// add adds to a plot without touching its range, which [plot.Plot.Add] would widen to
// take in all of the data.
func add(p *plot.Plot, plotters ...plot.Plotter) {
	x, y := p.X, p.Y
	p.Add(plotters...)
	limit(p, x.Min, x.Max, y.Min, y.Max)
}

// stroke is the style of a curve.
func stroke(c color.Color, width vg.Length, dashes []vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: c, Width: width, Dashes: dashes}
}

// line is a curve through points.
func line(points plotter.XYs, style draw.LineStyle) *plotter.Line {
	return &plotter.Line{XYs: points, LineStyle: style}
}

// steps is a curve that keeps its value up to the next point.
func steps(points plotter.XYs, style draw.LineStyle) *plotter.Line {
	return &plotter.Line{XYs: points, LineStyle: style, StepStyle: plotter.PostStep}
}

// upright is a vertical line over the whole height of the plot.
func upright(p *plot.Plot, x float64, style draw.LineStyle) *plotter.Line {
	return line(plotter.XYs{{X: x, Y: p.Y.Min}, {X: x, Y: p.Y.Max}}, style)
}

// level is a horizontal line over the whole width of the plot.
func level(p *plot.Plot, y float64, style draw.LineStyle) *plotter.Line {
	return line(plotter.XYs{{X: p.X.Min, Y: y}, {X: p.X.Max, Y: y}}, style)
}

// bars is a histogram whose bins are given.
func bars(bins []plotter.HistogramBin, fill color.Color) *plotter.Histogram {
	return &plotter.Histogram{Bins: bins, FillColor: fill, LineStyle: stroke(color.White, 0.7, solid)}
}

// swatch is the legend's mark of an area.
type swatch struct{ fill color.Color }

// Thumbnail draws a filled box.
func (s swatch) Thumbnail(c *draw.Canvas) {
	left, right := c.Min.X, c.Max.X
	c.FillPolygon(s.fill, []vg.Point{{X: left, Y: c.Min.Y}, {X: right, Y: c.Min.Y}, {X: right, Y: c.Max.Y},
		{X: left, Y: c.Max.Y}})
}

// mark is the legend's mark of a glyph.
type mark struct{ style draw.GlyphStyle }

// Thumbnail draws the glyph.
func (m mark) Thumbnail(c *draw.Canvas) { c.DrawGlyph(m.style, c.Center()) }

// ticks returns about six ticks at round numbers, steps of 1, 2 or 5 times a power of
// ten.
func ticks(from, to float64) []plot.Tick { return ticksBy(niceStep((to-from)/6), from, to) }

// wholeTicks are ticks at whole numbers only.
func wholeTicks(from, to float64) []plot.Tick {
	return ticksBy(math.Max(1, niceStep((to-from)/6)), from, to)
}

func ticksBy(step, from, to float64) []plot.Tick {
	var list []plot.Tick
	for i := math.Ceil(from/step - 1e-9); i*step <= to+step*1e-9; i++ {
		list = append(list, plot.Tick{Value: i * step, Label: words.Number(i * step)})
	}
	return list
}

// niceStep returns the smallest of 1, 2 and 5 times a power of ten that is at least x.
func niceStep(x float64) float64 {
	if x <= 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= x*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// logTicks are the ticks of an axis of decimal logarithms, labelled with the numbers
// themselves: powers of ten, and 2 and 5 times those where the axis spans less than three
// of them.
//
// The scale is not left to gonum's LogScale: with it, plot v0.17 takes the label in the
// middle of the axis for one near its end and leaves space for it there.
func logTicks(from, to float64) []plot.Tick {
	var list []plot.Tick
	for power := math.Floor(from); power <= to; power++ {
		for m := 1.0; m < 10; m++ {
			t := plot.Tick{Value: power + math.Log10(m)}
			if m == 1 || to-from < 3 && (m == 2 || m == 5) {
				t.Label = words.Number(m * math.Pow(10, power))
			}
			if t.Value >= from-1e-9 && t.Value <= to+1e-9 {
				list = append(list, t)
			}
		}
	}
	return list
}
