package httptransport

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Many hosts together hold all connections, with requests or without. A host that has
// fewer than they is served all the same.
func TestManyHostsCannotTakeAllConnections(t *testing.T) {
	n := startNode(t, "127.0.0.1", nil, func(o *Options) { strict(o); o.MaxConnections, o.MaxSilent = 20, 20 })
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
		m := &crowded{newConnections(limit, rapid.IntRange(1, limit).Draw(t, "share")), make(map[*conn]bool), nil}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch i := rapid.IntRange(0, 3).Draw(t, "step"); {
			case i < 2:
				m.admitOne(t, netip.AddrFrom4([4]byte{192, 0, 2, byte(rapid.IntRange(1, 5).Draw(t, "host"))}))
			case len(m.open) == 0:
			case i == 2:
				c, busy := m.any(t), rapid.Bool().Draw(t, "busy")
				m.busy[c] = busy
				m.track(c, map[bool]http.ConnState{true: http.StateActive, false: http.StateIdle}[busy])
			default:
				c := m.any(t)
				if m.drop(c); !m.release(c) || m.release(c) {
					t.Fatal("a connection that ends is released, once")
				}
			}
			m.check(t)
		}
	})
}

// crowded are connections, and what is known of them.
type crowded struct {
	*connections
	busy map[*conn]bool
	open []*conn
}

func (m *crowded) any(t *rapid.T) *conn { return rapid.SampledFrom(m.open).Draw(t, "of") }

func (m *crowded) drop(c *conn) {
	m.open = slices.DeleteFunc(m.open, func(other *conn) bool { return other == c })
	delete(m.busy, c)
}

// of is how many connections a host has.
func (m *crowded) of(host netip.Addr) (count int) {
	for _, c := range m.open {
		if c.host == host {
			count++
		}
	}
	return count
}

// admitOne admits a connection and says what is wrong with that.
func (m *crowded) admitOne(t *rapid.T, at netip.Addr) {
	c, before, had, rest := &conn{host: at}, len(m.open), m.of(at), 0
	hosts := map[netip.Addr]bool{at: true}
	for _, other := range m.open {
		hosts[other.host] = true
		if !m.busy[other] && (other.host == at || m.of(other.host) > had) {
			rest++
		}
	}
	verdict, displaced := m.admit(c, at)
	switch {
	case verdict == overShare && had < m.share:
		t.Fatalf("a host with %d of %d connections has its share", had, m.share)
	case verdict == overcrowded && (before < m.limit || had < m.limit/len(hosts)):
		t.Fatalf("a host with %d of %d connections, of %d hosts, is refused", had, before, len(hosts))
	case displaced != nil && (before < m.limit || verdict != admitted || m.busy[displaced] && rest > 0):
		t.Fatalf("with %d of %d open, of which %d at rest may give way, one gives way", before, m.limit, rest)
	}
	if displaced != nil {
		m.drop(displaced)
	}
	if verdict == admitted {
		m.open = append(m.open, c)
	}
}

// check compares the connections with what is known of them.
func (m *crowded) check(t *rapid.T) {
	open, counted := make(map[*conn]bool), 0
	for host, h := range m.hosts {
		for busy, q := range map[bool]*queue{false: &h.rest, true: &h.work} {
			for c := q.first; c != nil; c = c.after {
				if open[c] = true; c.host != host || m.busy[c] != busy || c.in != q {
					t.Fatalf("%+v is among those of %v that have a request: %v", c, host, busy)
				}
			}
		}
		if counted += h.open; h.open != m.of(host) || h.open > m.share {
			t.Fatalf("host %v has %d connections, counted as %d", host, m.of(host), h.open)
		}
	}
	if len(open) != len(m.open) || counted != len(m.open) || m.connections.open != len(m.open) || counted > m.limit {
		t.Fatalf("of %d connections %d are listed, and %d counted", len(m.open), len(open), m.connections.open)
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

// A silent connection that gives way is closed.
func TestAConnectionThatGivesWayIsClosed(t *testing.T) {
	n := startNode(t, "127.0.0.1", nil, func(o *Options) { o.MaxSilent = 2 })
	var all []net.Conn
	for range 3 {
		all = append(all, dialFrom(t, n, "127.0.0.1"))
	}
	all[0].SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := all[0].Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("the first of three connections, of which two may be open: %v", err)
	}
}
