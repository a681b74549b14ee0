package captcha

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
	"sync"
)

const (
	// maxPart bounds the base64 of a part, in bytes: npm refuses 32,768 and more.
	maxPart = 32<<10 - 1

	// maxPNG bounds a picture in bytes, so that its base64 stays within maxPart
	// even as a question, whose prefix takes 22 more.
	maxPNG = (maxPart - len(questionPrefix)) / 4 * 3

	// manyColors is more than honest pictures have; ours have some 300, those
	// composed of npm's a few thousand. It bounds the work of finding, for each
	// colour, the nearest of those kept, to some ten milliseconds. A gradient packs
	// 40,000 colours into a few bytes; unbounded they would take half a second.
	manyColors = 8192
)

// encoder makes all pictures. The best compression saves 4 % and takes twice the time.
var encoder = png.Encoder{BufferPool: new(buffers)}

// buffers keeps those of the encoder, of almost a megabyte each, for the next picture. Made
// anew, they were a fifth of what a node under attack allocates.
type buffers struct{ pool sync.Pool }

// Get returns a buffer, nil if there is none: then the encoder makes one.
func (b *buffers) Get() *png.EncoderBuffer {
	buffer, _ := b.pool.Get().(*png.EncoderBuffer)
	return buffer
}

// Put takes a buffer back.
func (b *buffers) Put(buffer *png.EncoderBuffer) { b.pool.Put(buffer) }

// encode makes a PNG of at most maxPNG bytes: of 256 colours, which is many for six
// symbols, or of fewer if that is too large. The bound holds for any pixels: the largest
// picture of six cells has 500 x 83 of them, which are 20,833 bytes at four bits each
// with not a byte saved by compression; those of four and five cells, up to 500 x 125,
// are 7,875 at one bit.
func encode(canvas *image.NRGBA) []byte {
	colors := count(canvas)
	if len(colors) > manyColors {
		simplify(canvas)
		colors = count(canvas)
	}
	var out bytes.Buffer
	for _, limit := range []int{256, 16, 2} {
		out.Reset()
		// Nothing can fail: the buffer takes any bytes, and the size is sane.
		_ = encoder.Encode(&out, reduce(canvas, colors, limit))
		if out.Len() <= maxPNG {
			break
		}
	}
	return out.Bytes()
}

// tally is a colour and how many pixels have it.
type tally struct {
	color  color.NRGBA
	pixels int
}

// count lists the colours of a picture, the most frequent first, ties in a fixed
// order. Pixels that cannot be seen are all of one colour.
func count(canvas *image.NRGBA) []tally {
	pixels := make(map[color.NRGBA]int)
	for i := 0; i < len(canvas.Pix); i += 4 {
		pixels[seen(canvas.Pix[i:])]++
	}
	colors := make([]tally, 0, len(pixels))
	for c, n := range pixels {
		colors = append(colors, tally{c, n})
	}
	slices.SortFunc(colors, func(a, b tally) int {
		return cmp.Or(b.pixels-a.pixels, cmp.Compare(number(a.color), number(b.color)))
	})
	return colors
}

// simplify rounds every channel of a picture to one of eight values, and so its
// colours to at most 4,096.
func simplify(canvas *image.NRGBA) {
	for i, v := range canvas.Pix {
		canvas.Pix[i] = uint8(int(v) >> 5 * 255 / 7)
	}
}

// seen reads a pixel.
func seen(pix []uint8) color.NRGBA {
	if pix[3] == 0 {
		return color.NRGBA{}
	}
	return color.NRGBA{R: pix[0], G: pix[1], B: pix[2], A: pix[3]}
}

func number(c color.NRGBA) uint32 {
	return uint32(c.R)<<24 | uint32(c.G)<<16 | uint32(c.B)<<8 | uint32(c.A)
}

// reduce redraws a picture with its most frequent colours, at most limit of them; every
// other becomes the nearest of those. Backgrounds and the insides of symbols are frequent
// and stay exact: only soft edges change a little.
func reduce(canvas *image.NRGBA, colors []tally, limit int) *image.Paletted {
	kept := colors[:min(limit, len(colors))]
	palette := make(color.Palette, len(kept))
	index := make(map[color.NRGBA]uint8, len(colors))
	for i, t := range kept {
		palette[i] = t.color
		index[t.color] = uint8(i)
	}
	for _, t := range colors[len(kept):] {
		index[t.color] = nearest(kept, t.color)
	}
	reduced := image.NewPaletted(canvas.Rect, palette)
	for i := range reduced.Pix {
		reduced.Pix[i] = index[seen(canvas.Pix[4*i:])]
	}
	return reduced
}

// nearest finds the colour that differs least in alpha and in what it adds to
// the pixel, which is its channels times alpha.
func nearest(kept []tally, c color.NRGBA) (best uint8) {
	least := 1 << 62
	for i, t := range kept {
		alpha := int(c.A) - int(t.color.A)
		sum := 3 * alpha * alpha * 255 * 255
		for _, pair := range [3][2]uint8{{c.R, t.color.R}, {c.G, t.color.G}, {c.B, t.color.B}} {
			d := int(pair[0])*int(c.A) - int(pair[1])*int(t.color.A)
			sum += d * d
		}
		if sum < least {
			least, best = sum, uint8(i)
		}
	}
	return best
}

// decodePart reads what an approver, ours or npm's, has drawn. It comes from another
// machine: its text is bounded, and the size that its header states must be that of the
// look before any memory is spent on pixels.
func decodePart(part string, l look) (image.Image, error) {
	if len(part) > maxPart {
		return nil, fmt.Errorf("longer than %d bytes", maxPart)
	}
	raw, err := base64.StdEncoding.DecodeString(part)
	if err != nil {
		return nil, errors.New("not in base64")
	}
	header, err := png.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	if header.Width != l.width || header.Height != l.cell {
		return nil, fmt.Errorf("%d x %d pixels instead of %d x %d", header.Width, header.Height, l.width, l.cell)
	}
	return png.Decode(bytes.NewReader(raw))
}
