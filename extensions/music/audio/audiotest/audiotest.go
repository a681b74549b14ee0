// Package audiotest makes music files for tests: silence with tags.
package audiotest

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
)

// frameSize is the size of a frame of 128 kbit/s at 44.1 kHz, which takes 26.1 ms.
const frameSize = 417

// Frames is MPEG audio: so many frames of silence. The last byte of the first frame makes
// the file differ from others; no player looks at it.
func Frames(count int, mark byte) []byte {
	frame := append([]byte{0xff, 0xfb, 0x90, 0x64}, make([]byte, frameSize-4)...)
	all := bytes.Repeat(frame, count)
	all[frameSize-1] = mark
	return all
}

// ID3 is an ID3v2.3 tag: pairs of the name of a frame and its text. The frame APIC has
// the bytes of a PNG.
func ID3(pairs ...string) []byte {
	var frames []byte
	for i := 0; i+1 < len(pairs); i += 2 {
		body := append([]byte{3}, pairs[i+1]...) // 3: UTF-8
		if pairs[i] == "APIC" {
			body = append([]byte("\x00image/png\x00\x03\x00"), pairs[i+1]...)
		}
		frames = append(frames, pairs[i]...)
		frames = binary.BigEndian.AppendUint32(frames, uint32(len(body)))
		frames = append(append(frames, 0, 0), body...)
	}
	return append(Header(len(frames)), frames...)
}

// Header is the header of an ID3v2.3 tag that claims to have so many bytes.
func Header(n int) []byte {
	return []byte{'I', 'D', '3', 3, 0, 0, byte(n >> 21 & 0x7f), byte(n >> 14 & 0x7f), byte(n >> 7 & 0x7f), byte(n & 0x7f)}
}

// MP3 is a file of one second: artist, title, and the mark of Frames.
func MP3(artist, title string, mark byte) []byte {
	return append(ID3("TPE1", artist, "TIT2", title), Frames(39, mark)...)
}

// PNG is a picture of so many pixels in square.
func PNG(side int) []byte {
	picture := image.NewRGBA(image.Rect(0, 0, side, side))
	picture.Set(0, 0, color.White)
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		panic(err) // it writes into memory
	}
	return b.Bytes()
}
