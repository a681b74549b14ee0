package httptransport

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/internal/nettest"
)

// Why nodes cannot join is told at both ends.

// journal is a log that tests read.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) lines(with ...string) (found []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for line := range strings.Lines(j.text.String()) {
		if !slices.ContainsFunc(with, func(w string) bool { return !strings.Contains(line, w) }) {
			found = append(found, line)
		}
	}
	return found
}

// failuresOf waits until a node knows why it cannot join at an address.
func failuresOf(t testing.TB, n *Node, address string) (reason string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); reason == ""; {
		if time.Now().After(end) {
			t.Fatal("no reason within ten seconds")
		}
		in(t, n, func(c *core.Node) {
			c.Sync()
			for _, f := range n.JoinFailures() {
				if f.Address == address {
					reason = f.Reason
				}
			}
		})
	}
	return reason
}

func TestWhyANodeCannotJoinIsTold(t *testing.T) {
	website := strange(t, says(404, "text/html", "<html>"))
	garbage := strange(t, says(200, "application/json", "hello"))
	open := startNode(t, "localhost", nil, nil)
	closed := closed(t, nil)
	for name, c := range map[string]struct {
		at     string
		change func(*Options)
		want   string
	}{
		"a website":        {website, nil, "no node is there: it answers 404 Not Found"},
		"garbage":          {garbage, nil, "malformed answer"},
		"nothing":          {"127.0.0.1:1", nil, "connection refused"},
		"no password":      {closed.address(), nil, "wants a username and a password (401)"},
		"a wrong password": {closed.address(), func(o *Options) { o.Auth = &Credentials{"user", "wrong"} }, "another username or password than ours (401)"},
		"another version":  {open.address(), func(o *Options) { o.Version = "other-1" }, `it refuses us: The version is different: "other-1"`},
		"https":            {open.address(), func(o *Options) { o.HTTPS = true }, "tls: "},
	} {
		t.Run(name, func(t *testing.T) {
			var log journal
			n := startNode(t, "localhost", nil, func(o *Options) {
				at, err := o.Config.Book.Intern(peer.MustParse(c.at))
				if err != nil {
					t.Error(err)
				}
				o.Config.Bootstrap = []core.Peer{at}
				o.Log = slog.New(slog.NewTextHandler(&log, nil))
				if c.change != nil {
					c.change(o)
				}
			})
			if got := failuresOf(t, n, c.at); !strings.Contains(got, c.want) {
				t.Errorf("the reason is %q, want %q", got, c.want)
			}
			if told := log.lines("level=WARN", "cannot join", c.at); len(told) == 0 {
				t.Error("the log does not tell at WARN")
			}
		})
	}
}

// The node that refuses tells its owner whom, and why, once for each reason.
func TestWhoIsRefusedIsTold(t *testing.T) {
	var log journal
	n := startNode(t, "localhost", nil, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	for range 3 {
		h := headers("original-address", "192.0.2.7:4000")
		if got := send(t, n, asks{"POST", "/api/node/structure", guesser, h, "{}"}); got.status != 403 {
			t.Fatalf("a liar gets %v", got)
		}
	}
	latest, total := n.Refused()
	if total != 3 || len(latest) != 1 || latest[0].Address != "192.0.2.7:4000" || latest[0].IP != guesser || !strings.Contains(latest[0].Reason, "Wrong address") {
		t.Errorf("%d refused: %+v", total, latest)
	}
	if lines := log.lines("level=WARN", "refused a node", "192.0.2.7:4000", "Wrong address"); len(lines) != 1 {
		t.Errorf("the log tells %d times: %q", len(lines), lines)
	}
}

// A newcomer, which knows no network's name yet, is told of at the other end, too, whatever
// keeps it out. One that knows the password but has another name for the node is not: it
// learns the right name by the refusal. Nor is one that comes before there is a root.
func TestNewcomersThatAreRefusedAreTold(t *testing.T) {
	listed, err := peer.ParseList([]string{"192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		at, joins func(*Options) // the options of both ends
		alias     bool           // the newcomer knows it by another name
		want      string         // "" for no word
	}{
		"a wrong password":           {nil, func(o *Options) { o.Auth = &Credentials{"user", "wrong"} }, false, "Authentication is required"},
		"a wrong password, by proof": {nil, func(o *Options) { o.Auth, o.ProofsOnly = &Credentials{"user", "wrong"}, true }, false, "Authentication is required"},
		"no password":                {nil, func(o *Options) { o.Auth = nil }, false, "Authentication is required"},
		"a white list":               {func(o *Options) { o.Config.Whitelist = listed }, nil, false, "is denied"},
		"the right password":         {nil, nil, false, ""},
		"another name":               {nil, nil, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var log journal
			n := closed(t, func(o *Options) {
				o.Log = slog.New(slog.NewTextHandler(&log, nil))
				if c.at != nil {
					c.at(o)
				}
			})
			at := n.address()
			if c.alias {
				at = strings.Replace(at, "localhost", "127.0.0.1", 1)
			}
			newcomer := closed(t, func(o *Options) {
				bootstrap, err := o.Config.Book.Intern(peer.MustParse(at))
				if err != nil {
					t.Error(err)
				}
				if o.Config.Bootstrap = []core.Peer{bootstrap}; c.joins != nil {
					c.joins(o)
				}
			})
			refused := c.want != ""
			nettest.Until(t, "it is refused, or has a place", func() (done bool) {
				in(t, newcomer, func(c *core.Node) {
					c.Sync()
					done = refused && len(newcomer.JoinFailures()) > 0 || c.Status().IsRegistered
				})
				return done
			})
			lines := log.lines("level=WARN", "refused a node", c.want)
			if refused != (len(lines) == 1) {
				t.Errorf("the log tells %q", lines)
			}
		})
	}
}

// No flood of refusals fills the log or the memory; each reason of an honest node is told
// again later.
func TestRefusalsAreBounded(t *testing.T) {
	now := time.Unix(0, 0)
	r := refusals{now: func() time.Time { return now }}
	news := 0
	ip := netip.MustParseAddr("10.0.0.1")
	for range 2 * maxHosts {
		for reason := range 3 * maxReasons {
			if _, fresh := r.add(ip, strings.Repeat("x", 1000), strings.Repeat("y", reason)); fresh {
				news++
			}
		}
		ip = ip.Next()
	}
	latest, total := r.list()
	if news != maxHosts*maxReasons || len(latest) != maxRefused || total != 2*maxHosts*3*maxReasons || len(latest[0].Address) > maxRefusedAs {
		t.Errorf("%d of %d were told, %d are kept", news, total, len(latest))
	}
	now = now.Add(refusedFor)
	if _, fresh := r.add(ip, "a", "b"); !fresh || len(r.hosts) != 1 {
		t.Errorf("afterwards told: %v, hosts %d", fresh, len(r.hosts))
	}
}

// A node with a wrong password asks once, and not at every sync: otherwise it would lock
// itself out.
func TestANodeStopsAskingWithARefusedPassword(t *testing.T) {
	var asked atomic.Int32
	status := atomic.Int32{}
	status.Store(401)
	at := strange(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		says(int(status.Load()), "application/json", `{"message":"Authentication is required"}`)(w, r)
	})
	n := closed(t, nil)
	now := time.Unix(0, 0)
	n.loop.caller.refused.now = func() time.Time { return now }
	ask := func() error {
		return callFrom(t, n, at, message.Request{Kind: message.KindStructure, Timeout: time.Second}).Err
	}
	for range 20 {
		if err := ask(); err == nil || !strings.Contains(err.Error(), "another username or password") {
			t.Fatalf("the answer is %v", err)
		}
	}
	if got := asked.Load(); got != 2 { // with a proof, and with the password
		t.Errorf("asked %d times with a password that was refused", got)
	}
	now = now.Add(passwordPause)
	status.Store(500)
	for range 3 {
		ask()
	}
	if got := asked.Load(); got != 5 {
		t.Errorf("asked %d times after a pause, when it was not the password", got-2)
	}
}
