package host_test

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"pgregory.net/rapid"

	"spreadable/core/host"
)

// However bytes come, their key and the hashes of their blocks are those of the definition.
func TestSumsAreThoseOfTheBlocks(t *testing.T) {
	data := make([]byte, 3*host.BlockSize+17)
	for i := range data {
		data[i] = byte(i * i >> 7)
	}
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.OneOf(rapid.IntRange(0, len(data)), rapid.SampledFrom([]int{0, host.BlockSize, 3 * host.BlockSize})).Draw(t, "size")
		s := host.NewSums()
		for rest := data[:size]; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "part")
			_, _ = s.Write(rest[:n])
			rest = rest[n:]
		}
		var want []byte
		for from := 0; from < size; from += host.BlockSize {
			sum := sha256.Sum256(data[from:min(size, from+host.BlockSize)])
			want = append(want, sum[:]...)
		}
		key, got := s.Sum()
		if key != host.Key(sha256.Sum256(data[:size])) || got != int64(size) || !bytes.Equal(s.Blocks(), want) {
			t.Errorf("wrong sums of %d bytes", size)
		}
	})
}
