package captcha

import (
	"image"
	"image/color"
	"image/draw"
)

// How a symbol may vary. npm draws from wider ranges, given in brackets.
const (
	// size of the larger side of the symbol, in cells of 32 pixels or more [a font size
	// of 0.5 to 0.9]
	minSize, maxSize = 0.75, 1
	maxTurn          = 25  // degrees either way, so that n stays n and 6 stays 6 [75]
	minOpacity       = 0.9 // of the symbol itself [0.25]

	// Shadows are so faint that they cannot be taken for the symbol. npm's are as strong
	// as the symbol.
	minShadow, maxShadow = 0.15, 0.3 // opacity [0.25 to 1]
	maxShadowTurn        = 60        // degrees [75]
)

func newCanvas(l look) *image.NRGBA {
	canvas := image.NewNRGBA(image.Rect(0, 0, l.width, l.cell))
	draw.Draw(canvas, canvas.Rect, image.NewUniform(l.background), image.Point{}, draw.Src)
	return canvas
}

// paint draws a symbol, by its place in symbols, with its shadows beneath it, into
// one cell of the canvas.
func (a *Approval) paint(canvas *image.NRGBA, l look, cell, symbol int, random func(int) int) {
	ink := l.ink
	if l.random {
		ink = randomInk(l.background, random)
	}
	left := cell * l.cell
	at := randomPlacement(l.cell, maxTurn, random)
	for range a.shadows {
		at := randomPlacement(l.cell, maxShadowTurn, random).near(at)
		blend(canvas, left, a.glyphs[symbol].mask(l.cell, 0, at), ink, between(minShadow, maxShadow, random))
	}
	opacity := between(minOpacity, 1, random)
	if standsOut(ink, l.background) {
		blend(canvas, left, a.glyphs[symbol].mask(l.cell, 1, at), ink, opacity)
		return
	}
	// White on white, say, or black on a page that may be dark: an edge in the
	// opposite colour makes it legible. npm edges every symbol, with its inverted
	// colour, half transparent.
	edge := 1 + l.cell/40
	shape := a.glyphs[symbol].mask(l.cell, edge, at)
	blend(canvas, left, spread(shape, edge), farthest(ink), 1)
	blend(canvas, left, shape, ink, 1)
}

// randomPlacement varies a symbol in its cell. In cells below 32 pixels, which
// pictures of less than 192 have, size varies less, and not at all in those of 16.
func randomPlacement(cell int, maxTurn float64, random func(int) int) placement {
	smallest := max(minSize, min(1.25-float64(cell)/64, maxSize))
	return placement{
		size: between(smallest, maxSize, random),
		turn: between(-maxTurn, maxTurn, random),
		x:    between(0, 1, random),
		y:    between(0, 1, random),
	}
}

// strongest is the strongest value of a mask within a radius of a pixel.
func strongest(mask *image.Alpha, x, y, radius int) (most color.Alpha) {
	for dy := -radius; dy <= radius; dy++ {
		for dx := -radius; dx <= radius; dx++ {
			// a round brush; the smallest includes its corners
			if dx*dx+dy*dy <= radius*radius+1 {
				most.A = max(most.A, mask.AlphaAt(x+dx, y+dy).A)
			}
		}
	}
	return most
}

// blend lays an ink of some opacity over the canvas, through a mask whose left edge is at
// the given pixel. It is "source over" on colours that are not multiplied by their alpha:
// one ink on a transparent canvas keeps its colour even at soft edges, which keeps the
// colours of a picture few.
func blend(canvas *image.NRGBA, left int, mask *image.Alpha, ink color.NRGBA, opacity float64) {
	strength := uint32(opacity*255 + 0.5)
	for y := range mask.Rect.Dy() {
		for x := range mask.Rect.Dx() {
			above := (uint32(mask.AlphaAt(x, y).A)*strength + 127) / 255
			if above > 0 {
				canvas.SetNRGBA(left+x, y, over(ink, above, canvas.NRGBAAt(left+x, y)))
			}
		}
	}
}

// over is a colour with a coverage of 1 to 255 above another.
func over(ink color.NRGBA, coverage uint32, below color.NRGBA) color.NRGBA {
	top := coverage * 255
	bottom := uint32(below.A) * (255 - coverage)
	whole := top + bottom
	mix := func(a, b uint8) uint8 { return uint8((uint32(a)*top + uint32(b)*bottom + whole/2) / whole) }
	return color.NRGBA{
		R: mix(ink.R, below.R), G: mix(ink.G, below.G), B: mix(ink.B, below.B),
		A: uint8((whole + 127) / 255),
	}
}

// near moves a shadow towards its symbol, so that a narrow one is not taken for another
// symbol.
func (p placement) near(symbol placement) placement {
	p.x = symbol.x + (p.x-symbol.x)*0.4
	p.y = symbol.y + (p.y-symbol.y)*0.4
	return p
}
