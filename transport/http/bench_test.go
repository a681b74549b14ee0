package httptransport

import (
	"net/http"
	"testing"
)

// nowhere is a response writer that costs nothing.
type nowhere struct{ header http.Header }

func (w nowhere) Header() http.Header       { return w.header }
func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (nowhere) WriteHeader(int)             {}

// BenchmarkHandler is what we add to net/http for the request that networks at rest live
// on, with the headers that npm nodes send.
func BenchmarkHandler(b *testing.B) {
	n := startNode(b, "localhost", nil, nil)
	sync1(b, n)
	request := func() *http.Request {
		r, err := http.NewRequest("POST", "/api/node/structure", http.NoBody)
		if err != nil {
			b.Fatal(err)
		}
		r.RemoteAddr = "127.0.0.1:4000"
		r.Header = headers("original-address", "127.0.0.1:5000", "node-version", "spreadable-0.3", "node-root", n.address(),
			"content-type", "application/json", "accept", "*/*", "accept-encoding", "gzip,deflate")
		return r
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		r, w := request(), nowhere{http.Header{}}
		for pb.Next() {
			clear(w.header)
			n.server.ServeHTTP(w, r)
		}
	})
}
