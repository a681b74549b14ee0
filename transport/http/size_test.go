package httptransport

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/wire"
)

// tap is what went over all connections that a node has opened.
type tap struct {
	mu             sync.Mutex
	sent, received bytes.Buffer
}

// tapped is a connection under a tap.
type tapped struct {
	net.Conn
	tap *tap
}

func (c tapped) Write(p []byte) (int, error) {
	c.tap.mu.Lock()
	c.tap.sent.Write(p)
	c.tap.mu.Unlock()
	return c.Conn.Write(p)
}

func (c tapped) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.tap.mu.Lock()
	c.tap.received.Write(p[:n])
	c.tap.mu.Unlock()
	return n, err
}

// take returns what was heard since the last time.
func (t *tap) take() (sent, received string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	sent, received = t.sent.String(), t.received.String()
	t.sent.Reset()
	t.received.Reset()
	return sent, received
}

// onto taps all connections that a participant will open.
func (t *tap) onto(c *caller) {
	for _, way := range []*http.Transport{c.ours, c.kept, c.fresh} {
		way.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			inner, err := c.dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return tapped{inner, t}, nil
		}
	}
}

// scales compare the sizes of messages with what a participant and a node exchange.
type scales struct {
	loop  *loop     // of the asker, a node or a client
	to    peer.Peer // the node that is asked
	tap   tap
	sizes *wire.Sizes
	known *message.Structure // of the last answer
	etag  int                // and the length of its name
	seen  map[string]int     // how often what was weighed, by the outcome
}

func newScales(t *testing.T, l *loop, to string) *scales {
	t.Helper()
	s := &scales{loop: l, sizes: wire.NewSizes(l.book, DefaultVersion), seen: make(map[string]int)}
	s.tap.onto(l.caller)
	l.caller.close() // connections without a tap
	s.do(t, func() { clear(l.learned) })
	s.to = s.peer(t, to)
	return s
}

// do runs f in the asker's thread.
func (s *scales) do(t rapid.TB, f func()) {
	t.Helper()
	if err := s.loop.do(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

func (s *scales) peer(t rapid.TB, address string) (p peer.Peer) {
	t.Helper()
	s.do(t, func() {
		var err error
		if p, err = s.loop.book.Intern(peer.MustParse(address)); err != nil {
			t.Error(err)
		}
	})
	return p
}

// echoes is a query whose answer is its argument.
type echoes struct{}

func (echoes) Name() string       { return "say it again/é" }
func (echoes) Answer(a any) any   { return a }
func (echoes) Merge(a, _ any) any { return a }

var etagOf = regexp.MustCompile(`(?i)\r\n(?:etag|if-none-match): W/"[0-9a-f]+-([0-9a-f]+)"`)

// bytesOf is the length of a message, with the zeros that its ETag has left out.
func bytesOf(message string) int {
	size := len(message)
	if m := etagOf.FindStringSubmatch(message); m != nil {
		size += 16 - len(m[1])
	}
	return size
}

// weigh sends a request and compares it and its answer with their sizes.
func (s *scales) weigh(t *rapid.T, name string, kind message.Kind, body any) {
	t.Helper()
	got := make(answers, 1)
	req := message.Request{Kind: kind, Body: body, From: s.loop.speaker.Self}
	// as many digits as what is left when it is sent
	req.Timeout = 15991 * time.Millisecond
	etag := 0
	if kind == message.KindStructure {
		etag = s.etag
	}
	if !req.From.IsZero() {
		req.Root = s.to
	}
	s.tap.take()
	s.do(t, func() { s.loop.Call(s.to, req, got, 0) })
	resp := <-got
	sent, received := s.tap.take()
	if size, want := s.sizes.Request(s.to, &req, etag), bytesOf(sent); size != want {
		t.Fatalf("%s: a request of %d bytes, want %d:\n%s", name, size, want, sent)
	}
	structure, _ := message.As[message.Structure](resp)
	size, given := s.sizes.Answer(s.to, kind, &resp)
	if structure != nil && structure == s.known {
		size = s.sizes.Unchanged(etag)
	}
	want := bytesOf(received)
	switch {
	case strings.Contains(received, "\r\nContent-Encoding: gzip\r\n"):
		name += ", compressed"
		if off := float64(size)/float64(want) - 1; off < -0.25 || off > 0.25 {
			t.Fatalf("%s: an answer of %d bytes, want %d", name, size, want)
		}
	case size != want:
		t.Fatalf("%s: an answer of %d bytes, want %d:\n%s", name, size, want, received)
	case strings.HasPrefix(received, "HTTP/1.1 304 "):
		name += ", unchanged"
	}
	if structure != nil {
		s.known, s.etag = structure, given
	}
	if resp.Err != nil {
		name += ", refused"
	}
	s.seen[name]++
}

// exchange is a request to weigh.
type exchange struct {
	name string
	kind message.Kind
	body any
}

// exchanges draws one request of each kind that a client or, with nodes, a node may send.
func (s *scales) exchanges(t *rapid.T, nodes bool) []exchange {
	text := rapid.String()
	list := rapid.SliceOfN(rapid.Map(addresses, func(a string) peer.Peer { return s.peer(t, a) }), 0, 30)
	action := rapid.OneOf(rapid.Just("client"), text).Draw(t, "action")
	key := rapid.StringN(1, 30, 128).Draw(t, "key")
	info := rapid.SampledFrom([]*string{nil, new(`{"captchaWidth": 180, "x": "<>"}`)}).Draw(t, "info")
	start := time.Duration(time.Now().UnixNano()).Truncate(5 * time.Minute)
	ip := rapid.SampledFrom([]netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("2001:db8::1")}).Draw(t, "ip")
	answer, approvers, arg := text.Draw(t, "answer"), list.Draw(t, "approvers"), values.Draw(t, "arg")
	query := echoes{}.Name()
	all := []exchange{
		{"ping", message.KindPing, nil},
		{"status", message.KindStatus, nil},
		{"available node", message.KindAvailableNode, nil},
		{"key", message.KindApprovalKey, &message.ApprovalKeyRequest{Action: action}},
		{"add", message.KindApprovalAdd, &message.ApprovalAddRequest{Action: action, Key: key, StartedAt: start, Info: info}},
		{"question", message.KindApprovalQuestion, &message.ApprovalQuestionRequest{Action: action, Key: key, Info: info, Confirmed: approvers}},
		{"query", message.KindQuery, &message.QueryRequest{Name: query, Arg: arg}},
		{"action", message.KindAction, &message.ActionRequest{Proof: &message.Proof{Action: "client", Key: key, StartedAt: start, ClientIP: ip, Approvers: approvers, Answer: answer}}},
		{"action without a proof", message.KindAction, &message.ActionRequest{Proof: &message.Proof{Action: "client"}}},
	}
	if !nodes {
		return all
	}
	self := s.loop.speaker.Self
	return append(all, []exchange{
		{"structure", message.KindStructure, nil},
		{"structure again", message.KindStructure, nil},
		{"introduction", message.KindStructure, &message.Introduction{}},
		{"interview", message.KindInterview, nil},
		{"provide", message.KindProvide, &message.ProvideRequest{Target: self, Places: rapid.Bool().Draw(t, "places")}},
		{"provide for none", message.KindProvide, &message.ProvideRequest{}},
		{"register", message.KindRegister, &message.RegisterRequest{Target: self, NetworkSize: rapid.IntRange(0, 1000).Draw(t, "size")}},
		{"info", message.KindApprovalInfo, &message.ApprovalInfoRequest{Action: action, Key: key}},
		{"check", message.KindApprovalCheck, &message.ApprovalCheckRequest{Action: action, Key: key, Answer: answer, Approvers: approvers, ClientIP: ip}},
		{"query of a butler", message.KindQueryButler, &message.QueryRequest{Name: query, Level: 1, Arg: arg}},
		{"query of a slave", message.KindQuerySlave, &message.QueryRequest{Name: query, Arg: arg}},
	}...)
}

var addresses = rapid.StringMatching(`[a-z]{3,20}\.example\.(com|org):[1-9][0-9]{0,3}`)

// values are what applications send.
var values = rapid.OneOf(
	rapid.Just[any](nil), rapid.String().AsAny(), rapid.Bool().AsAny(), rapid.IntRange(-1e9, 1e9).AsAny(),
	rapid.Float64().AsAny(), rapid.SliceOfN(rapid.String(), 0, 5).AsAny(),
)

// TestSizesAreWhatGoesOverTheSocket weighs requests and answers of every kind, between
// nodes and from a client: granted, refused, unchanged, and structures large enough to be
// compressed.
func TestSizesAreWhatGoesOverTheSocket(t *testing.T) {
	withEcho := func(o *Options) { o.Queries = []core.Query{echoes{}} }
	asked := approving(newNode(t, "localhost", nil, withEcho))
	asker := newNode(t, "localhost", asked, withEcho)
	for _, n := range []*Node{asked, asker} {
		if err := n.Start(nil); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close(context.Background()) })
		sync1(t, n)
	}
	for _, n := range []*Node{asked, asker} {
		quieten(t, n)
	}
	client := NewClient(ClientOptions{Queries: []core.Query{echoes{}}})
	t.Cleanup(client.Close)
	node, outside := newScales(t, asker.loop, asked.address()), newScales(t, client.loop, asked.address())
	rapid.Check(t, func(t *rapid.T) {
		showOthers(t, asked, rapid.OneOf(rapid.SliceOfN(addresses, 0, 20), rapid.SliceOfN(addresses, 40, 200)).Draw(t, "slaves"))
		for _, e := range node.exchanges(t, true) {
			node.weigh(t, e.name, e.kind, e.body)
		}
		for _, e := range outside.exchanges(t, false) {
			outside.weigh(t, e.name, e.kind, e.body)
		}
	})
	for _, name := range []string{
		"ping", "status", "available node", "key", "key, refused", "add", "add, refused", "question, refused", "query",
		"action, refused", "action without a proof, refused",
	} {
		if node.seen[name] == 0 || outside.seen[name] == 0 {
			t.Errorf("never weighed: %s (nodes %v, clients %v)", name, node.seen, outside.seen)
		}
	}
	for _, name := range []string{
		"structure", "structure, compressed", "structure again, unchanged", "introduction, unchanged", "interview", "provide",
		"provide for none, refused", "register", "info", "info, refused", "check, refused", "query of a butler", "query of a slave",
	} {
		if node.seen[name] == 0 {
			t.Errorf("never weighed: %s (nodes %v)", name, node.seen)
		}
	}
}

// quieten waits until a node waits for nobody and drops what it meant to do later, a
// greeting or its next sync: then only what is weighed passes the tap.
func quieten(t *testing.T, n *Node) {
	t.Helper()
	eventually(t, "a node is at rest", func() (rests bool) {
		in(t, n, func(*core.Node) {
			if rests = n.loop.pool.Idle() && n.loop.flying == 0; rests {
				n.loop.alarms = nil
			}
		})
		return rests
	})
}

// showOthers makes a node show other slaves than it has.
func showOthers(t rapid.TB, n *Node, slaves []string) {
	t.Helper()
	show := func(c *core.Node) {
		s := *c.Structure()
		s.Slaves = nil
		for _, a := range slaves {
			p, err := n.loop.book.Intern(peer.MustParse(a))
			if err != nil {
				t.Error(err)
			}
			s.Slaves = append(s.Slaves, p)
		}
		n.loop.shown = nil
		n.loop.structure(&s)
		n.loop.shown = c.Structure()
	}
	// the next step shows it like any other
	for _, f := range []func(*core.Node){show, func(*core.Node) {}} {
		if err := n.Do(context.Background(), f); err != nil {
			t.Fatal(err)
		}
	}
}
