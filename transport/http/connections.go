package httptransport

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"sync"
)

// connections are incoming ones that are open, by host. There is a limit to all of them.
// When it is reached, a new one takes the place of one of the host that has most: so
// whatever others do, each host has its part of the whole.
type connections struct {
	limit, share int           // of all, and of one host
	left         chan struct{} // gets a value when one has ended

	mu    sync.Mutex
	open  int
	hosts map[netip.Addr]*holder
}

// holder is a host with connections. The zero host has those of trusted proxies, or all
// where hosts are not told apart; it has no share, and gives way to none but itself.
type holder struct {
	host netip.Addr
	open int
	rest queue // without a request at the moment
	work queue // the others
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

// admit takes up a connection of a host, without a request. Where all are in use it takes
// the place of another, which is to be closed.
func (s *connections) admit(c *conn, host netip.Addr) (verdict admission, displaced *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[host]
	if h == nil {
		h = &holder{host: host}
	}
	if host.IsValid() && h.open >= s.share {
		return overShare, nil
	}
	if s.open >= s.limit {
		if displaced = s.weakest(h); displaced == nil {
			return overcrowded, nil
		}
		s.remove(displaced)
	}
	s.open++
	h.open++
	s.hosts[host] = h
	c.holder = h
	h.rest.push(c)
	return admitted, displaced
}

// weakest is the connection that gives way to one of h, nil for none. It belongs to a host
// that has more, or to h itself. A connection at rest goes before one with a request: of
// the host with most at rest, and there the one that has rested longest. Else it is one of
// the host with most, and there the one that has worked longest.
func (s *connections) weakest(h *holder) *conn {
	var rest, work *holder
	for _, other := range s.hosts {
		if other != h && (!other.host.IsValid() || other.open <= h.open) {
			continue
		}
		if other.rest.size > 0 && (rest == nil || other.rest.size > rest.rest.size) {
			rest = other
		}
		if other != h && (work == nil || other.open > work.open) {
			work = other
		}
	}
	switch {
	case rest != nil:
		return rest.rest.first
	case work != nil:
		return work.work.first
	}
	return nil
}

// release is for a connection that has ended or goes elsewhere. It reports whether that
// was still one of these.
func (s *connections) release(c *conn) bool {
	s.mu.Lock()
	was := s.remove(c)
	s.mu.Unlock()
	if was {
		select {
		case s.left <- struct{}{}:
		default:
		}
	}
	return was
}

// remove takes a connection out, and reports whether it was one of these.
func (s *connections) remove(c *conn) bool {
	h := c.holder
	if h == nil {
		return false
	}
	c.holder = nil
	c.in.remove(c)
	s.open--
	if h.open--; h.open == 0 {
		delete(s.hosts, h.host)
	}
	return true
}

// closeAll closes all connections.
func (s *connections) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.hosts {
		for _, q := range []*queue{&h.rest, &h.work} {
			for c := q.first; c != nil; c = c.after {
				c.Conn.Close()
			}
		}
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
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.holder == nil {
		return
	}
	to := &c.holder.rest
	if state == http.StateActive {
		to = &c.holder.work
	}
	if c.in != to {
		c.in.remove(c)
		to.push(c)
	}
}

// queue is a list of connections, each in one queue at a time.
type queue struct {
	first, last *conn
	size        int
}

// push puts a connection at the end.
func (q *queue) push(c *conn) {
	q.size++
	c.in, c.before, c.after = q, q.last, nil
	if q.last == nil {
		q.first = c
	} else {
		q.last.after = c
	}
	q.last = c
}

func (q *queue) remove(c *conn) {
	q.size--
	if c.before == nil {
		q.first = c.after
	} else {
		c.before.after = c.after
	}
	if c.after == nil {
		q.last = c.before
	} else {
		c.after.before = c.before
	}
	c.in, c.before, c.after = nil, nil, nil
}
