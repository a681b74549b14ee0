package httptransport

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Many hosts together hold all connections, with requests or without. A host that has
// fewer than they is served all the same.
func TestManyHostsCannotTakeAllConnections(t *testing.T) {
	n := startNode(t, "127.0.0.1", nil, func(o *Options) { strict(o); o.MaxConnections = 20 })
	for i := range 40 {
		c := dialFrom(t, n, fmt.Sprintf("127.0.0.%d", 66+i%8))
		if i%2 == 0 {
			fmt.Fprint(c, "POST /client/get-available-node HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
		}
	}
	for range 10 {
		if got := send(t, n, asks{"GET", "/ping", "127.0.0.5", nil, ""}); got.status != 200 {
			t.Errorf("another host gets %v", got)
		}
	}
	if got := n.Counts(); got.ConnectionsFull == 0 {
		t.Errorf("counted: %+v", got)
	}
}

// However hosts come and go, no more connections are open than may be; one with a request
// gives way only where none is at rest; and a host with less than its part of the whole is
// never refused.
func TestAHostHasItsPartOfTheConnections(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 12).Draw(t, "limit")
		s := newConnections(limit, rapid.IntRange(1, limit).Draw(t, "share"))
		var open []*conn
		host := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}) }
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch i := rapid.IntRange(0, 3).Draw(t, "step"); {
			case i < 2:
				c, at := &conn{}, host(rapid.IntRange(1, 5).Draw(t, "host"))
				open = admitOne(t, s, open, c, at)
			case len(open) == 0:
			case i == 2:
				c := open[rapid.IntRange(0, len(open)-1).Draw(t, "of")]
				s.track(c, rapid.SampledFrom([]http.ConnState{http.StateActive, http.StateIdle, http.StateClosed}).Draw(t, "state"))
			default:
				at := rapid.IntRange(0, len(open)-1).Draw(t, "of")
				s.release(open[at])
				s.release(open[at])
				open = append(open[:at], open[at+1:]...)
			}
			checkConnections(t, s, open)
		}
	})
}

// admitOne admits a connection and says what is wrong with that; it returns those that
// are open.
func admitOne(t *rapid.T, s *connections, open []*conn, c *conn, at netip.Addr) []*conn {
	had, rest, before := 0, 0, s.open
	for _, other := range open {
		if other.holder.host == at {
			had++
		}
		if other.resting && (other.holder.host == at || len(other.holder.open) > len(s.of(at))) {
			rest++
		}
	}
	hosts := len(s.hosts)
	if had == 0 {
		hosts++
	}
	verdict, displaced := s.admit(c, at)
	switch {
	case verdict == admitted:
		open = append(open, c)
	case verdict == overShare && had < s.share:
		t.Fatalf("a host with %d of %d connections has its share", had, s.share)
	case verdict == overcrowded && (before < s.limit || had < s.limit/hosts):
		t.Fatalf("a host with %d of %d connections, of %d hosts, is refused", had, before, hosts)
	}
	if displaced == nil {
		return open
	}
	if before < s.limit || verdict != admitted || !displaced.resting && rest > 0 {
		t.Fatalf("with %d of %d open, and %d that may give way at rest, %+v gives way", before, s.limit, rest, displaced)
	}
	for i, other := range open {
		if other == displaced {
			return append(open[:i], open[i+1:]...)
		}
	}
	t.Fatal("one gives way that is not open")
	return nil
}

// of are the connections of a host.
func (s *connections) of(host netip.Addr) map[*conn]struct{} {
	if h := s.hosts[host]; h != nil {
		return h.open
	}
	return nil
}

func checkConnections(t *rapid.T, s *connections, open []*conn) {
	count := 0
	for host, h := range s.hosts {
		resting := 0
		for c := range h.open {
			if c.resting {
				resting++
			}
		}
		if count += len(h.open); len(h.open) == 0 || resting != h.resting || host.IsValid() && len(h.open) > s.share {
			t.Fatalf("host %v has %d connections, %d of them counted as resting, %d in truth", host, len(h.open), h.resting, resting)
		}
	}
	if count != s.open || s.open != len(open) || s.open > s.limit {
		t.Fatalf("%d of %d are open, counted as %d", len(open), s.limit, s.open)
	}
}

// What trusted proxies hold gives way to none but their own.
func TestConnectionsOfProxiesGiveWayToTheirOwnOnly(t *testing.T) {
	s := newConnections(3, 2)
	for range 3 {
		s.admit(&conn{}, netip.Addr{})
	}
	if verdict, _ := s.admit(&conn{}, netip.MustParseAddr("192.0.2.1")); verdict != overcrowded {
		t.Errorf("a stranger beside three connections of proxies: %v", verdict)
	}
	if verdict, displaced := s.admit(&conn{}, netip.Addr{}); verdict != admitted || displaced == nil {
		t.Errorf("a fourth of a proxy: %v, %v gives way", verdict, displaced)
	}
}

// A silent connection that is displaced is closed.
func TestADisplacedConnectionIsClosed(t *testing.T) {
	n := startNode(t, "127.0.0.1", nil, func(o *Options) { o.MaxConnections = 2 })
	var all []net.Conn
	for range 3 {
		all = append(all, dialFrom(t, n, "127.0.0.1"))
	}
	all[0].SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := all[0].Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("the first of three connections, of which two may be open: %v", err)
	}
}
