package sim

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"spreadable/core"
	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/internal/stream"
	"spreadable/sim/kernel"
	"spreadable/sim/population"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
	"spreadable/sim/trace"
	"spreadable/sim/weather"
	"spreadable/transport/inmem"
	"spreadable/transport/inmem/link"
)

// world is the network of one scenario.
type world struct {
	scenario   *scenario.Scenario
	recorder   *trace.Recorder // nil without
	film       *filming        // nil without
	nodes      int             // hosts of nodes
	hosts      int             // those and, behind them, the ones of attacks; then clients
	partitions int
	population *population.Population
	book       *peer.Book
	options    *core.Config // of all nodes
	net        *inmem.Network
	link       *link.Link // nil if messages have a latency only
	kernel     *kernel.Kernel[inmem.Envelope]
	clients    *clients
	churn      *churn      // nil if nodes stay
	faults     *faults     // nil without
	attacks    *attacks    // nil without
	extensions *extensions // nil without
	objects    *objects    // nil without stores
	weather    *weather.Weather
	bans       [][]result.Note // by partition
	epoch      time.Duration   // what clocks show at the start of the run
	planned    uint32          // events that the scenario has scheduled itself
}

// newWorld builds the network of a scenario, with all nodes down, to be run by a number
// of workers.
func newWorld(s *scenario.Scenario, workers int) (*world, error) {
	return newWorldAs(s, workers, Options{})
}

// newWorldAs is newWorld with the recorder and the addresses of a run's options.
func newWorldAs(s *scenario.Scenario, workers int, o Options) (*world, error) {
	w := &world{scenario: s, recorder: o.Trace, population: population.New(s), epoch: epoch(s.Seed)}
	w.nodes = w.population.Hosts()
	w.partitions = kernel.Partitions(workers, w.nodes)
	w.bans = make([][]result.Note, w.partitions)
	book, intruders, err := bookOf(s, w.nodes, w.epoch, o.Addresses)
	if err != nil {
		return nil, err
	}
	w.book, w.hosts = book, w.nodes+len(slices.Concat(intruders...))
	if w.options, err = w.config(); err != nil {
		return nil, err
	}
	model, err := s.LatencyModel()
	if err != nil {
		return nil, err
	}
	w.clients = newClients(w)
	options := inmem.Options{
		Config: inmem.OneConfig(w.options), Latency: model, Seed: s.Seed, Epoch: w.epoch,
		Nodes: w.hosts, Partitions: w.partitions,
		Clients: len(w.clients.operations), ClientTimeout: s.TimeoutBudget(), ClientIP: w.clientIP, Observe: w.observe,
	}
	if w.link = newLink(s, model, w.nodes, w.hosts-w.nodes+len(w.clients.operations)); w.link != nil {
		options.Link = w.link
	}
	w.churn, w.faults = newChurn(w), newFaults(w)
	if w.attacks, err = newAttacks(w, intruders); err != nil {
		return nil, err
	}
	if w.attacks != nil {
		options.Front = w.front
	}
	w.lay(&options)
	if w.recorder != nil {
		w.recorder.Tap(&options)
	}
	w.net = inmem.New(options)
	if w.recorder != nil {
		w.recorder.Attach(w.net, stays{w})
	}
	w.kernel = newKernel(w.net, w, workers)
	for i := range w.hosts {
		w.clients.probes[i].Node = uint32(i)
		w.net.Host(i).Node.Offer(&w.clients.probes[i])
	}
	w.objects = newObjects(w)
	w.extensions = newExtensions(w, o)
	for i := range w.nodes {
		if err := w.extensions.attach(i); err != nil {
			return nil, err
		}
	}
	if w.churn != nil {
		w.churn.plan()
	} else {
		for i, at := range w.population.Starts() {
			w.plan(at, eventStart, i)
		}
	}
	w.clients.plan()
	w.objects.schedule()
	if s.Sync == scenario.Manual {
		err = w.planSyncs()
	}
	w.film = newFilming(w, o.Film)
	return w, err
}

// planSyncs schedules the syncs that the scenario makes: a round at the beginning of every
// sync interval. A node that is down then does not sync.
func (w *world) planSyncs() error {
	s := w.scenario
	rounds, err := s.SyncRounds()
	if err != nil {
		return err
	}
	for i := 0; time.Duration(i)*s.SyncInterval < s.Duration; i++ {
		for place, node := range rounds[i%len(rounds)] {
			w.plan(time.Duration(i)*s.SyncInterval+time.Duration(place)*s.SyncGap, eventSync, node)
		}
	}
	return nil
}

// observe takes down what nodes note that a run tells of.
func (w *world) observe(node int, note core.Note) {
	if w.churn != nil {
		w.churn.observe(node, note)
	}
	if note.What == core.NoteBanned {
		w.noteBan(node, note)
	}
}

// front lets liars answer in place of their nodes: an inmem.Front.
func (w *world) front(from, to uint32, req *message.Request) (message.Response, bool) {
	l := w.attacks.front(to)
	if l == nil {
		return message.Response{}, false
	}
	asker := core.Peer{} // a client, which is none
	if int(from) < w.hosts {
		asker = peerOf(int(from))
	}
	return l.answer(asker, req)
}

// lay puts the weather that faults and attacks make over the link of a network.
func (w *world) lay(o *inmem.Options) {
	if w.faults == nil && w.attacks == nil {
		return
	}
	below := o.Link
	if below == nil {
		below = link.Path{Way: link.Latency{Model: o.Latency}}
	}
	w.weather = weather.New(below, w.hosts, w.hosts+o.Clients, o.Seed)
	if w.scenario.Faults.OfLinks() || w.attacks != nil {
		o.Link = w.weather
	}
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
func (w *world) plan(at time.Duration, kind inmem.EventKind, to int) { w.planSlot(at, kind, to, 0) }

// planSlot is plan for an event that has a number beside its host.
func (w *world) planSlot(at time.Duration, kind inmem.EventKind, to int, slot uint32) {
	e := kernel.Event{Time: int64(at), To: uint32(to), From: scenarioSource, Seq: w.planned, Kind: uint8(kind), Slot: slot}
	w.kernel.Partition(w.net.PartitionOf(e.To)).Schedule(e)
	w.planned++
}

// now is the virtual time; all workers stand still when it is asked for.
func (w *world) now() time.Duration { return w.kernel.Now() }

// events is how many events have been delivered.
func (w *world) events() uint64 { return w.kernel.Events() }

// clientIP is the address of client i, which it may share with others.
func (w *world) clientIP(i int) netip.Addr {
	if ips := w.scenario.Workload.IPs; ips > 0 {
		return clientIP(i % ips)
	}
	return clientIP(i)
}

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
	settings, err := s.Approval.Settings()
	if err != nil {
		return nil, err
	}
	c := &core.Config{
		Draw:          settings,
		DrawSecret:    []byte("password of network " + strconv.FormatUint(s.Seed, 10)),
		Book:          w.book,
		Levels:        int(s.Levels),
		FanOut:        s.Node.FanOut,
		SyncInterval:  s.SyncInterval,
		SyncPeriod:    max(core.DefaultSyncPeriod, s.SyncInterval),
		ServerTimeout: s.Node.ServerTimeout,
		PingTimeout:   s.Node.PingTimeout,
		MaxFails:      s.Node.ServerMaxFails,
		ManualSync:    s.Sync == scenario.Manual,
		Trusted:       s.Node.Trusted,
		Hosts:         hostsOf(s),
		Approvals: []core.ApprovalKind{core.NewClientApproval(core.Terms{Approvers: approvers,
			Decision: decision, Period: s.Approval.Period})},
	}
	if s.Registration == scenario.Original {
		c.Registration = core.Original
		c.SyncNoise = time.Duration(s.SyncNoise * float64(s.SyncInterval))
	}
	for i := range min(s.Join.Bootstrap, s.Nodes) {
		c.Bootstrap = append(c.Bootstrap, peer.FromID(uint32(i)+1))
	}
	return c, c.Validate()
}

func (w *world) node(i int) *core.Node { return &w.net.Host(i).Node }
