package sim

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"spreadable/core"
	"spreadable/core/draw"
	"spreadable/core/peer"
	"spreadable/internal/stream"
	"spreadable/sim/kernel"
	"spreadable/sim/population"
	"spreadable/sim/scenario"
	"spreadable/transport/inmem"
	"spreadable/transport/inmem/link"
)

// world is the network of one scenario.
type world struct {
	scenario   *scenario.Scenario
	nodes      int // hosts of nodes
	partitions int
	population *population.Population
	book       *peer.Book
	net        *inmem.Network
	link       *link.Link // nil if messages have a latency only
	kernel     *kernel.Kernel[inmem.Envelope]
	clients    *clients
	churn      *churn        // nil if nodes stay
	faults     *faults       // nil without
	epoch      time.Duration // what clocks show at the start of the run
	planned    uint32        // events that the scenario has scheduled itself
}

// newWorld builds the network of a scenario, with all nodes down, to be run by a number
// of workers.
func newWorld(s *scenario.Scenario, workers int) (*world, error) {
	w := &world{scenario: s, population: population.New(s), epoch: epoch(s.Seed)}
	w.nodes = w.population.Hosts()
	w.partitions = kernel.Partitions(workers, w.nodes)
	var err error
	if w.book, err = bookOf(s, w.nodes); err != nil {
		return nil, err
	}
	config, err := w.config()
	if err != nil {
		return nil, err
	}
	model, err := s.LatencyModel()
	if err != nil {
		return nil, err
	}
	w.clients = newClients(w)
	options := inmem.Options{
		Config: inmem.OneConfig(config), Latency: model, Seed: s.Seed, Epoch: w.epoch,
		Nodes: w.nodes, Partitions: w.partitions,
		Clients: len(w.clients.operations), ClientTimeout: clientTimeout, ClientIP: clientIP,
	}
	if w.link = newLink(s, model, w.nodes, len(w.clients.operations)); w.link != nil {
		options.Link = w.link
	}
	if w.churn = newChurn(w); w.churn != nil {
		options.Observe = w.churn.observe
	}
	if w.faults = newFaults(w); s.Faults.OfLinks() {
		if options.Link == nil {
			options.Link = link.Path{Way: link.Latency{Model: model}}
		}
		options.Link = &weather{options.Link, w.faults}
	}
	w.net = inmem.New(options)
	w.kernel = newKernel(w.net, w, workers)
	for i := range w.nodes {
		w.clients.probes[i].Node = uint32(i)
		w.net.Host(i).Node.Offer(&w.clients.probes[i])
	}
	if w.churn != nil {
		w.churn.plan()
	} else {
		for i, at := range w.population.Starts() {
			w.plan(at, eventStart, i)
		}
	}
	w.clients.plan()
	return w, nil
}

// epoch is the midnight at which a run with this seed starts, in the hundred years from
// 2026 on: the draw of approvers depends on the time, and so runs with different seeds
// draw different ones.
func epoch(seed uint64) time.Duration {
	const day = 24 * time.Hour
	const first, days = 20454, 36500 // a hundred years from 2026-01-01
	return day * time.Duration(first+rand.New(stream.New(seed, 0, stream.Epoch)).Int64N(days))
}

// plan schedules an event of the scenario's own.
func (w *world) plan(at time.Duration, kind inmem.EventKind, to int) {
	e := kernel.Event{Time: int64(at), To: uint32(to), From: scenarioSource, Seq: w.planned, Kind: uint8(kind)}
	w.kernel.Partition(w.net.PartitionOf(e.To)).Schedule(e)
	w.planned++
}

// now is the virtual time; all workers stand still when it is asked for.
func (w *world) now() time.Duration { return w.kernel.Now() }

// events is how many events have been delivered.
func (w *world) events() uint64 { return w.kernel.Events() }

// clientTimeout is the timeout of npm's clients.
const clientTimeout = scenario.ClientTimeout

// clientIP gives client i, below 2^28, an address of its own in 240.0.0.0/4, a range in
// which no node is: the largest that the Internet leaves unused. A scenario has at most
// 20 million clients.
func clientIP(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{240 | byte(i>>24)&15, byte(i >> 16), byte(i >> 8), byte(i)})
}

func (w *world) config() (*core.Config, error) {
	s := w.scenario
	approvers, err := draw.ParseCount(s.Approval.Approvers)
	if err != nil {
		return nil, err
	}
	decision, err := draw.ParseDecision(s.Approval.DecisionLevel)
	if err != nil {
		return nil, err
	}
	c := &core.Config{
		Book:          w.book,
		SyncInterval:  s.SyncInterval,
		SyncPeriod:    max(core.DefaultSyncPeriod, s.SyncInterval),
		ServerTimeout: s.Node.ServerTimeout,
		PingTimeout:   s.Node.PingTimeout,
		MaxFails:      s.Node.ServerMaxFails,
		Trusted:       s.Node.Trusted,
		Hosts:         hostsOf(s),
		Approvals: []core.ApprovalKind{core.NewClientApproval(core.Terms{Approvers: approvers,
			Decision: decision, Period: s.Approval.Period})},
	}
	if s.Registration == scenario.Original {
		c.Registration = core.Original
	}
	for i := range min(s.Join.Bootstrap, s.Nodes) {
		c.Bootstrap = append(c.Bootstrap, peer.FromID(uint32(i)+1))
	}
	return c, c.Validate()
}

func (w *world) node(i int) *core.Node { return &w.net.Host(i).Node }
