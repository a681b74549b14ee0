package host

import (
	"crypto/sha256"
	"hash"
	"io"
)

// BlockSize is how many bytes of a blob have a hash of their own, so that a part of a blob
// can be verified without the rest.
const BlockSize = 1 << 20

// Sums hashes bytes as they come: all of them for the key of a blob, and each block of
// BlockSize. The last block may be shorter; no bytes have no block.
type Sums struct {
	whole  wholeSum
	blocks blockSums
}

// wholeSum hashes all bytes.
type wholeSum struct {
	hash hash.Hash
	size int64
}

// blockSums hashes each block.
type blockSums struct {
	hash   hash.Hash
	filled int // bytes of the block that has begun
	ended  []byte
}

// NewSums returns Sums of no bytes.
func NewSums() *Sums { return &Sums{wholeSum{hash: sha256.New()}, blockSums{hash: sha256.New()}} }

// Write implements io.Writer. It never fails.
func (s *Sums) Write(p []byte) (int, error) {
	_, _ = s.whole.Write(p)
	return s.blocks.Write(p)
}

// Parts are what Write writes to, for a caller that has a thread for each: all bytes must
// be written to both. They never fail.
func (s *Sums) Parts() [2]io.Writer { return [2]io.Writer{&s.whole, &s.blocks} }

func (w *wholeSum) Write(p []byte) (int, error) {
	w.size += int64(len(p))
	return w.hash.Write(p)
}

func (b *blockSums) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		part := rest[:min(len(rest), BlockSize-b.filled)]
		b.hash.Write(part)
		rest = rest[len(part):]
		if b.filled += len(part); b.filled == BlockSize {
			b.ended = b.hash.Sum(b.ended)
			b.hash.Reset()
			b.filled = 0
		}
	}
	return len(p), nil
}

// Sum is the key of the bytes so far, and how many they are.
func (s *Sums) Sum() (Key, int64) { return Key(s.whole.hash.Sum(nil)), s.whole.size }

// Blocks are the hashes of the blocks so far, of 32 bytes each, one after the other. The
// result belongs to the caller.
func (s *Sums) Blocks() []byte {
	blocks := append(make([]byte, 0, len(s.blocks.ended)+sha256.Size), s.blocks.ended...)
	if s.blocks.filled > 0 {
		blocks = s.blocks.hash.Sum(blocks)
	}
	return blocks
}
