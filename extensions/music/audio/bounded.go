package audio

import (
	"errors"
	"io"
)

// Limits bound what one file may cost.
type Limits struct {
	// Tags is how many bytes of a file are read for its tags, the cover included, and how
	// much memory they take.
	Tags int64
	// Cover is how many bytes a cover may have; a larger one is left out.
	Cover int64
}

// DefaultLimits are enough for nearly all files.
var DefaultLimits = Limits{Tags: 4 << 20, Cover: 512 << 10}

// maxReads bounds how often a reader of tags reads: tags of many tiny parts would take it
// quadratic time.
const maxReads = 4096

// ErrTooMuch says that a file has more in its tags than Limits allow.
var ErrTooMuch = errors.New("the tags have too many bytes or parts")

// bounded is a file of which so much can be read.
type bounded struct {
	*io.SectionReader
	bytes int64
	reads int
}

func newBounded(file io.ReaderAt, from, to, bytes int64) *bounded {
	return &bounded{io.NewSectionReader(file, from, to-from), bytes, maxReads}
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	b.reads--
	if b.reads < 0 || b.bytes <= 0 {
		return 0, ErrTooMuch
	}
	n, err := b.SectionReader.Read(p[:min(int64(len(p)), b.bytes)])
	b.bytes -= int64(n)
	return n, err
}

// part reads a part of a file as a whole; nil if there is less.
func part(file io.ReaderAt, offset, size int64) []byte {
	if offset < 0 || size < 0 {
		return nil
	}
	p := make([]byte, size)
	if n, _ := file.ReadAt(p, offset); int64(n) < size {
		return nil
	}
	return p
}
