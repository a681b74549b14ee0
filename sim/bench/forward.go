package bench

import (
	"math/rand/v2"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/internal/stream"
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

// newForwarding builds the network of a seed.
func newForwarding(nodes int, seed uint64, model latency.Model) (*forwarding, error) {
	book, err := sim.NewBook(nodes)
	if err != nil {
		return nil, err
	}
	config := &core.Config{Book: book, Bootstrap: []core.Peer{peer.FromID(1)}, ManualSync: true}
	if err := config.Validate(); err != nil {
		return nil, err
	}
	f := &forwarding{
		net: inmem.New(inmem.Options{
			Config: inmem.OneConfig(config), Nodes: nodes, Seed: seed,
			Latency: model,
		}),
		neighbours: make([][neighbourCount]uint32, nodes),
	}
	for i := range f.neighbours {
		rng := rand.New(stream.New(seed, uint64(i), stream.Neighbours))
		for k := range f.neighbours[i] {
			f.neighbours[i][k] = (uint32(i) + 1 + rng.Uint32N(uint32(nodes-1))) % uint32(nodes) // any other
		}
	}
	return f, nil
}

// start makes every node send its first ping.
func (f *forwarding) start() {
	for i := range f.net.Nodes() {
		f.net.Start(i)
		f.ping(uint32(i))
	}
}

func (f *forwarding) ping(node uint32) {
	host := f.net.Host(int(node))
	to := f.neighbours[node][host.Rand().Uint32N(neighbourCount)]
	f.net.Host(int(node)).Call(peer.FromID(to+1),
		message.Request{Kind: message.KindPing, Timeout: core.DefaultPingTimeout}, f, node)
}

// Answer implements core.Sink: the node that the tag names has its answer, and pings on.
func (f *forwarding) Answer(node uint32, _ message.Response) { f.ping(node) }

// forwardStretch is the virtual time in which some one million messages are delivered, or
// four per node if that is more.
func forwardStretch(nodes int, model latency.Model) time.Duration {
	return time.Duration(max(4, 1e6/float64(nodes)) * float64(model.Mean()))
}

func forward(w *watch, size, runs int) error {
	return forwardOver(w, size, runs, latency.Uniform{Low: leastLatency, High: mostLatency})
}

// planet is forward between the cities of the world: each pair of them has a latency, and
// each message a jitter.
func planet(w *watch, size, runs int) error {
	cities, err := latency.Cities()
	if err != nil {
		return err
	}
	model, err := latency.NewPlanet(cities, nil, latency.Terms{
		Seed: 1, Floor: latency.DefaultFloor, Jitter: latency.NewJitter(time.Millisecond),
	})
	if err != nil {
		return err
	}
	return forwardOver(w, size, runs, model)
}

// forwardOver measures forwarding with a model of latency.
func forwardOver(w *watch, size, runs int, model latency.Model) error {
	f, err := newForwarding(size, 1, model)
	if err != nil {
		return err
	}
	driver := sim.NewDriver(f.net)
	f.start()
	stretch := forwardStretch(size, model)
	now := stretch
	driver.RunUntil(now) // until the queue has adapted
	for range runs {
		before := driver.Events()
		now += stretch
		w.start()
		driver.RunUntil(now)
		w.stop(driver.Events() - before)
	}
	f.net.Close()
	return nil
}
