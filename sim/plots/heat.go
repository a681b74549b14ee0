package plots

import (
	"image/color"
	"math"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"spreadable/sim/result/words"
)

// Heat is what two varied keys together do to a number: a table of coloured cells, in one
// panel or in several side by side. Each cell has its number, so that no colour need be
// told from another.
type Heat struct {
	Name, Title, Subtitle string
	X, Y                  string   // labels of the axes
	Columns, Rows         []string // values along the axes, rows from the bottom
	Panels                []HeatPanel
}

// HeatPanel is one of several tables with the same axes.
type HeatPanel struct {
	Title string
	// Cells are the numbers by row and column; NaN where there is none.
	Cells [][]float64
}

// heatColors go from the least number to the greatest, from light to dark in equal steps
// of lightness: ColorBrewer's Blues (Brewer, Harrower 2003), which is safe for readers
// that do not see all colours.
var heatColors = []color.RGBA{
	{0xF7, 0xFB, 0xFF, 0xFF}, {0xC6, 0xDB, 0xEF, 0xFF}, {0x6B, 0xAE, 0xD6, 0xFF}, {0x21, 0x71, 0xB5, 0xFF}, {0x08, 0x30, 0x6B, 0xFF},
}

// darkFrom is the share of the range from which letters on a cell are white.
const darkFrom = 0.6

// DrawHeat lays a heat map out.
func DrawHeat(h Heat) *Plot {
	const perRow, rowHeight = 2, vg.Length(300)
	rows := (len(h.Panels) + perRow - 1) / perRow
	f := &figure{title: h.Title, subtitle: h.Subtitle}
	if len(h.Panels) > 1 {
		f.height = rowHeight*vg.Length(rows) + 60
	}
	f.body = func(c draw.Canvas) {
		columns := min(perRow, len(h.Panels))
		tiles := draw.Tiles{Rows: rows, Cols: columns, PadX: 14, PadY: 10}
		for i, p := range h.Panels {
			tile := tiles.At(c, i%columns, i/columns)
			if p.Title != "" {
				tile = write(tile, label(black), 13, p.Title)
			}
			h.panel(p).Draw(tile)
		}
	}
	return &Plot{Name: h.Name, Title: h.Title, figure: f}
}

// WriteHeat writes a heat map into a folder, as SVG and PNG, and its numbers as CSV.
func WriteHeat(h Heat, dir string) error {
	if err := writeTable(filepath.Join(dir, h.Name+".csv"), h.table()); err != nil {
		return err
	}
	return DrawHeat(h).write(dir)
}

// table has a row for each cell.
func (h *Heat) table() [][]string {
	rows := [][]string{{"panel", h.X, h.Y, "value"}}
	for _, p := range h.Panels {
		for row, cells := range p.Cells {
			for column, value := range cells {
				rows = append(rows, []string{p.Title, h.Columns[column], h.Rows[row], exact(value)})
			}
		}
	}
	return rows
}

// panel draws one table. Its cells are squares of the side 1 around whole numbers.
func (h *Heat) panel(p HeatPanel) *plot.Plot {
	axes := axes(h.X, h.Y)
	axes.X.Tick.Marker, axes.Y.Tick.Marker = nominal(h.Columns), nominal(h.Rows)
	limit(axes, -0.5, float64(len(h.Columns))-0.5, -0.5, float64(len(h.Rows))-0.5)
	low, high := h.bounds()
	for row, cells := range p.Cells {
		for column, value := range cells {
			if !math.IsNaN(value) {
				add(axes, cell(column, row, value, (value-low)/max(high-low, math.SmallestNonzeroFloat64))...)
			}
		}
	}
	return axes
}

// cell is a filled square with a number; share is where that lies between the least and
// the greatest.
func cell(column, row int, value, share float64) []plot.Plotter {
	x, y := float64(column), float64(row)
	square := &plotter.Polygon{Color: heatColor(share), LineStyle: stroke(color.White, 1, solid),
		XYs: []plotter.XYs{{{X: x - 0.5, Y: y - 0.5}, {X: x + 0.5, Y: y - 0.5}, {X: x + 0.5, Y: y + 0.5}, {X: x - 0.5, Y: y + 0.5}}}}
	style := label(black)
	if share >= darkFrom {
		style.Color = color.White
	}
	style.XAlign, style.YAlign = text.XCenter, text.YCenter
	number := &plotter.Labels{XYs: plotter.XYs{{X: x, Y: y}}, Labels: []string{words.Short(value)}, TextStyle: []text.Style{style}}
	return []plot.Plotter{square, number}
}

// heatColor mixes the two colours between which a share lies.
func heatColor(share float64) color.Color {
	at := share * float64(len(heatColors)-1)
	i := min(int(at), len(heatColors)-2)
	part := at - float64(i)
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a)*(1-part) + float64(b)*part)) }
	a, b := heatColors[i], heatColors[i+1]
	return color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 0xFF}
}

// bounds are the least and the greatest number of all panels, which have the same colours.
func (h *Heat) bounds() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, p := range h.Panels {
		for _, cells := range p.Cells {
			for _, value := range cells {
				if !math.IsNaN(value) {
					low, high = min(low, value), max(high, value)
				}
			}
		}
	}
	return low, high
}

// nominal are ticks with names, at whole numbers.
func nominal(names []string) plot.Ticker {
	list := make(plot.ConstantTicks, len(names))
	for i, name := range names {
		list[i] = plot.Tick{Value: float64(i), Label: name}
	}
	return list
}
