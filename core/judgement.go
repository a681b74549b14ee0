package core

import (
	"slices"
	"time"

	"spreadable/core/behavior"
	"spreadable/core/message"
)

// What a node makes of the statements of others. There are two kinds of evidence.
//
// Proof is a statement that no honest node makes: it contradicts itself, or it contradicts
// what we know for certain because we did it. Proof that is repeated leads to a ban
// (access.go, package behavior). All else, such as silence, refusals and old sizes, may
// come from an honest node in trouble, or from one that a third node has brought into it.
// It ends a relation, and bans no node (standing.go).

// contradictory reports whether a structure that p vouches for contradicts itself: among
// its masters it has another size than it has slaves.
func contradictory(p Peer, s *message.Structure) bool {
	return s.MaxAge > 0 && !knowsItself(p, s)
}

// knowsItself reports whether p has the same size among the masters as it has slaves.
func knowsItself(p Peer, s *message.Structure) bool {
	size, _ := s.Masters.SizeOf(p)
	return size == len(s.Slaves)
}

// vouchedFor reports whether the sender of a structure stands by what it says of us, and
// it is no older than what we remember of our sizes. That begins with our start: a restart
// loses the sizes of before, which others may still know.
func (l *level) vouchedFor(s *message.Structure) bool {
	n, age := l.node, time.Duration(s.MaxAge)*time.Millisecond
	return age > 0 && age <= min(n.cfg.staleness(), n.env.Now()-n.started)
}

// knownBy reports whether a structure has a size of ours that we have, or lately had. Not
// to be among the masters is to have no slaves.
func (l *level) knownBy(s *message.Structure) bool {
	size, _ := s.Masters.SizeOf(l.node.self)
	return l.had(size)
}

// judgeMaster checks what another master than the backlink says about its slaves: it does
// not contradict itself, and does not list us. An honest master may go on listing a slave
// that has left, until it hears from it: but it asks its slaves at every sync, so that
// takes less time than a ban does.
func (l *level) judgeMaster(p Peer, s *message.Structure) {
	if p == l.backlink {
		return
	}
	l.node.judge(!contradictory(p, s), behavior.BacklinkNetworkSize, p)
	l.node.judge(!slices.Contains(s.Slaves, l.node.self), behavior.ForeignSlaves, p)
}
