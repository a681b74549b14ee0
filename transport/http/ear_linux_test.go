package httptransport

import (
	"io"
	"net"
	"runtime"
	"testing"
	"time"
)

// quietOnes is a listener with so many silent connections, of which it keeps at most some.
// They are all taken up when it returns: the listener takes them in turn, and has given
// out the last, which speaks.
func quietOnes(t *testing.T, count, limit int) (*limitListener, []net.Conn) {
	t.Helper()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := unlimited(tcp, limit)
	t.Cleanup(func() { l.Close() })
	all := make([]net.Conn, count+1)
	for i := range all {
		if all[i], err = net.Dial("tcp", tcp.Addr().String()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { all[i].Close() })
	}
	if _, err := all[count].Write([]byte("last")); err != nil {
		t.Fatal(err)
	}
	acceptFrom(t, l, all[count])
	return l, all[:count]
}

// acceptFrom wants that the next connection which the server gets is that of a client.
func acceptFrom(t *testing.T, l *limitListener, client net.Conn) {
	t.Helper()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if got, want := c.RemoteAddr().String(), client.LocalAddr().String(); got != want {
		t.Fatalf("the server gets a connection of %s, want that of %s", got, want)
	}
}

// count is the number of connections that an ear listens to.
func (e *ear) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.waiting)
}

// Silent connections cost no goroutines, and each is served as soon as it speaks.
func TestSilentConnectionsNeedNoGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	l, quiet := quietOnes(t, 100, 1000)
	if more := runtime.NumGoroutine() - before; more > 20 {
		t.Errorf("%d goroutines more for %d silent connections", more, len(quiet))
	}
	for i := len(quiet) - 1; i >= 0; i-- {
		if _, err := quiet[i].Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		acceptFrom(t, l, quiet[i])
	}
	if n := l.ear.count(); n > 0 {
		t.Errorf("the ear still listens to %d", n)
	}
}

// One that ends without a word is closed, and gives its place back.
func TestAConnectionThatHangsUpIsClosed(t *testing.T) {
	l, quiet := quietOnes(t, 1, 10)
	<-l.silent.left // by the one that has spoken
	quiet[0].Close()
	<-l.silent.left
	if n := l.ear.count(); n > 0 || l.silent.open > 0 {
		t.Errorf("%d are listened to, %d open", n, l.silent.open)
	}
}

// Those that have been silent too long are closed, and no others.
func TestTheEarLosesPatience(t *testing.T) {
	l, quiet := quietOnes(t, 10, 1000)
	now := time.Now()
	if left := l.ear.sweep(now); left != 10 {
		t.Fatalf("%d of 10 are left at once", left)
	}
	if left := l.ear.sweep(now.Add(2 * silence)); left > 0 {
		t.Errorf("the ear still listens to %d", left)
	}
	for _, c := range quiet {
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("a client that was silent too long: %v", err)
		}
	}
}

// Where another takes its place, a connection is closed and forgotten.
func TestTheEarForgetsWhatGaveWay(t *testing.T) {
	l, quiet := quietOnes(t, 30, 10)
	if n := l.ear.count(); n > 10 {
		t.Errorf("the ear listens to %d, where 10 may be open", n)
	}
	if _, err := quiet[0].Read(make([]byte, 1)); err == nil {
		t.Error("the first is still open")
	}
}
