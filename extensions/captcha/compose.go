package captcha

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"math/rand/v2"
	"net/netip"
)

// questionPrefix makes the question an address that browsers show as a picture.
const questionPrefix = "data:image/png;base64,"

// Compose implements [core.ApprovalKind]: each part gives its left-most cells to
// the cells that its approver owns. The question is a "data:image/png;base64,"
// text of fewer than 32,768 bytes.
//
// There must be one to [Options].Length parts, one for each approver that the client will
// name, in that order. An empty part means that the approver did not answer: its cells
// show a symbol that no approver expects, so that those of the others stay in place; not
// all may be empty. A part that is not a PNG of the size asked for is an error that tells
// its place, counted from 0.
func (a *Approval) Compose(_ netip.Addr, info *string, parts []string) (question string, err error) {
	look, err := a.look.with(info, a.length)
	if err != nil {
		return "", err
	}
	if len(parts) == 0 || len(parts) > a.length {
		return "", fmt.Errorf("captcha of %d parts: want 1 to %d", len(parts), a.length)
	}
	canvas := newCanvas(look)
	stand := standIns(parts)
	silent := 0
	for i, part := range parts {
		from, n := share(a.length, i, len(parts))
		if part == "" {
			silent++
			for cell := from; cell < from+n; cell++ {
				a.paint(canvas, look, cell, stand(len(symbols)), stand)
			}
			continue
		}
		drawn, err := decodePart(part, look)
		if err != nil {
			return "", fmt.Errorf("captcha part %d: %w", i, err)
		}
		paste(canvas, from*look.cell, drawn, n*look.cell)
	}
	if silent == len(parts) {
		return "", fmt.Errorf("captcha of %d parts: all are empty", len(parts))
	}
	return questionPrefix + base64.StdEncoding.EncodeToString(encode(canvas)), nil
}

// Fits reports whether a part can be composed into the question that a client with this
// info asks for. An approver whose part does not fit counts as silent.
func (a *Approval) Fits(info *string, part string) bool {
	look, err := a.look.with(info, a.length)
	if err != nil {
		return false
	}
	_, err = decodePart(part, look)
	return err == nil
}

// standIns is the stream of random numbers for the symbols of silent approvers. The other
// parts seed it, so that the same parts give the same question; they need not be hard to
// guess.
func standIns(parts []string) func(n int) int {
	hash := fnv.New64a()
	for _, part := range parts {
		_, _ = hash.Write([]byte(part)) // a hash never fails
	}
	return rand.New(rand.NewPCG(hash.Sum64(), uint64(len(parts)))).IntN
}

// paste copies the left-most pixels of a part, as they are, to the canvas.
func paste(canvas *image.NRGBA, left int, part image.Image, width int) {
	at := part.Bounds().Min
	for y := range canvas.Rect.Dy() {
		for x := range width {
			pixel := color.NRGBAModel.Convert(part.At(at.X+x, at.Y+y))
			canvas.SetNRGBA(left+x, y, pixel.(color.NRGBA))
		}
	}
}
