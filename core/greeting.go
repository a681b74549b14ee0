package core

import "spreadable/core/message"

// A search misses the slaves of a master that the entry node's list does not name yet.
// Where nodes come and go there is always a young master somewhere, to which providers
// send the newcomers. If it waited for its next sync to introduce itself, and the others
// for theirs to ask it, it would be unknown for one interval in the mean. So in a settled
// network both happen at once. Slaves learn of it at their next sync.

// greeting is how many masters a node has greeted since its latest sync.
type greeting struct {
	under bool  // a greeting is under way
	round int32 // the sync after which the latest were asked
	asked int   // how many since then
}

// announce makes a node that has just become a master introduce itself soon. Told is the
// network size by the provider of its first slave. While a network starts, the lists know
// far less of it than the provider; then every node finds out more at its next sync
// anyway. A slave that only pretends is dropped at that early sync, before any master is
// asked.
func (l *level) announce(told int) {
	n := l.node
	if !n.follows() && !l.view.settled() && 8*l.size() < 7*told || n.cfg.ManualSync || n.cfg.Registration == Original {
		return
	}
	n.pool.run(n, func(t *Task) {
		t.Sleep(n.cfg.SyncInterval / greetPause)
		if l.isMaster() {
			l.view.changed = true // so that it introduces itself
			n.Sync()
		}
	}, nil, 0)
}

const (
	// greetPause is the part of a sync interval in which several introductions gather.
	greetPause = 16
	// greetAtOnce is how many introductions a master answers between two syncs, besides
	// one for eight masters that it knows. Others wait for the next sync.
	greetAtOnce, greetShare = 8, 8
)

// mayGreet reports whether the master asks another one that has introduced itself at once.
// A network that follows its size is never settled while it grows, and when a branch closes
// the others get many masters in one sync interval.
func (l *level) mayGreet() bool {
	asked, known := l.reserves().greeting.asked, len(l.masters.List)
	if l.node.follows() {
		return asked < greetAtOnce+known
	}
	return l.view.settled() && asked < greetAtOnce+known/greetShare
}

// greet asks the masters that have introduced themselves, soon and once each, and lists
// those whose claims hold.
func (l *level) greet() {
	n, g := l.node, &l.reserves().greeting
	if g.round != l.rounds {
		g.round, g.asked = l.rounds, 0
	}
	if g.under || n.cfg.ManualSync || !l.mayGreet() {
		return
	}
	g.under = true
	n.pool.run(n, func(t *Task) {
		t.Sleep(n.cfg.SyncInterval / greetPause)
		g.under = false
		if l.isMaster() && !n.syncing {
			l.greetAll(t)
		}
	}, nil, 0)
}

func (l *level) greetAll(t *Task) {
	n, r := l.node, l.reserves()
	heard := r.heard
	r.heard = nil
	r.greeting.asked += len(heard)
	b := n.budget(n.cfg.SyncInterval)
	var claims []*claim
	most := n.cfg.rule.mostSlaves(Optimum(l.size(), levels))
	for i, resp := range t.Gather(heard, message.Request{Kind: message.KindStructure, Timeout: b.atMost(n.cfg.ServerTimeout)}) {
		said, err := message.As[message.Structure](resp)
		switch {
		case err != nil:
		case len(said.Slaves) == 0:
			if l.unknownMaster(said.Masters) >= 0 { // from another network: the next sync meets it
				r.heard = append(r.heard, heard[i])
			}
		case l.masterIndex(heard[i]) < 0 && l.hostOfMasterFits(heard[i]):
			claims = append(claims, n.newClaim(heard[i], said, nil, most))
		}
	}
	for _, c := range l.check(t, b, claims) {
		if c.credit > 0 && l.isMaster() && !n.syncing {
			l.setMaster(c.master, c.credit, n.env.Now())
		}
	}
}

// hostOfMasterFits reports whether the host of a new master has fewer masters in the list
// than it may have places.
func (l *level) hostOfMasterFits(p Peer) bool {
	n, of, count := l.node, l.node.hostOf(p), 0
	for _, m := range l.masters.List {
		if n.hostOf(m.Peer) == of {
			count++
		}
	}
	return count < n.cfg.HostPlaces || n.trusted(p)
}

// catchUp asks the backlink of a newcomer for the list of masters if the newcomer knows no
// other. A search through it would reach one group only until its next sync.
func (l *level) catchUp() {
	n := l.node
	if l.isMaster() || len(l.masters.List) > 1 {
		return
	}
	req := message.Request{Kind: message.KindStructure, Timeout: n.cfg.ServerTimeout}
	n.inquire(l.backlink, req, &catchingUp{l, l.backlink, n.life})
}

// catchingUp waits for the first list of masters.
type catchingUp struct {
	level    *level
	backlink Peer
	life     uint8 // of the node
}

// Answer implements Sink.
func (c *catchingUp) Answer(_ uint32, resp message.Response) {
	l, n := c.level, c.level.node
	if n.life != c.life {
		return
	}
	up, err := n.structureFrom(c.backlink, resp)
	// with several levels the rest of the cycle is about branches
	if err == nil && l.backlink == c.backlink && !l.isMaster() && (!n.syncing || n.follows()) {
		l.adoptAllowed(up.Masters)
	}
}
