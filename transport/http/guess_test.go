package httptransport

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/behavior"
	"spreadable/core/peer"
	"spreadable/core/state"
	"spreadable/wire"
)

// What becomes of hosts that guess the password of a closed network.

const (
	guesser = "127.0.0.66"
	guesses = 10 // wrong logins that are judged: the level of the behaviour "authentication"
)

// closed starts a node of a network with a password.
func closed(t testing.TB, change func(*Options)) *Node {
	return startNode(t, "localhost", nil, func(o *Options) {
		o.Auth = &Credentials{"user", "right"}
		if change != nil {
			change(o)
		}
	})
}

func byHeader(_ *Node, password string) http.Header {
	return headers("authorization", basic(Credentials{"user", password}))
}

func byCookie(n *Node, password string) http.Header {
	text, _ := json.Marshal(map[string]string{"username": "user", "password": password})
	return headers("cookie", cookieName(n.address())+"="+base64.StdEncoding.EncodeToString(text))
}

// try sends credentials from an IP and returns the status of the answer.
func try(t testing.TB, n *Node, from string, h http.Header) int {
	t.Helper()
	return send(t, n, asks{"GET", "/status", from, h, ""}).status
}

// limitedOf lists whose logins a node limits.
func limitedOf(t testing.TB, n *Node) (texts []string) {
	in(t, n, func(c *core.Node) {
		for _, row := range c.LimitedLogins() {
			texts = append(texts, n.loop.book.Text(row.Peer)+" "+row.Action.String())
		}
	})
	return texts
}

// Wrong credentials count wherever they stand. After ten the host must wait, the right
// password included, with a note for the log; others go on, no one is banned, and what is
// forgiven leaves nothing behind.
func TestGuessersMustWait(t *testing.T) {
	for name, with := range map[string]func(*Node, string) http.Header{"header": byHeader, "cookie": byCookie} {
		var notes atomic.Int32
		n := closed(t, func(o *Options) {
			o.Observe = func(note core.Note) {
				if note.What == core.NoteLoginsLimited && note.Text == "authentication" {
					notes.Add(1)
				}
			}
		})
		for i := range guesses {
			if got := try(t, n, guesser, with(n, "wrong")); got != 401 {
				t.Fatalf("by %s: guess %d gets %d", name, i, got)
			}
		}
		got := send(t, n, asks{"GET", "/status", guesser, with(n, "right"), ""})
		if got.status != 429 || got.header.Get("Retry-After") != "10" {
			t.Errorf("by %s: after %d guesses the right password gets %d, retry after %s", name, guesses, got.status, got.header.Get("Retry-After"))
		}
		if got := try(t, n, "", with(n, "right")); got != 200 {
			t.Errorf("by %s: another host gets %d", name, got)
		}
		if got := send(t, n, asks{"GET", "/ping", guesser, nil, ""}).status; got != 200 {
			t.Errorf("by %s: a ping of a host that must wait gets %d", name, got)
		}
		want := []string{guesser + ":0 authentication"}
		if got := limitedOf(t, n); !slices.Equal(got, want) || notes.Load() != 1 {
			t.Errorf("by %s: limited are %q, noted %d times, want %q", name, got, notes.Load(), want)
		}
		in(t, n, func(c *core.Node) { c.ForgiveLogins(peer.Peer{}) })
		if got := try(t, n, guesser, with(n, "wrong")); got != 401 {
			t.Errorf("by %s: a guess after the limit was lifted gets %d", name, got)
		}
		if got := try(t, n, guesser, with(n, "right")); got != 200 {
			t.Errorf("by %s: the right password after that gets %d", name, got)
		}
	}
}

// A node that was started with the wrong password is in soon after the mistake is mended.
func TestARightPasswordIsHeardAfterAPause(t *testing.T) {
	const pause = 50 * time.Millisecond
	n := closed(t, func(o *Options) { o.Config.LoginPause = pause })
	for range 3 * guesses {
		try(t, n, guesser, byHeader(n, "wrong"))
	}
	for end := time.Now().Add(10 * time.Second); try(t, n, guesser, byHeader(n, "right")) != 200; {
		if time.Now().After(end) {
			t.Fatal("the right password is not heard")
		}
	}
	if got := limitedOf(t, n); len(got) > 0 {
		t.Errorf("limited are %q", got)
	}
}

// A page that a visitor has opened can make the browser send wrong logins. What comes from
// the visitor's host without a browser does not wait for that.
func TestAWebPageLimitsBrowsersOnly(t *testing.T) {
	n := closed(t, nil)
	for range 3 * guesses {
		h := byHeader(n, "wrong")
		h.Set("Origin", "https://evil.example.com")
		try(t, n, guesser, h)
	}
	if got := try(t, n, guesser, byHeader(n, "right")); got != 200 {
		t.Errorf("the visitor's node gets %d", got)
	}
	if got := limitedOf(t, n); !slices.Equal(got, []string{guesser + ":0 browserAuthentication"}) {
		t.Errorf("limited are %q", got)
	}
}

// A node in the lists is counted apart from its host, also where its address has a name,
// which is not looked up for a login.
func TestAListedNodeWithANameIsCountedApart(t *testing.T) {
	const member, ip = "member.example.com:4000", "192.0.2.7"
	n := newNode(t, "localhost", nil, func(o *Options) {
		o.Auth = &Credentials{"user", "right"}
		o.Lookup = func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr(ip)}, nil
		}
	})
	t.Cleanup(func() { n.Close(t.Context()) })
	if err := n.Start(func(c *core.Node) error {
		return c.Restore(state.State{Self: n.address(), Slaves: []state.Slave{{Address: member}}})
	}); err != nil {
		t.Fatal(err)
	}
	login := func(claim, password string) int {
		r := httptest.NewRequest("GET", "/status", nil)
		r.RemoteAddr, r.Header = ip+":1234", byHeader(n, password)
		if claim != "" {
			r.Header[wire.AddressHeader] = []string{claim}
		}
		w := httptest.NewRecorder()
		n.server.ServeHTTP(w, r)
		return w.Code
	}
	if _, err := n.loop.caller.names.resolve(t.Context(), peer.MustParse(member)); err != nil { // as for the first call to it
		t.Fatal(err)
	}
	for range 3 * guesses {
		login("", "wrong")
	}
	if got := login("", "right"); got != 429 {
		t.Errorf("the neighbour that guesses gets %d", got)
	}
	for range 3 {
		if got := login(member, "right"); got != 200 {
			t.Errorf("the node gets %d because a neighbour guesses", got)
		}
	}
	for range 3 * guesses {
		login(member, "wrong")
	}
	want := []string{member + " authentication", ip + ":0 authentication"}
	if got := limitedOf(t, n); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
		t.Errorf("limited are %q, want %q", got, want)
	}
}

// Of many guesses that are sent at once no more are looked at than one after the other,
// and the right one among them does not pass once there were too many.
func TestGuessesAtOnceAreCountedOneByOne(t *testing.T) {
	n := closed(t, nil)
	var looked atomic.Int32
	var all sync.WaitGroup
	for range 60 {
		all.Go(func() {
			if try(t, n, guesser, byHeader(n, "wrong")) == 401 {
				looked.Add(1)
			}
		})
	}
	all.Wait()
	if got := looked.Load(); got != guesses {
		t.Errorf("%d guesses of 60 were looked at, want %d", got, guesses)
	}
}

// A good login takes a wrong one back, so that a host of many people is not shut out.
func TestGoodLoginsTakeWrongOnesBack(t *testing.T) {
	n := closed(t, nil)
	for i := range 3 * guesses {
		if got := try(t, n, guesser, byHeader(n, "wrong")); got != 401 {
			t.Fatalf("wrong login %d gets %d", i, got)
		}
		if got := try(t, n, guesser, byHeader(n, "right")); got != 200 {
			t.Fatalf("good login %d gets %d", i, got)
		}
	}
}

// Neither the first request of a browser, which has no credentials, nor a token that has
// ended is a guess; a header and a cookie are two.
func TestWhatIsAGuess(t *testing.T) {
	n := closed(t, nil)
	ended := n.server.auth.token(time.Now().Add(-time.Hour))
	both := byHeader(n, "wrong")
	both.Set("Cookie", byCookie(n, "wrong").Get("Cookie"))
	right := byHeader(n, "right")
	right.Set("Cookie", byCookie(n, "of last year").Get("Cookie"))
	for _, tt := range []struct {
		name   string
		from   string
		header http.Header
		status int
		want   float64
	}{
		{"nothing", "127.0.0.70", nil, 401, 0},
		{"a token that has ended", "127.0.0.71", byCookie(n, ended), 401, 0},
		{"a made-up token", "127.0.0.72", byCookie(n, "9999999999.AAAA"), 401, 1},
		{"another scheme", "127.0.0.73", headers("authorization", "Bearer x"), 401, 1},
		{"another name", "127.0.0.74", headers("authorization", basic(Credentials{"root", "right"})), 401, 1},
		{"a broken cookie", "127.0.0.75", headers("cookie", cookieName(n.address())+"=???"), 401, 1},
		{"a header and a cookie", "127.0.0.76", both, 401, 2},
		{"the right password beside an old cookie", "127.0.0.77", right, 200, 0},
	} {
		if got := try(t, n, tt.from, tt.header); got != tt.status {
			t.Errorf("%s gets %d, want %d", tt.name, got, tt.status)
		}
		got := 0.0
		in(t, n, func(c *core.Node) {
			for _, s := range c.State().Scores {
				if s.Address == tt.from+":0" && s.Action == behavior.Authentication.String() {
					got = s.Suspicion
				}
			}
		})
		if got != tt.want {
			t.Errorf("%s counts as %g guesses, want %g", tt.name, got, tt.want)
		}
	}
}

// Who is trusted may err.
func TestTrustedHostsMayGuess(t *testing.T) {
	list, err := peer.ParseList([]string{guesser})
	if err != nil {
		t.Fatal(err)
	}
	for name, trust := range map[string]func(*Options){
		"trustlist": func(o *Options) { o.Config.Trustlist = list },
		"trusted":   func(o *Options) { o.Config.Trusted = true },
	} {
		n := closed(t, trust)
		for range 2 * guesses {
			if got := try(t, n, guesser, byHeader(n, "wrong")); got != 401 {
				t.Fatalf("%s: a wrong login gets %d", name, got)
			}
		}
		if got := try(t, n, guesser, byHeader(n, "right")); got != 200 {
			t.Errorf("%s: the right password gets %d", name, got)
		}
	}
}

// The set of watched hosts has a bound, and an IPv6 is watched by its /64.
func TestWatchedHostsAreBounded(t *testing.T) {
	var w watched
	for i := range 3 * maxWatched {
		w.add(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
		if len(w.hosts) > maxWatched {
			t.Fatalf("%d hosts are watched", len(w.hosts))
		}
	}
	w.add(netip.MustParseAddr("2001:db8::1"))
	if !w.has(netip.MustParseAddr("2001:db8::2")) || w.has(netip.MustParseAddr("2001:db8:0:1::1")) {
		t.Error("an IPv6 is not watched by its /64")
	}
}
