package httptransport

import (
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/peer"
)

// TestMalformedRequestsLeaveNothing sends what a generator breaks, over raw connections, and looks at the node after.
func TestMalformedRequestsLeaveNothing(t *testing.T) {
	n := startNode(t, "localhost", nil, nil)
	sync1(t, n)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	const requests, attackers = 2000, 40 // net/http keeps a bad connection open for half a second
	var all sync.WaitGroup
	for i := range attackers {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(i)))
			for range requests / attackers {
				if answer := attack(t, n, broken(rng, n.address())); strings.HasPrefix(answer, "HTTP/1.1 5") {
					t.Errorf("the node stumbles: %.300s", answer)
				}
			}
		})
	}
	all.Wait()
	if got := send(t, n, asks{"GET", "/status", "", nil, ""}); got.status != 200 {
		t.Errorf("afterwards: %v", got)
	}
	in(t, n, func(*core.Node) {
		if got := len(n.loop.asked) + len(n.loop.own) + n.loop.flying; got > 0 {
			t.Errorf("%d requests are left", got)
		}
	})
	if after := heap(); after > before+4<<20 {
		t.Errorf("the heap was %d KiB and is %d", before>>10, after>>10)
	}
}

// attack sends bytes and reads what comes back.
func attack(t *testing.T, n *Node, text string) string {
	c, err := net.Dial("tcp", n.Addr().String())
	if err != nil {
		t.Error(err)
		return ""
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(c, text) // the node may have hung up already
	c.(*net.TCPConn).CloseWrite()
	answer, _ := io.ReadAll(io.LimitReader(c, 1<<16)) // an error is as good as an end
	return string(answer)
}

// broken makes a request of good parts and breaks it.
func broken(rng *rand.Rand, root string) string {
	pick := func(texts ...string) string { return texts[rng.IntN(len(texts))] }
	paths := slices.Concat(paths[:], []string{"/", "/api/", "/client/x", "/%zz", "//", "*", strings.Repeat("/a", 4000)})
	body := pick(append(requestSeeds, `{"target":`, strings.Repeat("[", 20_000), `{"approvers":[{}]}`, "\x00")...)
	length := pick("", fmt.Sprint(len(body)), fmt.Sprint(len(body)), "5", "-1", "999999999", "x")
	text := pick("GET", "POST", "POST", "PUT", "OPTIONS", "\x01") + " " + pick(paths...) + " " + pick("HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/9") + "\r\n" +
		pick("Host: x\r\n", "Host: x\r\n", "") +
		"node-root: " + pick(root, root, "", "\x7f") + "\r\n" +
		pick("", "original-address: "+pick("127.0.0.1:5", "[::]:1", "x", root)+"\r\n") +
		pick("", "content-type: "+pick("application/json", "application/x-www-form-urlencoded", "application/json; charset=\"", "multipart/form-data")+"\r\n") +
		pick("", "", "content-encoding: "+pick("gzip", "deflate", "br")+"\r\n") +
		pick("", "x: "+strings.Repeat("y", 20_000)+"\r\n") +
		"content-length: " + length + "\r\n" + "connection: close\r\n\r\n" + body
	if rng.IntN(3) > 0 {
		return text
	}
	bytes := []byte(text)
	for range 1 + rng.IntN(5) {
		bytes[rng.IntN(len(bytes))] = byte(rng.IntN(256))
	}
	return string(bytes[:rng.IntN(len(bytes)+1)])
}

func TestLargeAnswersAreCompressed(t *testing.T) {
	n := startNode(t, "localhost", nil, nil)
	sync1(t, n)
	root := n.address()
	in(t, n, func(c *core.Node) {
		// A snapshot as a large network would give: the loop shows it like any other.
		s := *c.Structure()
		for i := range 100 {
			p, err := n.loop.book.Intern(peer.MustParse(fmt.Sprintf("10.0.0.%d:80", i+1)))
			if err != nil {
				t.Error(err)
			}
			s.Slaves = append(s.Slaves, p)
		}
		n.loop.texts, n.loop.shown = &structureDocument{texts: presentStructure(n.loop.book, &s)}, c.Structure()
	})
	in(t, n, func(*core.Node) {})
	h := headers("node-root", root)
	plain := send(t, n, asks{"POST", "/api/node/structure", "", h, ""})
	if plain.header.Get("Content-Encoding") != "" || plain.header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("headers are %v", plain.header)
	}
	h.Set("Accept-Encoding", "deflate;q=0.1, gzip")
	packed := send(t, n, asks{"POST", "/api/node/structure", "", h, ""})
	r, err := gzip.NewReader(strings.NewReader(packed.body))
	if err != nil || packed.header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("%v, headers are %v", err, packed.header)
	}
	text, err := io.ReadAll(r)
	if err != nil || string(text) != plain.body || len(packed.body) > len(plain.body)/2 {
		t.Errorf("%d bytes of gzip for %d are %d: %v", len(packed.body), len(plain.body), len(text), err)
	}
	etag := plain.header.Get("ETag")
	if etag == "" || etag != packed.header.Get("ETag") {
		t.Errorf("ETag is %q and %q", etag, packed.header.Get("ETag"))
	}
}
