package httptransport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
)

func TestNothingLeavesBeforeItIsSaved(t *testing.T) {
	full := errors.New("disk is full")
	n := startNode(t, "localhost", nil, func(o *Options) {
		o.Persist = func(c *core.Node) (time.Duration, error) {
			if len(c.Structure().Slaves) > 0 {
				return 0, full
			}
			return 0, nil
		}
	})
	sync1(t, n)
	slave := startNode(t, "127.0.0.41", n, nil)
	in(t, slave, (*core.Node).Sync)
	eventually(t, "the node stops", func() bool { return n.Err() != nil })
	if !errors.Is(n.Err(), full) {
		t.Errorf("it stopped by %v", n.Err())
	}
	in(t, slave, func(c *core.Node) {
		if c.Status().IsRegistered {
			t.Error("the slave was told of a registration that was not saved")
		}
	})
	if got := send(t, n, asks{"GET", "/status", "", nil, ""}); got.status != 503 {
		t.Errorf("a stopped node answers %v", got)
	}
}

func TestChangesAreSavedBeforeTheyAreAnswered(t *testing.T) {
	saved := make(chan int, 1000) // slaves at each save
	n := startNode(t, "localhost", nil, func(o *Options) {
		o.Persist = func(c *core.Node) (time.Duration, error) {
			saved <- len(c.Structure().Slaves)
			return 0, nil
		}
	})
	sync1(t, n)
	startNetworkWith(t, n, 1)
	last := 0
	for len(saved) > 0 {
		last = <-saved
	}
	if last != 1 {
		t.Errorf("the last save has %d slaves, want the one that was told of it", last)
	}
}

// slowDisk starts a node whose saves wait for a token each, once it is held up.
func slowDisk(t *testing.T) (n *Node, holdUp func(), saves *atomic.Int32, tokens chan struct{}) {
	t.Helper()
	var held atomic.Bool
	saves, tokens = new(atomic.Int32), make(chan struct{})
	entered := make(chan struct{}, 1)
	n = startNode(t, "localhost", nil, func(o *Options) {
		o.Persist = func(*core.Node) (time.Duration, error) {
			if held.Load() {
				select {
				case entered <- struct{}{}:
				default:
				}
				<-tokens
			}
			saves.Add(1)
			return 0, nil
		}
	})
	holdUp = func() {
		held.Store(true)
		go n.Do(t.Context(), func(*core.Node) {})
		<-entered
	}
	return n, holdUp, saves, tokens
}

// However slow the disk is, what comes during a save shares the next one.
func TestAFloodSharesItsSaves(t *testing.T) {
	const flood = 1000
	n, holdUp, saves, tokens := slowDisk(t)
	holdUp()
	before := saves.Load()
	var asked sync.WaitGroup
	for range flood {
		asked.Go(func() {
			if err := n.Do(t.Context(), func(*core.Node) {}); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, "all wait", func() bool { return len(n.loop.inbox) == flood })
	close(tokens)
	asked.Wait()
	if got := saves.Load() - before; got > 3 {
		t.Errorf("a flood of %d requests took %d saves", flood, got)
	}
}

// The address filter changes nothing, so what it says does not wait for the disk.
func TestTheFilterWaitsForNoSave(t *testing.T) {
	n, holdUp, _, tokens := slowDisk(t)
	holdUp()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	looked := make(chan error)
	go func() { looked <- n.loop.look(ctx, func() {}) }()
	eventually(t, "it waits", func() bool { return len(n.loop.inbox) == 1 })
	tokens <- struct{}{} // ends the save before; that of its own step is held up
	if err := <-looked; err != nil {
		t.Error(err)
	}
	close(tokens)
}

// startNetworkWith registers so many new nodes at n.
func startNetworkWith(t *testing.T, n *Node, count int) {
	t.Helper()
	for range count {
		m := startNode(t, "localhost", n, nil)
		sync1(t, m)
		in(t, m, func(c *core.Node) {
			if !c.Status().IsRegistered {
				t.Error("a node is not registered after its sync")
			}
		})
	}
}

// faulty is an application that fails.
type faulty struct{ holders }

func (*faulty) Name() string   { return "faulty" }
func (*faulty) Answer(any) any { panic("a bug") }

func TestPanicEndsTheNodeAloud(t *testing.T) {
	n := startNode(t, "localhost", nil, func(o *Options) { o.Queries = []core.Query{&faulty{}} })
	got := send(t, n, asks{"POST", "/client/faulty", "", nil, ""})
	if got.status != 503 {
		t.Errorf("got %v, want 503", got)
	}
	<-n.Done()
	if err := n.Err(); err == nil || !strings.Contains(err.Error(), "a bug") || !strings.Contains(err.Error(), "loop_test.go") {
		t.Errorf("the error is %v, want the panic and where it was", err)
	}
	if err := n.Do(t.Context(), func(*core.Node) {}); err == nil {
		t.Error("a node that has ended still works")
	}
}

func TestCloseEndsEverything(t *testing.T) {
	before := runtime.NumGoroutine()
	// accepts by the kernel, and never answers
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	first := newNode(t, "localhost", nil, nil)
	second := newNode(t, "localhost", first, nil)
	for _, n := range []*Node{first, second} {
		if err := n.Start(nil); err != nil {
			t.Fatal(err)
		}
		sync1(t, n)
	}
	in(t, second, func(*core.Node) {
		p, _ := second.loop.book.Intern(peer.MustParse(silent.Addr().String()))
		for range 20 {
			second.loop.Call(p, message.Request{Kind: message.KindPing, Timeout: time.Minute}, make(answers, 1), 0)
		}
	})
	for _, n := range []*Node{second, first} {
		if err := n.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
	silent.Close()
	eventually(t, "all goroutines have ended", func() bool { return runtime.NumGoroutine() <= before })
}

// Close returns when the loop has ended, and not before: nothing happens in a closed node.
func TestCloseWaitsForTheLoop(t *testing.T) {
	n := newNode(t, "localhost", nil, nil)
	if err := n.Start(nil); err != nil {
		t.Fatal(err)
	}
	busy := func() {
		<-n.loop.stop // Close has begun
		for range 10_000 {
			runtime.Gosched()
		}
	}
	if err := n.loop.post(t.Context(), busy); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-n.Done():
	default:
		t.Error("the node is closed, and its loop still runs")
	}
}

func TestAddressesOfStrangersAreForgotten(t *testing.T) {
	const sweepAt, limit = 50, 100
	n := startNode(t, "localhost", nil, func(o *Options) {
		book := peer.NewBook(limit)
		self, err := book.Intern(o.Address)
		if err != nil {
			t.Fatal(err)
		}
		o.SweepAt, o.Config.Book, o.Config.Bootstrap = sweepAt, book, []core.Peer{self}
	})
	sync1(t, n)
	startNetworkWith(t, n, 1)
	slaves := func() (text string) {
		in(t, n, func(c *core.Node) { text = fmt.Sprint(texts(n.loop.book, c.Structure().Slaves)) })
		return text
	}
	before := slaves()
	for port := range 3 * limit {
		h := headers("node-root", n.address(), "original-address", fmt.Sprintf("127.0.0.1:%d", 20000+port))
		if got := send(t, n, asks{"POST", "/api/node/get-interview-summary", "", h, ""}); got.status != 200 {
			t.Fatalf("stranger %d gets %v", port, got)
		}
	}
	in(t, n, func(*core.Node) {
		if got := n.loop.book.Len(); got > limit {
			t.Errorf("the book holds %d addresses, want at most %d", got, limit)
		}
	})
	if after := slaves(); after != before {
		t.Errorf("the slaves were %s and are now %s", before, after)
	}
}

// A node that needs more addresses than SweepAt does not sweep the book at every step, but
// when there are an eighth more than it needs.
func TestAFullBookOfNeededAddressesIsSeldomSwept(t *testing.T) {
	const needed = 80
	n := startNode(t, "localhost", nil, func(o *Options) {
		o.SweepAt = needed / 2
		for i := 1; i < needed; i++ {
			p, err := o.Config.Book.Intern(peer.MustParse(fmt.Sprintf("bootstrap%d.example.com:4000", i)))
			if err != nil {
				t.Fatal(err)
			}
			o.Config.Bootstrap = append(o.Config.Bootstrap, p)
		}
	})
	for step, grown := range []struct{ strangers, after int }{{9, needed + 9}, {1, needed}, {9, needed + 9}, {1, needed}} {
		in(t, n, func(*core.Node) {
			for i := range grown.strangers {
				if _, err := n.loop.book.Intern(peer.MustParse(fmt.Sprintf("stranger%d-%d.example.com:4000", step, i))); err != nil {
					t.Error(err)
				}
			}
		})
		in(t, n, func(*core.Node) {
			if got := n.loop.book.Len(); got != grown.after {
				t.Errorf("step %d: the book holds %d addresses, want %d", step, got, grown.after)
			}
		})
	}
}

func TestClockNeverGoesBack(t *testing.T) {
	now := time.Unix(1000, 0)
	c := newClock(func() time.Time { return now })
	for _, step := range []struct{ set, want time.Duration }{
		{1001 * time.Second, 1001 * time.Second}, // time passes
		{2000 * time.Second, 2000 * time.Second}, // set forward
		{1500 * time.Second, 2000 * time.Second}, // set back: wait
		{1501 * time.Second, 2000*time.Second + 500*time.Millisecond},
		{2500 * time.Second, 2500 * time.Second},
	} {
		now = time.Unix(0, int64(step.set))
		if got := c.read(); got != step.want {
			t.Errorf("the wall says %v, the clock %v, want %v", step.set, got, step.want)
		}
	}
}

func TestClientRequestsWaitInLine(t *testing.T) {
	busy, most := make(chan int, 100), 0
	inside := make(chan struct{}, 100)
	n := newNode(t, "localhost", nil, func(o *Options) { o.Concurrency = 3 })
	rt := n.server.routes["/client/get-available-node"]
	if rt.queue.places != 3 {
		t.Fatalf("the queue has %d places", rt.queue.places)
	}
	rt.app = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		inside <- struct{}{}
		busy <- len(inside)
		runtime.Gosched()
		<-inside
	})
	n.server.routes["/client/get-available-node"] = rt
	if err := n.Start(nil); err != nil {
		t.Fatal(err)
	}
	defer n.Close(t.Context())
	done := make(chan int, 20)
	for range cap(done) {
		go func() { done <- send(t, n, asks{"POST", "/client/get-available-node", "", nil, ""}).status }()
	}
	for range cap(done) {
		if got := <-done; got != 200 {
			t.Errorf("got %d", got)
		}
		most = max(most, <-busy)
	}
	if most > 3 {
		t.Errorf("%d requests were in work at a time, want at most 3", most)
	}
}

// BenchmarkStructure is the request that networks at rest live on.
func BenchmarkStructure(b *testing.B) {
	n := startNode(b, "localhost", nil, nil)
	in(b, n, (*core.Node).Sync)
	root := n.address()
	transport := &http.Transport{MaxIdleConnsPerHost: 8}
	defer transport.CloseIdleConnections()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			req, _ := http.NewRequest("POST", "http://"+n.Addr().String()+"/api/node/structure", nil)
			req.Header["Node-Root"] = []string{root}
			resp, err := transport.RoundTrip(req)
			if err != nil || resp.StatusCode != 200 {
				b.Error(resp, err)
				return
			}
			resp.Body.Close()
		}
	})
}

// TestTheSameFailureIsLoggedOnce: a node that is alone fails to register at every sync,
// and that is no news.
func TestTheSameFailureIsLoggedOnce(t *testing.T) {
	var log bytes.Buffer // belongs to the node's thread until the node is closed
	n := startNode(t, "localhost", nil, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	for range 3 {
		sync1(t, n)
	}
	if err := n.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(log.String(), `msg="registration failed"`); got != 1 {
		t.Errorf("%d times in:\n%s", got, &log)
	}
}

// TestANodeOfNoNetworkSaysSo: with a bootstrap node that is not there, it has no root
// that could differ from any other.
func TestANodeOfNoNetworkSaysSo(t *testing.T) {
	gone := newNode(t, "localhost", nil, nil) // never starts
	// belongs to the node's thread until the node is closed
	var log bytes.Buffer
	n := startNode(t, "localhost", gone, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	sync1(t, n)
	if err := n.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := log.String(); !strings.Contains(got, noNetwork) || strings.Contains(got, "root is different") {
		t.Errorf("says:\n%s", got)
	}
}

// While a save waits, what came of events that changed nothing leaves the process, and the
// rest when it is saved, though nothing else happens.
func TestOnlyWhatIsNotSavedIsHeldBack(t *testing.T) {
	var waits atomic.Bool
	n := startNode(t, "localhost", nil, func(o *Options) {
		o.Persist = func(*core.Node) (time.Duration, error) {
			if waits.Load() {
				return 10 * time.Millisecond, nil
			}
			return 0, nil
		}
	})
	sync1(t, n)
	waits.Store(true)
	key := make(chan response, 1)
	body := `{"action":"client","timeout":10000,"timestamp":` + strconv.FormatInt(time.Now().UnixMilli(), 10) + `}`
	go func() { key <- send(t, n, asks{"POST", "/client/request-approval-key", "", nil, body}) }()
	var given bool
	eventually(t, "the key is given out", func() bool {
		in(t, n, func(c *core.Node) { given = c.Approvals().Keys > 0 })
		return given
	})
	if got := send(t, n, asks{"GET", "/status", "", nil, ""}); got.status != 200 {
		t.Errorf("while a save waits, the status is %v", got)
	}
	select {
	case got := <-key:
		t.Errorf("a key is told that is not saved: %v", got)
	default:
	}
	waits.Store(false)
	if got := <-key; got.status != 200 {
		t.Errorf("once it is saved, the key is %v", got)
	}
}
