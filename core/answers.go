package core

import "math"

// Which share of our requests does a peer leave unanswered? One that is silent for long is
// taken off the lists (probe.go). But a master that answers every other request is never
// silent for long, and its slaves are missing in every other search.
//
// So a node keeps a sum for each peer that has failed: a failure adds 1 - MaxLoss, an
// answer takes MaxLoss away, and it never falls below 0 (the CUSUM test; E. S. Page,
// Continuous inspection schemes, 1954). The sum rises only if more than that share fails in
// the long run. At unsteadyLimit a slave leaves its backlink. With the defaults a master
// that answers every other request loses its slaves after some 35 requests. They take two
// minutes or some more, because a failure is followed by probes, and from unsteadyAsk on an
// answer is, too (askAgain). Where each message is lost with 5 %, so that 9.75 % of the
// requests fail, a sum gets there once in some 50 million requests: a network of 100 nodes
// asks backlinks as often in 30 years.
//
// A peer with a high sum is no place for us, nor for newcomers. A node asks few of the
// masters that it knows, so most sums would stay for ever after it was slow itself for a
// while. So a sum counts against a place only for some syncs after the latest failure, and
// a peer that lists us begins anew. One that we go on asking fails again before that.
//
// What counts are the requests of the syncs and the probes: clients cannot add to them.
// It is no proof of anything, and bans no node. The limit is no option beside MaxLoss: both
// move the same balance between leaving too soon and staying too long.
const (
	unsteadyLimit = 7000 // thousandths, in which the sum is kept
	// unsteadyAsk is from which sum on a peer is asked more often.
	unsteadyAsk = unsteadyLimit / 20
	// unsteadyPlace is from which sum on a peer is no place for us, nor for newcomers.
	unsteadyPlace = unsteadyLimit / 2
	// unsteadyFor is for how many syncs after the latest failure. A master that answers
	// every other request and is asked once per sync is silent once in so many of them,
	// but for one time in 256.
	unsteadyFor = 8
)

// lossAllowed is MaxLoss in thousandths.
func (c *Config) lossAllowed() int32 { return int32(math.Round(1000 * c.MaxLoss)) }

// unanswered counts a request to p that failed. It reports whether p was our backlink and
// has lost us.
func (l *level) unanswered(p Peer) bool {
	n := l.node
	if !l.has(p) {
		return false
	}
	s := l.standing(p)
	s.unsteady = min(unsteadyLimit, s.unsteady+1000-n.cfg.lossAllowed())
	s.missed = l.rounds
	l.remember(p, s)
	if p != l.backlink || s.unsteady < unsteadyLimit {
		return false
	}
	l.guarded().Unsteady++
	l.parted(p, excusable)
	n.env.Note(Note{What: NoteUseless, About: p, Text: "too many requests go unanswered (option max_loss)"})
	n.forget(p)
	return true
}

// answered counts a request to p that did not fail.
func (l *level) answered(p Peer) {
	if s := l.standing(p); s.unsteady > 0 {
		s.unsteady = max(0, s.unsteady-l.node.cfg.lossAllowed())
		l.rewrite(p, s)
	}
}

// forgetLoss forgets the sum of a peer that is off the lists for another reason, or that
// lists us.
func (l *level) forgetLoss(p Peer) {
	if s := l.standing(p); s.unsteady > 0 {
		s.unsteady = 0
		l.rewrite(p, s)
	}
}

// askAgain probes a backlink, or as a master another one, that has answered, but had left
// requests unanswered before: the more requests, the sooner it is clear what it is. Asked is
// how many probes came before this one without a sync between them; they end at twice
// ProbeFails.
func (l *level) askAgain(p Peer, asked int32) {
	if (p == l.backlink || l.isMaster() && l.masterIndex(p) >= 0) && l.standing(p).unsteady >= unsteadyAsk && l.mayProbe(p) {
		l.startProbing(p).before = asked
	}
}

// isUnsteady reports whether p leaves too many requests unanswered to be a place.
func (l *level) isUnsteady(p Peer) bool {
	s := l.standing(p)
	return s.unsteady >= unsteadyPlace && l.rounds-s.missed < unsteadyFor
}
