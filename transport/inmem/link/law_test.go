package link_test

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/internal/theory"
	"spreadable/sim"
	"spreadable/transport/inmem"
	"spreadable/transport/inmem/latency"
	"spreadable/transport/inmem/link"
)

// arrivals are a Poisson process.
type arrivals struct {
	r    *rand.Rand
	mean float64 // seconds between two
	now  float64
}

func (a *arrivals) next() time.Duration {
	a.now += a.mean * a.r.ExpFloat64()
	return time.Duration(a.now * float64(time.Second))
}

// pings counts answers by what became of them, and how long they took.
type pings struct {
	driver  sim.Driver
	sent    []time.Duration
	answers int
	took    time.Duration
	failed  map[string]int
}

// Answer implements core.Sink.
func (p *pings) Answer(tag uint32, resp message.Response) {
	if resp.Err != nil {
		p.failed[resp.Err.Error()]++
		return
	}
	p.answers++
	p.took += p.driver.Now() - p.sent[tag]
}

// served is a network of two hosts over a link, driven by the kernel of real runs. Host 0
// answers pings, and host 1 sends them.
func served(t *testing.T, l inmem.Link) (*inmem.Network, sim.Driver) {
	t.Helper()
	book, err := sim.NewBook(2)
	if err != nil {
		t.Fatal(err)
	}
	return servedBy(t, l, book, message.Response{})
}

// servedBy is served with the answer that host 0 gives, and a book of addresses.
func servedBy(t *testing.T, l inmem.Link, book *peer.Book, resp message.Response) (*inmem.Network, sim.Driver) {
	t.Helper()
	c := &core.Config{Book: book, Bootstrap: []core.Peer{peer.FromID(1)}}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	n := inmem.New(inmem.Options{
		Config: inmem.OneConfig(c), Link: l, Nodes: 2, ClientTimeout: time.Second,
		ClientIP: func(int) netip.Addr { return netip.Addr{} },
		Front: func(_, _ uint32, _ *message.Request) (message.Response, bool) {
			return resp, true
		},
	})
	t.Cleanup(n.Close)
	driver := sim.NewDriver(n)
	n.Listen(0)
	n.Listen(1)
	return n, driver
}

// Requests of real hosts over the kernel meet the same queues: a request takes both
// latencies, its service, and the wait of theory.
func TestRequestsWaitOverTheKernel(t *testing.T) {
	const customers, service, rho = 300_000, 10 * ms, 0.6
	for _, exponential := range []bool{true, false} {
		l := link.New(link.Options{
			Latency: latency.Constant(20 * ms), Hosts: &link.Hosts{
				Kinds: []link.Host{{Service: service, Queue: link.Unbounded}}, Of: make([]uint8, 1),
			}, Size: 2, Seed: 4, Exponential: exponential,
		})
		n, driver := served(t, l)
		p := &pings{driver: driver, sent: make([]time.Duration, customers), failed: make(map[string]int)}
		a := arrivals{r: rand.New(rand.NewPCG(2, 7)), mean: service.Seconds() / rho}
		for tag := range uint32(customers) {
			driver.RunUntil(a.next())
			p.sent[tag] = driver.Now()
			n.Host(1).Call(peer.FromID(1), message.Request{Kind: message.KindPing, Timeout: time.Hour}, p, tag)
		}
		driver.RunUntil(driver.Now() + time.Minute)
		if p.answers != customers {
			t.Fatalf("%d of %d pings are answered: %v", p.answers, customers, p.failed)
		}
		want := theory.MeanWait(rho, service.Seconds(), map[bool]float64{true: 1}[exponential]) + service.Seconds() + 0.040
		near(t, p.took.Seconds()/customers, want, 0.01*want, "exponential %t: mean time of a ping", exponential)
	}
}

// A list of √N addresses costs its bytes over the bandwidth: of ten thousand nodes, a
// master's structure has a hundred slaves and a hundred masters.
func TestAListOfAddressesTakesItsBytesOverTheBandwidth(t *testing.T) {
	const root, up, down = 100, link.Rate(1_000_000), link.Rate(8_000_000)
	var took []time.Duration
	for _, size := range []int{1, root} {
		book, err := sim.NewBook(2 * root)
		if err != nil {
			t.Fatal(err)
		}
		structure := &message.Structure{Address: peer.FromID(1)}
		var masters []message.Master
		for i := range size {
			structure.Slaves = append(structure.Slaves, peer.FromID(uint32(i)+1))
			masters = append(masters, message.Master{Peer: peer.FromID(uint32(root+i) + 1), Size: uint32(size)})
		}
		structure.Masters = message.NewMasters(masters)
		l := link.New(link.Options{Latency: latency.Constant(20 * ms), Hosts: all(2, link.Host{Up: up, Down: down}), Size: 2})
		n, driver := servedBy(t, l, book, message.Response{Body: structure})
		p := &pings{driver: driver, sent: make([]time.Duration, 1), failed: make(map[string]int)}
		n.Host(1).Call(peer.FromID(1), message.Request{Kind: message.KindStructure, Timeout: time.Hour}, p, 0)
		driver.RunUntil(time.Second)
		asked, answered := uint32(n.Host(0).Traffic.BytesReceived), uint32(n.Host(1).Traffic.BytesReceived)
		want := 40*ms + up.Time(asked) + down.Time(asked) + up.Time(answered) + down.Time(answered)
		if p.took != want {
			t.Errorf("%d entries in each list, %d bytes: the answer took %v, want %v", size, answered, p.took, want)
		}
		took = append(took, p.took)
	}
	if more := took[1] - took[0]; more < 5*ms {
		t.Errorf("a list of %d addresses takes %v more than one of two", 2*root, more)
	}
}

// A request that finds the queue full is refused as by a busy server: it fails at once,
// by an answer, and is no refused connection.
func TestABusyHostAnswersThatItIsBusy(t *testing.T) {
	l := link.New(link.Options{
		Latency: latency.Constant(20 * ms), Size: 2,
		Hosts: &link.Hosts{Kinds: []link.Host{{Service: 100 * ms, Queue: 1}}, Of: make([]uint8, 1)},
	})
	n, driver := served(t, l)
	p := &pings{driver: driver, sent: make([]time.Duration, 5), failed: make(map[string]int)}
	for tag := range uint32(5) {
		n.Host(1).Call(peer.FromID(1), message.Request{Kind: message.KindPing, Timeout: time.Second}, p, tag)
	}
	driver.RunUntil(50 * ms)
	if got := p.failed["peer is unreachable: it answers 503 Service Unavailable: too many requests wait"]; got != 3 || p.answers != 0 {
		t.Errorf("after one round trip the failures are %v", p.failed)
	}
	driver.RunUntil(time.Minute)
	if p.answers != 2 {
		t.Errorf("%d pings are answered", p.answers)
	}
	if n.Host(1).Traffic.BytesReceived == 0 {
		t.Error("the answers of a busy host have no bytes")
	}
	n.Stop(0)
	for tag := range uint32(5) {
		n.Host(1).Call(peer.FromID(1), message.Request{Kind: message.KindPing, Timeout: time.Second}, p, tag)
	}
	driver.RunUntil(driver.Now() + 50*ms)
	if got := p.failed[message.ErrUnreachable.Error()]; got != 5 {
		t.Errorf("a host that is down refuses %d of 5 pings at once", got)
	}
}
