package swarm

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"spreadable/core"
	"spreadable/core/peer"
	"spreadable/internal/stream"
	"spreadable/sim"
	"spreadable/sim/fault"
	"spreadable/sim/kernel"
	"spreadable/sim/weather"
	"spreadable/transport/inmem"
)

// epoch is what all clocks show at the start of a run, since the Unix epoch.
const epoch = 1_800_000_000 * time.Second

// world is the network of one plan and what stands around it: faults act on it
// (fault.World), liars look at it (lie.World). Its hosts are in one table: nodes and
// newcomers, then intruders, all with a place in the network; then clients.
type world struct {
	plan       Plan
	book       *peer.Book
	net        *inmem.Network
	driver     sim.Driver
	air        air
	weather    *weather.Weather
	hosts      []*host     // with a place in the network
	nodes      int         // of the hosts, how many are nodes so far
	bootstraps []core.Peer // the addresses that all nodes are given
	spare      int         // of the hosts, where intruders begin

	stranger int // the last of the hosts: see demands
	load     *load
	actions  actions
	planned  uint64 // actions so far
	noted    Noted  // may be nil
	bans     []ban  // of honest nodes by honest nodes
}

// ban is a ban that an honest node gave to another.
type ban struct {
	at      time.Duration
	by, who int
	reason  string
}

// newWorld builds the network of a plan, with all hosts down.
func newWorld(p Plan, noted Noted) (*world, error) {
	w := &world{plan: p, spare: p.Nodes, noted: noted}
	for _, name := range p.Faults {
		k, _ := fault.Of(name)
		w.spare += k.Newcomers(p.Nodes)
	}
	intruders := 0
	if p.Lie != "" {
		intruders = p.Liars
	}
	w.air = air{world: w, loss: p.Loss}
	w.stranger = w.spare + intruders
	w.weather = weather.New(&w.air, w.stranger+1, 0, p.Seed)
	w.weather.Swallows = false
	w.load = newLoad(w, len(p.Faults)+1)
	if err := w.address(intruders); err != nil {
		return nil, err
	}
	config := &core.Config{Book: w.book, Levels: p.Levels, Approvals: []core.ApprovalKind{core.NewClientApproval(approvalTerms())}}
	for i := range p.Boots {
		config.Bootstrap = append(config.Bootstrap, peerOf(i))
	}
	w.bootstraps = config.Bootstrap
	if err := config.Validate(); err != nil {
		return nil, err
	}
	w.net = inmem.New(inmem.Options{
		Config: inmem.OneConfig(config), Link: w.weather, Nodes: w.stranger + 1, Seed: p.Seed, Epoch: epoch,
		Clients: w.load.clients, ClientTimeout: clientTimeout, ClientIP: clientIP,
		Observe: w.observe, Front: w.front,
	})
	w.driver = sim.NewInterceptedDriver(w.net, func(e kernel.Event) bool { return w.weather.Intercept(&e) })
	for i := range w.stranger + 1 {
		w.hosts = append(w.hosts, newHost(w, i))
	}
	w.nodes = p.Nodes
	return w, nil
}

// The addresses: each node has an IP, and all intruders are ports of one.
const (
	clientTimeout = 10 * time.Second
	intruderIP    = "203.0.113.7"
	firstPort     = 1000
)

// address gives all hosts their addresses, and clients some that nothing listens at, so
// that numbers of peers are numbers of hosts.
func (w *world) address(intruders int) (err error) {
	if w.book, err = sim.NewBook(w.spare); err != nil {
		return err
	}
	for i := range intruders {
		if _, err := w.intern(fmt.Sprintf("%s:%d", intruderIP, firstPort+i)); err != nil {
			return err
		}
	}
	if _, err := w.intern(strangerAddress); err != nil {
		return err
	}
	for i := range w.load.clients {
		if _, err := w.intern(fmt.Sprintf("%s:1", clientIP(i))); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) intern(text string) (core.Peer, error) {
	a, err := peer.Parse(text)
	if err != nil {
		return core.Peer{}, err
	}
	return w.book.Intern(a)
}

// clientIP gives each client an IP of its own, where no node is.
func clientIP(i int) netip.Addr { return netip.AddrFrom4([4]byte{240, 0, byte(i >> 8), byte(i)}) }

func peerOf(host int) core.Peer { return peer.FromID(uint32(host) + 1) }

// random is the stream of what one part of the run does, by its name and how many of that
// name there were before.
func (w *world) random(purpose stream.Purpose, name string, number int) *rand.Rand {
	hash := uint64(number)
	for _, c := range []byte(name) {
		hash = stream.Mix(hash, uint64(c))
	}
	return rand.New(stream.New(w.plan.Seed, hash, purpose))
}

// observe takes down bans of honest nodes by honest nodes.
func (w *world) observe(node int, note core.Note) {
	if w.noted != nil {
		w.noted(w.Now(), node+1, note)
	}
	if note.What != core.NoteBanned {
		return
	}
	who := inmem.Index(note.About)
	if who < len(w.hosts) && !w.hosts[node].lies() && !w.hosts[who].lies() {
		w.bans = append(w.bans, ban{w.Now(), node, who, note.Text})
	}
}

// Now implements fault.World and lie.World.
func (w *world) Now() time.Duration { return w.driver.Now() }

// Run implements fault.World: events until the next action, the action, and so on. An
// action is something of the plan. It happens between two events of all hosts, which
// stand still meanwhile.
func (w *world) Run(d time.Duration) {
	limit := w.Now() + d
	for len(w.actions) > 0 && w.actions[0].at <= limit {
		a := heap.Pop(&w.actions).(action)
		w.driver.RunUntil(max(a.at, w.Now()))
		a.do()
	}
	w.driver.RunUntil(limit)
}

// At implements fault.World and lie.World.
func (w *world) At(t time.Duration, do func()) {
	heap.Push(&w.actions, action{max(t, w.Now()), w.planned, do})
	w.planned++
}

// Hosts implements fault.World: those of honest nodes.
func (w *world) Hosts() []fault.Host {
	var list []fault.Host
	for _, h := range w.hosts[:w.nodes] {
		if !h.lies() {
			list = append(list, h)
		}
	}
	return list
}

// Newcomer implements fault.World.
func (w *world) Newcomer() fault.Host {
	if w.nodes == w.spare {
		return nil
	}
	w.nodes++
	return w.hosts[w.nodes-1]
}

// SetLoss implements fault.World. It comes on top of what the plan loses all the time.
func (w *world) SetLoss(share float64) { w.air.loss = w.plan.Loss + share*(1-w.plan.Loss) }

// SetCut implements fault.World.
func (w *world) SetCut(swallows bool) { w.weather.Swallows = swallows }

// Peers implements lie.World.
func (w *world) Peers() []core.Peer {
	var list []core.Peer
	for i := range w.nodes {
		list = append(list, peerOf(i))
	}
	return list
}

// Phantom implements lie.World.
func (w *world) Phantom(i int) core.Peer {
	p, err := w.intern(fmt.Sprintf("198.18.%d.%d:80", i>>8&255, i&255))
	if err != nil {
		panic(err) // the book has no limit, and the address is well formed
	}
	return p
}

// Known implements lie.World.
func (w *world) Known() int { return w.book.Len() }

// honest are the nodes that are up and tell the truth.
func (w *world) honest() (list []*core.Node) {
	for _, h := range w.hosts {
		if h.up && !h.lies() {
			list = append(list, h.node())
		}
	}
	return list
}

// action is something that the plan does at a time.
type action struct {
	at     time.Duration
	number uint64
	do     func()
}

// actions is a heap of actions by time and number.
type actions []action

func (q actions) Len() int      { return len(q) }
func (q actions) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q actions) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].number < q[j].number
}
func (q *actions) Push(x any) { *q = append(*q, x.(action)) }
func (q *actions) Pop() any {
	last := len(*q) - 1
	a := (*q)[last]
	*q = (*q)[:last]
	return a
}
