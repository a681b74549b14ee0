package httptransport

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"sync"
)

// limitListener limits how many connections are open at a time; the others wait to be
// accepted.
type limitListener struct {
	net.Listener
	places chan struct{}
	closed chan struct{}
	once   sync.Once
	pool   sync.Pool // of *bytes.Buffer, for answers of its connections
}

func newLimitListener(l net.Listener, limit int) net.Listener {
	return &limitListener{Listener: l, places: make(chan struct{}, limit), closed: make(chan struct{})}
}

// Accept implements net.Listener.
func (l *limitListener) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	return &conn{Conn: c, from: l}, nil
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

	// Of the goroutine that serves the connection, which alone writes.
	// bytes of the body that comes next; 0 to send everything at once
	body   int
	answer *bytes.Buffer // its head, and the pieces so far; nil before the first piece
	whole  int           // bytes of head and body; 0 before the end of the head has come
}

// Close implements net.Conn.
func (c *conn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { <-c.from.places })
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
