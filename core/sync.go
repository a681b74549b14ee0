package core

import (
	"cmp"
	"slices"
	"time"

	"spreadable/core/behavior"
	"spreadable/core/message"
)

// The sync cycle: at every interval a node renews its lists. This file has what both
// rules share: the frame, and the questions upwards (to the backlink) and downwards (to
// the slaves) with what they say about a peer's behaviour. The cycles themselves are in
// original.go and directed.go, each written from top to bottom.

// Sync starts a sync cycle now, unless one is still running.
func (n *Node) Sync() {
	if !n.syncing && !n.stopped {
		n.syncing = true
		n.pool.run(n, syncCycle, nil, 0)
	}
}

func syncCycle(t *Task) {
	n, began := t.node, t.node.env.Now()
	n.cfg.rule.sync(&n.level1, t)
	n.syncTree(t)
	n.level1.makeValues()
	n.networkRevision++
	n.syncs.add(n.env.Now()-began, int(n.cfg.SyncPeriod/n.cfg.SyncInterval))
	n.syncing = false
	n.announceSync(t)
}

// jitter draws a duration from low to high, both included, all equally likely.
func (n *Node) jitter(low, high time.Duration) time.Duration {
	return low + time.Duration(n.env.Rand().Int64N(int64(high-low)+1))
}

// answer is what a peer said of its place in the network. It counts for the peer that was
// asked, whatever address the structure names.
type answer struct {
	peer Peer
	said *message.Structure // nil: nothing
	err  error              // why it said nothing
}

// askUp asks the backlink for its structure and judges what it says. The answer is empty
// if there is no backlink, or it does not answer, or it no longer lists us; in the last
// case we leave it.
func (l *level) askUp(t *Task, timeout time.Duration) answer {
	b := l.backlink
	if b.IsZero() {
		return answer{}
	}
	resp := t.Call(b, message.Request{Kind: message.KindStructure, Timeout: timeout})
	up, err := message.As[message.Structure](resp)
	if l.backlink != b {
		return answer{}
	}
	if n := l.node; n.treeIndex != 0 && (err == message.ErrWrongRoot || err == message.ErrDenied) {
		l.loseBacklink() // it has left the branch
		return answer{}
	}
	if err != nil {
		return answer{peer: b, err: err}
	}
	l.judgeUp(b, up)
	if !l.isListed(up.Slaves) {
		l.loseBacklink()
		l.dropped += 2
		return answer{}
	}
	return answer{peer: b, said: up}
}

// judgeUp checks that what a backlink says is consistent: it knows us with our size if we
// are a master, it lists us, and it does not contradict itself.
func (l *level) judgeUp(b Peer, up *message.Structure) {
	n := l.node
	n.judge(!l.isMaster() || l.knownBy(up), behavior.BacklinkMasters, b)
	n.judge(l.isListed(up.Slaves), behavior.BacklinkSlaves, b)
	n.judge(!contradictory(b, up), behavior.BacklinkNetworkSize, b)
}

// isListed reports whether we are among a backlink's slaves. It begins at the last known
// index, and goes down from there, since slaves that leave a list move those after them to
// the front: in a network of a million nodes a master has a thousand slaves.
func (l *level) isListed(slaves []Peer) bool {
	n, last := l.node, min(int(l.slot), len(slaves)-1)
	for i := last; i >= 0; i-- {
		if slaves[i] == n.self {
			l.slot = uint32(i)
			return true
		}
	}
	i := slices.Index(slaves[last+1:], n.self)
	l.slot = uint32(max(last+1+i, 0))
	return i >= 0
}

// judgeDown checks that a slave knows us as its master, with our size. It reports whether
// the slave names us as its backlink.
func (l *level) judgeDown(s Peer, down *message.Structure) bool {
	n := l.node
	faithful := down.Backlink == n.self
	n.judge(faithful, behavior.SlaveBacklink, s)
	switch {
	case l.knownBy(down):
		n.praise(behavior.SlaveMasters, s)
	case faithful && l.vouchedFor(down):
		n.blame(behavior.SlaveMasters, s, 1)
	}
	return faithful
}

// meetNpm sees by the slaves' answers whether npm nodes are among them. A slave that does
// not answer counts as it did before.
func (l *level) meetNpm(responses []message.Response) {
	npm := false
	for _, resp := range responses {
		if down, err := message.As[message.Structure](resp); err == nil {
			npm = npm || down.Npm
		} else {
			npm = npm || l.npmSlaves
		}
	}
	if l.npmSlaves != npm {
		l.npmSlaves, l.snapshot = npm, nil
	}
}

// adoptAllowed takes over a backlink's list of masters, without those that the address
// filter refuses.
func (l *level) adoptAllowed(m *message.Masters) {
	n, before := l.node, l.masters
	if n.openDoor() {
		l.adopt(m)
	} else {
		refused := func(e message.Master) bool { return !n.allowed(e.Peer) }
		l.setMasters(slices.DeleteFunc(slices.Clone(m.List), refused), nil)
	}
	l.recalled = l.recalled && l.masters == before
}

// loseBacklink makes the node unregistered.
func (l *level) loseBacklink() {
	if !l.backlink.IsZero() {
		l.node.env.Note(Note{What: NoteBacklinkLost, About: l.backlink})
		l.setBacklink(Peer{})
	}
}

// stepDown makes us a plain slave. The reason is for people.
func (l *level) stepDown(reason string) {
	n := l.node
	l.keepSlaves(func(int) bool { return false })
	l.removeMaster(n.self, n.env.Now())
	n.env.Note(Note{What: NoteSteppedDown, Text: reason})
}

// rank is our index among the masters that we know, the largest first, equal ones by
// address.
func (l *level) rank() int {
	n := l.node
	own, rank := message.Master{Peer: n.self, Size: uint32(len(l.slaves))}, 0
	for _, m := range l.masters.List {
		if m.Peer != n.self && l.compareMasters(m, own) < 0 {
			rank++
		}
	}
	return rank
}

func (l *level) compareMasters(a, b message.Master) int {
	if c := cmp.Compare(b.Size, a.Size); c != 0 {
		return c
	}
	if l.node.cfg.Book.Less(a.Peer, b.Peer) {
		return -1
	}
	return 1
}
