package captcha

import (
	"encoding/hex"
	"image/color"
	"math"
)

// What makes a symbol legible is its contrast with what lies behind it, as
// defined by the Web Content Accessibility Guidelines 2.1 ("relative luminance",
// "contrast ratio"): from 1, none, to 21, black on white.
const (
	// clearContrast is what the guidelines ask of text, and random inks keep on a
	// known background.
	clearContrast = 4.5

	// leastContrast is what they ask of large text and graphics. An ink below it
	// gets an edge.
	leastContrast = 3

	// Inks between these luminances keep a contrast of at least 3.3 with white and 4.2
	// with black: legible on whatever page a transparent picture is shown. The contrast
	// with black is greater because dark pages are rarely black.
	midDark, midBright = 0.16, 0.265
)

var (
	black = color.NRGBA{A: 255}
	white = color.NRGBA{R: 255, G: 255, B: 255, A: 255}
)

// parseColor reads "#rrggbb", in any case.
func parseColor(value any) (color.NRGBA, bool) {
	text, ok := value.(string)
	if !ok || len(text) != 7 || text[0] != '#' {
		return color.NRGBA{}, false
	}
	rgb, err := hex.DecodeString(text[1:])
	if err != nil {
		return color.NRGBA{}, false
	}
	return color.NRGBA{R: rgb[0], G: rgb[1], B: rgb[2], A: 255}, true
}

// luminance is the relative luminance of an opaque colour, from 0 to 1.
func luminance(c color.NRGBA) float64 {
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// linear undoes the gamma of sRGB.
func linear(channel uint8) float64 {
	v := float64(channel) / 255
	if v <= 0.03928 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// contrast is the contrast ratio of two opaque colours, from 1 to 21.
func contrast(a, b color.NRGBA) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// farthest is black or white, whichever stands out more.
func farthest(c color.NRGBA) color.NRGBA {
	if contrast(c, white) > contrast(c, black) {
		return white
	}
	return black
}

// standsOut reports whether an ink is legible on a background. A transparent one may be
// shown on any colour, in the extreme on white or black.
func standsOut(ink, background color.NRGBA) bool {
	if background.A == 0 {
		return contrast(ink, white) >= leastContrast && contrast(ink, black) >= leastContrast
	}
	return contrast(ink, background) >= leastContrast
}

// randomInk draws a colour of any hue that is legible on the background.
func randomInk(background color.NRGBA, random func(int) int) color.NRGBA {
	hue := between(0, 6, random)
	saturation := between(0.6, 1, random)
	low, high := legible(background)
	return ofLuminance(hue, saturation, between(low, high, random))
}

// legible is the range of luminance that an ink may have on a background: on
// dark ones brighter by the clear contrast or somewhat more, else darker.
func legible(background color.NRGBA) (low, high float64) {
	if background.A == 0 {
		return midDark, midBright
	}
	behind := luminance(background) + 0.05
	if farthest(background) == white {
		low = min(behind*clearContrast-0.05, 1)
		return low, min(low*1.5+0.1, 1)
	}
	high = behind/clearContrast - 0.05
	return high / 4, high
}

// ofLuminance finds the colour of a hue (0 to 6, red at both ends) and an HSL
// saturation (0 to 1) whose luminance is nearest to want. Luminance grows with
// lightness, so it halves the range: eight steps settle eight bits, two more the
// rounding.
func ofLuminance(hue, saturation, want float64) color.NRGBA {
	low, high := 0.0, 1.0
	for range 10 {
		middle := (low + high) / 2
		if luminance(hsl(hue, saturation, middle)) < want {
			low = middle
		} else {
			high = middle
		}
	}
	return hsl(hue, saturation, high)
}

func hsl(hue, saturation, lightness float64) color.NRGBA {
	chroma := (1 - math.Abs(2*lightness-1)) * saturation
	channel := func(shift float64) uint8 {
		// A channel is full for a third of the circle around its own hue, and falls
		// off for a sixth on both sides.
		distance := math.Abs(math.Mod(hue+shift, 6) - 3)
		return uint8(255*(lightness+chroma*(min(max(distance-1, 0), 1)-0.5)) + 0.5)
	}
	return color.NRGBA{R: channel(0), G: channel(4), B: channel(2), A: 255}
}

// between draws a number from low to high, in 65,536 steps.
func between(low, high float64, random func(int) int) float64 {
	return low + (high-low)*float64(random(1<<16))/(1<<16)
}
