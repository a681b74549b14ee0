package httptransport

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"spreadable/core/host"
	"spreadable/extensions/web"
)

// pages is an extension with routes for browsers and clients.
type pages struct{ routes []web.Route }

func (*pages) Name() string                    { return "pages" }
func (*pages) Start(*host.Host)                {}
func (p *pages) Routes(web.Runner) []web.Route { return p.routes }

// serving starts a node with routes.
func serving(t *testing.T, routes ...web.Route) *Node {
	t.Helper()
	mux, err := web.NewMux(func(string) web.Runner { return nil }, &pages{routes})
	if err != nil {
		t.Fatal(err)
	}
	return startNode(t, "127.0.0.1", nil, func(o *Options) { o.Web, o.MaxBody = mux, 100 })
}

// Routes of extensions stand behind the guards that they have asked for. Where a body is
// refused unread, the connection ends with the answer.
func TestRoutesStandBehindTheirGuards(t *testing.T) {
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %v", ClientIP(r), body, err)
	})
	n := serving(t,
		web.Route{Zone: web.Public, Method: "GET", Path: "page", Handler: echo},
		web.Route{Zone: web.Public, Method: "POST", Path: "form", Handler: echo},
		web.Route{Zone: web.Client, Method: "POST", Path: "put", MaxBody: 5, Handler: echo},
		web.Route{Zone: web.Client, Method: "POST", Path: "dear", Approval: "client", Handler: echo},
	)
	version := func(v string) http.Header { return headers("client-version", v) }
	const from = "127.0.0.1 "
	for _, test := range []struct {
		asks   asks
		status int
		body   string
		ends   bool
	}{
		{asks{"GET", "/pages/page", "", version("x"), ""}, 200, from + " <nil>", false},
		{asks{"POST", "/pages/form", "", nil, strings.Repeat("x", 100)}, 200, from + strings.Repeat("x", 100) + " <nil>", false},
		{asks{"POST", "/pages/form", "", nil, strings.Repeat("x", 101)}, 413, "too large", true},
		{asks{"POST", "/client/pages/put", "", version(DefaultVersion), "12345"}, 200, from + "12345 <nil>", false},
		{asks{"POST", "/client/pages/put", "", version(DefaultVersion), "123456"}, 413, "too large", true},
		{asks{"POST", "/client/pages/put", "", version("x"), "12345"}, 403, "version is different", true},
		{asks{"POST", "/client/pages/put", "", version("x"), ""}, 403, "version is different", false},
		{asks{"POST", "/client/pages/dear", "", version(DefaultVersion), "{}"}, 422, "APPROVAL_INFO_REQUIRED", true},
		{asks{"POST", "/pages/nothing", "", nil, ""}, 404, "Not found route", false},
	} {
		got := send(t, n, test.asks)
		if got.status != test.status || !strings.Contains(got.body, test.body) || got.ends != test.ends {
			t.Errorf("%s %s with %d bytes: %v, the connection ends: %v", test.asks.method, test.asks.path, len(test.asks.body), got, got.ends)
		}
	}
	// a body that does not say how long it is may be too long only while it is read
	r := httptest.NewRequest("POST", "/", nil)
	w := httptest.NewRecorder()
	body := &webBody{
		Reader: http.MaxBytesReader(w, io.NopCloser(strings.NewReader("123456")), 5), Closer: r.Body,
		control: http.NewResponseController(w), left: -1,
	}
	if text, err := io.ReadAll(body); string(text) != "12345" || err != errTooLarge {
		t.Errorf("of six bytes where five may be: %q, %v", text, err)
	}
}

// An answer does not wait for a body that never comes, whether its handler reads it or not.
func TestAnswersDoNotWaitForBodiesThatNeverCome(t *testing.T) {
	n := serving(t,
		web.Route{Zone: web.Public, Method: "POST", Path: "unread", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "answered")
		})},
		web.Route{Zone: web.Public, Method: "POST", Path: "read", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			fmt.Fprint(w, "answered ", err)
		})},
	)
	for _, path := range []string{"unread", "read"} {
		conn, err := net.Dial("tcp", n.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(30 * time.Second))
		fmt.Fprintf(conn, "POST /pages/%s HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n", path)
		if text, err := io.ReadAll(conn); !strings.Contains(string(text), "answered") || err != nil {
			t.Errorf("%s: %q, %v", path, text, err)
		}
	}
}

// A route has as many places as it says, or client_concurrency.
func TestRoutesHaveTheirOwnPlaces(t *testing.T) {
	n := startNode(t, "127.0.0.1", nil, nil)
	for width, want := range map[int]int{0: DefaultConcurrency, 1: 1, 7: 7} {
		route := &web.Route{Width: width}
		line := n.server.webLine(route)
		if line.places != want || n.server.webLine(route) != line || n.server.webLine(&web.Route{Width: width}) == line {
			t.Errorf("a width of %d gives %d places, want %d, for this route alone", width, line.places, want)
		}
	}
}

// unhurried is an answer that notes the deadlines it is given, and how much is written
// between two of them.
type unhurried struct {
	*httptest.ResponseRecorder
	deadlines []time.Time
	since     int // bytes since the last one
	most      int
}

func (u *unhurried) SetWriteDeadline(at time.Time) error {
	u.deadlines, u.since = append(u.deadlines, at), 0
	return nil
}

func (u *unhurried) Write(b []byte) (int, error) {
	u.since += len(b)
	u.most = max(u.most, u.since)
	return u.ResponseRecorder.Write(b)
}

// An answer goes out unchanged, whether it is written or copied, whole or a part of what
// there is. Each megabyte of a copy, and each write, has the route's time anew.
func TestAnswersOfRoutesHaveNoTimeLimitAsAWhole(t *testing.T) {
	const timeout = time.Hour
	content := bytes.Repeat([]byte("0123456789abcdef"), 3*webChunk/16)
	check := func(size, limit int, limited bool) {
		to := &unhurried{ResponseRecorder: httptest.NewRecorder()}
		w := &webWriter{ResponseWriter: to, control: http.NewResponseController(to), timeout: timeout}
		var source io.Reader = bytes.NewReader(content[:size])
		want := size
		if limited {
			source, want = io.LimitReader(source, int64(limit)), min(size, limit)
		}
		before := time.Now()
		if got, err := w.ReadFrom(source); err != nil || got != int64(want) || !bytes.Equal(to.Body.Bytes(), content[:want]) {
			t.Fatalf("of %d bytes %d went out, %d are told, %v", want, to.Body.Len(), got, err)
		}
		copied := len(to.deadlines)
		if to.most > webChunk || copied > want/webChunk+1 {
			t.Fatalf("%d bytes had one time limit, %d bytes had %d", to.most, want, copied)
		}
		w.Write([]byte("x"))
		if len(to.deadlines) != copied+1 {
			t.Fatal("a write has no time limit of its own")
		}
		for _, at := range to.deadlines {
			if at.Before(before.Add(timeout)) || at.After(time.Now().Add(timeout)) {
				t.Fatalf("a deadline is in %v, want %v", at.Sub(before), timeout)
			}
		}
	}
	for _, size := range []int{0, 1, webChunk - 1, webChunk, webChunk + 1, len(content)} {
		check(size, 0, false)
		for _, limit := range []int{0, 1, webChunk, webChunk + 1, len(content)} {
			check(size, limit, true)
		}
	}
}
