package httptransport

import (
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// TestMalformedRequestsLeaveNothing sends what a generator breaks, over raw connections,
// and looks at the node after.
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
	seeds := brokenSeeds(t)
	const requests, attackers = 10_000, 40
	var all sync.WaitGroup
	for i := range attackers {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(i)))
			for range requests / attackers {
				answer := attack(t, n, broken(rng, seeds, n.address()))
				// 501 and 505 are net/http's own, for a broken Transfer-Encoding and
				// version.
				if strings.HasPrefix(answer, "HTTP/1.1 5") && !strings.HasPrefix(answer[9:], "501") && !strings.HasPrefix(answer[9:], "505") {
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
	// Net/http keeps a connection that was too broken for half a second.
	eventually(t, "the heap is where it was", func() bool { return heap() <= before+4<<20 })
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

// brokenSeed is a body as it is and in gzip.
type brokenSeed struct{ plain, packed string }

// brokenSeeds are those of good requests, and some that no good request has.
func brokenSeeds(t *testing.T) (seeds []brokenSeed) {
	for _, text := range append([]string{
		`{"target":`, `{"approvers":[{}]}`, "\x00", "{\"target\":\"\xff\xc0\x80\",\"\xfe\":1}",
		strings.Repeat("[", 20_000), strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000),
	}, requestSeeds(t)...) {
		seeds = append(seeds, brokenSeed{text, gzipped(text)})
	}
	return seeds
}

// broken makes a request of good parts and breaks it.
func broken(rng *rand.Rand, seeds []brokenSeed, root string) string {
	pick := func(texts ...string) string { return texts[rng.IntN(len(texts))] }
	paths := []string{"/", "/api/", "/client/x", "/%zz", "//", "*", strings.Repeat("/a", 4000)}
	for kind := range message.NumKinds {
		paths = append(paths, kind.Row().Path)
	}
	seed := seeds[rng.IntN(len(seeds))]
	body := seed.plain
	encoding := pick("", "", "gzip", "deflate", "br")
	if encoding == "gzip" && rng.IntN(4) > 0 { // else it is none
		packed := seed.packed
		// half of them lack their end
		body = packed[:len(packed)-max(0, rng.IntN(2*len(packed))-len(packed))]
	}
	length := "content-length: " + pick("", fmt.Sprint(len(body)), fmt.Sprint(len(body)), "5", "-1", "999999999", "x") + "\r\n"
	if rng.IntN(5) == 0 {
		length = "transfer-encoding: chunked\r\n"
		body = pick(fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body), "ffffffffffffffffff\r\n"+body, "-5\r\n"+body, body)
	}
	text := pick("GET", "POST", "POST", "PUT", "OPTIONS", "\x01") + " " + pick(paths...) + " " + pick("HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/9") + "\r\n" +
		pick("Host: x\r\n", "Host: x\r\n", "") +
		"node-root: " + pick(root, root, "", "\x7f") + "\r\n" +
		pick("", "original-address: "+pick("127.0.0.1:5", "[::]:1", "x", root)+"\r\n") +
		pick("", "content-type: "+pick("application/json", "application/x-www-form-urlencoded", "application/json; charset=\"", "multipart/form-data")+"\r\n") +
		"content-encoding: " + encoding + "\r\n" +
		pick("", "x: "+strings.Repeat("y", 20_000)+"\r\n") +
		length + "connection: close\r\n\r\n" + body
	if rng.IntN(3) > 0 {
		return text
	}
	bytes := []byte(text)
	for range 1 + rng.IntN(5) {
		bytes[rng.IntN(len(bytes))] = byte(rng.IntN(256))
	}
	return string(bytes[:rng.IntN(len(bytes)+1)])
}

// showCrowd makes a node show two hundred slaves, as in a large network.
func showCrowd(t *testing.T, n *Node) {
	t.Helper()
	in(t, n, func(c *core.Node) {
		s := *c.Structure()
		for i := range 200 {
			p, err := n.loop.book.Intern(peer.MustParse(fmt.Sprintf("10.0.0.%d:80", i+1)))
			if err != nil {
				t.Error(err)
			}
			s.Slaves = append(s.Slaves, p)
		}
		n.loop.structure(&s)
		n.loop.shown = c.Structure()
	})
	in(t, n, func(*core.Node) {}) // the next step shows it like any other
}

func TestLargeAnswersAreCompressed(t *testing.T) {
	n := startNode(t, "localhost", nil, nil)
	sync1(t, n)
	root := n.address()
	showCrowd(t, n)
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
