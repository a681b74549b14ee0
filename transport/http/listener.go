package httptransport

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"spreadable/core/peer"
)

// limitListener limits how many connections are open at a time, in all and from one host:
// silent ones, which have not sent anything, and those that are served. The server, which
// needs some four times as much memory for a connection, gets it when its first bytes are
// there. All that come are accepted, so that none waits behind those of others, and what
// exceeds a limit is closed.
type limitListener struct {
	net.Listener
	silent, served *connections
	ear            *ear                  // hears silent ones
	exempt         func(netip.Addr) bool // hosts that have no share
	limits         *limits
	ready          chan *conn
	closed         chan struct{}
	once           sync.Once
	pool           sync.Pool // of *bytes.Buffer, for answers of its connections

	failed   error // of the listener; read only once ended is closed
	ended    chan struct{}
	speaking sync.WaitGroup // connections on their way to the server
}

// silence is how long a connection may be silent at first, half more or less.
const silence = 10 * time.Second

// patience draws how long one connection may be silent: those of a flood must not all end,
// and come again, together.
func patience() time.Duration { return silence/2 + rand.N(silence) }

// newLimitListener begins to accept from a listener. Hosts that are exempt have no share.
func newLimitListener(
	l net.Listener, silent, served *connections, exempt func(netip.Addr) bool, counts *limits,
) *limitListener {
	limited := &limitListener{
		Listener: l, silent: silent, served: served, exempt: exempt, limits: counts,
		ready: make(chan *conn), closed: make(chan struct{}), ended: make(chan struct{}),
	}
	limited.ear = newEar(limited.attend)
	go limited.run()
	return limited
}

// newListener limits the node's connections. A host may always have enough for a node that
// sends as many requests at a time as ours do.
func (n *Node) newListener(l net.Listener) *limitListener {
	of := func(all int) *connections {
		return newConnections(all, max(n.options.shareOf(all), min(4*DefaultCallsPerPeer, all/2), 1))
	}
	return newLimitListener(l, of(n.options.MaxSilent), of(n.options.MaxConnections), n.server.trusts, n.loop.limits)
}

// run accepts until the listener is closed. After a failure, such as for want of
// descriptors, it waits a moment, as net/http does.
func (l *limitListener) run() {
	defer close(l.ended)
	for {
		accepted, err := l.Listener.Accept()
		switch {
		case err == nil:
			l.greet(&conn{Conn: accepted, from: l})
			continue
		case errors.Is(err, net.ErrClosed):
			l.failed = err
			return
		}
		l.limits.accept.hit("error", err)
		select {
		case <-time.After(acceptPause):
		case <-l.closed:
		}
	}
}

// acceptPause is the time between a failure to accept a connection and the next try.
const acceptPause = 100 * time.Millisecond

// greet takes up a new connection among the silent ones.
func (l *limitListener) greet(c *conn) {
	c.host = l.hostOf(c.Conn)
	switch {
	case !l.enter(c, l.silent):
		c.Conn.Close()
	case !l.ear.listen(c):
		l.attend(c)
	}
}

// attend gives a connection a goroutine on its way to the server: one that the ear has
// heard, or any where there is no ear.
func (l *limitListener) attend(c *conn) {
	l.speaking.Go(func() { l.listenTo(c) })
}

// listenTo waits for the first bytes of a connection and gives it to the server.
func (l *limitListener) listenTo(c *conn) {
	if c.speaks() && l.silent.release(c) && l.enter(c, l.served) {
		select {
		case l.ready <- c:
			return
		case <-l.closed:
		}
	}
	c.Close()
}

// Accept implements net.Listener: it returns the next connection that has sent something.
func (l *limitListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.ready:
		return c, nil
	case <-l.ended:
		return nil, l.failed
	}
}

// enter takes up a connection among others, and reports whether it could. One of the zero
// host, which cannot be told from others, waits for a place.
func (l *limitListener) enter(c *conn, all *connections) bool {
	c.among = all
	for {
		verdict, displaced := all.admit(c, c.host)
		if displaced != nil {
			displaced.Conn.Close()
			l.ear.forget(displaced)
		}
		if displaced != nil || verdict == overcrowded {
			l.limits.full.hit("connections", all.limit)
		}
		if verdict == overShare {
			l.limits.refused.hit("host", c.host)
		}
		if verdict == admitted || c.host.IsValid() {
			return verdict == admitted
		}
		select {
		case <-all.left:
		case <-l.closed:
			return false
		}
	}
}

// hostOf is the host that a connection counts for: zero for a trusted proxy, and where a
// host may have all of them.
func (l *limitListener) hostOf(c net.Conn) netip.Addr {
	if l.served.share >= l.served.limit {
		return netip.Addr{}
	}
	remote, ok := c.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	ip := remote.AddrPort().Addr()
	if l.exempt(socketIP(ip)) {
		return netip.Addr{}
	}
	return peer.HostIP(ip)
}

// Close implements net.Listener. It ends the silent connections as well.
func (l *limitListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	err := l.Listener.Close()
	<-l.ended
	l.ear.close()
	l.silent.closeAll()
	l.speaking.Wait()
	return err
}

// conn is an incoming connection, which gives its place back when it is closed. It can
// send an answer as a whole: net/http has a buffer of 4 KiB for each connection, so it
// sends a list of some hundred addresses in two pieces, and both sides wake up for each.
type conn struct {
	net.Conn
	from  *limitListener
	host  netip.Addr   // for which it counts; zero for a proxy, or where all count as one
	among *connections // which it is one of, once admitted; nil before

	// Of the ear: its number there, and how long it may be silent.
	number int32
	until  time.Time

	// Under the lock of these connections.
	holder        *holder // nil before it is admitted, and once it gave way or ended
	in            *queue
	before, after *conn // in the queue

	// Of the goroutine that serves the connection, which alone writes.
	// bytes of the body that comes next; 0 to send everything at once
	body   int
	answer *bytes.Buffer // its head, and the pieces so far; nil before the first piece
	whole  int           // bytes of head and body; 0 before the end of the head has come
}

// Close implements net.Conn.
func (c *conn) Close() error {
	err := c.Conn.Close()
	if c.among != nil {
		c.among.release(c)
	}
	return err
}

// speaks waits for the first bytes, and reports whether they came in time.
func (c *conn) speaks() bool {
	return c.SetReadDeadline(time.Now().Add(patience())) == nil && hear(c.Conn) && c.SetReadDeadline(time.Time{}) == nil
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
