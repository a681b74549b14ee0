package httptransport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/internal/nettest"
)

// reachOf is that of a node whose own address is given.
func reachOf(own string, lookup map[string]string, allowed ...string) *reach {
	r := &reach{
		own: peer.MustParse(own), names: newNames(lookupTable(lookup), time.Now), refused: newLimit(silent(), "refused"),
	}
	for _, text := range allowed {
		r.allowed = append(r.allowed, netip.MustParsePrefix(text))
	}
	return r
}

// What is not public is called only by nodes that are of the same scope, or whose owner
// has allowed it, in whatever form an IP comes.
func TestWhatANodeMayCall(t *testing.T) {
	names := map[string]string{"in.example.com": "10.1.2.3", "out.example.com": "192.0.2.9"}
	inner := []string{"10.0.0.1", "192.168.0.1", "fd00::1", "64:ff9b::10.0.0.1"}
	machine := []string{"127.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1"}
	link := []string{"169.254.169.254", "fe80::1", "::ffff:169.254.169.254"}
	never := []string{"0.0.0.0", "::", "224.0.0.1", "255.255.255.255"}
	for _, test := range []struct {
		own, allowed string
		good         []string
		bad          [][]string
	}{
		{"192.0.2.9:80", "", []string{"192.0.2.1", "2001:db8::1"}, [][]string{inner, machine, link, never}},
		{"out.example.com:80", "", []string{"192.0.2.1"}, [][]string{inner, machine, link, never}},
		{"10.1.2.3:80", "", append(inner, "192.0.2.1"), [][]string{machine, link, never}},
		{"in.example.com:80", "", append(inner, "192.0.2.1"), [][]string{machine, link, never}},
		{"lost.example.com:80", "", []string{"192.0.2.1"}, [][]string{inner, machine, link, never}},
		{"127.0.0.1:80", "", append(machine, "192.0.2.1"), [][]string{inner, link, never}},
		{"localhost:80", "", machine, [][]string{inner, link, never}},
		{"192.0.2.9:80", "10.0.0.0/8", []string{"10.0.0.1", "::ffff:10.9.9.9"}, [][]string{{"192.168.0.1"}, machine, link}},
	} {
		r := reachOf(test.own, names)
		if test.allowed != "" {
			r = reachOf(test.own, names, test.allowed)
		}
		to := peer.MustParse("x.example.com:80")
		for _, text := range test.good {
			if err := r.check(t.Context(), to, netip.MustParseAddr(text)); err != nil {
				t.Errorf("%s %s: %v", test.own, test.allowed, err)
			}
		}
		for _, ips := range test.bad {
			for _, text := range ips {
				if r.check(t.Context(), to, netip.MustParseAddr(text)) == nil {
					t.Errorf("%s %s calls %s", test.own, test.allowed, text)
				}
			}
		}
	}
	if err := (*reach)(nil).check(t.Context(), peer.Address{}, netip.MustParseAddr("10.0.0.1")); err != nil {
		t.Errorf("a client: %v", err)
	}
}

// listens counts the connections that come to an IP.
func listens(t *testing.T, ip string) (port int, count *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	count = new(atomic.Int32)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			count.Add(1)
			c.Close()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port, count
}

// A node whose own address is public makes no connection to this machine, whatever a liar
// names to it: literals, localhost, and a name that leads to a public IP when it is
// checked and elsewhere when it is called. The owner's addresses are called.
func TestInternalServicesAreNotCalled(t *testing.T) {
	port, count := listens(t, "127.0.0.9")
	at := ":" + strconv.Itoa(port)
	var asked atomic.Int32
	n := startNode(t, "localhost", nil, func(o *Options) {
		o.Config.Bootstrap = nil
		a, _ := o.Config.Book.Intern(peer.MustParse("127.0.0.9" + at))
		o.Config.Bootstrap = []core.Peer{a}
		o.Lookup = func(context.Context, string) ([]netip.Addr, error) {
			if asked.Add(1) > 1 {
				return []netip.Addr{netip.MustParseAddr("169.254.169.254")}, nil
			}
			return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
		}
	})
	n.loop.caller.reach.own = peer.MustParse("192.0.2.9:80") // as if the node were on the internet
	ping := message.Request{Kind: message.KindPing, Timeout: 300 * time.Millisecond}
	for _, to := range []string{"127.0.0.8" + at, "localhost" + at, "10.0.0.1" + at, "[fe80::1]" + at, "[64:ff9b::7f00:9]" + at} {
		if got := callFrom(t, n, to, ping); !errors.Is(got.Err, message.ErrUnreachable) || !strings.Contains(got.Err.Error(), "does not call") {
			t.Errorf("%s: %v", to, got.Err)
		}
	}
	if got := n.Counts().CallsRefused; got != 5 || count.Load() != 0 {
		t.Errorf("%d calls are refused, and %d connections came", got, count.Load())
	}
	callFrom(t, n, "rebinds.example.com"+at, ping)
	n.loop.caller.names.doubt(peer.MustParse("rebinds.example.com" + at))
	n.loop.caller.names.mu.Lock()
	clear(n.loop.caller.names.known)
	n.loop.caller.names.mu.Unlock()
	if got := callFrom(t, n, "rebinds.example.com"+at, ping); !strings.Contains(got.Err.Error(), "link-local") {
		t.Errorf("a name that leads elsewhere the second time: %v", got.Err)
	}
	callFrom(t, n, "127.0.0.9"+at, ping)
	if count.Load() == 0 {
		t.Error("the owner's own address is not called")
	}
}

// A range in the owner's lists allows calls of what is in it. It allows none of other
// addresses, to which a member that was seen there lets its name lead.
func TestARangeAllowsNoNameThatLeadsElsewhere(t *testing.T) {
	port, count := listens(t, "127.0.0.9")
	at := ":" + strconv.Itoa(port)
	for _, item := range []string{"192.0.2.0/24", "192.0.2.77"} {
		list, err := peer.ParseList([]string{item, "127.0.0.9", "ours.example.com"})
		if err != nil {
			t.Fatal(err)
		}
		for name, choose := range map[string]func(*core.Config){
			"whitelist": func(c *core.Config) { c.Whitelist = list },
			"trustlist": func(c *core.Config) { c.Trustlist = list },
		} {
			n := startNode(t, "localhost", nil, func(o *Options) {
				choose(o.Config)
				o.Lookup = func(context.Context, string) ([]netip.Addr, error) {
					return []netip.Addr{netip.MustParseAddr("169.254.169.254")}, nil
				}
			})
			n.loop.caller.reach.own = peer.MustParse("192.0.2.9:80") // as if the node were on the internet
			in(t, n, func(*core.Node) {
				p, err := n.loop.book.Intern(peer.MustParse("moves.example.com" + at))
				if err != nil {
					t.Fatal(err)
				}
				n.loop.book.SetIP(p, netip.MustParseAddr("192.0.2.77"))
			})
			ping := message.Request{Kind: message.KindPing, Timeout: 300 * time.Millisecond}
			if got := callFrom(t, n, "moves.example.com"+at, ping); !strings.Contains(got.Err.Error(), "does not call") {
				t.Errorf("%s %s: a name that was there and leads elsewhere: %v", name, item, got.Err)
			}
			if got := callFrom(t, n, "ours.example.com"+at, ping); strings.Contains(got.Err.Error(), "does not call") {
				t.Errorf("%s: a name of the owner's is not called: %v", name, got.Err)
			}
			before := count.Load()
			if callFrom(t, n, "127.0.0.9"+at, ping); count.Load() == before {
				t.Errorf("%s: an IP of the owner's is not called", name)
			}
		}
	}
}

// What fails on this machine is not the peer's failure.
func TestLocalFailuresBlameNoPeer(t *testing.T) {
	n := startNode(t, "localhost", nil, func(o *Options) { o.Source = netip.MustParseAddr("192.0.2.55") })
	port, _ := listens(t, "127.0.0.1")
	got := callFrom(t, n, "127.0.0.1:"+strconv.Itoa(port), message.Request{Kind: message.KindPing, Timeout: time.Second})
	if !errors.Is(got.Err, message.ErrLocal) || !strings.Contains(got.Err.Error(), "cannot assign requested address") {
		t.Errorf("a source that this machine does not have: %v", got.Err)
	}
	if got := n.Counts().CallsNotSent; got != 1 {
		t.Errorf("%d calls are counted as not sent", got)
	}
	for err, local := range map[error]bool{
		syscall.EADDRNOTAVAIL: true, syscall.EMFILE: true, syscall.ENFILE: true, syscall.ENOBUFS: true,
		syscall.ECONNREFUSED: false, syscall.EHOSTUNREACH: false, syscall.ETIMEDOUT: false, syscall.ECONNRESET: false,
	} {
		failed := noAnswer(&net.OpError{Op: "dial", Err: err})
		if errors.Is(failed, message.ErrLocal) != local || errors.Is(failed, message.ErrUnreachable) == local {
			t.Errorf("%v becomes %v", err, failed)
		}
	}
}

// A node under a flood takes no new port for each request to a peer: as many connections
// are kept as requests are in work.
func TestIdleConnectionsMatchTheConcurrency(t *testing.T) {
	var opened atomic.Int32
	port := nettest.FreePort(t, "127.0.0.1")
	address := "127.0.0.1:" + strconv.Itoa(port)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				opened.Add(1)
			}
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Write([]byte(`{"version":"spreadable-0.3","address":"` + address + `"}`))
		}),
	}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	n := startNode(t, "localhost", nil, nil)
	const rounds = 20
	for range rounds {
		done := make(chan error, DefaultConcurrency)
		in(t, n, func(c *core.Node) {
			p, _ := n.options.Config.Book.Intern(peer.MustParse(address))
			for range cap(done) {
				c.Go(func(task *core.Task) {
					done <- task.Call(p, message.Request{Kind: message.KindPing, Timeout: 10 * time.Second}).Err
				})
			}
		})
		for range cap(done) {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := opened.Load(); got > 2*DefaultCallsPerPeer {
		t.Errorf("%d requests opened %d connections", rounds*DefaultConcurrency, got)
	}
}
