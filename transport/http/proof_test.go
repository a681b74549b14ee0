package httptransport

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/wire"
)

// What nodes of a closed network show to each other.

// shownTo collects the credentials that a server gets, and answers as one without a
// password of its own would: 401 to all but basic auth.
type shownTo struct {
	mu     sync.Mutex
	server string // what it calls itself
	seen   []string
}

func (s *shownTo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	shown := r.Header.Get("Authorization")
	s.seen = append(s.seen, shown)
	if s.server != "" {
		w.Header().Set("Server", s.server)
	}
	if strings.HasPrefix(shown, "Basic ") {
		says(200, "application/json", `{"address":"x"}`)(w, r)
		return
	}
	says(401, "application/json", `{"message":"Authentication is required"}`)(w, r)
}

// schemes are the words before the credentials.
func (s *shownTo) schemes() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var words []string
	for _, shown := range s.seen {
		word, _, _ := strings.Cut(shown, " ")
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// A node that shows itself as ours never gets the password, and one that does not know the
// proof gets it, once it has refused the proof, unless that is forbidden.
func TestWhoGetsThePassword(t *testing.T) {
	for name, c := range map[string]struct {
		server     string
		proofsOnly bool
		want       string
	}{
		"a Go node":                        {wire.ServerName, false, "Spreadable"},
		"an npm node":                      {"", false, "Spreadable Basic Basic Basic"},
		"an npm node, with proofs only":    {"", true, "Spreadable"},
		"a web server":                     {"nginx", false, "Spreadable Basic Basic Basic"},
		"a web server, with proofs only":   {"nginx", true, "Spreadable"},
		"a Go node, with proofs only here": {wire.ServerName, true, "Spreadable"},
	} {
		other := &shownTo{server: c.server}
		at := strange(t, other.ServeHTTP)
		n := closed(t, func(o *Options) { o.ProofsOnly = c.proofsOnly })
		for range 3 {
			callFrom(t, n, at, message.Request{Kind: message.KindInterview, Timeout: 5 * time.Second})
		}
		if got := other.schemes(); got != c.want {
			t.Errorf("%s is shown %q, want %q", name, got, c.want)
		}
	}
}

// Two nodes that know the password talk, under whatever name one knows the other, and a
// request is refused once at most on the way.
func TestNodesProveThatTheyKnowThePassword(t *testing.T) {
	a := closed(t, func(o *Options) { o.ProofsOnly = true })
	b := closed(t, func(o *Options) { o.ProofsOnly = true })
	port := strings.TrimPrefix(b.address(), "localhost")
	for _, name := range []string{b.address(), "127.0.0.1" + port} {
		for range 3 {
			resp := callFrom(t, a, name, message.Request{Kind: message.KindStatus, Timeout: 5 * time.Second})
			if resp.Err != nil {
				t.Fatalf("asked as %s: %v", name, resp.Err)
			}
		}
	}
	stranger := closed(t, func(o *Options) { o.Auth = &Credentials{"user", "other"} })
	resp := callFrom(t, stranger, b.address(), message.Request{Kind: message.KindStatus, Timeout: 5 * time.Second})
	if resp.Err == nil || !strings.Contains(resp.Err.Error(), "another username or password") {
		t.Errorf("a node with another password gets %v", resp.Err)
	}
}

// A proof is for one node, from one address; whoever has got it can do nothing with it.
func TestAProofIsOfNoUseElsewhere(t *testing.T) {
	n := closed(t, nil)
	key := n.server.auth.key
	own, other := "127.0.0.1:4001", "127.0.0.9:4000"
	show := func(from, shown string) http.Header {
		return headers(wire.AddressHeader, from, "authorization", proofScheme+shown)
	}
	good := proof(key, own, n.address())
	for name, c := range map[string]struct {
		ip     string
		header http.Header
		want   int
	}{
		"a good one":                  {"127.0.0.1", show(own, good), 200},
		"in capitals":                 {"127.0.0.1", show(own, proof(key, own, strings.ToUpper(n.address()))), 200},
		"from another IP":             {"127.0.0.20", show(own, good), 401},
		"of another sender":           {"127.0.0.21", show("127.0.0.21:4001", good), 401},
		"made for another node":       {"127.0.0.1", show(own, proof(key, own, other)), 401},
		"made for another port":       {"127.0.0.1", show(own, proof(key, own, "localhost:1")), 401},
		"turned round":                {"127.0.0.1", show(own, proof(key, n.address(), own)), 401},
		"of another key":              {"127.0.0.1", show(own, proof([]byte("x"), own, n.address())), 401},
		"empty":                       {"127.0.0.1", show(own, ""), 401},
		"without a sender":            {"127.0.0.1", headers("authorization", proofScheme+good), 401},
		"of a sender that is nowhere": {"127.0.0.1", show("no such host:1", good), 403},
	} {
		if got := try(t, n, c.ip, c.header); got != c.want {
			t.Errorf("a proof %s gets %d, want %d", name, got, c.want)
		}
	}
	if got := send(t, n, asks{"GET", "/status", "127.0.0.1", show(own, good), ""}); got.header.Get("Set-Cookie") != "" {
		t.Error("a node gets a cookie")
	}
}

// A node that knows the password and whose name is not found, or leads elsewhere, is told
// that, and no login counts as wrong.
func TestANameThatIsNotFoundIsNoWrongLogin(t *testing.T) {
	for name, want := range map[string]string{
		"lost.example.com": `Ip address for \"lost.example.com\" is invalid`,
		"away.example.com": wire.AddressMessage,
	} {
		n := closed(t, func(o *Options) { o.Lookup = lookupTable(map[string]string{"away.example.com": "192.0.2.9"}) })
		from := name + ":4000"
		for range 2 * guesses {
			h := headers(wire.AddressHeader, from, wire.RootHeader, "", "authorization", proofScheme+proof(n.server.auth.key, from, n.address()))
			got := send(t, n, asks{"POST", message.KindStructure.Row().Path, guesser, h, "{}"})
			if got.status != 403 || !strings.Contains(got.body, want) {
				t.Fatalf("%s gets %d %s, want %s", name, got.status, got.body, want)
			}
		}
		if got := try(t, n, guesser, byHeader(n, "right")); got != 200 {
			t.Errorf("%s: its host gets %d for the right password", name, got)
		}
	}
}

// The names under which nodes are known, and the nodes that take the password, are
// bounded.
func TestLoginsAreBounded(t *testing.T) {
	l := newLogins(&Options{Auth: &Credentials{"user", "right"}, Address: peer.MustParse("127.0.0.1:1")}, []byte("key"))
	yes := func(peer.Address) bool { return true }
	for i := range maxLogins + 10 {
		to := peer.MustParse("10." + string(rune('0'+i%10)) + ".0.1:" + strconv.Itoa(i%60000+1))
		l.next(to, l.first(to, false), false, &http.Response{}, yes)
		realm := http.Header{"Www-Authenticate": {`Basic realm="127.0.0.2:` + strconv.Itoa(i%60000+1) + `"`}}
		l.next(to, l.first(to, true), true, &http.Response{Header: realm}, yes)
	}
	if len(l.plain) > maxLogins || len(l.names) > maxLogins {
		t.Errorf("%d and %d are remembered", len(l.plain), len(l.names))
	}
}
