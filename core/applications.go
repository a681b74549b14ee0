package core

import (
	"cmp"
	"slices"

	"spreadable/core/behavior"
)

// applications is what a node has because of its applications. Most nodes of a simulation
// have none of it, so it is apart from the node.
type applications struct {
	folds      []Fold
	directs    []Direct
	started    []func(*Task)      // run once the node has started,
	synced     []func(*Task)      // and after each sync
	holds      []func(func(Peer)) // visit peers that applications keep
	candidates behavior.Candidates
	locks      map[string][]*Task // by key that a task holds: the tasks that wait for it
}

// extra returns what the node has because of its applications, to write to.
func (n *Node) extra() *applications {
	if n.applications == nil {
		n.applications = &applications{locks: make(map[string][]*Task)}
	}
	return n.applications
}

// Pick chooses up to count peers for the work that the application calls action, from
// those that could do it, the best first: no peer that the address filter refuses, and no
// two of one host, nor one of the host of a peer in taken. Peers that have won the action
// too often come last, because a node that calls itself the best gets all the work (see
// behavior.Candidates). Where hosts are not limited, that is among trusted nodes and on
// loopback, each address is a host.
func (n *Node) Pick(action string, from, taken []Peer, count int) []Peer {
	size := n.NetworkSize()
	weigh := func(p Peer) float64 {
		if n.applications == nil {
			return 0
		}
		return n.applications.candidates.Weight(action, p, size)
	}
	sorted := slices.SortedStableFunc(slices.Values(from), func(a, b Peer) int {
		return cmp.Compare(weigh(a), weigh(b))
	})
	used := make(map[host]bool, count+len(taken))
	for _, p := range taken {
		used[n.hostOf(p)] = true
	}
	var picked []Peer
	for _, p := range sorted {
		if len(picked) >= count {
			break
		}
		of := n.hostOf(p)
		if p.IsZero() || used[of] || p != n.self && !n.allowed(p) {
			continue
		}
		used[of] = true
		picked = append(picked, p)
	}
	return picked
}

// Won records that a peer got work of the application's action; see Pick.
func (n *Node) Won(action string, p Peer) {
	n.extra().candidates.Add(n.env.Now(), action, p, n.NetworkSize())
}

// OnStart makes the node run a procedure once it has started. It must be called before.
func (n *Node) OnStart(procedure func(t *Task)) {
	n.extra().started = append(n.extra().started, procedure)
}

// Hold names peers that an application keeps beyond a procedure: peers must call visit
// with each of them. Others may be forgotten, and their numbers given to other peers.
func (n *Node) Hold(peers func(visit func(Peer))) {
	n.extra().holds = append(n.extra().holds, peers)
}

// Roster visits the nodes of the network that a master knows: the masters, and the slaves
// that each of them told at the last sync. By is the master that lists a member. A member
// may be visited more than once. Silent are the masters that told nothing. It visits none
// at a node that is no master, and with several levels it has the own branch only.
func (n *Node) Roster(visit func(member, by Peer)) (silent []Peer) {
	l := &n.level1
	if !l.isMaster() {
		return nil
	}
	for _, p := range l.slaves {
		visit(p, n.self)
	}
	for i, m := range l.masters.List {
		visit(m.Peer, m.Peer)
		switch {
		case m.Peer == n.self:
		case i < len(l.looked) && l.looked[i] != nil:
			for _, p := range l.looked[i].Slaves {
				if !p.IsZero() {
					visit(p, m.Peer)
				}
			}
		default:
			silent = append(silent, m.Peer)
		}
	}
	return silent
}

// OnSync makes the node run a procedure after each sync, in a task of its own. It must be
// called before Start.
func (n *Node) OnSync(procedure func(t *Task)) {
	n.extra().synced = append(n.extra().synced, procedure)
}

// announceSync runs what waits for the end of a sync.
func (n *Node) announceSync(t *Task) {
	if n.applications == nil {
		return
	}
	for _, procedure := range n.applications.synced {
		t.Fork(procedure)
	}
}
