package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"strings"
)

// drawPicture draws a captcha in a terminal: each character stands for two points, one above the other, and each point for
// a square of pixels, so that the picture is at most pictureColumns wide.
const (
	pictureColumns = 120
	maxPictureSide = 2000 // pixels: a question comes from other people's nodes
)

func drawPicture(w io.Writer, data []byte) error {
	size, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil || size.Width > maxPictureSide || size.Height > maxPictureSide {
		return fmt.Errorf("approve: the question is no picture of at most %d pixels a side", maxPictureSide)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("approve: the picture: %w", err)
	}
	step := (size.Width + pictureColumns - 1) / pictureColumns
	var b strings.Builder
	for y := 0; y < size.Height; y += 2 * step {
		for x := 0; x < size.Width; x += step {
			above, below := point(picture, x, y, step), point(picture, x, y+step, step)
			fmt.Fprintf(&b, "\x1b[38;2;%d;%d;%dm\x1b[48;2;%d;%d;%dm▀", above.R, above.G, above.B, below.R, below.G, below.B)
		}
		b.WriteString("\x1b[0m\n")
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// point is the mean colour of a square, on white; what lies outside of the picture is white.
func point(picture image.Image, x, y, step int) color.RGBA {
	at := picture.Bounds().Min.Add(image.Pt(x, y))
	square := image.Rectangle{at, at.Add(image.Pt(step, step))}.Intersect(picture.Bounds())
	if square.Empty() {
		return color.RGBA{255, 255, 255, 255}
	}
	var r, g, b uint32
	for y := square.Min.Y; y < square.Max.Y; y++ {
		for x := square.Min.X; x < square.Max.X; x++ {
			red, green, blue, alpha := picture.At(x, y).RGBA() // 16 bits, multiplied by alpha
			white := 0xffff - alpha
			r, g, b = r+(red+white)>>8, g+(green+white)>>8, b+(blue+white)>>8
		}
	}
	n := uint32(square.Dx() * square.Dy())
	return color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), 255}
}
