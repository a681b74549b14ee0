package audio

import (
	"encoding/binary"
	"io"
	"strings"

	"github.com/dhowden/tag"
)

// maxAtoms is how many atoms of MP4 are looked at, on all levels.
const maxAtoms = 500

// readMP4 reads the tags by the library, and the duration from the atom moov/mvhd.
// (ISO/IEC 14496-12, section 8.2.2.)
func (f *File) readMP4(file io.ReaderAt, limits Limits) error {
	left := maxAtoms
	moov, end := findAtom(file, 0, f.End, "moov", &left)
	if end == 0 {
		return ErrNoAudio
	}
	if at, to := findAtom(file, moov, end, "mvhd", &left); to > 0 {
		f.readMVHD(part(file, at, min(32, to-at)))
	}
	// An atom moov without a track plays nothing.
	if _, track := findAtom(file, moov, end, "trak", &left); track == 0 {
		return ErrNoAudio
	}
	m := safely(func() (tag.Metadata, error) { return tag.ReadAtoms(newBounded(file, 0, f.End, limits.Tags)) })
	f.take(m, limits)
	if m != nil {
		// The library has two atoms for the artist, and takes either.
		for _, name := range []string{"\xa9art", "\xa9ART"} {
			if text, _ := m.Raw()[name].(string); strings.TrimSpace(text) != "" {
				f.Tags.Artist = text
			}
		}
	}
	return nil
}

// findAtom finds an atom between two offsets and says where its content begins and ends;
// 0, 0 if it is not there.
func findAtom(file io.ReaderAt, from, to int64, name string, left *int) (start, end int64) {
	for from+8 <= to && *left > 0 {
		*left--
		head := part(file, from, 16)
		if head == nil {
			head = part(file, from, 8)
		}
		if head == nil {
			return 0, 0
		}
		size, start := int64(binary.BigEndian.Uint32(head)), from+8
		switch {
		case size == 0: // to the end
			size = to - from
		case size == 1 && len(head) == 16:
			size, start = int64(binary.BigEndian.Uint64(head[8:])), from+16
		}
		if size < start-from || size > to-from {
			return 0, 0
		}
		if string(head[4:8]) == name {
			return start, from + size
		}
		from += size
	}
	return 0, 0
}

// readMVHD reads how long the movie is, in units of its own.
func (f *File) readMVHD(b []byte) {
	switch {
	case len(b) >= 20 && b[0] == 0:
		f.Quality.Duration = samples(int64(binary.BigEndian.Uint32(b[16:])), int(binary.BigEndian.Uint32(b[12:])))
	case len(b) >= 32 && b[0] == 1:
		f.Quality.Duration = samples(int64(binary.BigEndian.Uint64(b[24:])), int(binary.BigEndian.Uint32(b[20:])))
	}
}
