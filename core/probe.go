package core

import (
	"errors"
	"slices"
	"time"

	"spreadable/core/message"
)

// probing is a node's second look at a peer in its lists that has failed to answer.
// Waiting for MaxFails syncs would leave the slaves of a dead master out of all searches
// for minutes. So the node asks the peer again every ProbeInterval, without waiting for the
// answer before. It takes the peer off its lists when the first request and all probes
// have failed: with the defaults 8 s after the first request was sent, so 16 s after the
// death in the mean, and 24 s at most.
//
// How many must fail follows from loss. If each message is lost with a probability of
// 5 %, a request fails with 9.75 %, and seven in a row with 8.4e-8. A network of 100
// nodes sends 300,000 requests in 1,000 rounds: 0.03 of them lead to a false departure.
//
// Any sign of life ends it, so it costs no message before the first failure.
type probing struct {
	level  *level
	peer   Peer
	life   uint8 // of the node
	sent   int32 // requests
	failed int32 // requests, a refused connection counting as more than one
	before int32 // requests of the probings before this one, which ended with an answer
	over   bool  // answers that are still to come mean nothing
	hinted bool  // it began with the word of a newcomer
}

// refusedWeight is how many lost messages a refused connection is worth, out of the
// ProbeFails that break a peer: the second breaks it, because no message was lost.
func (c *Config) refusedWeight() int32 { return int32(c.ProbeFails+1) / 2 }

// weigh counts a failed request.
func (w *probing) weigh(err error) {
	if message.IsRefused(err) {
		w.failed += w.level.node.cfg.refusedWeight()
	} else {
		w.failed++
	}
}

// suspect begins to probe a peer, a request to which has failed, if it is in the lists.
func (directed) suspect(l *level, p Peer, err error) {
	if !l.mayProbe(p) || !l.has(p) {
		return
	}
	w := l.startProbing(p)
	w.sent = 1
	w.weigh(err)
}

// doubt begins to probe a master of which a newcomer says that it does not answer. That
// costs a liar's victim a few requests, and no more: the newcomer's word is no failure. Once
// the master has answered, such words count for nothing until our next sync. Else one that
// was cut off, and names its former backlink again and again, would keep us from sending
// newcomers there.
func (l *level) doubt(p Peer) {
	if p != l.node.self && l.masterIndex(p) >= 0 && l.mayProbe(p) && !slices.Contains(l.reserves().cleared, p) {
		l.startProbing(p).hinted = true
	}
}

func (l *level) mayProbe(p Peer) bool {
	return l.node.cfg.ProbeFails > 1 && !l.node.cfg.ManualSync && !l.isProbed(p)
}

func (l *level) startProbing(p Peer) *probing {
	r := l.reserves()
	w := &probing{level: l, peer: p, life: l.node.life}
	r.probes = append(r.probes, w)
	l.tick()
	return w
}

// isProbed reports whether p has failed to answer and is being asked again.
func (l *level) isProbed(p Peer) bool {
	return l.reserve != nil && slices.ContainsFunc(l.reserve.probes, func(w *probing) bool { return w.peer == p })
}

// manySilent reports whether a 16th of the masters and at least two do not answer and are
// being asked again. Where half of 10,000 nodes stay for less than ten minutes, one of 100
// masters is silent in the mean.
func (l *level) manySilent() bool {
	if l.reserve == nil {
		return false
	}
	silent := 0
	for _, w := range l.reserve.probes {
		if l.masterIndex(w.peer) >= 0 && (w.before == 0 || w.failed > 0) {
			silent++
		}
	}
	return silent >= max(2, len(l.masters.List)/manyMasters)
}

// manyMasters is the part of all masters that are many, a 16th.
const manyMasters = 16

// endProbing ends the probing of p, which is alive, or no longer in the lists.
func (l *level) endProbing(p Peer) {
	if l.reserve == nil {
		return
	}
	l.reserve.probes = slices.DeleteFunc(l.reserve.probes, func(w *probing) bool {
		w.over = w.over || w.peer == p
		return w.over
	})
}

// probe asks all probed peers once more, and sets the timer for the next time.
func (l *level) probe() {
	n := l.node
	l.reserve.ticking = false
	for _, w := range slices.Clone(l.reserve.probes) {
		switch {
		case w.over: // an answer to another has ended it
		case !l.has(w.peer):
			l.endProbing(w.peer)
		case int(w.sent) < n.cfg.ProbeFails:
			w.sent++
			n.inquire(w.peer, message.Request{Kind: message.KindStructure, Timeout: n.cfg.ServerTimeout}, w)
		}
	}
	l.tick()
}

// tick sets the timer for the next probes, if there is a peer to probe and it is not set.
func (l *level) tick() {
	if r := l.reserve; len(r.probes) > 0 && !r.ticking {
		r.ticking = true
		l.node.env.After(l.node.cfg.ProbeInterval, l.node.tag(wakeProbe))
	}
}

// Answer implements Sink: it takes the answer to a probe. A failed probe blames no peer:
// silence is no misbehaviour.
func (w *probing) Answer(_ uint32, resp message.Response) {
	n, l := w.level.node, w.level
	if n.life != w.life {
		return
	}
	if w.count(resp.Err) {
		l.endProbing(w.peer)
		n.cfg.rule.retry(l)
	}
	if w.over {
		return
	}
	if errors.Is(resp.Err, message.ErrLocal) { // it has not been sent
		w.sent--
		return
	}
	if resp.Err == nil && !message.KindStructure.Row().Fits(resp.Body) {
		resp.Err = message.ErrMalformed
	}
	if message.IsSilence(resp.Err) {
		if w.weigh(resp.Err); int(w.failed) >= n.cfg.ProbeFails {
			l.lose(w.peer, resp.Err)
		}
		return
	}
	n.conclude(w.peer, true, resp)
	l.endProbing(w.peer)
	if w.hinted {
		l.reserve.cleared = append(l.reserve.cleared, w.peer)
	}
	if asked := w.before + w.sent; int(asked) < 2*n.cfg.ProbeFails {
		l.askAgain(w.peer, asked)
	}
}

// count counts a probe for the share of requests that the peer leaves unanswered, one that
// was answered while others were under way, too. It reports whether the peer has lost us.
func (w *probing) count(err error) bool {
	switch {
	case errors.Is(err, message.ErrLocal):
	case message.IsSilence(err):
		return w.level.unanswered(w.peer)
	default:
		w.level.answered(w.peer)
	}
	return false
}

// lose takes a peer that does not answer, for which err is the latest reason, off the lists
// and keeps its address, in case that it was only cut off. A node that loses its backlink
// looks for another at once.
func (l *level) lose(p Peer, err error) {
	n := l.node
	l.endProbing(p)
	l.forgetLoss(p)
	delete(n.fails, p)
	n.failsRevision++
	n.env.Note(Note{What: NoteSilent, About: p, Text: n.silence(p, err)})
	if l.backlink == p {
		l.reserves().former = p
		l.keepBridges()
	}
	if l.hasSlave(p) {
		l.countDeath()
		if !l.hasParted(p) { // before it is listed again, it must show more than an address
			l.parted(p, excusable)
		}
	}
	n.forget(p)
	l.keepLost(p)
	if l.backlink.IsZero() {
		n.cfg.rule.retry(l)
	}
}

// silence says in words why nothing was heard of p.
func (n *Node) silence(p Peer, err error) string {
	if err == message.ErrDenied && !n.allowed(p) {
		return silenceOwnDenial
	}
	return err.Error()
}

// silenceOwnDenial is the Text of a NoteSilent where our own address filter has kept the
// requests from being sent.
const silenceOwnDenial = "denied by our own address filter"

// ownSizeChanged brings the own entry among the masters up to date after slaves were
// taken off the list. A node without slaves is no master.
func (l *level) ownSizeChanged(now time.Duration) {
	if l.isMaster() {
		l.bumpOwnSize()
	} else {
		l.removeMaster(l.node.self, now)
	}
}
