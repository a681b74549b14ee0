package httptransport

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"sync"
)

// document is an answer's body, ready to send. It is never changed, so many requests may share one.
type document struct {
	plain []byte
	etag  string

	gzipOnce, deflateOnce sync.Once
	gzip, deflate         []byte
}

func newDocument(plain []byte) *document {
	h := fnv.New64a()
	h.Write(plain)
	return &document{plain: plain, etag: fmt.Sprintf(`W/"%x-%x"`, len(plain), h.Sum64())}
}

// minCompressed is the size from which a body is worth compressing, as in npm nodes.
const minCompressed = 1024

// in returns the body in a content encoding, "gzip", "deflate" or "" for plain.
func (d *document) in(encoding string) []byte {
	switch encoding {
	case "gzip":
		d.gzipOnce.Do(func() {
			var b bytes.Buffer
			w := gzip.NewWriter(&b)
			w.Write(d.plain) // a Buffer takes everything
			w.Close()
			d.gzip = b.Bytes()
		})
		return d.gzip
	case "deflate":
		d.deflateOnce.Do(func() {
			var b bytes.Buffer
			w := zlib.NewWriter(&b)
			w.Write(d.plain)
			w.Close()
			d.deflate = b.Bytes()
		})
		return d.deflate
	}
	return d.plain
}

// structureDocument is a snapshot of a node's place in the network: written in texts when it is first asked for, as JSON
// by the first who sends it, and then shared by all until the lists change.
type structureDocument struct {
	texts wireStructure
	once  sync.Once
	doc   *document
	err   error
}

func (s *structureDocument) encoded() (*document, error) {
	s.once.Do(func() {
		var text []byte
		if text, s.err = json.Marshal(s.texts); s.err == nil {
			s.doc = newDocument(text)
		}
	})
	return s.doc, s.err
}
