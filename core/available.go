package core

import (
	"time"

	"spreadable/core/message"
)

// Which node a client is sent to. A client asks any node it knows for one to work with,
// so that clients spread over the network whatever address they were given.
//
// What a master lists may be anything, and an answer that depends on whether an address
// answers would make a port scanner of each node. So a node that only a master vouches
// for is named once it has said itself, in its structure, that this master is its
// backlink, which no other service does. Strangers are asked once in each
// Config.LookPause at most (sixteen at once after a pause), however many clients come.
// Clients are sent at once to a node that was found in the last half minute; only where
// there is none a client waits, and for a failure all of the server timeout, whatever its
// reason.

const (
	lookBurst     = 16               // strangers that may be asked at once after a pause
	availableLife = 32 * time.Second // how long a node that was found counts as available
	maxAvailable  = 128              // as many as are found in that time by default
)

// available are the nodes found lately. The zero value is ready.
type available struct {
	nodes []found // oldest first
	// the moment at which strangers could have been asked at the steady rate; those of a
	// burst put it into the future
	steady time.Duration
}

// found is a node that has shown that it is one.
type found struct {
	peer Peer
	at   time.Duration
}

// serveAvailableNode names a node that was found lately, and then finds another. If there
// is none it looks first; without success it names itself.
func serveAvailableNode(t *Task) {
	n := t.node
	if n.available == nil {
		n.available = &available{}
	}
	a, now := n.available, n.env.Now()
	a.sweep(now)
	looks := a.mayLook(now, n.cfg.LookPause)
	if len(a.nodes) > 0 {
		t.reply(message.Response{Body: &message.AvailableNode{Address: a.nodes[n.env.Rand().IntN(len(a.nodes))].peer}})
		if looks {
			n.look(t, n.budget(n.cfg.ServerTimeout))
		}
		return
	}
	chosen := n.self
	if !looks {
		n.level1.looksLeft()
	}
	if b := n.budget(t.requestBudget().atMost(n.cfg.ServerTimeout)); looks && len(n.level1.masters.List) > 0 {
		if p := n.look(t, b); !p.IsZero() {
			chosen = p
		} else {
			t.Sleep(b.left())
		}
	}
	t.reply(message.Response{Body: &message.AvailableNode{Address: chosen}})
}

// look finds a random slave of a random master; none if there is none, or if one of them
// is not what it should be.
func (n *Node) look(t *Task, b budget) Peer {
	masters := n.level1.masters.List
	if len(masters) == 0 {
		return Peer{}
	}
	p := n.lookAt(t, b, masters[n.env.Rand().IntN(len(masters))].Peer)
	if !p.IsZero() {
		n.available.add(p, n.env.Now())
	}
	return p
}

// lookAt asks a random slave of a master whether the master is its backlink.
func (n *Node) lookAt(t *Task, b budget, master Peer) Peer {
	ask := func(p Peer, timeout time.Duration) *message.Structure {
		resp := t.Call(p, message.Request{Kind: message.KindStructure, Timeout: b.atMost(timeout)})
		s, _ := message.As[message.Structure](resp)
		return s
	}
	list := ask(master, n.cfg.ServerTimeout)
	if list == nil || len(list.Slaves) == 0 {
		return Peer{}
	}
	slave := list.Slaves[n.env.Rand().IntN(len(list.Slaves))]
	if slave == n.self || n.available.has(slave) {
		return slave
	}
	if s := ask(slave, n.cfg.PingTimeout); s == nil || s.Backlink != master {
		return Peer{}
	}
	return slave
}

// mayLook reports whether a stranger may be asked now, and counts it.
func (a *available) mayLook(now, pause time.Duration) bool {
	next := max(a.steady, now) + pause
	if next-now > lookBurst*pause {
		return false
	}
	a.steady = next
	return true
}

// sweep forgets nodes that were found too long ago.
func (a *available) sweep(now time.Duration) {
	for len(a.nodes) > 0 && now-a.nodes[0].at > availableLife {
		a.nodes = a.nodes[1:]
	}
}

func (a *available) has(p Peer) bool {
	for _, f := range a.nodes {
		if f.peer == p {
			return true
		}
	}
	return false
}

func (a *available) add(p Peer, now time.Duration) {
	if a.has(p) {
		return
	}
	if len(a.nodes) == maxAvailable {
		a.nodes = a.nodes[1:]
	}
	a.nodes = append(a.nodes, found{p, now})
}
