package core

import (
	"cmp"
	"slices"
	"time"

	"spreadable/core/behavior"
	"spreadable/core/message"
)

// The sync cycle: at every interval a node renews its lists. This file has what both registration rules share: the
// frame, and the questions upwards (to the backlink) and downwards (to the slaves) with what they say about a peer's
// behaviour. The cycles themselves are in original.go and directed.go, each written from top to bottom.

// Sync starts a sync cycle now, unless one is still running.
func (n *Node) Sync() {
	if !n.syncing {
		n.syncing = true
		n.pool.run(n, syncCycle, nil, 0)
	}
}

func syncCycle(t *Task) {
	n, began := t.node, t.node.env.Now()
	if n.cfg.Registration == Original {
		n.syncOriginal(t)
	} else {
		n.syncDirected(t)
	}
	n.networkRevision++
	n.syncs.add(n.env.Now()-began, int(n.cfg.SyncPeriod/n.cfg.SyncInterval))
	n.syncing = false
}

// firstSync and nextSync are the rhythm. The original syncs at once and then at every interval, give or take what a busy
// process makes of it: in virtual time, without that noise, its nodes would sync in exact step for ever, which no real
// network does. With this much of it, networks of 64 and of 200 nodes take the course measured with npm ones.
//
// Ours spreads both: a network started by one hand does not ask its bootstrap node for a place in the same instant, and its
// syncs are spread over the whole interval.
func (n *Node) firstSync() time.Duration {
	if n.cfg.Registration == Original {
		return 0
	}
	return n.jitter(0, n.cfg.SyncInterval/16)
}

func (n *Node) nextSync() time.Duration {
	interval := n.cfg.SyncInterval
	switch {
	case n.cfg.Registration == Original:
		return interval + n.jitter(-interval/64, interval/64) // 250 ms at 16 s
	case n.env.Now()-n.started > interval/2:
		return interval
	}
	return n.jitter(interval/4, interval*5/4)
}

// jitter draws a duration evenly from low to high.
func (n *Node) jitter(low, high time.Duration) time.Duration {
	return low + time.Duration(n.env.Rand().Int64N(int64(high-low)+1))
}

// account is what a peer said of itself. Whatever address the answer names, it speaks for the peer that was asked.
type account struct {
	peer Peer
	said *message.Structure // nil: nothing
}

// askUp asks the backlink for its structure and judges what it says. There is nothing to learn without a backlink or an
// answer, or from one that no longer lists us; then the backlink is gone.
func (n *Node) askUp(t *Task, timeout time.Duration) account {
	b := n.backlink
	if b.IsZero() {
		return account{}
	}
	resp := t.call(b, message.Request{Kind: message.KindStructure, Timeout: timeout})
	up, err := message.As[message.Structure](resp)
	if err != nil || n.backlink != b {
		return account{}
	}
	n.judgeUp(b, up)
	if !n.isListed(up.Slaves) {
		n.loseBacklink()
		n.dropped += 2
		return account{}
	}
	return account{b, up}
}

// judgeUp checks that a backlink tells a consistent story: that it lists us, knows us as the master we are, reports its
// own size truly and has no more slaves than such a network needs.
func (n *Node) judgeUp(b Peer, up *message.Structure) {
	known := true
	if n.isMaster() {
		size, listed := up.Masters.SizeOf(n.self)
		known = listed && size == len(n.slaves)
	}
	n.judge(known, behavior.BacklinkMasters, b)
	wrong := 0.0
	if own, ok := up.Masters.SizeOf(b); !ok || own != len(up.Slaves) {
		wrong += 0.5
	}
	most := Optimum(up.Masters.Total)
	if n.cfg.Registration == Directed {
		most += slack(most)
	}
	if len(up.Slaves) > most {
		wrong += 0.5
	}
	if wrong > 0 {
		n.blame(behavior.BacklinkNetworkSize, b, wrong)
	} else {
		n.praise(behavior.BacklinkNetworkSize, b)
	}
	n.judge(n.isListed(up.Slaves), behavior.BacklinkSlaves, b)
}

// isListed reports whether we are among a backlink's slaves. It looks first where we stood the last time: a master of a
// million nodes has a thousand.
func (n *Node) isListed(slaves []Peer) bool {
	if int(n.seat) < len(slaves) && slaves[n.seat] == n.self {
		return true
	}
	i := slices.Index(slaves, n.self)
	n.seat = uint32(max(i, 0))
	return i >= 0
}

// judgeDown checks that a slave knows us as its master, with our true size. It reports whether the slave names us as
// its backlink.
func (n *Node) judgeDown(s Peer, down *message.Structure) bool {
	size, listed := down.Masters.SizeOf(n.self)
	n.judge(listed && size == len(n.slaves), behavior.SlaveMasters, s)
	faithful := down.Backlink == n.self
	n.judge(faithful, behavior.SlaveBacklink, s)
	return faithful
}

// adoptAllowed takes over a backlink's list of masters: as it is, unless somebody in it is not allowed here.
func (n *Node) adoptAllowed(m *message.Masters) {
	if n.openDoor() {
		n.adopt(m)
		return
	}
	n.setMasters(slices.DeleteFunc(slices.Clone(m.List), func(e message.Master) bool { return !n.allowed(e.Peer) }), nil)
}

// loseBacklink makes the node unregistered.
func (n *Node) loseBacklink() {
	if !n.backlink.IsZero() {
		n.env.Note(Note{What: NoteBacklinkLost, About: n.backlink})
		n.setBacklink(Peer{})
	}
}

// stepDown makes us a plain slave.
func (n *Node) stepDown() {
	n.keepSlaves(func(int) bool { return false })
	n.removeMaster(n.self, n.env.Now())
	n.env.Note(Note{What: NoteSteppedDown})
}

// rank is our place among the masters we know, by size descending, then address: 0 is the first.
func (n *Node) rank() int {
	own, rank := message.Master{Peer: n.self, Size: uint32(len(n.slaves))}, 0
	for _, m := range n.masters.List {
		if m.Peer != n.self && n.compareMasters(m, own) < 0 {
			rank++
		}
	}
	return rank
}

func (n *Node) compareMasters(a, b message.Master) int {
	if c := cmp.Compare(b.Size, a.Size); c != 0 {
		return c
	}
	if n.cfg.Book.Less(a.Peer, b.Peer) {
		return -1
	}
	return 1
}
