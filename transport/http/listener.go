package httptransport

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"spreadable/core/peer"
)

// limitListener limits how many connections are open at a time, in all and from one host.
// It accepts all that come, so that none that it would serve waits behind others, and
// closes those that it does not serve.
type limitListener struct {
	net.Listener
	all    *connections
	exempt func(netip.Addr) bool // hosts that have no share
	limits *limits
	closed chan struct{}
	once   sync.Once
	pool   sync.Pool // of *bytes.Buffer, for answers of its connections
}

func newLimitListener(l net.Listener, limit, share int, exempt func(netip.Addr) bool, counts *limits) *limitListener {
	return &limitListener{
		Listener: l, all: newConnections(limit, share), exempt: exempt, limits: counts, closed: make(chan struct{}),
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
		accepted, err := l.Listener.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				l.limits.accept.hit("error", err)
			}
			return nil, err
		}
		c := &conn{Conn: accepted, from: l}
		if l.admit(c, l.hostOf(accepted)) {
			return c, nil
		}
		accepted.Close()
	}
}

// admit takes up a connection of a host, and reports whether it could. One of the zero
// host, which cannot be told from others, waits for a place.
func (l *limitListener) admit(c *conn, host netip.Addr) bool {
	for {
		verdict, displaced := l.all.admit(c, host)
		if displaced != nil {
			displaced.Conn.Close()
		}
		if displaced != nil || verdict == overcrowded {
			l.limits.full.hit("connections", l.all.limit)
		}
		if verdict == overShare {
			l.limits.refused.hit("host", host)
		}
		if verdict == admitted || host.IsValid() {
			return verdict == admitted
		}
		select {
		case <-l.all.left:
		case <-l.closed:
			return false
		}
	}
}

// hostOf is the host that a connection counts for: zero for a trusted proxy, and where a
// host may have all of them.
func (l *limitListener) hostOf(c net.Conn) netip.Addr {
	if l.all.share >= l.all.limit {
		return netip.Addr{}
	}
	remote, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil || l.exempt(socketIP(remote.Addr())) {
		return netip.Addr{}
	}
	return peer.HostIP(remote.Addr())
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
	from *limitListener

	// Of the connections, under their lock.
	holder  *holder // nil before it is admitted and after it has ended
	resting bool    // it has no request
	since   time.Time

	// Of the goroutine that serves the connection, which alone writes.
	// bytes of the body that comes next; 0 to send everything at once
	body   int
	answer *bytes.Buffer // its head, and the pieces so far; nil before the first piece
	whole  int           // bytes of head and body; 0 before the end of the head has come
}

// Close implements net.Conn.
func (c *conn) Close() error {
	err := c.Conn.Close()
	c.from.all.release(c)
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
