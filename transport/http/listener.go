package httptransport

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"spreadable/core/peer"
)

// limitListener limits how many connections are open at a time, in all and from one host.
// In all, more of them wait to be accepted. From a host that has its share they are
// closed at once: if they waited, they would hold up those of others.
type limitListener struct {
	net.Listener
	places chan struct{}
	share  int                   // of one host
	exempt func(netip.Addr) bool // hosts that may have all places
	limits *limits
	closed chan struct{}
	once   sync.Once
	pool   sync.Pool // of *bytes.Buffer, for answers of its connections

	mu    sync.Mutex
	hosts map[netip.Addr]int // connections by host
}

func newLimitListener(l net.Listener, limit, share int, exempt func(netip.Addr) bool, counts *limits) *limitListener {
	return &limitListener{
		Listener: l, places: make(chan struct{}, limit), share: share, exempt: exempt, limits: counts,
		closed: make(chan struct{}), hosts: make(map[netip.Addr]int),
	}
}

// newListener limits the node's connections. A host may always have enough for a node that
// sends as many requests at a time as ours do.
func (n *Node) newListener(l net.Listener) *limitListener {
	all := n.options.MaxConnections
	share := max(n.options.shareOf(all), min(4*connsPerPeer, all/2), 1)
	return newLimitListener(l, all, share, n.server.trusts, n.loop.limits)
}

// Accept implements net.Listener.
func (l *limitListener) Accept() (net.Conn, error) {
	for {
		if err := l.takePlace(); err != nil {
			return nil, err
		}
		c, err := l.Listener.Accept()
		if err != nil {
			<-l.places
			if !errors.Is(err, net.ErrClosed) {
				l.limits.accept.hit("error", err)
			}
			return nil, err
		}
		if host, ok := l.admit(c); ok {
			return &conn{Conn: c, from: l, host: host}, nil
		}
		c.Close()
		<-l.places
	}
}

// takePlace waits for a place.
func (l *limitListener) takePlace() error {
	select {
	case l.places <- struct{}{}:
		return nil
	default:
		l.limits.full.hit("connections", cap(l.places))
	}
	select {
	case l.places <- struct{}{}:
		return nil
	case <-l.closed:
		return net.ErrClosed
	}
}

// admit counts a connection for its host, unless that has its share. The host is zero for
// one that is exempt.
func (l *limitListener) admit(c net.Conn) (host netip.Addr, ok bool) {
	if l.share >= cap(l.places) {
		return netip.Addr{}, true
	}
	remote, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil || l.exempt(socketIP(remote.Addr())) {
		return netip.Addr{}, true
	}
	host = peer.HostIP(remote.Addr())
	l.mu.Lock()
	ok = l.hosts[host] < l.share
	if ok {
		l.hosts[host]++
	}
	l.mu.Unlock()
	if !ok {
		l.limits.refused.hit("host", host)
	}
	return host, ok
}

// release gives the place of a connection back.
func (l *limitListener) release(host netip.Addr) {
	<-l.places
	if !host.IsValid() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hosts[host]--; l.hosts[host] == 0 {
		delete(l.hosts, host)
	}
}

// Close implements net.Listener.
func (l *limitListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// conn is an incoming connection, which gives its place back when it is closed. It can
// send an answer as a whole: net/http has a buffer of 4 KiB for each connection, so it
// sends a list of some hundred addresses in two pieces, and both sides wake up for each.
type conn struct {
	net.Conn
	once sync.Once
	from *limitListener
	host netip.Addr // for which it counts; zero for none

	// Of the goroutine that serves the connection, which alone writes.
	// bytes of the body that comes next; 0 to send everything at once
	body   int
	answer *bytes.Buffer // its head, and the pieces so far; nil before the first piece
	whole  int           // bytes of head and body; 0 before the end of the head has come
}

// Close implements net.Conn.
func (c *conn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { c.from.release(c.host) })
	return err
}

// CloseWrite ends our half. Net/http does so after a request that is too broken to go on,
// half a second before it closes the connection, so that the other end can read the
// answer.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Write implements net.Conn. Pieces of an announced answer are kept until it is whole; an
// error then concerns all pieces.
func (c *conn) Write(p []byte) (int, error) {
	if c.body == 0 {
		return c.Conn.Write(p)
	}
	if c.answer == nil {
		if c.answer, _ = c.from.pool.Get().(*bytes.Buffer); c.answer == nil {
			c.answer = new(bytes.Buffer)
		}
	}
	c.answer.Write(p)
	if c.whole == 0 {
		if head := bytes.Index(c.answer.Bytes(), endOfHead); head >= 0 {
			c.whole = head + len(endOfHead) + c.body
		}
	}
	if c.whole == 0 || c.answer.Len() < c.whole {
		return len(p), nil
	}
	_, err := c.Conn.Write(c.answer.Bytes())
	c.answer.Reset()
	c.from.pool.Put(c.answer)
	c.body, c.answer, c.whole = 0, nil, 0
	return len(p), err
}

var endOfHead = []byte("\r\n\r\n")

// The sizes of bodies that are gathered, in bytes. Net/http sends smaller ones in one
// piece by itself; for larger ones the copy costs more than the pieces.
const (
	minGathered = 3 << 10
	maxGathered = 64 << 10
)

// gather announces an answer's body, which the handler will write in full.
func gather(r *http.Request, body int) {
	if body < minGathered || body > maxGathered || r.Method == http.MethodHead {
		return
	}
	if c, ok := r.Context().Value(connKey{}).(*conn); ok {
		c.body = body
	}
}

type connKey struct{}

// withConn lets handlers find their connection. A TLS connection is not a conn, because
// what it writes is encrypted.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}
