package files_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"spreadable/config"
	"spreadable/core"
	"spreadable/core/host"
	"spreadable/extensions/files"
	"spreadable/internal/nettest"
	"spreadable/node"
)

// realTown is a network of real nodes on loopback with a file store each.
type realTown struct {
	t      *testing.T
	nodes  []*node.Node
	stores []*files.Store
	data   []string // their directories
}

// The first nodes have other extensions instead.
func newRealTown(t *testing.T, count int, change func(i int, c *config.Config, o *files.Options), first ...host.Extension) *realTown {
	t.Helper()
	w := &realTown{t: t}
	ports, err := nettest.FreePorts("127.0.0.1", count)
	if err != nil {
		t.Fatal(err)
	}
	for i := range count {
		c := config.Defaults()
		c.Hostname, c.Port, c.Data = "127.0.0.1", uint16(ports[i]), filepath.Join(t.TempDir(), "data")
		c.BanByAddress = true // all nodes of a test live at one IP
		c.SyncInterval, c.ServerTimeout, c.PingTimeout = time.Second, 900*time.Millisecond, 700*time.Millisecond
		if i > 0 {
			c.Bootstrap = []string{w.nodes[0].Address()}
		}
		o := files.Options{}
		if change != nil {
			change(i, c, &o)
		}
		s, err := files.New(o)
		if err != nil {
			t.Fatal(err)
		}
		extension := host.Extension(s)
		if i < len(first) {
			extension, s = first[i], nil
		}
		n, err := node.New(node.Options{Config: c, Extensions: []host.Extension{extension}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Stop() })
		go n.Run(context.WithoutCancel(t.Context())) // until the test stops it
		if err := n.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.nodes, w.stores, w.data = append(w.nodes, n), append(w.stores, s), append(w.data, c.Data)
	}
	for _, n := range w.nodes {
		nettest.Until(w.t, "the size is known", func() bool {
			status, err := n.Status(t.Context())
			return err == nil && status.NetworkSize == count && n.Sync(t.Context()) == nil
		})
	}
	return w
}

func (w *realTown) url(at int, path string) string { return "http://" + w.nodes[at].Address() + path }

// request sends one and returns the answer with its body read. Redirects are followed.
func (w *realTown) request(method, target string, body io.Reader, header ...string) (*http.Response, []byte) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, target, body)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatalf("%s %s: %v after %d bytes", method, target, err, len(data))
	}
	return resp, data
}

// answerOf is what a node answers to a put.
type answerOf struct {
	Key            host.Key
	Size           int64
	Type           string
	Copies, Wanted int
	Existed        bool
	Token          string
}

func (w *realTown) put(at int, query string, data []byte) answerOf {
	w.t.Helper()
	resp, text := w.request("PUT", w.url(at, "/client/files/put?"+query), bytes.NewReader(data))
	var a answerOf
	if err := json.Unmarshal(text, &a); err != nil || resp.StatusCode != http.StatusOK {
		w.t.Fatalf("%s %s", resp.Status, text)
	}
	return a
}

// holders are the numbers of the nodes that have a file.
func (w *realTown) holders(key host.Key) (list []int) {
	for i, s := range w.stores {
		if s == nil {
			continue
		}
		if has := false; w.nodes[i].Perform(w.t.Context(), func(*core.Task) { has = s.Has(key) }) == nil && has {
			list = append(list, i)
		}
	}
	return list
}

// settled waits until a file has so many copies, or more: a holder whose answer comes too
// late is replaced. With 0 it waits until there is none.
func (w *realTown) settled(key host.Key, copies int) []int {
	w.t.Helper()
	nettest.Until(w.t, fmt.Sprintf("%d copies of %s", copies, key), func() bool {
		n := len(w.holders(key))
		return n >= copies && (copies > 0 || n == 0)
	})
	return w.holders(key)
}

// path is the file of a blob.
func (w *realTown) path(at int, key host.Key) string {
	return filepath.Join(w.data[at], "blobs", "files", key.String()[:2], key.String())
}

func random(size int) []byte {
	data := make([]byte, size)
	chance := rand.New(rand.NewPCG(uint64(size), 7))
	for i := range data {
		data[i] = byte(chance.Uint32())
	}
	return data
}

// A file goes in at one node and comes out of every node, whole and in parts, with its
// type, its name, and headers that let caches keep it.
func TestAFileTravelsThroughRealNodes(t *testing.T) {
	t.Parallel()
	w := newRealTown(t, 5, nil)
	data := append([]byte("%PDF-1.7\n"), random(2<<20)...)
	stored := w.put(1, "name="+url.QueryEscape("Über \"x\".pdf"), data)
	if stored.Key != sha256.Sum256(data) || stored.Copies < 2 || stored.Wanted != 3 || stored.Type != "application/pdf" {
		t.Fatalf("%+v", stored)
	}
	holders := w.settled(stored.Key, 3)
	path := "/files/" + stored.Key.String()
	for i := range w.nodes {
		resp, got := w.request("GET", w.url(i, path+".pdf"), nil)
		if resp.StatusCode != http.StatusOK || !bytes.Equal(got, data) {
			t.Errorf("node %d: %s, %d bytes", i, resp.Status, len(got))
		}
		for name, want := range map[string]string{
			"Content-Type": "application/pdf", "Etag": `"` + stored.Key.String() + `"`, "X-Content-Type-Options": "nosniff",
			"Cache-Control":       "public, max-age=31536000, immutable",
			"Content-Disposition": `inline; filename*=utf-8''%C3%9Cber%20%22x%22.pdf`,
		} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("node %d: %s is %q, want %q", i, name, got, want)
			}
		}
	}
	at := w.url(holders[0], path)
	for _, tt := range []struct {
		method, name, value string
		status, from, to    int
	}{
		{"HEAD", "", "", 200, 0, 0},
		{"GET", "Range", "bytes=1048570-1048580", 206, 1048570, 1048581},
		{"GET", "Range", "bytes=-9", 206, len(data) - 9, len(data)},
		{"GET", "Range", "bytes=99999999-", 416, 0, 0},
		{"GET", "If-None-Match", `"` + stored.Key.String() + `"`, 304, 0, 0},
	} {
		header := []string{}
		if tt.name != "" {
			header = []string{tt.name, tt.value}
		}
		resp, got := w.request(tt.method, at, nil, header...)
		if resp.StatusCode != tt.status || tt.status != 416 && !bytes.Equal(got, data[tt.from:tt.to]) {
			t.Errorf("%s %s: %s: %s, %d bytes", tt.method, tt.name, tt.value, resp.Status, len(got))
		}
	}
}

// The quota is the client's and not the proxy's, and an IPv6 /64 has one for all its
// addresses.
func TestEachHostHasItsQuota(t *testing.T) {
	t.Parallel()
	w := newRealTown(t, 1, func(_ int, c *config.Config, o *files.Options) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
		o.HostQuota = 1000
	})
	for i, tt := range []struct {
		client string
		status int
	}{
		{"198.51.100.7", 200}, {"198.51.100.8", 200}, {"198.51.100.7", 422},
		{"2001:db8:0:1::1", 200}, {"2001:db8:0:1:ffff::2", 422}, {"2001:db8:0:2::1", 200},
	} {
		content := strings.Repeat(strconv.Itoa(i), 600)
		resp, text := w.request("PUT", w.url(0, "/client/files/put"), strings.NewReader(content), "X-Forwarded-For", tt.client)
		if resp.StatusCode != tt.status {
			t.Errorf("upload %d of %s: %s %s, want %d", i, tt.client, resp.Status, text, tt.status)
		}
	}
}

// What is no key is no path, and whatever a client asks wrong has one clear line.
func TestBadRequestsAreRefused(t *testing.T) {
	t.Parallel()
	w := newRealTown(t, 1, func(_ int, _ *config.Config, o *files.Options) {
		o.MaxSize, o.RefusedTypes, o.HostQuota = 1000, []string{"text/html"}, 3000
	})
	decoy := filepath.Join(w.data[0], "decoy.txt")
	if err := os.WriteFile(decoy, []byte("decoy"), 0o600); err != nil {
		t.Fatal(err)
	}
	key := fmt.Sprintf("%064x", 5)
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/files/" + key, "", 404, "has this file"},
		{"GET", "/files/..%2f..%2fdecoy.txt", "", 400, "hexadecimal"},
		{"GET", "/files/" + strings.Repeat("..%2f", 20) + "etcx", "", 400, "hexadecimal"},
		{"GET", "/client/files/links/x", "", 400, "hexadecimal"},
		{"GET", "/client/files/stat/" + key, "", 404, "has this file"},
		{"POST", "/client/files/remove", `{"key": "../../decoy.txt", "token": "x"}`, 400, "hexadecimal"},
		{"POST", "/client/files/remove", `{"key": "` + key + `"}`, 400, "token"},
		{"POST", "/client/files/remove", `{"key": "` + key + `", "token": "x"}`, 404, "has this file"},
		{"POST", "/client/files/remove", `{"hash": "` + key + `"}`, 400, "unknown field"},
		{"PUT", "/client/files/put?name=..%2fx", "abc", 400, "want a name"},
		{"PUT", "/client/files/put?copies=many", "abc", 400, "copies"},
		{"PUT", "/client/files/put?copies=50", "abc", 200, ""}, // at most the size of the network
		{"PUT", "/client/files/put?acks=0", "abc", 400, "acks"},
		{"PUT", "/client/files/put?acks=4", "abc", 400, "at most 3"},
		{"PUT", "/client/files/put?acks=3&copies=2", "abc", 400, "at most 2"},
		{"PUT", "/client/files/put?acks=11&copies=auto", "abc", 400, "at most 10"},
		{"PUT", "/client/files/put?acks=3", "abc", 200, ""}, // the network has one node
		{"PUT", "/client/files/put?owner=x", "abc", 400, "owner"},
		{"PUT", "/client/files/put?key=x", "abc", 400, "64 hexadecimal"},
		{"PUT", "/client/files/put?key=" + key, "abd", 400, "have the key"},
		{"PUT", "/client/files/put", strings.Repeat("x", 1001), 413, ""},
		{"PUT", "/client/files/put", "<!DOCTYPE html><html></html>", 422, "text/html"},
		{"PUT", "/client/files/put", strings.Repeat("x", 1000), 200, ""},
		{"PUT", "/client/files/put", strings.Repeat("y", 1000), 200, ""},
		{"PUT", "/client/files/put", strings.Repeat("z", 1000), 422, "quota"},
	} {
		resp, text := w.request(tt.method, w.url(0, tt.path), strings.NewReader(tt.body))
		if resp.StatusCode != tt.status || !strings.Contains(string(text), tt.want) {
			t.Errorf("%s %.60s %.40s: %s %s", tt.method, tt.path, tt.body, resp.Status, text)
		}
	}
	if text, err := os.ReadFile(decoy); err != nil || string(text) != "decoy" {
		t.Errorf("the decoy is %q, %v", text, err)
	}
}

// A byte that has flipped on the disk of a holder reaches no reader, who gets the right
// one from another holder, and the copy is replaced.
func TestAFlippedByteIsNotServed(t *testing.T) {
	t.Parallel()
	w := newRealTown(t, 4, nil)
	data := random(3<<20 + 5)
	key := w.put(0, "", data).Key
	bad := w.settled(key, 3)[0]
	file, err := os.OpenFile(w.path(bad, key), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte{data[2<<20] ^ 1}, 2<<20); err != nil || file.Close() != nil {
		t.Fatal(err)
	}
	for range 3 {
		resp, got := w.request("GET", w.url(bad, "/files/"+key.String()), nil)
		if resp.StatusCode != http.StatusOK || !bytes.Equal(got, data) {
			t.Errorf("%s, %d bytes", resp.Status, len(got))
		}
	}
	nettest.Until(w.t, "the copy is replaced", func() bool {
		now, err := os.ReadFile(w.path(bad, key))
		return err == nil && bytes.Equal(now, data)
	})
	w.settled(key, 3)
}

// liar is a store that says it has every file, and shows wrong bytes.
type liar struct{}

type (
	asked struct{ Key host.Key }
	named struct {
		Likely []string    `json:"likely"`
		File   *files.File `json:"file"`
		Data   []byte      `json:"data"`
	}
)

func (*liar) Name() string { return "files" }

func (l *liar) Start(h *host.Host) {
	for _, name := range []string{"where", "has", "part"} {
		host.Direct[asked, named]{Name: name, Serve: func(_ *host.Task, _ host.Peer, q *asked, _ *host.Pending) (*named, error) {
			switch name {
			case "where":
				return &named{Likely: []string{h.Address(h.Self())}}, nil
			case "has":
				return &named{File: &files.File{Key: q.Key, Size: 5000, Copies: "3"}}, nil
			}
			return &named{Data: make([]byte, 256)}, nil
		}}.Offer(h)
	}
}

// A node that claims to have what it has not does not count as a copy.
func TestALiarIsNoCopy(t *testing.T) {
	t.Parallel()
	w := newRealTown(t, 5, nil, &liar{})
	data := random(5000)
	stored := w.put(1, "", data)
	if stored.Existed || stored.Copies < 2 {
		t.Errorf("%+v", stored)
	}
	w.settled(stored.Key, 3)
	// A holder whose master is the liar may not be found: the liar takes no reports.
	if again := w.put(2, "", data); !again.Existed || again.Copies < 2 || again.Copies > 4 {
		t.Errorf("again: %+v", again)
	}
}

// The owner of a file removes it by a signature; another key, another file or an old
// signature does not.
func TestAnOwnerRemovesAFile(t *testing.T) {
	t.Parallel()
	w := newRealTown(t, 3, nil)
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, stranger, _ := ed25519.GenerateKey(nil)
	key := w.put(0, fmt.Sprintf("owner=%x", []byte(public)), []byte("of an owner")).Key
	w.settled(key, 3)
	soon := time.Now().Add(time.Hour).Unix()
	try := func(owner ed25519.PrivateKey, of host.Key, until int64) int {
		r := files.Removal{Key: of}
		r.Sign(owner, until)
		r.Key = key
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		resp, _ := w.request("POST", w.url(1, "/client/files/remove"), bytes.NewReader(text))
		return resp.StatusCode
	}
	for name, tt := range map[string]struct {
		owner ed25519.PrivateKey
		of    host.Key
		until int64
	}{
		"a stranger":       {stranger, key, soon},
		"for another file": {private, host.Key{1}, soon},
		"an old one":       {private, key, time.Now().Add(-time.Minute).Unix()},
	} {
		if status := try(tt.owner, tt.of, tt.until); status != http.StatusForbidden {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status := try(private, key, soon); status != http.StatusOK {
		t.Errorf("the owner: %d", status)
	}
	w.settled(key, 0)
	if resp, _ := w.request("GET", w.url(2, "/files/"+key.String()), nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("afterwards: %s", resp.Status)
	}
}

// A node that keeps no more files takes part all the same: it passes uploads on.
func TestAFullRealNodePassesUploadsOn(t *testing.T) {
	t.Parallel()
	w := newRealTown(t, 5, func(i int, c *config.Config, o *files.Options) {
		c.ExtensionSpace = 100 << 20
		if i == 2 {
			c.ExtensionSpace, o.FullAt = 4<<20, 0.25
		}
	})
	for i := range 4 {
		data := random(400<<10 + i)
		key := w.put(2, "", data).Key
		w.settled(key, 3)
	}
	if used := w.stores[2].Count(); used > 2 {
		t.Errorf("the full node has %d files", used)
	}
	if resp, text := w.request("PUT", w.url(2, "/client/files/put"), bytes.NewReader(random(5<<20))); resp.StatusCode != http.StatusInsufficientStorage {
		t.Errorf("more than it has space for: %s %s", resp.Status, text)
	}
}

// What was acknowledged outlasts a crash; what was not is gone, with its space.
func TestARestartedNodeHasItsFiles(t *testing.T) {
	t.Parallel()
	w := newRealTown(t, 1, nil)
	key := w.put(0, "name=x", []byte("kept")).Key
	if err := w.nodes[0].Stop(); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(w.data[0], "blobs", "files", fmt.Sprintf("%02x", 7), fmt.Sprintf("%064x", 7))
	left = strings.Replace(left, "/07/", "/00/", 1)
	if err := os.MkdirAll(filepath.Dir(left), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(left, []byte("left over"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := files.New(files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := config.Defaults()
	ports, err := nettest.FreePorts("127.0.0.1", 1)
	if err != nil {
		t.Fatal(err)
	}
	c.Hostname, c.Port, c.Data = "127.0.0.1", uint16(ports[0]), w.data[0]
	n, err := node.New(node.Options{Config: c, Extensions: []host.Extension{s}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Stop() })
	go n.Run(context.WithoutCancel(t.Context()))
	if err := n.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.nodes[0], w.stores[0] = n, s
	if resp, got := w.request("GET", w.url(0, "/files/"+key.String()), nil); string(got) != "kept" {
		t.Errorf("%s %q", resp.Status, got)
	}
	nettest.Until(w.t, "the rest is gone", func() bool {
		_, err := os.Stat(left)
		return os.IsNotExist(err)
	})
}
