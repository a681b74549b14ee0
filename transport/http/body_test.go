package httptransport

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/wire"
)

// An answer is compressed by gzip where the asker takes it, by deflate where only that.
func TestCompressionIsNegotiated(t *testing.T) {
	for header, want := range map[string]string{
		"": "", "gzip": "gzip", "deflate": "deflate", "deflate, gzip": "gzip", "GZIP": "gzip", "*": "gzip", "br": "", "br, deflate": "deflate",
		"gzip;q=0": "", "gzip;q=0, deflate": "deflate", "gzip; q=0.5": "gzip", "gzip;q=x": "", "gzip;q=-1": "", "deflate;q=0, gzip;q=0": "", "gzip;q=1;x": "", "identity": "",
	} {
		if got := accepted(header); got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}

// What is quoted from a request has 80 bytes at the most.
func TestQuotesAreClipped(t *testing.T) {
	for n, want := range map[int]int{0: 0, 79: 79, 80: 80, 81: 80} {
		if got := len(clip(strings.Repeat("x", n))); got != want {
			t.Errorf("of %d bytes %d are quoted", n, got)
		}
	}
}

// A content type is read with its parameters, also where one of them is broken.
func TestContentTypesAreRead(t *testing.T) {
	for header, want := range map[string]string{
		"application/json": "application/json ", "Application/JSON; Charset=UTF-8": "application/json UTF-8", "application/json; x": "application/json ",
		"": " ", ";;": " ", "text/plain; charset=latin1": "text/plain latin1",
	} {
		if kind, params := contentType(header); kind+" "+params["charset"] != want {
			t.Errorf("%q: %q, %v", header, kind, params)
		}
	}
}

// Answers that net/http would cut in pieces are gathered, unless they are so large that
// it does not matter.
func TestWhatIsGathered(t *testing.T) {
	for _, test := range []struct {
		method string
		body   int
		want   bool
	}{
		{"GET", 3<<10 - 1, false}, {"GET", 3 << 10, true}, {"POST", 64 << 10, true}, {"POST", 64<<10 + 1, false}, {"HEAD", 10_000, false},
	} {
		c := &conn{}
		r := httptest.NewRequest(test.method, "/", nil)
		if gather(r.WithContext(withConn(r.Context(), c)), test.body); (c.body == test.body) != test.want {
			t.Errorf("%s of %d bytes: %d are gathered", test.method, test.body, c.body)
		}
		gather(r, test.body) // over TLS there is no such connection
	}
}

// So many connections are open at a time, and one that closes gives its place back, once.
func TestConnectionsTakePlaces(t *testing.T) {
	in := make(pipes, 3)
	l := newLimitListener(in, 2)
	for range 3 {
		in <- &records{}
	}
	first, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Accept(); err != nil {
		t.Fatal(err)
	}
	third := make(chan error)
	go func() {
		_, err := l.Accept()
		third <- err
	}()
	select {
	case <-third:
		t.Error("a third connection is accepted beside two")
	default:
	}
	first.(*conn).Conn = &closes{}
	for range 2 {
		first.Close()
	}
	if err := <-third; err != nil {
		t.Error(err)
	}
	places := l.(*limitListener).places
	if len(places) != 2 {
		t.Errorf("%d places are taken, want 2", len(places))
	}
	l.Close()
	if _, err := l.Accept(); err == nil {
		t.Error("a closed listener accepts")
	}
	failing := newLimitListener(in, 1)
	close(in)
	for range 3 { // a failure gives its place back
		if _, err := failing.Accept(); err == nil {
			t.Error("a connection came of nothing")
		}
	}
}

// closes is a connection that can be closed.
type closes struct{ records }

func (*closes) Close() error { return nil }

// The timeout budget is what the header says, or else the body, or ten seconds; a minute
// at the most.
func TestBudgetsOfRequests(t *testing.T) {
	n := newNode(t, "localhost", nil, nil)
	for _, test := range []struct {
		header, body string
		want         time.Duration
	}{
		{"", `{}`, 10 * time.Second}, {"1500", `{"timeout":7000}`, 1500 * time.Millisecond}, {"", `{"timeout":7000}`, 7 * time.Second},
		{"60001", `{}`, time.Minute}, {"60000", `{}`, time.Minute}, {"-5", `{}`, -5 * time.Millisecond}, {"x", `{"timeout":7000}`, 7 * time.Second},
		{"", `{"timeout":1e9}`, time.Minute}, {"0", `{"timeout":7000}`, 0},
	} {
		r := httptest.NewRequest("POST", "/", nil)
		if test.header != "" {
			r.Header.Set(wire.BudgetHeader, test.header)
		}
		f, err := wire.ParseJSON([]byte(test.body))
		if err != nil {
			t.Fatal(err)
		}
		if got := n.server.budget(&visit{r: r, fields: f}); got != test.want {
			t.Errorf("header %q, body %s: %v, want %v", test.header, test.body, got, test.want)
		}
	}
}

// A request for an available node is refused when less is left of its budget than the way
// back takes.
func TestExpiredSearchesAreRefused(t *testing.T) {
	n := startNode(t, "localhost", nil, nil)
	sync1(t, n)
	for budget, want := range map[string]int{"120": 408, "119": 408, "5000": 200} {
		got := send(t, n, asks{"POST", "/client/get-available-node", "", headers(wire.BudgetHeader, budget), ``})
		if got.status != want {
			t.Errorf("with %s ms left: %v", budget, got)
		}
	}
	rt := n.server.routes["/client/get-available-node"]
	for budget, good := range map[string]bool{"120": false, "121": true} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set(wire.BudgetHeader, budget)
		if _, err := n.server.incoming(&visit{r: r}, rt); (err == nil) != good {
			t.Errorf("with %s ms left: %v", budget, err)
		}
	}
}

// Requests of nodes that make us ask others have eight times as many places as those of
// clients; the others have no queue.
func TestQueuesOfRequests(t *testing.T) {
	n := newNode(t, "localhost", nil, func(o *Options) { o.Concurrency = 5 })
	for queue, want := range map[message.Queue]int{message.NodeQueue: 40, message.ClientQueue: 5} {
		if got := cap(n.server.newQueue(queue)); got != want {
			t.Errorf("queue %d has %d places, want %d", queue, got, want)
		}
	}
	if n.server.routes["/api/node/structure"].queue != nil || n.server.routes["/api/node/register"].queue == nil {
		t.Error("the structure waits in a queue, or a registration does not")
	}
}

// The proxies on the way of a request are sixteen at the most.
func TestProxiesAreBounded(t *testing.T) {
	n := newNode(t, "localhost", nil, func(o *Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	for hops, want := range map[int]string{1: "192.0.2.1", 15: "192.0.2.1", 16: "192.0.2.1", 17: ""} {
		r := httptest.NewRequest("POST", "/", nil)
		r.RemoteAddr = "10.0.0.1:5"
		list := append([]string{"192.0.2.1"}, slices.Repeat([]string{"10.0.0.2"}, hops-1)...)
		r.Header["X-Forwarded-For"] = []string{strings.Join(list, ", ")}
		o, err := n.server.originOf(r)
		if (err == nil) != (want != "") || err == nil && o.ip.String() != want {
			t.Errorf("%d hops: %v, %v", hops, o.ip, err)
		}
	}
	for remote, want := range map[string]string{"[::1]:5": "127.0.0.1", "[::ffff:192.0.2.1]:5": "192.0.2.1", "[fe80::1%eth0]:5": "fe80::1", "192.0.2.1:5": "192.0.2.1", "x": ""} {
		r := httptest.NewRequest("POST", "/", nil)
		r.RemoteAddr = remote
		o, err := n.server.originOf(r)
		if (err == nil) != (want != "") || err == nil && o.ip.String() != want {
			t.Errorf("from %s: %v, %v", remote, o.ip, err)
		}
	}
}

// A client of a request is known to handlers of the node, and to no others.
func TestHandlersKnowTheClient(t *testing.T) {
	var got netip.Addr
	n := newNode(t, "localhost", nil, nil)
	n.Handle("/Who/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = ClientIP(r)
		if err := WriteJSON(w, r, map[string]int{"a": 1}, nil); err != nil {
			t.Error(err)
		}
	}))
	n.Handle("refuses", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := WriteJSON(w, r, nil, message.Refusal(message.CodeInvalidTarget, "")); err != nil {
			t.Error(err)
		}
	}))
	n.Handle("fails", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := WriteJSON(w, r, make(chan int), nil); err == nil {
			t.Error("a channel is JSON")
		}
	}))
	if err := n.Start(nil); err != nil {
		t.Fatal(err)
	}
	defer n.Close(t.Context())
	if said := send(t, n, asks{"POST", "/client/who", "127.0.0.9", nil, ``}); said.status != 200 || said.body != `{"a":1}` || got.String() != "127.0.0.9" || said.header.Get("Content-Type") != wire.AnswerType {
		t.Errorf("%v for %v", said, got)
	}
	if said := send(t, n, asks{"POST", "/client/refuses", "", nil, ``}); said.status != 422 || !strings.Contains(said.body, wire.Code(message.CodeInvalidTarget)) {
		t.Errorf("a refusal is %v", said)
	}
	send(t, n, asks{"POST", "/client/fails", "", nil, ``})
	stranger := httptest.NewRequest("POST", "/", nil)
	if ip := ClientIP(stranger); ip.IsValid() {
		t.Errorf("the client of a request to another server is %v", ip)
	}
	if err := WriteJSON(httptest.NewRecorder(), stranger, 1, nil); err == nil {
		t.Error("an answer was written to a request of another server")
	}
	w := httptest.NewRecorder()
	if n.Protect("client", http.NotFoundHandler()).ServeHTTP(w, stranger); w.Code != http.StatusInternalServerError {
		t.Errorf("a protected handler of another server says %d", w.Code)
	}
}

// A panic of a handler is an internal error, and the node goes on.
func TestAPanicOfAHandlerIsAnError(t *testing.T) {
	n := newNode(t, "localhost", nil, nil)
	n.Handle("bug", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a bug") }))
	if err := n.Start(nil); err != nil {
		t.Fatal(err)
	}
	defer n.Close(t.Context())
	if got := send(t, n, asks{"POST", "/client/bug", "", nil, ``}); got.status != 500 || got.body != `{"message":"internal error"}` {
		t.Errorf("got %v", got)
	}
	if got := send(t, n, asks{"GET", "/ping", "", nil, ``}); got.status != 200 {
		t.Errorf("afterwards: %v", got)
	}
}

// Alarms go off in the order of their times, those of one time in the order of setting.
func TestAlarmsGoOffInOrder(t *testing.T) {
	l := &loop{}
	for tag, at := range []time.Duration{5, 3, 5, 1, 3, 9} {
		l.setAlarm(alarm{at: at, tag: uint32(tag)})
	}
	var tags []uint32
	for a, ok := l.alarms.due(5); ok; a, ok = l.alarms.due(5) {
		tags = append(tags, a.tag)
	}
	if !slices.Equal(tags, []uint32{3, 1, 4, 0, 2}) || len(l.alarms) != 1 {
		t.Errorf("went off %v, left %d", tags, len(l.alarms))
	}
}

// The wait for an alarm is that to the first, none if it is late, and an hour without.
func TestWaitsForAlarms(t *testing.T) {
	now := time.Unix(1000, 0)
	l := &loop{clock: newClock(func() time.Time { return now })}
	if got := l.untilAlarm(); got != time.Hour {
		t.Errorf("without an alarm it waits %v", got)
	}
	l.setAlarm(alarm{at: 1005 * time.Second})
	l.setAlarm(alarm{at: 1003 * time.Second})
	if got := l.untilAlarm(); got != 3*time.Second {
		t.Errorf("to the first alarm it waits %v", got)
	}
	now = now.Add(time.Minute)
	if got := l.untilAlarm(); got != 0 {
		t.Errorf("for a late alarm it waits %v", got)
	}
	l.now = 7 * time.Second
	l.After(-time.Minute, 3)
	if l.alarms[0].at != 7*time.Second || l.alarms[0].tag != 3 {
		t.Errorf("an alarm in the past is set to %v", l.alarms[0].at)
	}
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

// Each limit that is not given has its default, and none may be negative.
func TestLimitsOfOptions(t *testing.T) {
	options := func() *Options {
		book := peer.NewBook(0)
		self, err := book.Intern(peer.MustParse("192.0.2.1:4000"))
		if err != nil {
			t.Fatal(err)
		}
		return &Options{Config: &core.Config{Book: book, Bootstrap: []core.Peer{self}}, Address: peer.MustParse("192.0.2.1:4000")}
	}
	o := options()
	if err := o.validate(); err != nil {
		t.Fatal(err)
	}
	if o.Concurrency != 50 || o.MaxCalls != 1024 || o.MaxConnections != 8192 || o.CookieAge != 7*24*time.Hour || o.SweepAt != 1<<18*7/8 || o.Source.IsValid() || len(o.TrustedProxies) != 0 {
		t.Errorf("%+v", o)
	}
	for what, change := range map[string]func(*Options){
		"bodies":      func(o *Options) { o.MaxBody = -1 },
		"concurrency": func(o *Options) { o.Concurrency = -1 },
		"calls":       func(o *Options) { o.MaxCalls = -1 },
		"connections": func(o *Options) { o.MaxConnections = -1 },
		"cookies":     func(o *Options) { o.CookieAge = -1 },
	} {
		o := options()
		if change(o); o.validate() == nil {
			t.Errorf("a negative limit of %s is taken", what)
		}
	}
	local := options()
	local.Address = peer.MustParse("localhost:4000")
	if err := local.validate(); err != nil || local.Source.IsValid() {
		t.Errorf("localhost calls from %v: %v", local.Source, err)
	}
}
