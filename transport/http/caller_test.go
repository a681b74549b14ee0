package httptransport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/wire"
)

// answers collects the answers of calls.
type answers chan message.Response

func (a answers) Answer(_ uint32, resp message.Response) { a <- resp }

// callFrom sends a request from inside a node and waits for the answer.
func callFrom(t testing.TB, n *Node, to string, req message.Request) message.Response {
	t.Helper()
	got := make(answers, 1)
	in(t, n, func(*core.Node) {
		p, err := n.loop.book.Intern(peer.MustParse(to))
		if err != nil {
			t.Error(err)
		}
		req.From, req.Root = n.loop.speaker.Self, n.loop.speaker.Self
		n.loop.Call(p, req, got, 0)
	})
	select {
	case resp := <-got:
		return resp
	case <-time.After(10 * time.Second):
		t.Fatal("a call is not answered")
		return message.Response{}
	}
}

// strange starts a server that answers as a test wants, and returns its address.
func strange(t testing.TB, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func says(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

const structureJSON = `{"address":"localhost:1","backlink":null,"slaves":[],"masters":[]}`

func TestWhatPeersMayAnswer(t *testing.T) {
	n := startNode(t, "localhost", nil, nil)
	const json = "application/json; charset=utf-8"
	list := strings.Repeat(`{"address":"localhost:1"},`, 1<<13) + `{"address":"localhost:1"}`
	tests := []struct {
		name   string
		kind   message.Kind
		answer http.HandlerFunc
		want   error // nil for a good answer
	}{
		{"a structure", message.KindStructure, says(200, json, structureJSON), nil},
		{"as text", message.KindStructure, says(200, "text/html", structureJSON), nil},
		{"with more keys", message.KindStructure, says(201, json, `{"x":1,"slaves":[],"masters":[]}`), nil},
		{"null lists", message.KindStructure, says(200, json, `{"slaves":null,"masters":null}`), message.ErrMalformed},
		{"no lists", message.KindStructure, says(200, json, `{}`), message.ErrMalformed},
		{"an array", message.KindStructure, says(200, json, `[]`), message.ErrMalformed},
		{"no JSON", message.KindStructure, says(200, json, `<html>`), message.ErrMalformed},
		{"too many slaves", message.KindStructure, says(200, json, `{"slaves":[`+list+`],"masters":[]}`), message.ErrMalformed},
		{"a size below zero", message.KindStructure, says(200, json, `{"slaves":[],"masters":[{"address":"localhost:1","size":-1}]}`), message.ErrMalformed},
		{"half a slave", message.KindStructure, says(200, json, `{"slaves":[],"masters":[{"address":"localhost:1","size":0.5}]}`), message.ErrMalformed},
		{"an endless answer", message.KindStructure, endless, message.ErrMalformed},
		{"a bad backlink", message.KindStructure, says(200, json, `{"backlink":{"address":"x"},"slaves":[],"masters":[]}`), message.ErrMalformed},
		{"a redirect", message.KindStructure, says(302, json, structureJSON), message.ErrUnreachable},
		{"a refusal", message.KindStructure, says(422, json, `{"message":"no","code":"ERR_SPREADABLE_MASTER_IS_FULL"}`), &message.Error{Code: message.CodeMasterFull}},
		{"a refusal by 500", message.KindStructure, says(500, json, `{"message":"no","code":"ERR_SPREADABLE_MASTER_IS_FULL"}`), &message.Error{Code: message.CodeMasterFull}},
		{"an application's refusal", message.KindStructure, says(422, json, `{"message":"no","code":"ERR_OTHER"}`), &message.Error{Code: "ERR_OTHER"}},
		{"a code in text", message.KindStructure, says(422, "text/plain", `{"message":"no","code":"ERR_OTHER"}`), message.ErrUnreachable},
		{"an error", message.KindStructure, says(500, json, `{"message":"no"}`), message.ErrUnreachable},
		{"another root", message.KindStructure, says(403, json, `{"message":"Node root is different: \"a\" instead of \"b\""}`), message.ErrWrongRoot},
		{"denied", message.KindStructure, says(403, json, `{"message":"no"}`), message.ErrDenied},
		{"closed", message.KindStructure, says(401, json, `{"message":"no"}`), message.ErrDenied},
		{"a size", message.KindRegister, says(200, json, `{"size":2,"address":"x"}`), nil},
		{"a size and more", message.KindRegister, says(200, json, `{"size":2,"more":1}`), message.ErrMalformed},
		{"no size", message.KindRegister, says(200, json, `{}`), message.ErrMalformed},
		{"an interview", message.KindInterview, says(200, json, `{"summary":{"address":"localhost:1"}}`), nil},
		{"an interview with a surplus", message.KindInterview, says(200, json, `{"summary":{"address":"localhost:1","x":1}}`), message.ErrMalformed},
		{"an interview and something behind it", message.KindInterview, says(200, json, `{"summary":{"address":"localhost:1"}}{}`), message.ErrMalformed},
		{"a part", message.KindApprovalInfo, says(200, json, `{"info":"x"}`), nil},
		{"a part that is none", message.KindApprovalInfo, says(200, json, `{"info":{}}`), message.ErrMalformed},
		{"ping of another version", message.KindPing, says(200, json, `{"version":"x","address":"whoever:1"}`), nil},
		{"a status", message.KindStatus, says(200, json, `{"root":"","availability":2,"networkSize":1e300}`), nil},
		{"no answer", message.KindPing, hangUp, message.ErrUnreachable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := callFrom(t, n, strange(t, tt.answer), message.Request{Kind: tt.kind, Timeout: 5 * time.Second, Body: bodyFor(tt.kind)})
			if !errors.Is(got.Err, tt.want) || tt.want == nil && got.Err != nil {
				t.Errorf("got %v, want %v", got.Err, tt.want)
			}
		})
	}
}

// bodyFor is a body for the kinds that must have one.
func bodyFor(kind message.Kind) any {
	switch kind {
	case message.KindRegister:
		return &message.RegisterRequest{}
	case message.KindApprovalInfo:
		return &message.ApprovalInfoRequest{}
	}
	return nil
}

func endless(w http.ResponseWriter, _ *http.Request) {
	for {
		if _, err := w.Write(make([]byte, 1<<16)); err != nil {
			return
		}
	}
}

func hangUp(w http.ResponseWriter, _ *http.Request) {
	if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
		c.Close()
	}
}

func TestListsHoldNoPeerTwice(t *testing.T) {
	n := startNode(t, "localhost", nil, nil)
	to := strange(t, says(200, "", `{"address":"somebody:1","backlink":{"address":"localhost:9"},
		"slaves":[{"address":"localhost:1"},{"address":"no address"},{"address":"localhost:1"},{"address":"localhost:2"}],
		"masters":[{"address":"localhost:1","size":2},{"address":"localhost:1","size":200}]}`))
	got := callFrom(t, n, to, message.Request{Kind: message.KindStructure, Timeout: time.Second})
	s, ok := got.Body.(*message.Structure)
	if !ok {
		t.Fatal(got.Err)
	}
	if len(s.Slaves) != 2 || len(s.Masters.List) != 1 || s.Masters.Total != 2 {
		t.Errorf("got slaves %v, masters %v", s.Slaves, s.Masters)
	}
	in(t, n, func(*core.Node) {
		if text := n.loop.book.Text(s.Address); text != to {
			t.Errorf("the answer is from %s, want %s, which was asked", text, to)
		}
	})
}

func TestSlowPeersTimeOut(t *testing.T) {
	n := startNode(t, "localhost", nil, nil)
	release := make(chan struct{})
	to := strange(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(200)
		http.NewResponseController(w).Flush() // the head is there, the body never comes
		<-release
	})
	defer close(release)
	began := time.Now()
	got := callFrom(t, n, to, message.Request{Kind: message.KindStructure, Timeout: 100 * time.Millisecond})
	if took := time.Since(began); got.Err != message.ErrTimeout || took < 100*time.Millisecond || took > 3*time.Second {
		t.Errorf("got %v after %v, want a timeout after 100 ms", got.Err, took)
	}
}

// deaf is a server of the npm kind that, on each connection, answers one request and
// loses the next.
func deaf(t *testing.T, connections *atomic.Int32) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			go func() {
				defer c.Close()
				buffer := make([]byte, 4096)
				if _, err := c.Read(buffer); err != nil {
					return
				}
				fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(structureJSON), structureJSON)
				c.Read(buffer)
			}()
		}
	}()
	return l.Addr().String()
}

func TestNoRequestIsLostOnADeadConnection(t *testing.T) {
	n := startNode(t, "localhost", nil, nil)
	for _, tt := range []struct {
		kind message.Kind
		body any
	}{
		{message.KindStructure, nil},
		{message.KindApprovalCheck, &message.ApprovalCheckRequest{ClientIP: netip.MustParseAddr("1.2.3.4")}},
	} {
		var connections atomic.Int32
		to := deaf(t, &connections)
		for i := range 5 {
			got := callFrom(t, n, to, message.Request{Kind: tt.kind, Timeout: 5 * time.Second, Body: tt.body})
			if got.Err != nil {
				t.Errorf("%s: request %d: %v", tt.kind, i, got.Err)
			}
		}
		if got := connections.Load(); got != 5 {
			t.Errorf("%s: 5 requests took %d connections, want one each: the server loses every second", tt.kind, got)
		}
	}
}

func TestConnectionsToOurNodesAreKept(t *testing.T) {
	n, other := startNode(t, "localhost", nil, nil), startNode(t, "localhost", nil, nil)
	var connections atomic.Int32
	counted := httptest.NewUnstartedServer(other.server)
	counted.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	counted.Start()
	t.Cleanup(counted.Close)
	for i := range 5 {
		got := callFrom(t, n, counted.Listener.Addr().String(), message.Request{Kind: message.KindPing, Timeout: 5 * time.Second})
		if got.Err != nil {
			t.Fatalf("request %d: %v", i, got.Err)
		}
	}
	if got := connections.Load(); got > 2 {
		t.Errorf("5 requests took %d connections, want one, or two while the peer is not known to be ours", got)
	}
}

func TestUnchangedStructureIsTheSameSnapshot(t *testing.T) {
	nodes := startNetwork(t, 2, nil)
	call := func() any {
		got := callFrom(t, nodes[0], nodes[1].address(), message.Request{Kind: message.KindStructure, Timeout: 5 * time.Second})
		if got.Err != nil {
			t.Fatal(got.Err)
		}
		return got.Body
	}
	call()
	if first, second := call(), call(); first != second {
		t.Error("an unchanged structure was sent again")
	}
	root := headers("node-root", nodes[0].address())
	got := send(t, nodes[1], asks{"POST", "/api/node/structure", "", root, ""})
	root.Set("If-None-Match", got.header.Get("ETag"))
	if got := send(t, nodes[1], asks{"POST", "/api/node/structure", "", root, ""}); got.status != 304 || got.body != "" {
		t.Errorf("got %v, want 304 without a body", got)
	}
}

func TestNamesOfLoopbackAreRefused(t *testing.T) {
	n := startNode(t, "localhost", nil, func(o *Options) {
		o.Lookup = lookupTable(map[string]string{"inner.example.com": "127.0.0.1"})
	})
	_, port, _ := net.SplitHostPort(n.Addr().String())
	got := callFrom(t, n, "inner.example.com:"+port, message.Request{Kind: message.KindPing, Timeout: time.Second})
	if !errors.Is(got.Err, message.ErrUnreachable) {
		t.Errorf("got %v", got.Err)
	}
}

func TestNamesAreKeptForTenMinutes(t *testing.T) {
	now, asked := time.Unix(0, 0), 0
	names := newNames(func(_ context.Context, host string) ([]netip.Addr, error) {
		asked++
		if host == "bad.example.com" {
			return nil, errors.New("no")
		}
		return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
	}, func() time.Time { return now })
	for _, step := range []struct {
		host  string
		wait  time.Duration
		asked int
	}{
		{"good.example.com", 0, 1},
		{"good.example.com", 9 * time.Minute, 1},
		{"good.example.com", time.Minute, 2},
		{"bad.example.com", 0, 3},
		{"bad.example.com", 59 * time.Second, 3},
		{"bad.example.com", time.Second, 4},
	} {
		now = now.Add(step.wait)
		ips, err := names.resolve(t.Context(), peer.MustParse(step.host+":80"))
		if good := strings.HasPrefix(step.host, "good"); good != (err == nil) || good != (len(ips) == 1) {
			t.Errorf("%s is %v, %v", step.host, ips, err)
		}
		if asked != step.asked {
			t.Errorf("%s after %v: asked %d times, want %d", step.host, step.wait, asked, step.asked)
		}
	}
}

func TestPeersAreKnownByTheIPTheyAnswerFrom(t *testing.T) {
	n := startNode(t, "localhost", nil, nil)
	ip := netip.MustParseAddr("192.0.2.1")
	in(t, n, func(*core.Node) {
		p, err := n.loop.book.Intern(peer.MustParse("n1.example.com:80"))
		if err != nil {
			t.Error(err)
		}
		n.loop.flying++
		n.loop.land(&call{sink: make(answers, 1), to: p}, &received{ip: ip}, nil)
		if got := n.loop.book.IP(p); got != ip {
			t.Errorf("the IP is %v, want %v", got, ip)
		}
	})
}

// Who is ours is known for so many peers, and forgotten of one that says so no more. A
// request that must not be sent twice goes to others over a connection of its own.
func TestPeersThatAreOurs(t *testing.T) {
	n := newNode(t, "localhost", nil, nil)
	c := n.loop.caller
	ours, others := &http.Response{Header: headers("Server", wire.ServerName, "ETag", "x")}, &http.Response{Header: headers("Server", "npm", "ETag", "x")}
	a := peer.MustParse("localhost:5000")
	way := func(kind message.Kind) *http.Transport { return c.way(&wire.Outgoing{Kind: kind, To: a}) }
	if c.isOurs(a) || way(message.KindPing) != c.kept || way(message.KindApprovalCheck) != c.fresh {
		t.Error("a stranger is ours, or its connections are")
	}
	if etag := c.learn(a, ours); etag != "x" || !c.isOurs(a) || way(message.KindPing) != c.ours || way(message.KindApprovalCheck) != c.ours {
		t.Errorf("one of ours is not; ETag %q", etag)
	}
	if etag := c.learn(a, others); etag != "" || c.isOurs(a) {
		t.Errorf("a former one of ours is still; ETag %q", etag)
	}
	for i := range maxKnown {
		c.known[fmt.Sprint(i)] = struct{}{}
	}
	if etag := c.learn(a, ours); etag != "" || c.isOurs(a) {
		t.Error("more are known than there is a place for")
	}
	delete(c.known, "0")
	if c.learn(a, ours); !c.isOurs(a) {
		t.Error("one below the limit is not taken")
	}
	if c.learn(a, ours) != "x" {
		t.Error("at the limit a known one is not ours")
	}
	if c.ours.IdleConnTimeout != 90*time.Second || c.kept.IdleConnTimeout != 3*time.Second || c.ours.DisableKeepAlives || c.kept.DisableKeepAlives || !c.fresh.DisableKeepAlives {
		t.Error("connections are kept for another time")
	}
}

// Structures that peers answered with are remembered for so many, and then anew.
func TestLearnedStructuresAreBounded(t *testing.T) {
	n := newNode(t, "localhost", nil, nil)
	l := n.loop
	body := func(*wire.Interner) any { return &message.Structure{} }
	for i := range uint32(wire.MaxLearned) {
		l.intern(&call{to: peer.FromID(i + 1)}, &received{body: body, etag: "x"})
	}
	if len(l.learned) != wire.MaxLearned {
		t.Errorf("%d structures are remembered", len(l.learned))
	}
	known := l.learned[peer.FromID(7)].structure
	if got := l.intern(&call{to: peer.FromID(7), known: known}, &received{unchanged: true}); got != any(known) {
		t.Error("an unchanged structure is another")
	}
	if got := l.intern(&call{to: peer.FromID(7)}, &received{}); got != nil {
		t.Errorf("no body is %v", got)
	}
	if l.intern(&call{to: peer.FromID(1 << 20)}, &received{body: body}); len(l.learned) != wire.MaxLearned {
		t.Error("an answer without a name is remembered")
	}
	if l.intern(&call{to: peer.FromID(1 << 20)}, &received{body: body, etag: "x"}); len(l.learned) != 1 {
		t.Errorf("one more, and %d structures are remembered", len(l.learned))
	}
}

// Of two of our nodes the asker closes an idle connection, so that no request meets one
// that is being closed; and at a node of npm, which holds one for 5 s, the same. Nobody
// holds a connection for long that is not used.
func TestAskersCloseIdleConnectionsFirst(t *testing.T) {
	n := startNode(t, "localhost", nil, nil)
	const npm = 5 * time.Second
	c, holds := n.loop.caller, n.http.IdleTimeout
	for to, idle := range map[time.Duration]time.Duration{holds: c.ours.IdleConnTimeout, npm: c.kept.IdleConnTimeout} {
		if idle < to/2 || idle > to-npm/4 {
			t.Errorf("an idle connection is closed after %v where the other end holds it for %v", idle, to)
		}
	}
	if holds > 2*time.Minute {
		t.Errorf("an idle connection is held for %v", holds)
	}
}
