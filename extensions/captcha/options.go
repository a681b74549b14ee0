package captcha

import (
	"encoding/json"
	"errors"
	"fmt"
	"image/color"
	"time"

	"spreadable/core/draw"
)

// Ranges of what owners and clients may choose.
const (
	minWidth, maxWidth = 100, 500 // pixels; npm's range for clients, here for owners too

	// Fewer than four symbols are guessed too easily; with more than eight the cells of
	// the narrowest picture, 12 pixels wide, are too small for a legible symbol.
	minLength, maxLength = 4, 8

	maxShadows = 3 // more blacken the cell

	// maxInfo bounds the text of a client's info, in bytes. All three fields take some
	// 90; npm bounds only the whole request.
	maxInfo = 1024
)

// Options are what the owner of a node decides about captchas. All nodes of a network
// should have the same ones: what they draw must fit together, and Length, Decision and
// Period are part of the draw of approvers. Start from [DefaultOptions].
type Options struct {
	// Length is the number of symbols, 4 to 8, and of approvers: each owns at
	// least one (npm: captchaLength).
	Length int

	// Decision is how many approvers must find their symbols right. With six of
	// them and 75 % that is five: one may be down, or lie (npm: decisionLevel).
	Decision draw.Decision

	// Period is how long one draw of approvers lasts; above 0 (npm: period).
	Period time.Duration

	// Width of the picture in pixels, 100 to 500, when the client does not choose.
	// Its height is that of a cell, floor(Width / Length) (npm: captchaWidth).
	Width int

	// Background is "transparent" or "#rrggbb", when the client does not choose
	// (npm: captchaBackground).
	Background string

	// Color of the symbols is "random", each its own, or "#rrggbb", when the
	// client does not choose (npm: captchaColor).
	Color string

	// Shadows is how many faint copies lie beneath each symbol, 0 to 3, to
	// confuse machines (npm: captchaShadows).
	Shadows int
}

// DefaultOptions are the original's: six symbols, 75 %, five minutes, 240
// pixels, symbols of random colours with one shadow on no background.
func DefaultOptions() Options {
	decision, _ := draw.ParseDecision("75%")
	return Options{
		Length:     6,
		Decision:   decision,
		Period:     5 * time.Minute,
		Width:      240,
		Background: "transparent",
		Color:      "random",
		Shadows:    1,
	}
}

// look is how a picture looks: the owner's options, replaced by the client's info where
// it sets them.
type look struct {
	width, cell int         // pixels
	background  color.NRGBA // all zero when transparent
	ink         color.NRGBA // of every symbol, unless random
	random      bool        // each symbol has an ink of its own
}

// look checks the options, one after the other, and says which is out of range.
func (o Options) look() (look, error) {
	switch {
	case o.Length < minLength || o.Length > maxLength:
		return look{}, fmt.Errorf("captcha length %d: want %d to %d symbols", o.Length, minLength, maxLength)
	case o.Period <= 0:
		return look{}, fmt.Errorf("captcha period %v: want a duration above 0", o.Period)
	case o.Shadows < 0 || o.Shadows > maxShadows:
		return look{}, fmt.Errorf("captcha shadows %d: want 0 to %d", o.Shadows, maxShadows)
	}
	var l look
	return l, errors.Join(l.setWidth(float64(o.Width), o.Length), l.setBackground(o.Background), l.setColor(o.Color))
}

// with returns the look with a client's info: the JSON text of an object that has only
// captchaWidth, captchaBackground and captchaColor, none of them required. As in npm an
// empty object is accepted, null is not; a key given twice counts with its last value. A
// nil info changes nothing.
func (l look) with(info *string, length int) (look, error) {
	if info == nil {
		return l, nil
	}
	if len(*info) > maxInfo {
		return l, fmt.Errorf("captcha info: longer than %d bytes", maxInfo)
	}
	// A map, because encoding/json matches the fields of a struct in any case.
	var wishes map[string]any
	if err := json.Unmarshal([]byte(*info), &wishes); err != nil {
		return l, fmt.Errorf("captcha info: %w", err)
	}
	if wishes == nil {
		return l, errors.New("captcha info: null instead of an object")
	}
	width, hasWidth := wishes["captchaWidth"]
	background, hasBackground := wishes["captchaBackground"]
	ink, hasColor := wishes["captchaColor"]
	known := 0
	var wrong error
	if hasWidth {
		known, wrong = known+1, errors.Join(wrong, l.setWidth(width, length))
	}
	if hasBackground {
		known, wrong = known+1, errors.Join(wrong, l.setBackground(background))
	}
	if hasColor {
		known, wrong = known+1, errors.Join(wrong, l.setColor(ink))
	}
	if len(wishes) > known {
		wrong = errors.Join(wrong, errors.New(
			"captcha info: a key that is none of captchaWidth, captchaBackground, captchaColor"))
	}
	return l, wrong
}

// setWidth takes a whole number of pixels: 240, but 240.0 and 2.4e2 too, which
// are the same in JavaScript.
func (l *look) setWidth(value any, length int) error {
	width, ok := value.(float64)
	if !ok || width < minWidth || width > maxWidth || width != float64(int(width)) {
		return fmt.Errorf("captcha width %v: want a whole number of pixels from %d to %d", value, minWidth, maxWidth)
	}
	l.width, l.cell = int(width), int(width)/length
	return nil
}

func (l *look) setBackground(value any) error {
	background, ok := parseColor(value)
	if !ok && value != "transparent" {
		return fmt.Errorf(`captcha background %q: want "transparent" or "#rrggbb"`, value)
	}
	l.background = background
	return nil
}

func (l *look) setColor(value any) error {
	ink, ok := parseColor(value)
	if !ok && value != "random" {
		return fmt.Errorf(`captcha color %q: want "random" or "#rrggbb"`, value)
	}
	l.ink, l.random = ink, !ok
	return nil
}
