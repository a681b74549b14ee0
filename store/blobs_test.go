package store

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"spreadable/core/host"
)

// A draft that the disk did not take whole cannot become a blob: its hashes are of bytes
// that are not there.
func TestAFailedDraftIsNoBlob(t *testing.T) {
	b, err := OpenBlobs(t.TempDir(), 100)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	d, err := b.Create(10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Write([]byte("some ")); err != nil {
		t.Fatal(err)
	}
	file := d.(*draft).file
	readOnly, err := b.root.Open(d.(*draft).name)
	if err != nil {
		t.Fatal(err)
	}
	d.(*draft).file = readOnly
	if _, err := d.Write([]byte("b")); err == nil {
		t.Fatal("a file that cannot be written was")
	}
	d.(*draft).file = file
	readOnly.Close()
	if _, err := d.Write([]byte("bytes")); err == nil {
		t.Error("a byte is missing, and a later one is taken")
	}
	if err := d.Commit(); err == nil || b.Space().Used != 0 {
		t.Errorf("committed: %v, space %+v", err, b.Space())
	}
}

// The hashes of a draft are those of Sums, however its bytes come.
func TestADraftHashesAllBytes(t *testing.T) {
	b, err := OpenBlobs(t.TempDir(), 4<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	text := bytes.Repeat([]byte("Spreadable "), 200_000)
	want := host.NewSums()
	_, _ = want.Write(text) // it never fails
	for _, step := range []int{1000, 1 << 18, len(text)} {
		d, err := b.Create(int64(len(text)))
		if err != nil {
			t.Fatal(err)
		}
		for rest := text; len(rest) > 0; rest = rest[min(step, len(rest)):] {
			if _, err := d.Write(rest[:min(step, len(rest))]); err != nil {
				t.Fatal(err)
			}
		}
		if key, size := d.Sum(); key != host.Key(sha256.Sum256(text)) || size != int64(len(text)) || !bytes.Equal(d.Blocks(), want.Blocks()) {
			t.Errorf("by %d bytes: another hash", step)
		}
		d.Discard()
	}
}
