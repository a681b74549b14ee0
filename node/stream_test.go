package node_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"spreadable/core/host"
)

// stream is a request with a stream as an attacker makes it.
type stream struct {
	question string // "" for the right one
	length   string // of the question; "" for the right one
	sent     []byte // the bytes that follow
	size     int64  // as announced
	hash     string
	root     string
}

// send claims to be another node at the same IP.
func (s stream) send(t *testing.T, all *shelves) (int, string) {
	t.Helper()
	to := all.nodes[0].Address()
	question := s.question
	if question == "" {
		question = fmt.Sprintf(`{"arg":{"Key":"x"},"stream":{"size":%d,"hash":%q}}`, s.size, s.hash)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+to+"/api/direct/shelf.put",
		io.MultiReader(strings.NewReader(question), bytes.NewReader(s.sent)))
	must(t, err)
	req.ContentLength = int64(len(question) + len(s.sent))
	length := s.length
	if length == "" {
		length = fmt.Sprint(len(question))
	}
	for name, value := range map[string]string{
		"Content-Type": "application/x-spreadable-stream", "Question-Length": length, "Original-Address": all.nodes[1].Address(),
		"Node-Root": s.root, "Node-Version": "spreadable-0.3",
	} {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, err.Error() // the node has closed the connection
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text)
}

// A stream that is not what it says, or that no node may send, is refused, takes no space,
// and does the node no harm.
func TestAStreamThatLiesIsRefused(t *testing.T) {
	all := newShelves(t, 2)
	root := all.nodes[0].Address()
	data := random(10_000)
	hash := fmt.Sprintf("%x", sha256.Sum256(data))
	good := stream{sent: data, size: 10_000, hash: hash, root: root}
	if status, text := good.send(t, all); status != http.StatusOK {
		t.Fatalf("a good stream: %d %s", status, text)
	}
	used := all.shelves[0].h.Blobs().Space().Used
	for name, change := range map[string]func(*stream){
		"another hash":            func(s *stream) { s.hash = fmt.Sprintf("%064x", 5) },
		"shorter than it says":    func(s *stream) { s.sent = data[:5000] },
		"longer than it says":     func(s *stream) { s.size = 5000 },
		"more than is allowed":    func(s *stream) { s.size = 1<<30 + 1 },
		"a size below zero":       func(s *stream) { s.size = -1 },
		"a path as hash":          func(s *stream) { s.hash = strings.Repeat("../", 20) + "etc/" },
		"no stream announced":     func(s *stream) { s.question = `{"arg":{}}` },
		"no JSON":                 func(s *stream) { s.question = `{"arg":` },
		"a question that is long": func(s *stream) { s.length = "1000000000" },
		"no length":               func(s *stream) { s.length = "x" },
		"a length below zero":     func(s *stream) { s.length = "-1" },
		"of another network":      func(s *stream) { s.root = "10.9.9.9:1" },
	} {
		bad := good
		change(&bad)
		if status, text := bad.send(t, all); status == http.StatusOK {
			t.Errorf("%s: taken: %s", name, text)
		} else {
			t.Logf("%s: %d %.120s", name, status, text)
		}
	}
	for all.shelves[0].h.Blobs().Space().Used != used { // drafts end soon after their answers
		must(t, all.nodes[0].Sync(t.Context()))
	}
	if blobs := blobsOf(all.shelves[0].h.Blobs()); blobs != 1 {
		t.Errorf("%d blobs", blobs)
	}
}

func blobsOf(b host.Blobs) (n int) {
	b.List(host.Key{}, func(host.Blob) bool { n++; return true })
	return n
}

// A full disk refuses streams with one line in the log and a metric; others take over.
func TestAFullDiskRefusesStreams(t *testing.T) {
	all := newShelves(t, 2)
	big := all.shelves[1].h.Blobs().Space().Free()
	if _, err := all.shelves[1].h.Blobs().Create(big - 100); err != nil {
		t.Fatal(err)
	}
	key := upload(t, all.nodes[0], random(1000))
	if _, err := all.copyTo(t, 0, 1, key); err == nil || !strings.Contains(err.Error(), "no space is left") {
		t.Errorf("at a full disk: %v", err)
	}
}
