package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"strings"
)

// pictureFile is where a picture will be saved. It is opened early, so that a path that
// cannot be written is an error before the question is asked for. Until the picture is
// written the file keeps its content.
type pictureFile struct {
	file *os.File
	made bool // made by this program: removed if there is no picture
}

// openPicture opens the file at path; nil if the path is empty.
func openPicture(path string) (*pictureFile, error) {
	if path == "" {
		return nil, nil
	}
	_, missing := os.Stat(path)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return &pictureFile{f, missing != nil}, nil
}

// write saves the picture.
func (p *pictureFile) write(picture []byte) error {
	if kind, err := p.file.Stat(); err == nil && kind.Mode().IsRegular() {
		if err := p.file.Truncate(0); err != nil {
			return err
		}
	}
	if _, err := p.file.Write(picture); err != nil {
		return err
	}
	p.made = false
	return nil
}

// close ends the use of the file, which may be none.
func (p *pictureFile) close() {
	if p == nil {
		return
	}
	p.file.Close()
	if p.made {
		os.Remove(p.file.Name())
	}
}

// drawPicture draws a captcha in a terminal: each character shows two points, one above
// the other, and each point a square of pixels, so that the picture is at most
// pictureColumns wide.
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

// point returns the mean colour of a square, on white; outside of the picture all is
// white.
func point(picture image.Image, x, y, step int) color.RGBA {
	at := picture.Bounds().Min.Add(image.Pt(x, y))
	square := image.Rectangle{at, at.Add(image.Pt(step, step))}.Intersect(picture.Bounds())
	if square.Empty() {
		return color.RGBA{255, 255, 255, 255}
	}
	var r, g, b uint32
	for y := square.Min.Y; y < square.Max.Y; y++ {
		for x := square.Min.X; x < square.Max.X; x++ {
			// 16 bits, multiplied by alpha
			red, green, blue, alpha := picture.At(x, y).RGBA()
			white := 0xffff - alpha
			r, g, b = r+(red+white)>>8, g+(green+white)>>8, b+(blue+white)>>8
		}
	}
	n := uint32(square.Dx() * square.Dy())
	return color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), 255}
}
