package captcha

import (
	"fmt"
	"image"
	"math"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// glyph is the outline of a symbol: curves in units of the font size, y growing
// downwards.
type glyph []curve

// curve is one piece of an outline: how many of its points count follows from
// its kind.
type curve struct {
	kind   sfnt.SegmentOp
	points [3]point
}

type point struct{ x, y float64 }

// loadGlyphs reads the symbols from Go Bold, an embedded font. Bold strokes survive the
// small cells of a narrow picture.
func loadGlyphs() (glyphs [len(symbols)]glyph, err error) {
	face, err := sfnt.Parse(gobold.TTF)
	if err != nil {
		return glyphs, fmt.Errorf("captcha font: %w", err)
	}
	var buffer sfnt.Buffer
	for i, symbol := range symbols {
		if glyphs[i], err = loadGlyph(face, &buffer, symbol); err != nil {
			return glyphs, fmt.Errorf("captcha font: symbol %q: %w", symbol, err)
		}
	}
	return glyphs, nil
}

func loadGlyph(face *sfnt.Font, buffer *sfnt.Buffer, symbol rune) (glyph, error) {
	index, err := face.GlyphIndex(buffer, symbol)
	if err != nil {
		return nil, err
	}
	// pixels per font size: as fine as the font's own grid, and a power of two
	const size = 1024
	segments, err := face.LoadGlyph(buffer, index, fixed.I(size), nil)
	if err != nil {
		return nil, err
	}
	outline := make(glyph, len(segments))
	for i, s := range segments {
		outline[i].kind = s.Op
		for j, p := range s.Args {
			outline[i].points[j] = point{float64(p.X) / (64 * size), float64(p.Y) / (64 * size)}
		}
	}
	return outline, nil
}

func (c curve) used() []point {
	switch c.kind {
	case sfnt.SegmentOpQuadTo:
		return c.points[:2]
	case sfnt.SegmentOpCubeTo:
		return c.points[:3]
	}
	return c.points[:1]
}

// placement is how a glyph lies in its cell.
type placement struct {
	// the larger side of its box, as a share of the space for it: above 0 to 1
	size float64
	turn float64 // in degrees, clockwise
	x, y float64 // 0 to 1: left to right and top to bottom in the space that is left
}

// mask draws a glyph into a square of cell pixels, leaving margin pixels free on all
// sides. Unlike npm's it is never cut off by the border between two approvers' cells, and
// it is measured by its own box, not by the font's: letters without an ascender grow as
// large as the others, which small cells need, and people need not tell upper from lower
// case.
func (g glyph) mask(cell, margin int, p placement) *image.Alpha {
	turned := g.turned(p.turn * math.Pi / 180)
	low, high := turned.box()
	room := float64(cell - 2*margin)
	scale := p.size * room / max(high.x-low.x, high.y-low.y)
	left := float64(margin) + p.x*(room-scale*(high.x-low.x)) - scale*low.x
	top := float64(margin) + p.y*(room-scale*(high.y-low.y)) - scale*low.y
	drawn := image.NewAlpha(image.Rect(0, 0, cell, cell))
	turned.trace(cell, scale, left, top).Draw(drawn, drawn.Rect, image.Opaque, image.Point{})
	coarsen(drawn)
	return drawn
}

// coarsen rounds a mask to 16 steps, from 0 to 255. It is invisible at soft edges, and a
// picture with few colours is small.
func coarsen(mask *image.Alpha) {
	const step = 255 / 15
	for i, v := range mask.Pix {
		mask.Pix[i] = uint8((int(v) + step/2) / step * step)
	}
}

func (g glyph) turned(angle float64) glyph {
	sin, cos := math.Sincos(angle)
	turned := make(glyph, len(g))
	for i, c := range g {
		turned[i].kind = c.kind
		for j, p := range c.points {
			turned[i].points[j] = point{p.x*cos - p.y*sin, p.x*sin + p.y*cos}
		}
	}
	return turned
}

// box is the smallest upright box around the points of a glyph; its curves stay
// within.
func (g glyph) box() (low, high point) {
	low, high = point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, c := range g {
		for _, p := range c.used() {
			low = point{min(low.x, p.x), min(low.y, p.y)}
			high = point{max(high.x, p.x), max(high.y, p.y)}
		}
	}
	return low, high
}

func (g glyph) trace(cell int, scale, left, top float64) *vector.Rasterizer {
	r := vector.NewRasterizer(cell, cell)
	at := func(p point) (x, y float32) { return float32(left + scale*p.x), float32(top + scale*p.y) }
	for _, c := range g {
		ax, ay := at(c.points[0])
		bx, by := at(c.points[1])
		cx, cy := at(c.points[2])
		switch c.kind {
		case sfnt.SegmentOpMoveTo:
			r.ClosePath()
			r.MoveTo(ax, ay)
		case sfnt.SegmentOpLineTo:
			r.LineTo(ax, ay)
		case sfnt.SegmentOpQuadTo:
			r.QuadTo(ax, ay, bx, by)
		case sfnt.SegmentOpCubeTo:
			r.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	r.ClosePath()
	return r
}

// spread grows a mask by a radius in pixels: what its shape covers when it is
// moved that far in every direction.
func spread(mask *image.Alpha, radius int) *image.Alpha {
	grown := image.NewAlpha(mask.Rect)
	for y := mask.Rect.Min.Y; y < mask.Rect.Max.Y; y++ {
		for x := mask.Rect.Min.X; x < mask.Rect.Max.X; x++ {
			grown.SetAlpha(x, y, strongest(mask, x, y, radius))
		}
	}
	return grown
}
