package httptransport

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/peer"
	"spreadable/internal/nettest"
)

// What the tests of this package share: nodes on loopback, and a way to send them any
// bytes from any loopback IP.

// startNode starts a node at host, an IP or localhost, that bootstraps from the given
// node, or from itself.
func startNode(t testing.TB, host string, bootstrap *Node, change func(*Options)) *Node {
	t.Helper()
	n := newNode(t, host, bootstrap, change)
	if err := n.Start(nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close(t.Context()) })
	return n
}

func newNode(t testing.TB, host string, bootstrap *Node, change func(*Options)) *Node {
	t.Helper()
	address := peer.MustParse(host + ":" + strconv.Itoa(nettest.FreePort(t, "")))
	entry := address
	if bootstrap != nil {
		entry = bootstrap.options.Address
	}
	book := peer.NewBook(DefaultBookLimit)
	first, err := book.Intern(entry)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Config:  &core.Config{Book: book, Bootstrap: []core.Peer{first}, ManualSync: true},
		Address: address,
	}
	if change != nil {
		change(&o)
	}
	n, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// in runs f inside a node.
func in(t testing.TB, n *Node, f func(*core.Node)) {
	t.Helper()
	if err := n.Do(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func (n *Node) address() string { return n.options.Address.String() }

// sync runs one sync cycle of a node and waits until it is over.
func sync1(t testing.TB, n *Node) {
	t.Helper()
	in(t, n, (*core.Node).Sync)
	eventually(t, "a sync is over", func() bool {
		idle := false
		in(t, n, func(*core.Node) { idle = n.loop.pool.Idle() })
		return idle
	})
}

// eventually waits for a condition that other goroutines bring about.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never: %s", what)
		}
	}
}

// asks is a request as a test writes it.
type asks struct {
	method, path string
	from         string // loopback IP; "" for 127.0.0.1
	header       http.Header
	body         string
}

// response is what came back.
type response struct {
	status int
	header http.Header
	body   string
	ends   bool // the node closes the connection
}

func (r response) String() string { return http.StatusText(r.status) + " " + r.body }

// send sends a request and reads the answer.
func send(t testing.TB, n *Node, a asks) response {
	t.Helper()
	client, scheme := &http.Transport{DisableCompression: true}, "http://"
	defer client.CloseIdleConnections()
	if a.from != "" {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: netip.MustParseAddr(a.from).AsSlice()}}
		client.DialContext = d.DialContext
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, a.method, scheme+n.Addr().String()+"/", strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	req.URL.Opaque = a.path // as it is, also where it is no good path
	req.Header = a.header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	if a.body != "" && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.RoundTrip(req)
	if err != nil {
		t.Fatalf("%s %s: %v", a.method, a.path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{resp.StatusCode, resp.Header, string(bytes.TrimSpace(body)), resp.Close}
}

// headers makes a header from pairs. A name that comes twice has two values.
func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name := http.CanonicalHeaderKey(pairs[i])
		h[name] = append(h[name], pairs[i+1])
	}
	return h
}
func jsonNumber(n int64) string { return strconv.FormatInt(n, 10) }

// lookupTable is a resolver that knows a few names.
func lookupTable(table map[string]string) func(context.Context, string) ([]netip.Addr, error) {
	return func(_ context.Context, host string) ([]netip.Addr, error) {
		if ip, found := table[host]; found {
			return []netip.Addr{netip.MustParseAddr(ip)}, nil
		}
		return nil, errors.New("no such host")
	}
}

// requestSeeds are bodies that npm nodes and clients were seen to send, with which wire
// is fuzzed too.
func requestSeeds(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile("../../wire/testdata/requests.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func decodeBase64(text string) (string, error) {
	plain, err := base64.StdEncoding.DecodeString(text)
	return string(plain), err
}
