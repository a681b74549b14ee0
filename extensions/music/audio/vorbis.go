package audio

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Vorbis comments, of FLAC and Ogg. They are read here and not by the library, which
// reserves as many bytes for a picture as four bytes of the file claim.

// maxComments is how many are read.
const maxComments = 1000

// readComments reads the body of a comment packet: the vendor, then NAME=VALUE each.
func (f *File) readComments(packet []byte, limits Limits) {
	next := func() (string, bool) {
		if len(packet) < 4 {
			return "", false
		}
		n := uint64(binary.LittleEndian.Uint32(packet))
		if n > uint64(len(packet)-4) {
			return "", false
		}
		text := string(packet[4 : 4+n])
		packet = packet[4+n:]
		return text, true
	}
	if _, ok := next(); !ok || len(packet) < 4 {
		return
	}
	count := binary.LittleEndian.Uint32(packet)
	packet = packet[4:]
	for range min(count, maxComments) {
		text, ok := next()
		if !ok {
			return
		}
		name, value, _ := strings.Cut(text, "=")
		f.comment(strings.ToLower(name), value, limits)
	}
}

// comment takes over one comment. There may be several artists.
func (f *File) comment(name, value string, limits Limits) {
	number := func() int {
		digits, _, _ := strings.Cut(value, "/")
		n, _ := strconv.Atoi(digits)
		return n
	}
	t := &f.Tags
	switch name {
	case "artist":
		if t.Artist != "" && len(t.Artist) < MaxTag {
			value = t.Artist + ", " + value
		}
		t.Artist = value
	case "title":
		t.Title = value
	case "album":
		t.Album = value
	case "albumartist":
		t.AlbumArtist = value
	case "composer":
		t.Composer = value
	case "genre":
		t.Genre = value
	case "date", "year":
		value = value[:min(4, len(value))]
		t.Year = number()
	case "tracknumber":
		t.Track = number()
	case "discnumber":
		t.Disc = number()
	case "metadata_block_picture":
		if block, err := base64.StdEncoding.DecodeString(value); err == nil && f.Cover == nil {
			f.Cover = readPicture(block, limits)
		}
	}
}

// The blocks of FLAC that are read. (RFC 9639, section 8.)
const (
	flacInfo    = 0
	flacComment = 4
	flacPicture = 6
	maxBlocks   = 128
)

// readFLAC reads the blocks before the audio.
func (f *File) readFLAC(file io.ReaderAt, limits Limits) error {
	at, left := int64(4), limits.Tags
	for i := range maxBlocks {
		head := part(file, at, 4)
		if head == nil {
			return ErrNoAudio
		}
		size := int64(binary.BigEndian.Uint32(head) & 0xffffff)
		kind := head[0] & 0x7f
		if i == 0 && (kind != flacInfo || size != 34) {
			return ErrNoAudio
		}
		if kind == flacInfo || kind == flacComment || kind == flacPicture {
			if left -= size; left < 0 {
				return fmt.Errorf("%w: at most %d bytes", ErrTooMuch, limits.Tags)
			}
			block := part(file, at+4, size)
			if block == nil {
				return ErrNoAudio
			}
			f.flacBlock(kind, block, limits)
		}
		at += 4 + size
		if head[0]&0x80 != 0 { // the last one
			return f.flacFrame(file, at)
		}
	}
	return fmt.Errorf("%w: at most %d blocks", ErrTooMuch, maxBlocks)
}

// flacFrame says whether audio begins here, by the sync code of a frame.
func (f *File) flacFrame(file io.ReaderAt, at int64) error {
	if sync := part(file, at, 2); sync == nil || sync[0] != 0xff || sync[1]&0xfe != 0xf8 {
		return ErrNoAudio
	}
	return nil
}

func (f *File) flacBlock(kind byte, block []byte, limits Limits) {
	switch kind {
	case flacInfo:
		if len(block) == 34 {
			// 20 bits for the rate, 3 for channels, 5 for their bits, 36 for the samples
			fields := binary.BigEndian.Uint64(block[10:])
			f.Quality.SampleRate = int(fields >> 44)
			f.Quality.Duration = samples(int64(fields&(1<<36-1)), f.Quality.SampleRate)
		}
	case flacComment:
		f.readComments(block, limits)
	case flacPicture:
		front := len(block) >= 4 && binary.BigEndian.Uint32(block) == frontCover
		if cover := readPicture(block, limits); cover != nil && (f.Cover == nil || front) {
			f.Cover = cover
		}
	}
}
