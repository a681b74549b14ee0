package captcha

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// wishes are the colour options that make pictures differ most in size.
var wishes = []string{
	`"captchaColor":"random"`,
	`"captchaColor":"#ffffff"`,
	`"captchaColor":"#00ff00","captchaBackground":"#ff00ff"`,
	`"captchaBackground":"#7f7f7f"`,
}

func TestPartsOfEveryWidthAndColourFitTheWire(t *testing.T) {
	const npmLimit = 32 << 10 // npm refuses parts of this many bytes
	options := DefaultOptions()
	options.Shadows = maxShadows
	rich, usual := fresh(t, options), fresh(t, DefaultOptions())
	largest := 0
	for width := minWidth; width <= maxWidth; width += 16 {
		for i, wish := range wishes {
			info := fmt.Sprintf(`{"captchaWidth":%d,%s}`, width, wish)
			for _, a := range []*Approval{usual, rich} {
				part, _ := a.Issue(netip.Addr{}, &info, rand.New(rand.NewPCG(uint64(width), uint64(i))).IntN)
				if drawn := picture(t, part).Bounds(); drawn != image.Rect(0, 0, width, width/6) {
					t.Fatalf("%s: picture of %v", info, drawn)
				}
				largest = max(largest, len(part))
			}
		}
	}
	if largest >= npmLimit*2/3 {
		t.Errorf("the largest part has %d bytes: two thirds of the limit should be plenty", largest)
	}
}

func TestNoPixelsMakeAPictureTooLarge(t *testing.T) {
	for length := minLength; length <= maxLength; length++ {
		noise := image.NewNRGBA(image.Rect(0, 0, maxWidth, maxWidth/length))
		random := rand.New(rand.NewPCG(uint64(length), 1))
		for i := range noise.Pix {
			noise.Pix[i] = uint8(random.Uint32())
		}
		if n := len(count(noise)); n <= manyColors {
			t.Fatalf("noise of %v has %d colours only", noise.Rect, n)
		}
		if size := len(encode(noise)); size > maxPNG {
			t.Errorf("noise of %v: %d bytes, want at most %d", noise.Rect, size, maxPNG)
		}
	}
}

func TestTheSameRandomNumbersGiveTheSamePart(t *testing.T) {
	for _, wish := range wishes {
		info := "{" + wish + "}"
		parts, texts := issue(fresh(t, DefaultOptions()), &info, 2, 5)
		again, textsAgain := issue(fresh(t, DefaultOptions()), &info, 2, 5)
		if parts[0] != again[0] || parts[1] != again[1] || texts[0] != textsAgain[0] {
			t.Errorf("%s: parts differ", info)
		}
		if parts[0] == parts[1] || texts[0] == texts[1] {
			t.Errorf("%s: other random numbers give the same part", info)
		}
	}
}

func TestTextsAreOfSymbolsThatAreNotTakenForOthers(t *testing.T) {
	a := fresh(t, DefaultOptions())
	seen := make(map[rune]bool)
	for seed := range uint64(60) {
		_, texts := issue(a, nil, 1, seed)
		if len(texts[0]) != 6 {
			t.Fatalf("text %q", texts[0])
		}
		for _, symbol := range texts[0] {
			seen[symbol] = true
		}
	}
	for _, pair := range []string{"0o", "1l", "1i", "il", "5s", "2z", "9g", "gq", "9q"} {
		if strings.ContainsAny(symbols, pair[:1]) && strings.ContainsAny(symbols, pair[1:]) {
			t.Errorf("%q and %q are both issued", pair[:1], pair[1:])
		}
	}
	if len(seen) != len(symbols) {
		t.Errorf("%d symbols in 360 draws, want all %d", len(seen), len(symbols))
	}
}

// Any random stream is as good, even one that is stuck at an end.
func TestEverySymbolIsDrawnWithinItsCellAndCoversEnoughOfIt(t *testing.T) {
	a := fresh(t, DefaultOptions())
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.IntRange(minWidth/maxLength, maxWidth/minLength).Draw(t, "cell")
		margin := rapid.IntRange(0, 3).Draw(t, "margin")
		unit := rapid.Float64Range(0, 1)
		mask := a.glyphs[rapid.IntRange(0, len(symbols)-1).Draw(t, "symbol")].mask(cell, margin, placement{
			size: rapid.Float64Range(minSize, maxSize).Draw(t, "size"),
			turn: rapid.Float64Range(-maxShadowTurn, maxShadowTurn).Draw(t, "turn"),
			x:    unit.Draw(t, "x"), y: unit.Draw(t, "y"),
		})
		covered := 0
		for y := range cell {
			for x := range cell {
				v := int(mask.AlphaAt(x, y).A)
				if outside := min(x, y, cell-1-x, cell-1-y) < margin; outside && v > 0 {
					t.Fatalf("pixel %d,%d in the margin has coverage %d", x, y, v)
				}
				covered += v
			}
		}
		inside := float64(cell - 2*margin)
		if share := float64(covered) / 255 / (inside * inside); share < 0.03 || share > 0.8 {
			t.Fatalf("the symbol covers %.2f of its cell inside the margin", share)
		}
	})
}

func TestRandomInksStandOutOfEveryBackground(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		background := opaque.Draw(t, "background")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)).IntN
		if ink := randomInk(background, random); contrast(ink, background) < clearContrast*0.95 {
			t.Fatalf("contrast of %v with %v is %.2f", ink, background, contrast(ink, background))
		}
		if ink := randomInk(color.NRGBA{}, random); !standsOut(ink, color.NRGBA{}) {
			t.Fatalf("contrast of %v is %.2f with white, %.2f with black", ink, contrast(ink, white), contrast(ink, black))
		}
	})
}

var opaque = rapid.Custom(func(t *rapid.T) color.NRGBA {
	channel := rapid.Uint8()
	return color.NRGBA{channel.Draw(t, "r"), channel.Draw(t, "g"), channel.Draw(t, "b"), 255}
})

// Every symbol has, somewhere in its cell, a colour next to one that it stands
// out of: its ink on the background, or its ink on its edge.
func TestEveryColourThatAClientCanWishForIsLegible(t *testing.T) {
	a := fresh(t, DefaultOptions())
	rapid.Check(t, func(t *rapid.T) {
		hex := func(c color.NRGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }
		ink, background := opaque.Draw(t, "ink"), opaque.Draw(t, "background")
		if rapid.Bool().Draw(t, "same") {
			background = ink
		}
		info := fmt.Sprintf(`{"captchaWidth":150,"captchaColor":%q,"captchaBackground":%q}`, hex(ink), hex(background))
		look, err := a.look.with(&info, 6)
		if err != nil {
			t.Fatal(err)
		}
		canvas := newCanvas(look)
		a.paint(canvas, look, 0, rapid.IntRange(0, len(symbols)-1).Draw(t, "symbol"), rand.New(rand.NewPCG(1, 1)).IntN)
		best := 0.0
		for y := range look.cell {
			for x := range look.cell - 3 { // across an edge and its soft border
				best = max(best, contrast(canvas.NRGBAAt(x, y), canvas.NRGBAAt(x+3, y)))
			}
		}
		if best < leastContrast*0.8 { // the symbol may be a little transparent
			t.Fatalf("%s: the best contrast is %.2f", info, best)
		}
	})
}

func TestContrastIsThatOfTheGuidelines(t *testing.T) {
	for _, c := range []struct {
		a, b color.NRGBA
		want float64
	}{
		{black, white, 21},
		{white, white, 1},
		{color.NRGBA{255, 0, 0, 255}, white, 3.998},
		{color.NRGBA{0, 0, 255, 255}, white, 8.592},
		{color.NRGBA{0x76, 0x76, 0x76, 255}, white, 4.542},
	} {
		if got := contrast(c.a, c.b); got < c.want-0.001 || got > c.want+0.001 {
			t.Errorf("contrast of %v and %v: %.4f, want %.3f", c.a, c.b, got, c.want)
		}
	}
}

func TestLayingOneColourOverAnother(t *testing.T) {
	red := color.NRGBA{200, 0, 0, 255}
	for _, c := range []struct {
		coverage    uint32
		below, want color.NRGBA
	}{
		{255, white, red},
		{255, color.NRGBA{}, red},
		{100, color.NRGBA{}, color.NRGBA{200, 0, 0, 100}},
		{51, color.NRGBA{200, 0, 0, 255}, red},
		{51, white, color.NRGBA{244, 204, 204, 255}},
		{128, color.NRGBA{200, 0, 0, 128}, color.NRGBA{200, 0, 0, 192}},
	} {
		if got := over(red, c.coverage, c.below); got != c.want {
			t.Errorf("red with coverage %d over %v: %v, want %v", c.coverage, c.below, got, c.want)
		}
	}
}

// A picture allocates little: the buffers of its encoder are almost a megabyte, and are used
// again. It is the same picture.
func TestBuffersOfPicturesAreUsedAgain(t *testing.T) {
	const pictures = 64
	canvas := image.NewNRGBA(image.Rect(0, 0, 60, 30))
	for i := range canvas.Pix {
		canvas.Pix[i] = byte(i)
	}
	first := encode(canvas)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range pictures {
		if !bytes.Equal(encode(canvas), first) {
			t.Fatal("another picture of the same pixels")
		}
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / pictures; each > 400<<10 {
		t.Errorf("a picture allocates %d bytes", each)
	}
}
