package wire

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"hash/fnv"
	"io"
	"sync"
)

// Document is an answer's body, ready to send. It never changes, so many requests may
// share one: its ETag and compressed forms are computed once, when first needed.
type Document struct {
	plain []byte

	naming, gzipping, deflating sync.Once
	etag                        string
	gzip, deflate               []byte
}

// NewDocument makes a document of JSON.
func NewDocument(plain []byte) *Document { return &Document{plain: plain} }

// MinCompressed is the size in bytes from which a body is worth compressing, as in npm
// nodes.
const MinCompressed = 1024

// Len is the size of the plain body in bytes.
func (d *Document) Len() int { return len(d.plain) }

// ETag names the content.
func (d *Document) ETag() string {
	d.naming.Do(func() {
		h := fnv.New64a()
		h.Write(d.plain)
		d.etag = fmt.Sprintf(`W/"%x-%x"`, len(d.plain), h.Sum64())
	})
	return d.etag
}

// In returns the body in a content encoding, "gzip", "deflate" or "" for plain.
func (d *Document) In(encoding string) []byte {
	switch encoding {
	case "gzip":
		d.gzipping.Do(func() {
			d.gzip = compressed(d.plain, &gzips)
		})
		return d.gzip
	case "deflate":
		d.deflating.Do(func() {
			d.deflate = compressed(d.plain, &deflates)
		})
		return d.deflate
	}
	return d.plain
}

// Writers of compressed bodies are used again: each has tables of almost a megabyte.
var (
	gzips    = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}
	deflates = sync.Pool{New: func() any { return zlib.NewWriter(io.Discard) }}
)

// compressor is what both kinds of writers are.
type compressor interface {
	io.WriteCloser
	Reset(io.Writer)
}

func compressed(plain []byte, writers *sync.Pool) []byte {
	var b bytes.Buffer
	w := writers.Get().(compressor)
	w.Reset(&b)
	w.Write(plain) // a Buffer takes everything
	w.Close()
	w.Reset(io.Discard) // keeps nothing of this body
	writers.Put(w)
	return b.Bytes()
}
