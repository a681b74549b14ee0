package bench

import (
	"fmt"
	"math/rand/v2"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/sim"
	"spreadable/transport/inmem"
	"spreadable/transport/inmem/latency"
)

// forwarding is a network whose nodes do nothing but ping each other.
type forwarding struct {
	net        *inmem.Network
	neighbours [][neighbourCount]uint32
}

const neighbourCount = 20

// The latencies of forwarding, evenly distributed.
const (
	leastLatency = 10 * time.Millisecond
	mostLatency  = 100 * time.Millisecond
)

func newForwarding(nodes int) (*forwarding, error) {
	book, err := numbered(nodes)
	if err != nil {
		return nil, err
	}
	config := &core.Config{Book: book, Bootstrap: []core.Peer{peer.FromID(1)}, ManualSync: true}
	if err := config.Validate(); err != nil {
		return nil, err
	}
	f := &forwarding{
		net: inmem.New(inmem.Options{
			Config: inmem.OneConfig(config), Nodes: nodes, Seed: 1, Latency: latency.Uniform{Low: leastLatency, High: mostLatency},
		}),
		neighbours: make([][neighbourCount]uint32, nodes),
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range f.neighbours {
		for k := range f.neighbours[i] {
			f.neighbours[i][k] = rng.Uint32N(uint32(nodes))
		}
	}
	return f, nil
}

// numbered returns a book of as many addresses, 10.0.0.1:4000 and up.
func numbered(nodes int) (*peer.Book, error) {
	book := peer.NewBook(0)
	for n := 1; n <= nodes; n++ {
		a, err := peer.Parse(fmt.Sprintf("10.%d.%d.%d:4000", byte(n>>16), byte(n>>8), byte(n)))
		if err != nil {
			return nil, err
		}
		if _, err := book.Intern(a); err != nil {
			return nil, err
		}
	}
	return book, nil
}

// start lets every node send its first ping.
func (f *forwarding) start() {
	for i := range f.net.Nodes() {
		f.net.Start(i)
		f.ping(uint32(i))
	}
}

func (f *forwarding) ping(node uint32) {
	host := f.net.Host(int(node))
	to := f.neighbours[node][host.Rand().Uint32N(neighbourCount)]
	f.net.Host(int(node)).Call(peer.FromID(to+1), message.Request{Kind: message.KindPing, Timeout: core.DefaultPingTimeout}, f, node)
}

// Answer implements core.Sink: the node that the tag names has its answer, and pings on.
func (f *forwarding) Answer(node uint32, _ message.Response) { f.ping(node) }

// forwardStretch is the virtual time in which some one million messages are delivered, or
// four per node if that is more.
func forwardStretch(nodes int) time.Duration {
	perNode := max(4, 1e6/float64(nodes))
	return time.Duration(perNode / 2 * float64(leastLatency+mostLatency))
}

func forward(w *watch, size, runs int) error {
	f, err := newForwarding(size)
	if err != nil {
		return err
	}
	driver := sim.NewDriver(f.net)
	f.start()
	now := forwardStretch(size)
	driver.RunUntil(now) // to find its stride
	for range runs {
		before := driver.Events()
		now += forwardStretch(size)
		w.start()
		driver.RunUntil(now)
		w.stop(driver.Events() - before)
	}
	f.net.Close()
	return nil
}
