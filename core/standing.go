package core

import (
	"errors"
	"maps"
	"time"

	"spreadable/core/behavior"
	"spreadable/core/message"
)

// standing is what a node remembers of a peer from which it does not get what members owe
// each other: the structure, in which a slave names its backlink, and both know each
// other's size. Nothing of this is proof, so nothing of it bans. But a relation that is
// of no use ends, and one that ends again and again begins later each time. Under the
// original rule nodes have no standing: npm waits for ever.
//
// All is forgotten when the peer is useful again.
type standing struct {
	useless  int32         // syncs in a row without use; see weightOfRefusal
	round    int32         // of the sync that counted last: each counts once
	severity int32         // of the relations that have ended
	parted   time.Duration // when the latest of them has ended
	short    int32         // searches in a row that it answered for too few nodes
	searched int32         // the sync after which the latest of them was counted
	unsteady int32         // what it has left unanswered beyond what it may; see answers.go
	missed   int32         // the sync after which it left a request unanswered last
}

// How much it weighs that a relation has ended.
const (
	// excusable is for what happens to honest nodes: silence, and an answer to a
	// registration that was lost, so that the node is listed twice.
	excusable = 1
	// deliberate is for refusals, garbage and false statements. We do not ask such a peer
	// for a place for a while.
	deliberate = 2
	// pauseFrom is the severity from which on we do not list the peer for a while: for
	// 2^severity sync intervals. What is excusable leads to no more than that: the end of
	// a crash loop is to be followed by a place.
	pauseFrom = 3
	// maxSeverity bounds the pause: 256 intervals, a bit more than an hour.
	maxSeverity = 8
	// maxStandings is how many peers have a standing at most.
	maxStandings = behavior.MaxRows
)

// satisfied is called when a peer was of use.
func (l *level) satisfied(p Peer) {
	if l.watch == nil || len(l.watch.standings) == 0 {
		return
	}
	s, known := l.watch.standings[p]
	if !known {
		return
	}
	s.useless = 0
	if s.short == 0 && (p == l.backlink || l.hasSlave(p)) {
		s.severity, s.parted = 0, 0
	}
	s.unsteady = max(0, s.unsteady-l.node.cfg.lossAllowed())
	l.rewrite(p, s)
}

// rewrite keeps a standing that has got better, unless nothing is left of it.
func (l *level) rewrite(p Peer, s standing) {
	if s.short == 0 && s.severity == 0 && s.useless == 0 && s.unsteady == 0 {
		delete(l.watch.standings, p)
	} else {
		l.watch.standings[p] = s
	}
}

// disappointed is called when a peer was of no use at this sync; err says why, nil if it
// gave an answer that is of no use. After MaxFails such syncs in a row, fewer if it has
// refused, the peer is taken off all lists.
func (l *level) disappointed(p Peer, err error) {
	n := l.node
	weight := 1
	switch err.(type) {
	case *message.Error:
		weight = l.weightOfRefusal(p)
	default:
		if errors.Is(err, message.ErrLocal) || !l.has(p) {
			return
		}
		if err == message.ErrDenied {
			weight = 2
		}
	}
	if message.IsSilence(err) && err != message.ErrDenied && l.unanswered(p) {
		return
	}
	s, known := l.watched().standings[p]
	if known && s.round == l.rounds {
		return
	}
	s.round = l.rounds
	s.useless += int32(weight)
	l.remember(p, s)
	if int(s.useless) < n.cfg.MaxFails {
		return
	}
	severity := deliberate
	if err == message.ErrTimeout || errors.Is(err, message.ErrUnreachable) {
		severity = excusable
	}
	l.parted(p, severity)
	if l.has(p) {
		text := "of no use for too many syncs"
		if weight >= n.cfg.MaxFails {
			text = "it refuses to tell its place in the network"
		}
		n.env.Note(Note{What: NoteUseless, About: p, Text: text})
	}
	n.forget(p)
}

// weightOfRefusal is for how many silent syncs the refusal of a structure counts: the peer is
// there, and says that it will not.
//
// One that does so to a stranger is no place for anybody: no master that it introduces
// itself to lists it, so no search reaches its slaves. A slave leaves it at once, too, if it
// has told the slave nothing yet, and any other before masters take it off their lists. Else
// the slaves of such masters would go from one to the next.
func (l *level) weightOfRefusal(p Peer) int {
	switch toldNothing := !l.exact && l.standing(p).useless == 0; {
	case !l.has(p), p == l.backlink && toldNothing:
		return l.node.cfg.MaxFails
	case p == l.backlink:
		return 3
	}
	return 2
}

// parted is called when a relation ends because a peer was of no use.
func (l *level) parted(p Peer, severity int) {
	s := l.watched().standings[p]
	s.useless = 0
	most := int32(maxSeverity)
	if severity == excusable {
		most = max(pauseFrom, s.severity)
	}
	s.severity = min(most, s.severity+int32(severity))
	s.parted = l.node.env.Now()
	l.remember(p, s)
}

// shuns reports whether p has a standing of that severity, and its pause has not passed.
func (l *level) shuns(p Peer, severity int32) bool {
	s := l.standing(p)
	return s.severity >= severity && l.node.env.Now() < s.parted+l.node.cfg.SyncInterval<<s.severity
}

// avoids reports whether p is no place for us, nor for newcomers that ask us, for now.
func (l *level) avoids(p Peer) bool {
	return l.shuns(p, deliberate) || l.discounts(p) || l.isUnsteady(p)
}

// hasParted reports whether a relation with p has ended for a cause that is remembered.
func (l *level) hasParted(p Peer) bool { return l.standing(p).severity > 0 }

// standing is what is remembered of p.
func (l *level) standing(p Peer) standing {
	if l.watch == nil {
		return standing{}
	}
	return l.watch.standings[p]
}

// remember keeps a standing, unless there are too many.
func (l *level) remember(p Peer, s standing) {
	w := l.watched()
	if w.standings == nil {
		w.standings = make(map[Peer]standing)
	}
	if _, known := w.standings[p]; known || len(w.standings) < maxStandings {
		w.standings[p] = s
	}
}

// sweepStandings forgets peers that are in no list, once the longest pause has passed
// since their own ended.
func (l *level) sweepStandings() {
	if l.watch == nil || len(l.watch.standings) == 0 {
		return
	}
	past := l.node.env.Now() - l.node.cfg.SyncInterval<<maxSeverity
	maps.DeleteFunc(l.watch.standings, func(p Peer, s standing) bool { return s.parted < past && !l.has(p) })
	if len(l.watch.standings) == 0 {
		l.watch.standings = nil
	}
}
