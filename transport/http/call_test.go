package httptransport

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// patient is a server on all loopback addresses that answers a ping once it is told to.
type patient struct {
	port     string
	arrived  chan string   // the host of each request
	answer   chan struct{} // lets one request be answered
	inFlight atomic.Int32
	most     atomic.Int32 // requests in flight at a time
}

func newPatient(t *testing.T) *patient {
	p := &patient{arrived: make(chan string, 100), answer: make(chan struct{}, 100)}
	l, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(p)
	s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	p.port = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	return p
}

func (p *patient) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := p.inFlight.Add(1)
	defer p.inFlight.Add(-1)
	for most := p.most.Load(); now > most && !p.most.CompareAndSwap(most, now); most = p.most.Load() {
	}
	host, _, _ := strings.Cut(r.Host, ":")
	p.arrived <- host
	select {
	case <-p.answer:
	case <-r.Context().Done():
	}
	fmt.Fprintf(w, `{"version":"spreadable-0.3","address":%q}`, r.Host)
}

// peers are so many addresses of the server. It must be called inside the node.
func (p *patient) peers(t *testing.T, book *peer.Book, count int) (peers []core.Peer) {
	for i := range count {
		one, err := book.Intern(peer.MustParse(fmt.Sprintf("127.0.0.%d:%s", 101+i, p.port)))
		if err != nil {
			t.Error(err)
		}
		peers = append(peers, one)
	}
	return peers
}

// next is the host of the next request that arrives.
func (p *patient) next(t *testing.T) string {
	t.Helper()
	select {
	case host := <-p.arrived:
		return host
	case <-time.After(10 * time.Second):
		t.Fatal("no request arrives")
	}
	return ""
}

// A node has only so many calls on the wire at a time. The others wait their turn, and
// all of them are answered.
func TestCallsWaitTheirTurn(t *testing.T) {
	server := newPatient(t)
	n := startNode(t, "localhost", nil, func(o *Options) { o.MaxCalls = 2 })
	done := make(chan error, 5)
	in(t, n, func(c *core.Node) {
		peers := server.peers(t, n.options.Config.Book, 5)
		c.Go(func(task *core.Task) {
			for _, resp := range task.Gather(peers, message.Request{Kind: message.KindPing, Timeout: 20 * time.Second}) {
				done <- resp.Err
			}
		})
	})
	for range 5 {
		server.next(t)
		server.answer <- struct{}{}
	}
	for range 5 {
		if err := <-done; err != nil {
			t.Errorf("a call ends with %v", err)
		}
	}
	if most := server.most.Load(); most > 2 {
		t.Errorf("%d calls are on the wire at a time, want at most 2", most)
	}
}

// A call that times out while it waits for its turn is never sent, and does not hold up
// those behind it.
func TestCallsThatTimeOutInTheQueueAreNotSent(t *testing.T) {
	server := newPatient(t)
	n := startNode(t, "localhost", nil, func(o *Options) { o.MaxCalls = 1 })
	done := make([]chan error, 3)
	for i, timeout := range []time.Duration{20 * time.Second, 50 * time.Millisecond, 20 * time.Second} {
		done[i] = make(chan error, 1)
		in(t, n, func(c *core.Node) {
			peers := server.peers(t, n.options.Config.Book, 3)
			c.Go(func(task *core.Task) {
				done[i] <- task.Call(peers[i], message.Request{Kind: message.KindPing, Timeout: timeout}).Err
			})
		})
	}
	if host := server.next(t); host != "127.0.0.101" {
		t.Errorf("the first call goes to %s", host)
	}
	if err := <-done[1]; !errors.Is(err, message.ErrLocal) {
		t.Errorf("the call in the queue ends with %v", err)
	}
	server.answer <- struct{}{}
	if host := server.next(t); host != "127.0.0.103" {
		t.Errorf("the next call goes to %s", host)
	}
	server.answer <- struct{}{}
	for _, i := range []int{0, 2} {
		if err := <-done[i]; err != nil {
			t.Errorf("call %d ends with %v", i, err)
		}
	}
}

// Offloaded work runs beside the node, which answers meanwhile; the task goes on once it
// is done.
func TestOffloadedWorkRunsBesideTheNode(t *testing.T) {
	n := startNode(t, "localhost", nil, nil)
	working, finish, done := make(chan struct{}), make(chan struct{}), make(chan bool, 1)
	in(t, n, func(c *core.Node) {
		c.Go(func(task *core.Task) {
			finished := false
			task.Offload(time.Millisecond, func() {
				close(working)
				<-finish
				finished = true
			})
			done <- finished
		})
	})
	<-working
	if got := send(t, n, asks{"GET", "/ping", "", nil, ""}); got.status != http.StatusOK {
		t.Errorf("while work is done, a ping is answered with %s", got)
	}
	in(t, n, func(*core.Node) {})
	select {
	case <-done:
		t.Error("the task went on before its work was done")
	default:
	}
	close(finish)
	if !<-done {
		t.Error("the task went on before its work was done")
	}
}

// No more work is done at a time than there are processors.
func TestOffloadedWorkIsBounded(t *testing.T) {
	n := startNode(t, "localhost", nil, nil)
	places := runtime.GOMAXPROCS(0)
	var atWork, most atomic.Int32
	started, finish, done := make(chan struct{}, 100), make(chan struct{}), make(chan struct{}, 100)
	for range 3 * places {
		in(t, n, func(c *core.Node) {
			c.Go(func(task *core.Task) {
				task.Offload(0, func() {
					now := atWork.Add(1)
					for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
					}
					started <- struct{}{}
					<-finish
					atWork.Add(-1)
				})
				done <- struct{}{}
			})
		})
	}
	for range places {
		<-started
	}
	close(finish)
	for range 3 * places {
		<-done
	}
	if most.Load() > int32(places) {
		t.Errorf("%d pieces of work at a time, want at most %d", most.Load(), places)
	}
}

// A panic in offloaded work ends the node, and says where it was.
func TestPanicInOffloadedWorkEndsTheNode(t *testing.T) {
	n := startNode(t, "localhost", nil, nil)
	err := n.Do(t.Context(), func(c *core.Node) {
		c.Go(func(task *core.Task) { task.Offload(0, func() { panic("no paper") }) })
	})
	if err != nil && n.Err() == nil {
		t.Fatal(err)
	}
	eventually(t, "the node stops", func() bool { return n.Err() != nil })
	if err = n.Err(); !strings.Contains(err.Error(), "no paper") || !strings.Contains(err.Error(), "call_test.go") {
		t.Errorf("it stopped by %v", err)
	}
}
