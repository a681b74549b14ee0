package blocks_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"spreadable/core/host"
	"spreadable/extensions/files/blocks"
)

// file makes bytes and the hashes of their blocks.
func file(size int) (data, sums []byte) {
	random := rand.New(rand.NewPCG(1, uint64(size)))
	data = make([]byte, size)
	for i := range data {
		data[i] = byte(random.Uint32())
	}
	s := host.NewSums()
	_, _ = s.Write(data)
	return data, s.Blocks()
}

func buffer() []byte { return make([]byte, host.BlockSize) }

// Whatever is read, and in whatever order, is what was written: with flipped bits a read
// fails, and never gives a wrong byte.
func TestNoWrongByteIsRead(t *testing.T) {
	data, sums := file(2*host.BlockSize + 4321)
	rapid.Check(t, func(t *rapid.T) {
		stored := bytes.Clone(data)
		bad := map[int]bool{}
		for _, at := range rapid.SliceOfN(rapid.IntRange(0, len(data)-1), 0, 2).Draw(t, "flipped") {
			stored[at] ^= 1
			bad[at/host.BlockSize] = bytes.Equal(stored, data) // flipped twice: good again
			bad[at/host.BlockSize] = !bytes.Equal(part(stored, at), part(data, at))
		}
		r, err := blocks.NewReader(bytes.NewReader(stored), int64(len(data)), sums, buffer(), nil)
		if err != nil {
			t.Fatal(err)
		}
		from := rapid.IntRange(0, len(data)-1).Draw(t, "from")
		length := rapid.IntRange(1, len(data)-from).Draw(t, "length")
		if _, err := r.Seek(int64(from), io.SeekStart); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, length)
		n, err := io.ReadFull(r, got)
		if !bytes.Equal(got[:n], data[from:from+n]) {
			t.Fatal("a wrong byte was read")
		}
		damaged := false
		for block := from / host.BlockSize; block <= (from+length-1)/host.BlockSize; block++ {
			damaged = damaged || bad[block]
		}
		if damaged != errors.Is(err, host.ErrDamaged) || !damaged && err != nil {
			t.Errorf("damaged is %v, and reading says %v", damaged, err)
		}
	})
}

// part is the block around a byte.
func part(data []byte, at int) []byte {
	from, to := blocks.Bounds(int64(len(data)), at/host.BlockSize)
	return data[from:to]
}

// A damaged block comes from elsewhere, and is verified there too.
func TestADamagedBlockIsMended(t *testing.T) {
	data, sums := file(host.BlockSize + 100)
	stored := bytes.Clone(data)
	stored[host.BlockSize+7] ^= 4
	from, to := blocks.Bounds(int64(len(data)), 1)
	for name, tt := range map[string]struct {
		mend func(int) ([]byte, error)
		good bool
	}{
		"good":    {func(int) ([]byte, error) { return data[from:to], nil }, true},
		"wrong":   {func(int) ([]byte, error) { return stored[from:to], nil }, false},
		"short":   {func(int) ([]byte, error) { return data[from : to-1], nil }, false},
		"nowhere": {func(int) ([]byte, error) { return nil, io.ErrUnexpectedEOF }, false},
	} {
		r, err := blocks.NewReader(bytes.NewReader(stored), int64(len(data)), sums, buffer(), tt.mend)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if tt.good != (err == nil && bytes.Equal(got, data)) || !tt.good && !errors.Is(err, host.ErrDamaged) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

// A file that is shorter than it was is damaged, not shorter.
func TestATruncatedFileIsDamaged(t *testing.T) {
	data, sums := file(5000)
	r, err := blocks.NewReader(bytes.NewReader(data[:4999]), 5000, sums, buffer(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); len(got) > 0 || !errors.Is(err, host.ErrDamaged) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestHashesOfAnotherSizeAreRefused(t *testing.T) {
	_, sums := file(host.BlockSize)
	for _, size := range []int64{-1, 0, host.BlockSize + 1, 1 << 40} {
		if err := blocks.Check(size, sums); !errors.Is(err, blocks.ErrSums) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if err := blocks.Check(host.BlockSize, sums[:31]); err == nil {
		t.Error("half a hash was taken")
	}
	if err := blocks.Check(0, nil); err != nil {
		t.Error(err)
	}
}
