package audio

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// Ogg with Vorbis or Opus in it. (RFC 3533, RFC 7845, and the Vorbis I specification,
// section 4.2.)

const (
	oggHead = 27        // bytes of a page before its table of segments
	oggTail = 128 << 10 // bytes before the end in which the last page is looked for
	opus    = 48000     // samples per second by which Opus counts
)

// readOgg reads the first two packets, of the first stream in the file: what it is, and
// its comments.
func (f *File) readOgg(file io.ReaderAt, limits Limits) error {
	packets, serial, err := oggPackets(file, limits)
	if err != nil {
		return err
	}
	first, second := packets[0], packets[1]
	skip := 0 // samples before the first that is played
	switch {
	case bytes.HasPrefix(first, []byte("\x01vorbis")) && len(first) >= 30 && bytes.HasPrefix(second, []byte("\x03vorbis")):
		f.Quality.SampleRate = int(binary.LittleEndian.Uint32(first[12:]))
		f.readComments(second[7:], limits)
	case bytes.HasPrefix(first, []byte("OpusHead")) && len(first) >= 19 && bytes.HasPrefix(second, []byte("OpusTags")):
		f.Quality.SampleRate = opus
		skip = int(binary.LittleEndian.Uint16(first[10:]))
		f.readComments(second[8:], limits)
	default:
		return ErrNoAudio
	}
	if f.Quality.SampleRate < 1 {
		return ErrNoAudio
	}
	f.Quality.Duration = samples(lastGranule(file, f.End, serial)-int64(skip), f.Quality.SampleRate)
	return nil
}

// oggPackets reads the first two packets of the first stream.
func oggPackets(file io.ReaderAt, limits Limits) (packets [][]byte, serial uint32, err error) {
	var at int64
	var packet []byte
	for page := 0; at < limits.Tags; page++ {
		head := part(file, at, oggHead)
		if head == nil || string(head[:4]) != "OggS" {
			return nil, 0, ErrNoAudio
		}
		table := part(file, at+oggHead, int64(head[26]))
		if page == 0 {
			serial = binary.LittleEndian.Uint32(head[14:])
		}
		at += oggHead + int64(len(table))
		for _, size := range table {
			segment := part(file, at, int64(size))
			if segment == nil {
				return nil, 0, ErrNoAudio
			}
			at += int64(size)
			if binary.LittleEndian.Uint32(head[14:]) != serial {
				continue
			}
			packet = append(packet, segment...)
			if size < 255 { // it ends the packet
				if packets = append(packets, packet); len(packets) == 2 {
					return packets, serial, nil
				}
				packet = nil
			}
		}
	}
	return nil, 0, fmt.Errorf("%w: at most %d bytes", ErrTooMuch, limits.Tags)
}

// lastGranule is the number of samples by the last page of a stream; -1 if it is not
// found.
func lastGranule(file io.ReaderAt, size int64, serial uint32) int64 {
	from := max(0, size-oggTail)
	tail := part(file, from, size-from)
	for {
		at := bytes.LastIndex(tail, []byte("OggS"))
		if at < 0 {
			return -1
		}
		if page := tail[at:]; len(page) >= oggHead && binary.LittleEndian.Uint32(page[14:]) == serial {
			return int64(binary.LittleEndian.Uint64(page[6:]))
		}
		tail = tail[:at]
	}
}
