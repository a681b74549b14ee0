package plots

import (
	"bytes"
	"image/color"
	"strings"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Sizes in points; at the usual 96 dots per inch 600 points are 800 pixels. A narrow
// figure is for a telephone or half a sheet of paper, on which the letters of a wide one
// could not be read.
const (
	figureWidth  vg.Length = 600
	figureHeight vg.Length = 375
	narrowWidth  vg.Length = 330
	narrowHeight vg.Length = 300
	margin       vg.Length = 14
	titleSize    vg.Length = 14
	textSize     vg.Length = 10
	// dpi of PNG files: 1200 pixels wide, which stay sharp on dense screens.
	dpi = 144
)

// figure is a plot with all that stands around it.
type figure struct {
	title    string
	subtitle string
	legend   []entry
	height   vg.Length // figureHeight when 0
	// body draws into what title and legend leave.
	body func(draw.Canvas)
}

// entry is one entry of a legend.
type entry struct {
	label  string
	thumbs []plot.Thumbnailer
}

// key makes a legend entry.
func key(label string, thumbs ...plot.Thumbnailer) entry { return entry{label, thumbs} }

// of makes a figure of a gonum plot.
func of(p *plot.Plot, legend ...entry) *figure {
	return &figure{legend: legend, body: p.Draw}
}

// size returns width and height.
func (f *figure) size() (w, h vg.Length) {
	if f.height > 0 {
		return figureWidth, f.height
	}
	return figureWidth, figureHeight
}

// narrow returns the figure in a narrow size, in the same proportions if it has some of
// its own.
func (f *figure) narrow() (w, h vg.Length) {
	return narrowWidth, max(narrowHeight, f.height*narrowWidth/figureWidth)
}

// draw draws the figure from top to bottom: title, subtitle, legend, body.
func (f *figure) draw(c draw.Canvas) {
	c.FillPolygon(color.White, []vg.Point{c.Min, {X: c.Max.X, Y: c.Min.Y}, c.Max, {X: c.Min.X, Y: c.Max.Y}})
	c = draw.Crop(c, margin, -margin, margin*0.7, -margin)
	c = write(c, heading(), 20, f.title)
	c = draw.Crop(write(c, label(grey), 13, f.subtitle), 0, 0, 0, -5)
	if len(f.legend) > 0 {
		c = f.drawLegend(c)
	}
	f.body(draw.Crop(c, 0, 0, 0, -4))
}

// write writes a text at the top in lines of a height, and returns what is left of the
// canvas.
func write(c draw.Canvas, style text.Style, height vg.Length, words string) draw.Canvas {
	for _, line := range breakLines(words, style, c.Size().X) {
		c.FillText(style, vg.Point{X: c.Min.X, Y: c.Max.Y}, line)
		c = draw.Crop(c, 0, 0, 0, -height)
	}
	return c
}

// drawLegend lays the entries out in lines, like words, and returns what is left of the
// canvas. An entry that is longer than a line is broken between its words.
func (f *figure) drawLegend(c draw.Canvas) draw.Canvas {
	const thumb, gap, between, line = 24, 6, 18, 16
	style := label(black)
	style.YAlign = text.YCenter
	x, y := c.Min.X, c.Max.Y-line/2
	for _, e := range f.legend {
		indent := vg.Length(0)
		if len(e.thumbs) > 0 {
			indent = thumb + gap
		}
		lines := breakLines(e.label, style, c.Size().X-indent)
		width := indent
		for _, text := range lines {
			width = max(width, indent+style.Width(text))
		}
		if x > c.Min.X && x+width > c.Max.X {
			x, y = c.Min.X, y-line
		}
		box := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
			Min: vg.Point{X: x, Y: y - 5}, Max: vg.Point{X: x + thumb, Y: y + 5},
		}}
		for _, t := range e.thumbs {
			t.Thumbnail(&box)
		}
		for i, text := range lines {
			if i > 0 {
				y -= line
			}
			c.FillText(style, vg.Point{X: x + indent, Y: y}, text)
		}
		x += width + between
	}
	return draw.Crop(c, 0, 0, 0, y-line/2-4-c.Max.Y)
}

// breakLines divides a text into lines of at most a width, between words where there are
// several.
func breakLines(label string, style text.Style, width vg.Length) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(label) {
		longer := strings.TrimSpace(line + " " + word)
		if line != "" && style.Width(longer) > width {
			lines = append(lines, line)
			longer = word
		}
		line = longer
	}
	return append(lines, line)
}

// svg renders the figure in a size as an SVG document.
func (f *figure) svg(w, h vg.Length) ([]byte, error) {
	canvas := vgsvg.New(w, h)
	f.draw(draw.New(canvas))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return nil, err
	}
	// The text is laid out for Liberation Sans. Arial and Helvetica have the same widths,
	// so that the layout holds where Liberation is not installed and no font needs to be
	// embedded.
	return bytes.ReplaceAll(b.Bytes(),
		[]byte("font-family:Liberation Sans;"),
		[]byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;")), nil
}

// png renders the figure as a PNG image.
func (f *figure) png() ([]byte, error) {
	w, h := f.size()
	canvas := vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(dpi))
	f.draw(draw.New(canvas))
	var b bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: canvas}).WriteTo(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// face returns a sans-serif font of the given size.
func face(size vg.Length, weight xfont.Weight) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size, Weight: weight}
}

// heading is the style of titles.
func heading() text.Style {
	return text.Style{Color: black, Font: face(titleSize, xfont.WeightBold), YAlign: text.YTop,
		Handler: plot.DefaultTextHandler}
}

// label is the style of all other text, aligned to the left and the top.
func label(c color.Color) text.Style {
	return text.Style{Color: c, Font: face(textSize, xfont.WeightNormal), YAlign: text.YTop,
		Handler: plot.DefaultTextHandler}
}
