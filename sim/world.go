package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"sort"
	"time"

	"spreadable/core"
	"spreadable/core/draw"
	"spreadable/core/peer"
	"spreadable/sim/scenario"
	"spreadable/transport/inmem"
)

// world is the network of one scenario.
type world struct {
	scenario *scenario.Scenario
	nodes    int
	book     *peer.Book
	net      *inmem.Network
	workers  *workers
	clients  *clients
	starts   []time.Duration // when each node starts, ascending
	epoch    time.Duration   // what clocks show at the start of the run
	planned  uint32          // events that the scenario has scheduled itself
}

// newWorld builds the network of a scenario, with nobody up yet, to be run by a number of workers.
func newWorld(s *scenario.Scenario, workers int) (*world, error) {
	w := &world{scenario: s, nodes: s.Nodes, book: peer.NewBook(0), epoch: epoch(s.Seed)}
	if err := w.nameNodes(); err != nil {
		return nil, err
	}
	config, err := w.config()
	if err != nil {
		return nil, err
	}
	latency, err := newLatency(s.Latency)
	if err != nil {
		return nil, err
	}
	w.clients = newClients(w)
	w.net = inmem.New(inmem.Options{
		Config: config, Latency: latency, Nodes: s.Nodes, Clients: len(w.clients.operations), Seed: s.Seed,
		ClientTimeout: clientTimeout, ClientIP: clientIP, Lanes: tracksFor(workers, s.Nodes), Epoch: w.epoch,
	})
	kernels := make([]*kernel, len(w.net.Lanes()))
	for i, lane := range w.net.Lanes() {
		kernels[i] = newKernel(w, lane)
	}
	w.workers = newWorkers(workers, kernels, latency.Min())
	for i := range w.nodes {
		w.net.Host(i).Node.Offer(&w.clients.probes[i])
	}
	w.starts = startTimes(s)
	for i, at := range w.starts {
		w.plan(at, eventStart, i)
	}
	w.clients.plan()
	return w, nil
}

// epoch is the midnight at which a run with this seed starts, in the hundred years from 2026 on: approvers are drawn by
// the time, and runs with different seeds shall draw differently.
func epoch(seed uint64) time.Duration {
	const day, first, days = 24 * time.Hour, 20454, 36500 // a hundred years from 2026-01-01
	return day * time.Duration(first+rand.New(rand.NewPCG(seed, purposeEpoch)).Int64N(days))
}

const purposeEpoch = 0x65706f6368

// plan schedules an event of the scenario's own.
func (w *world) plan(at time.Duration, kind inmem.EventKind, to int) {
	e := inmem.Event{At: at, To: uint32(to), From: scenarioSource, Seq: w.planned, Kind: kind}
	w.workers.tracks[w.net.LaneOf(e.To)].kernel.Schedule(e)
	w.planned++
}

// now is the virtual time; all workers stand still when it is asked for.
func (w *world) now() time.Duration { return w.workers.tracks[0].kernel.now }

// events is how many events have been delivered.
func (w *world) events() uint64 {
	return w.workers.events()
}

// nodePort is the port of every node; clientTimeout is the patience of npm's clients.
const (
	nodePort      = 4000
	clientTimeout = 10 * time.Second
)

// nameNodes gives node i the address 10.x.y.z:4000, so that each has an IP of its own.
func (w *world) nameNodes() error {
	for i := range w.nodes {
		n := uint32(i) + 1
		a, err := peer.Parse(fmt.Sprintf("10.%d.%d.%d:%d", byte(n>>16), byte(n>>8), byte(n), nodePort))
		if err != nil {
			return fmt.Errorf("address of node %d: %w", i, err)
		}
		if _, err := w.book.Intern(a); err != nil {
			return fmt.Errorf("address of node %d: %w", i, err)
		}
	}
	return nil
}

// clientIP gives client i, below 2^28, an address of its own in 240.0.0.0/4, a range in which no node is: the largest that
// the Internet leaves unused. A scenario has at most 20 million clients.
func clientIP(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{240 | byte(i>>24)&15, byte(i >> 16), byte(i >> 8), byte(i)})
}

func (w *world) config() (*core.Config, error) {
	s := w.scenario
	approvers, err := draw.ParseCount(s.Approval.Approvers)
	if err != nil {
		return nil, err
	}
	decision, err := draw.ParseLevel(s.Approval.DecisionLevel)
	if err != nil {
		return nil, err
	}
	c := &core.Config{
		Book:               w.book,
		SyncInterval:       s.SyncInterval,
		ServerTimeout:      s.Node.ServerTimeout,
		PingTimeout:        s.Node.PingTimeout,
		MaxFails:           s.Node.ServerMaxFails,
		Trusted:            s.Node.Trusted,
		BanByAddress:       s.Node.BanByAddress,
		CandidateSuspicion: float64(s.Node.CandidateSuspicionLevel),
		Approvals:          []core.ApprovalKind{core.NewClientApproval(core.Terms{Approvers: approvers, Decision: decision, Period: s.Approval.Period})},
	}
	if s.Registration == scenario.Original {
		c.Registration = core.Original
	}
	for i := range min(s.Join.Bootstrap, s.Nodes) {
		c.Bootstrap = append(c.Bootstrap, peer.FromID(uint32(i)+1))
	}
	return c, c.Validate()
}

func newLatency(l scenario.Latency) (inmem.Latency, error) {
	switch l.Model {
	case scenario.Uniform:
		return inmem.Uniform{Low: l.Min, High: l.Max}, nil
	case scenario.Normal:
		return inmem.Normal{Mean: l.Mean, Stddev: l.Stddev, Low: l.Min, High: l.Max}, nil
	case scenario.Lognormal:
		return inmem.NewLognormal(l.Mean, l.Stddev, l.Min)
	}
	return inmem.Constant(l.Mean), nil
}

// startTimes says when each node starts, in ascending order.
func startTimes(s *scenario.Scenario) []time.Duration {
	starts := make([]time.Duration, s.Nodes)
	switch s.Join.Mode {
	case scenario.Spread:
		for i := range starts {
			starts[i] = time.Duration(float64(s.Join.Over) * float64(i) / float64(max(1, s.Nodes-1)))
		}
	case scenario.Growth:
		growthTimes(starts, s)
	}
	return starts
}

// growthTimes lets the network grow by the rate at every sync interval; newcomers of an interval come evenly spread.
func growthTimes(starts []time.Duration, s *scenario.Scenario) {
	at := time.Duration(0)
	for here := min(s.Join.Initial, len(starts)); here < len(starts); at += s.SyncInterval {
		more := min(int(math.Ceil(float64(here)*s.Join.Rate)), len(starts)-here)
		for i := range more {
			starts[here+i] = at + s.SyncInterval*time.Duration(i+1)/time.Duration(more)
		}
		here += more
	}
}

// alive is how many nodes have started by a time: those with the lowest indexes.
func (w *world) alive(at time.Duration) int {
	return sort.Search(len(w.starts), func(i int) bool { return w.starts[i] > at })
}

func (w *world) node(i int) *core.Node { return &w.net.Host(i).Node }
