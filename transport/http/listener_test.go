package httptransport

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// records keeps what is written to a connection, write by write.
type records struct {
	net.Conn
	writes []string
}

func (r *records) Write(p []byte) (int, error) {
	r.writes = append(r.writes, string(p))
	return len(p), nil
}

// unlimited is a listener without a share of hosts.
func unlimited(l net.Listener, limit int) *limitListener {
	all := func() *connections { return newConnections(limit, limit) }
	return newLimitListener(l, all(), all(), nil, newLimits(silent()))
}

// However net/http cuts an announced answer up, it goes out as one; what is not announced
// goes out as it comes.
func TestAnnouncedAnswersGoOutWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		to := &records{}
		c := &conn{Conn: to, from: &limitListener{}}
		for range rapid.IntRange(1, 3).Draw(t, "answers") {
			body := rapid.StringN(1, 100, -1).Draw(t, "body")
			text := "HTTP/1.1 200 OK\r\nX: " + rapid.StringMatching(`[a-z]{0,40}`).Draw(t, "header") + "\r\n\r\n" + body
			announced := rapid.Bool().Draw(t, "announced")
			if announced {
				c.body = len(body)
			}
			to.writes = nil
			var pieces []string
			for rest := text; rest != ""; {
				size := rapid.IntRange(1, len(rest)).Draw(t, "size")
				pieces = append(pieces, rest[:size])
				if n, err := c.Write([]byte(rest[:size])); n != size || err != nil {
					t.Fatalf("wrote %d of %d bytes: %v", n, size, err)
				}
				rest = rest[size:]
			}
			if announced {
				pieces = []string{text}
			}
			if got, want := strings.Join(to.writes, "|"), strings.Join(pieces, "|"); got != want {
				t.Fatalf("went out as %q, want %q", got, want)
			}
		}
	})
}

// pipe is one end of a connection in memory, in which one read takes what one write gave.
type pipe struct{ net.Conn }

func (pipe) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5} }

// pipes accepts the connections that it is given.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// The structure of a large network reaches the asker in one piece, request after request
// on one connection, and what follows it is served as ever.
func TestLargeStructuresAreSentInOnePiece(t *testing.T) {
	n := startNode(t, "localhost", nil, nil)
	sync1(t, n)
	showCrowd(t, n)
	in := make(pipes, 1)
	listener := unlimited(in, 1)
	server := n.server.httpServer(listener.served)
	go server.Serve(listener)
	defer server.Close()
	ours, theirs := net.Pipe()
	defer ours.Close()
	in <- pipe{theirs}
	defer close(in)

	structure := "POST /api/node/structure HTTP/1.1\r\nHost: x\r\nNode-Root: " + n.address() + "\r\n\r\n"
	for _, request := range []string{structure, structure, "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n", structure} {
		if _, err := io.WriteString(ours, request); err != nil {
			t.Fatal(err)
		}
		piece := make([]byte, 64<<10)
		size, err := ours.Read(piece)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(piece[:size])), nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != 200 || strings.HasPrefix(request, "POST") && len(body) < minGathered {
			t.Errorf("%.20s: status %d, the first piece has %d bytes of body: %v", request, resp.StatusCode, len(body), err)
		}
	}
}

// Answers that net/http would cut in pieces are gathered, unless they are so large that it
// does not matter.
func TestWhatIsGathered(t *testing.T) {
	for _, test := range []struct {
		method string
		body   int
		want   bool
	}{
		{"GET", 3<<10 - 1, false}, {"GET", 3 << 10, true}, {"POST", 64 << 10, true}, {"POST", 64<<10 + 1, false}, {"HEAD", 10_000, false},
	} {
		c := &conn{}
		r := httptest.NewRequest(test.method, "/", nil)
		if gather(r.WithContext(withConn(r.Context(), c)), test.body); (c.body == test.body) != test.want {
			t.Errorf("%s of %d bytes: %d are gathered", test.method, test.body, c.body)
		}
		gather(r, test.body) // over TLS there is no such connection
	}
}

// Where hosts are not told apart, a new connection waits while all others have requests,
// and one that closes gives its place back, once.
func TestConnectionsWaitForThoseWithRequests(t *testing.T) {
	in := make(pipes, 3)
	l := unlimited(in, 2)
	var first net.Conn
	for range 2 {
		in <- &talks{}
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		l.served.track(c, http.StateActive)
		first = c
	}
	in <- &talks{}
	third := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		third <- err
	}()
	eventually(t, "the third finds no place", func() bool { return l.limits.full.hits.Load() > 0 })
	select {
	case <-third:
		t.Error("a third connection is served beside two with requests")
	default:
	}
	for range 2 {
		first.Close()
	}
	if err := <-third; err != nil {
		t.Error(err)
	}
	if l.served.open != 2 || l.silent.open != 0 {
		t.Errorf("%d connections are served, %d silent, want 2 and none", l.served.open, l.silent.open)
	}
	close(in)
	l.Close()
	for range 3 {
		if _, err := l.Accept(); err == nil {
			t.Error("a connection came of nothing")
		}
	}
}

// talks is a connection that has something to read, and can be closed.
type talks struct{ records }

func (*talks) Close() error                    { return nil }
func (*talks) RemoteAddr() net.Addr            { return nil }
func (*talks) SetReadDeadline(time.Time) error { return nil }

// mute is a connection that has nothing to read, and says when it is closed.
type mute struct {
	talks
	closed chan struct{} // holds one
}

func (*mute) SetReadDeadline(time.Time) error { return net.ErrClosed }

func (m *mute) Close() error {
	select {
	case m.closed <- struct{}{}:
	default: // the listener ends, and closes all
	}
	return nil
}

// A connection that says nothing in its time is closed, and gives its place back.
func TestSilentConnectionsAreClosed(t *testing.T) {
	in := make(pipes)
	l := unlimited(in, 1)
	for range 3 { // each needs the only place
		m := &mute{closed: make(chan struct{}, 1)}
		in <- m
		<-m.closed
	}
	close(in)
	l.Close()
	if l.served.open != 0 || l.silent.open != 0 {
		t.Errorf("%d connections are served, %d silent, want none", l.served.open, l.silent.open)
	}
}

// One that has spoken when the listener ends, and that no server takes, is closed too.
func TestConnectionsThatNoServerTakesAreClosed(t *testing.T) {
	in := make(pipes)
	l := unlimited(in, 1)
	spoken := &late{mute{closed: make(chan struct{}, 1)}}
	in <- spoken
	close(in)
	l.Close()
	<-spoken.closed
	if l.served.open != 0 || l.silent.open != 0 {
		t.Errorf("%d connections are served, %d silent, want none", l.served.open, l.silent.open)
	}
}

// late is a mute that speaks.
type late struct{ mute }

func (*late) SetReadDeadline(time.Time) error { return nil }
