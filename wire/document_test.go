package wire

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// plain inflates a body in one of the encodings.
func plain(t *testing.T, encoding string, body []byte) string {
	t.Helper()
	open := func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) }
	if encoding == "deflate" {
		open = zlib.NewReader
	}
	r, err := open(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Documents that are compressed at the same time, or one after the other, have nothing of
// each other.
func TestDocumentsAreCompressedEachByItself(t *testing.T) {
	var work sync.WaitGroup
	for i := range 64 {
		work.Go(func() {
			text := strings.Repeat(string(rune('a'+i%26)), 1000+i)
			for _, encoding := range []string{"gzip", "deflate"} {
				if got := plain(t, encoding, NewDocument([]byte(text)).In(encoding)); got != text {
					t.Errorf("%s of %d letters gives %d", encoding, len(text), len(got))
				}
			}
		})
	}
	work.Wait()
}

// Compressing a document allocates little: a writer has tables of almost a megabyte, and is
// used again.
func TestWritersOfDocumentsAreUsedAgain(t *testing.T) {
	const documents = 64
	text := []byte(strings.Repeat("a", 2000))
	for _, encoding := range []string{"gzip", "deflate"} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range documents {
			NewDocument(text).In(encoding)
		}
		runtime.ReadMemStats(&after)
		if each := (after.TotalAlloc - before.TotalAlloc) / documents; each > 400<<10 {
			t.Errorf("%s allocates %d bytes for a document", encoding, each)
		}
	}
}
