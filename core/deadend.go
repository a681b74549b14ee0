package core

import "spreadable/core/message"

// What a master does that finds no place. In networks of a few nodes all others may be its
// slaves, or full, and a host may have all the places that it gets.

// comeUnder is called when an attempt has failed, a provider having answered or not. When no
// node is left that could list us it sheds a slave, and registers at it: before it has noticed
// and comes back, it is the one node that may list us. When that did not help, it steps down.
func (l *level) comeUnder(t *Task, answered bool, b budget) error {
	if answered && l.isMaster() && len(l.slaves) < l.size() && l.tries > 0 && l.tries%lostCause == 0 {
		l.giveUp("it finds no place as a master")
		return errNoMaster
	}
	s := l.dispensable(answered)
	if s.IsZero() {
		return errNoMaster
	}
	l.shed(s)
	return l.registerAt(t, s, &message.Provision{NetworkSize: l.size()}, l.placeTimeout(b))
}

// dispensable draws the slave to shed when no node is left that could list us: every other
// node is our slave, or those that are not refuse us again and again. This happens only in
// networks of a few nodes. Without its only slave a master has no network left.
func (l *level) dispensable(answered bool) Peer {
	alone := len(l.slaves) >= l.size() || answered && l.tries%deadEnd == 0
	if l.tries < 3 || len(l.slaves) < 2 || !alone {
		return Peer{}
	}
	return l.slaves[l.node.env.Rand().IntN(len(l.slaves))] // another one may fare better
}

// deadEnd is after how many failed attempts in a row, though a provider answers, a master
// without a place sheds a slave. The attempts take a minute.
const deadEnd = 12

// lostCause is after how many it steps down, if there are nodes that are not its slaves: what
// keeps it out may have to do with its being a master, and its slaves are better off elsewhere.
const lostCause = 2 * deadEnd

// giveUp steps down, and tells all that are concerned, because they would notice it only at
// their next sync. The reason is for people.
func (l *level) giveUp(reason string) {
	n := l.node
	l.steppedDown = n.env.Now()
	n.tell(l.acquainted(), message.LeaveRequest{})
	l.stepDown(reason)
}

// shedNewest takes the latest slave off the list, if there is any. It has to go elsewhere.
func (l *level) shedNewest() {
	if !l.isMaster() {
		return
	}
	s := l.newestSlaves(1)[0]
	l.shed(s)
	l.reserves().shed = lost{s, l.node.env.Now()}
}

// hasJustShed reports whether p was our latest slave that had to go elsewhere, within the last
// two sync intervals. If we took it back the network would be as before.
func (l *level) hasJustShed(p Peer) bool {
	r := l.reserve
	return r != nil && r.shed.peer == p && l.node.env.Now()-r.shed.since < 2*l.node.cfg.SyncInterval
}

// shed takes a slave off the list. It learns that at its next sync.
func (l *level) shed(s Peer) {
	l.removeSlave(s)
	l.ownSizeChanged(l.node.env.Now())
	l.node.env.Note(Note{What: NoteShed, About: s})
}

// maxDrops is how many backlinks may drop us, one soon after the other, before we shed a
// slave. In small networks with npm nodes all masters may be our slaves, or full. Then we
// make a master of an npm node, which steps down at once because it is one master too
// many, and so on for ever. When we have a slave less, the network finds another order.
const maxDrops = 3
