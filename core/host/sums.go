package host

import (
	"crypto/sha256"
	"hash"
)

// BlockSize is how many bytes of a blob have a hash of their own, so that a part of a blob
// can be verified without the rest.
const BlockSize = 1 << 20

// Sums hashes bytes as they come: all of them for the key of a blob, and each block of
// BlockSize. The last block may be shorter; no bytes have no block.
type Sums struct {
	all, block hash.Hash
	size       int64
	filled     int // bytes of the block that has begun
	blocks     []byte
}

// NewSums returns Sums of no bytes.
func NewSums() *Sums { return &Sums{all: sha256.New(), block: sha256.New()} }

// Write implements io.Writer. It never fails.
func (s *Sums) Write(p []byte) (int, error) {
	s.all.Write(p)
	s.size += int64(len(p))
	for rest := p; len(rest) > 0; {
		part := rest[:min(len(rest), BlockSize-s.filled)]
		s.block.Write(part)
		rest = rest[len(part):]
		if s.filled += len(part); s.filled == BlockSize {
			s.blocks = s.block.Sum(s.blocks)
			s.block.Reset()
			s.filled = 0
		}
	}
	return len(p), nil
}

// Sum is the key of the bytes so far, and how many they are.
func (s *Sums) Sum() (Key, int64) { return Key(s.all.Sum(nil)), s.size }

// Blocks are the hashes of the blocks so far, of 32 bytes each, one after the other. The
// result belongs to the caller.
func (s *Sums) Blocks() []byte {
	blocks := append(make([]byte, 0, len(s.blocks)+sha256.Size), s.blocks...)
	if s.filled > 0 {
		blocks = s.block.Sum(blocks)
	}
	return blocks
}
