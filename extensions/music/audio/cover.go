package audio

import (
	"bytes"
	"encoding/binary"
	"image"
	_ "image/gif" // formats of covers
	_ "image/jpeg"
	_ "image/png"
	"maps"
	"slices"

	_ "golang.org/x/image/webp"
)

// Cover is a picture of a song, as it was in the tags.
type Cover struct {
	Type          string // media type, by its content
	Data          []byte
	Width, Height int
}

// maxSide is the largest side of a cover, in pixels: browsers decode what they are sent.
const maxSide = 4096

// coverTypes are the media types of the formats, by their names in package image.
var coverTypes = map[string]string{"jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp"}

// CoverTypes are the media types that a cover may have.
func CoverTypes() []string { return slices.Sorted(maps.Values(coverTypes)) }

// NewCover looks at a picture without decoding it; nil if it is none, or too large.
func NewCover(data []byte, limits Limits) *Cover {
	if int64(len(data)) > limits.Cover {
		return nil
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || config.Width < 1 || config.Height < 1 || config.Width > maxSide || config.Height > maxSide {
		return nil
	}
	return &Cover{Type: coverTypes[format], Data: data, Width: config.Width, Height: config.Height}
}

// frontCover is the type of a picture that shows the front, in ID3v2 and FLAC.
const frontCover = 3

// readPicture reads a picture block of FLAC, which Vorbis comments have, too: eight
// numbers, with texts and the bytes between.
func readPicture(block []byte, limits Limits) *Cover {
	next := func() uint32 {
		if len(block) < 4 {
			block = nil
			return 0
		}
		n := binary.BigEndian.Uint32(block)
		block = block[4:]
		return n
	}
	bytes := func() []byte {
		n := next()
		if uint64(n) > uint64(len(block)) {
			block = nil
			return nil
		}
		got := block[:n]
		block = block[n:]
		return got
	}
	next()  // type
	bytes() // media type
	bytes() // description
	for range 4 {
		next() // width, height, depth, colors
	}
	return NewCover(bytes(), limits)
}
