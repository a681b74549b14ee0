// Package blocks reads files of which the hash of each block is known, and gives no byte
// that it has not verified.
package blocks

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"spreadable/core/host"
)

// ErrSums says that hashes are not those of a file of its size.
var ErrSums = errors.New("blocks: the hashes are not those of a file of this size")

// Count is how many blocks a file of this size has.
func Count(size int64) int { return int((size + host.BlockSize - 1) / host.BlockSize) }

// Check reports whether sums can be the hashes of a file of this size, as host.Sums.Blocks
// gives them.
func Check(size int64, sums []byte) error {
	if size < 0 || len(sums)%sha256.Size != 0 || len(sums)/sha256.Size != Count(size) {
		return ErrSums
	}
	return nil
}

// Bounds are the first byte of a block and the one after its last.
func Bounds(size int64, block int) (from, to int64) {
	from = int64(block) * host.BlockSize
	return from, min(size, from+host.BlockSize)
}

// Good reports whether bytes are those of a block.
func Good(sums []byte, block int, data []byte) bool {
	sum := sha256.Sum256(data)
	from := block * sha256.Size
	return block >= 0 && from+sha256.Size <= len(sums) && string(sum[:]) == string(sums[from:from+sha256.Size])
}

// Reader is an io.ReadSeeker of a file. It reads one block at a time, and verifies it
// before it gives a byte of it away.
type Reader struct {
	source io.ReadSeeker
	size   int64
	sums   []byte
	mend   func(block int) ([]byte, error)

	at     int64  // of the next byte to read
	block  int    // that is in buffer; -1 for none
	buffer []byte // of BlockSize; from the caller
	held   []byte // the bytes of the block
}

// NewReader returns a reader of a file with this size and these hashes. The buffer must
// have BlockSize bytes, or the size of a shorter file, and belongs to the reader. Mend is
// called for a block that is damaged or cannot be read, and returns its bytes from
// elsewhere, which are verified as well; nil fails with host.ErrDamaged.
func NewReader(source io.ReadSeeker, size int64, sums, buffer []byte, mend func(block int) ([]byte, error)) (*Reader, error) {
	if err := Check(size, sums); err != nil {
		return nil, err
	}
	if int64(len(buffer)) < min(size, host.BlockSize) {
		return nil, fmt.Errorf("blocks: a buffer of %d bytes is too short", len(buffer))
	}
	return &Reader{source: source, size: size, sums: sums, mend: mend, block: -1, buffer: buffer}, nil
}

// Seek implements io.Seeker.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return 0, errors.New("blocks: a place before the file")
	}
	r.at = offset
	return offset, nil
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	if r.at >= r.size {
		return 0, io.EOF
	}
	if block := int(r.at / host.BlockSize); block != r.block {
		if err := r.load(block); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.held[r.at%host.BlockSize:])
	r.at += int64(n)
	return n, nil
}

// load reads a block and verifies it.
func (r *Reader) load(block int) error {
	r.block = -1
	from, to := Bounds(r.size, block)
	data := r.buffer[:to-from]
	_, err := r.source.Seek(from, io.SeekStart)
	if err == nil {
		_, err = io.ReadFull(r.source, data)
	}
	if err != nil || !Good(r.sums, block, data) {
		if data, err = r.elsewhere(block, err); err != nil {
			return err
		}
	}
	r.block, r.held = block, data
	return nil
}

func (r *Reader) elsewhere(block int, cause error) ([]byte, error) {
	if r.mend == nil {
		return nil, errors.Join(fmt.Errorf("block %d: %w", block, host.ErrDamaged), cause)
	}
	data, err := r.mend(block)
	if err != nil {
		return nil, fmt.Errorf("block %d: %w: %w", block, host.ErrDamaged, err)
	}
	if from, to := Bounds(r.size, block); int64(len(data)) != to-from || !Good(r.sums, block, data) {
		return nil, fmt.Errorf("block %d: %w, elsewhere too", block, host.ErrDamaged)
	}
	return data, nil
}
