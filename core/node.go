package core

import (
	"math/rand/v2"
	"slices"
	"time"

	"spreadable/core/behavior"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// Node is one member of the network: a state machine that its driver feeds with requests
// (Serve), timers (Wake) and answers (through the Sink of each call). It must not be
// copied once initialised, and is not safe for concurrent use.
//
// Fields that every message touches come first, next to each other, up to the snapshot of
// level1; the next that a sync touches are the last of level1 and those after it. In a
// simulation the next message is for another node, and a cache line more costs as much as
// all the rest.
type Node struct {
	self    Peer
	root    Peer  // the network's name; zero while unknown
	stopped bool  // see Stop
	syncing bool  // a cycle, or a late registration, is under way
	perHost bool  // hosts of several addresses are told apart; see hosts.go
	life    uint8 // counts the lives of a node that is stopped and initialised again

	treeIndex uint32 // of its tree in Pool.trees, from 1; 0 with one level
	tasks     uint32 // of the pool that are under way for it, or are to begin

	cfg    *Config
	env    Env
	fails  map[Peer]failing // only of peers that have failed lately
	scores behavior.Scores
	bans   behavior.Bans
	level1 level

	pool        *Pool
	started     time.Duration
	syncs       syncTimes
	rootChecked time.Duration // when the bootstrap node last confirmed the root

	// Counters of changes, of root and syncs and of fails and delays; see Revision.
	networkRevision, failsRevision uint32

	queries      *offered
	applications *applications // nil until there is one, or a task holds a key
	approvals    *approvals    // nil until the first approval
	available    *available    // nil until a client asks for a node
}

// Numbers of the node's timers. The tag of a timer has the node's life in its upper 8
// bits, so that no timer of a former life does anything, and one of these below.
const (
	wakeSync  uint32 = iota // the next sync
	wakeRetry               // rule.retry
	wakeProbe               // level.probe
	wakeTask                // this and all above: a task that sleeps

	tagBits   = 24             // more tasks than these can number never sleep at a time
	wakeStage = 1<<tagBits - 1 // level.stageDue: the last, as fingerprints hold the numbers of tasks
)

func (n *Node) tag(number uint32) uint32 { return uint32(n.life)<<tagBits | number }

// Init makes n a node of its own address self. Tasks come from pool, which belongs to the
// same thread of control as the node and serves nodes of one Book. The Config must have
// been validated. A node that has been stopped may be initialised again.
func (n *Node) Init(cfg *Config, env Env, pool *Pool, self Peer) {
	index := n.treeIndex
	*n = Node{cfg: cfg, env: env, pool: pool, self: self, life: n.life}
	n.plantTree(index)
	n.perHost = !cfg.Trusted && cfg.Hosts != peer.HostsOff && cfg.Hosts.For(cfg.Book.Address(self)) == peer.HostsStrict
	n.level1 = level{node: n, lists: lists{masters: noMasters}}
}

// Start brings the node to life: it begins to look for its place in the network.
func (n *Node) Start() {
	n.started = n.env.Now()
	n.level1.provider = n.level1.firstBootstrap()
	if n.applications != nil {
		for _, procedure := range n.applications.started {
			n.Later(0, procedure)
		}
	}
	n.cfg.rule.start(n)
	if n.cfg.ManualSync {
		return
	}
	if first := n.cfg.rule.firstSync(n); first != notByTimer {
		n.env.After(first, n.tag(wakeSync))
	}
}

// Stop ends the node's life for good. Its tasks end where they wait, and requests that
// they were to answer fail with ErrUnreachable. Timers and answers that are still on
// their way do nothing, nor does any later call. Like all calls it must come from outside
// the node.
//
// Init and Start give the node a second life, which has nothing of the first, not even
// its state, unless that is restored.
func (n *Node) Stop() {
	if n.stopped {
		return
	}
	n.stopped = true
	n.life++
	n.pool.end(n)
}

// Wake is called by the driver when a timer of the node is due.
func (n *Node) Wake(tag uint32) {
	if uint8(tag>>tagBits) != n.life || n.stopped {
		return
	}
	switch number := tag & (1<<tagBits - 1); number {
	case wakeSync:
		n.env.After(n.cfg.rule.nextSync(n), n.tag(wakeSync))
		n.Sync()
	case wakeRetry:
		n.cfg.rule.retry(&n.level1)
	case wakeProbe:
		n.level1.probe()
	case wakeStage:
		n.level1.stageDue()
	default:
		n.pool.awake(n, number)
	}
}

// Touch reads the fields that the next message will read, so that they are in the
// processor's cache by then; see Node. The result has no meaning: it keeps the compiler
// from leaving out the reads.
func (n *Node) Touch() uint64 {
	if n.level1.snapshot == nil {
		return uint64(n.root.ID())
	}
	return uint64(n.root.ID() + n.level1.snapshot.Backlink.ID())
}

// TouchSync is Touch for a timer: mostly the next sync is due.
func (n *Node) TouchSync() uint64 { return uint64(n.started) + uint64(n.syncs.count) }

// TouchAnswer is Touch for what takes an answer.
func (n *Node) TouchAnswer(sink Sink) uint64 {
	g, ok := sink.(*gather)
	if !ok || g.task == nil {
		return 0
	}
	touched := uint64(g.pending) + uint64(g.task.ticket)
	if g.late != nil || g.task.parked {
		touched++
	}
	return touched
}

// Self is the node's own address.
func (n *Node) Self() Peer { return n.self }

// Now is the time since the Unix epoch by a clock that never goes back.
func (n *Node) Now() time.Duration { return n.env.Now() }

// Wall is the wall clock's time, which can be wrong and can be set back.
func (n *Node) Wall() time.Duration { return n.env.Wall() }

// Rand is the node's own random stream, to be used at once and not kept.
func (n *Node) Rand() *rand.Rand { return n.env.Rand() }

// Book holds the addresses of the peers. It belongs to the node's thread.
func (n *Node) Book() *peer.Book { return n.cfg.Book }

// NetworkRoot returns the address that names the network, the zero Peer while unknown.
func (n *Node) NetworkRoot() Peer { return n.root }

// Structure returns a snapshot of the node's place in the network.
func (n *Node) Structure() *message.Structure { return n.level1.structure() }

// Place returns what a snapshot says of the node's own place, without making one: its
// backlink, zero while it has none, and whether it has slaves.
func (n *Node) Place() (backlink Peer, master bool) { return n.level1.backlink, n.level1.isMaster() }

// Acquaintances returns the peers that the node could ask for a place if its bootstrap
// nodes were gone: those of its lists, and the addresses that it keeps for that day.
func (n *Node) Acquaintances() []Peer {
	l := &n.level1
	all := append([]Peer{l.backlink}, l.slaves...)
	for _, m := range l.masters.List {
		all = append(all, m.Peer)
	}
	all = append(all, l.known[:]...)
	if l.reserve != nil {
		all = append(all, l.reserve.heard...)
		for _, x := range l.reserve.bridges.ends {
			all = append(all, x.peer)
		}
		for _, x := range l.reserve.lost {
			all = append(all, x.peer)
		}
	}
	return slices.DeleteFunc(all, func(p Peer) bool { return p.IsZero() || p == n.self })
}

// Edition numbers the snapshots that Structure returns, from 1: as long as it is the same,
// so is the snapshot. It says nothing before the first.
func (n *Node) Edition() uint32 { return n.level1.edition }

// Status returns what the node says about itself.
func (n *Node) Status() *message.Status {
	return &message.Status{
		Root:         n.root,
		Availability: n.availability(),
		SyncAverage:  n.syncs.average(),
		IsMaster:     n.level1.isMaster(),
		IsNormalized: n.isNormalized(),
		IsRegistered: !n.level1.backlink.IsZero(),
		NetworkSize:  n.NetworkSize(),
	}
}

// NetworkSize is how many nodes the network has, as this node knows it: the sum of its
// masters' sizes, or with several levels of the branches of the top, at least 1.
func (n *Node) NetworkSize() int {
	if tr := n.tree(); tr != nil {
		return tr.size()
	}
	return n.level1.size()
}

// Bans returns the peers that the node refuses.
func (n *Node) Bans() *behavior.Bans { return &n.bans }

// availability is the mean of the free shares of heap and processor, 0 to 1, as npm
// spreadable reports it.
func (n *Node) availability() float64 {
	if n.cfg.Load == nil {
		return 1
	}
	heap, cpu := n.cfg.Load()
	return min(1, max(0, (1-heap+1-cpu)/2))
}

// isNormalized reports whether the node has been up for a whole sync lifetime, long
// enough to judge by silence.
func (n *Node) isNormalized() bool {
	return n.env.Now()-n.lifetime() > n.started
}

// lifetime is the sync lifetime of the node's rule.
func (n *Node) lifetime() time.Duration { return n.cfg.rule.lifetime(n.cfg, n.level1.size()) }

// syncTimes averages the durations of the latest syncs. Instead of a list of them (npm
// keeps one day's, 5,400) it keeps their sum and count, and halves both when the count
// reaches the limit: old syncs weigh less and less.
type syncTimes struct {
	sum   time.Duration
	count int
}

func (s *syncTimes) add(d time.Duration, limit int) {
	if s.count >= limit {
		s.sum, s.count = s.sum/2, s.count/2
	}
	s.sum, s.count = s.sum+d, s.count+1
}

func (s *syncTimes) average() time.Duration {
	if s.count == 0 {
		return 0
	}
	return s.sum / time.Duration(s.count)
}
