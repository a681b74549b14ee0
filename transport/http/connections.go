package httptransport

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// connections are the incoming ones that are open, by host. There is a limit to all of
// them. When it is reached, a new one takes the place of one of the host that has most: so
// whatever others do, each host has at least its part of the whole.
type connections struct {
	limit, share int // of all, and of one host
	left         chan struct{}

	mu    sync.Mutex
	open  int
	hosts map[netip.Addr]*holder
}

// holder is a host with connections. The zero host has those of trusted proxies, or all
// where hosts are not told apart; it has no share, and gives way to none but itself.
type holder struct {
	host    netip.Addr
	open    map[*conn]struct{}
	resting int // of them without a request at the moment
}

func newConnections(limit, share int) *connections {
	return &connections{
		limit: limit, share: share, left: make(chan struct{}, 1), hosts: make(map[netip.Addr]*holder),
	}
}

// admission is what becomes of a new connection.
type admission uint8

const (
	admitted    admission = iota
	overShare             // its host has its share
	overcrowded           // all are in use, and no host has more than this one
)

// admit takes up a connection of a host. Where all are in use it takes the place of
// another, which is to be closed; crowded reports that.
func (s *connections) admit(c *conn, host netip.Addr) (verdict admission, displaced *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[host]
	if h == nil {
		h = &holder{host: host, open: make(map[*conn]struct{})}
	}
	if host.IsValid() && len(h.open) >= s.share {
		return overShare, nil
	}
	if s.open >= s.limit {
		if displaced = s.weakest(h); displaced == nil {
			return overcrowded, nil
		}
		s.remove(displaced)
	}
	s.open++
	s.hosts[host] = h
	c.holder, c.resting, c.since = h, true, time.Now()
	h.open[c] = struct{}{}
	h.resting++
	return admitted, displaced
}

// weakest is the connection that gives way to one of h, nil for none: of the hosts that
// have more, or of h itself, the one with most. A connection at rest goes before one with a
// request, of these the one that has been so for longest.
func (s *connections) weakest(h *holder) *conn {
	var resting, most *holder
	for _, other := range s.hosts {
		if other != h && (!other.host.IsValid() || len(other.open) <= len(h.open)) {
			continue
		}
		if other.resting > 0 && (resting == nil || len(other.open) > len(resting.open)) {
			resting = other
		}
		if other != h && (most == nil || len(other.open) > len(most.open)) {
			most = other
		}
	}
	if resting != nil {
		return resting.longest(true)
	}
	if most != nil {
		return most.longest(false)
	}
	return nil
}

// longest is the connection that has been at rest, or at work, for longest.
func (h *holder) longest(resting bool) (found *conn) {
	for c := range h.open {
		if c.resting == resting && (found == nil || c.since.Before(found.since)) {
			found = c
		}
	}
	return found
}

// release is for a connection that has ended, in whatever way.
func (s *connections) release(c *conn) {
	s.mu.Lock()
	s.remove(c)
	s.mu.Unlock()
	select {
	case s.left <- struct{}{}:
	default:
	}
}

// remove takes a connection out, unless it has been before.
func (s *connections) remove(c *conn) {
	h := c.holder
	if h == nil {
		return
	}
	c.holder = nil
	s.open--
	delete(h.open, c)
	if c.resting {
		h.resting--
	}
	if len(h.open) == 0 {
		delete(s.hosts, h.host)
	}
}

// track follows what net/http does with a connection: it rests until the head of a request
// has come, and again once that has its answer.
func (s *connections) track(at net.Conn, state http.ConnState) {
	if secure, ok := at.(*tls.Conn); ok {
		at = secure.NetConn()
	}
	c, ok := at.(*conn)
	if !ok || state != http.StateActive && state != http.StateIdle {
		return
	}
	resting := state == http.StateIdle
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.holder == nil || c.resting == resting {
		return
	}
	c.resting, c.since = resting, time.Now()
	if resting {
		c.holder.resting++
	} else {
		c.holder.resting--
	}
}
