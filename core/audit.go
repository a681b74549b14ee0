package core

import "spreadable/core/message"

// A slave asks its backlink for its structure, and nothing else; and one that is no master
// believes the list of masters that it gets. So a backlink that lies to its slaves alone,
// or does nothing for them, would keep them for ever. An audit is what a slave does about
// it, at few syncs:
//
//   - If it is no master, it asks a master of the list, another one each time, whether it
//     knows the backlink, and a network of about the same size. This is only done after
//     the list has changed.
//   - It registers at its backlink again. A backlink that lists it answers at once with
//     the number of its slaves; one that has stopped to do what masters owe refuses.
//
// An audit that fails says little. It is repeated at every sync, with another master,
// until one is passed, or until doubtLimit is reached: then the slave leaves.

const (
	// auditEvery is at how many syncs each of the two is done once.
	auditEvery = 8
	// doubtLimit is how many witnesses in a row must disagree, a refusal counting as two.
	// While a network grows or grows together, honest views differ for some rounds.
	doubtLimit = 6
)

// audit checks a backlink that has just answered.
func (l *level) audit(t *Task, b budget) {
	turn := (l.rounds + int32(l.node.self.ID())) % auditEvery
	doubts := 0
	if !l.isMaster() && (turn == 0 && !l.audited || l.doubts > 0) {
		doubts += l.askWitnesses(t, b)
	}
	if turn == auditEvery/2 || l.doubts > 0 {
		doubts += l.confirm(t, b)
	}
	if doubts == 0 {
		l.doubts = 0
		return
	}
	if l.doubts += uint8(doubts); l.doubts >= doubtLimit && !l.backlink.IsZero() {
		l.leave(l.backlink)
	}
}

// askWitnesses asks another master about the backlink and returns how many doubts that
// adds. Where it does not answer, a bootstrap node is asked. Where that does not answer
// either, the node may be cut off from both: then there is no other place to go to.
func (l *level) askWitnesses(t *Task, b budget) int {
	list, backlink := l.masters, l.backlink
	for _, w := range []Peer{l.witness(), l.rendezvous()} {
		if w.IsZero() || w == backlink || l.backlink != backlink || !l.node.allowed(w) {
			continue
		}
		said, err := message.As[message.Structure](t.Call(w, message.Request{
			Kind: message.KindStructure, Once: true, Timeout: b.atMost(l.node.cfg.ServerTimeout),
		}))
		if err != nil {
			continue
		}
		if !l.agrees(said) {
			return 1
		}
		l.audited = l.masters == list // it may have changed meanwhile
		return 0
	}
	return 0
}

// agrees reports whether a witness knows our backlink, and a network like ours.
func (l *level) agrees(witness *message.Structure) bool {
	_, known := witness.Masters.SizeOf(l.backlink)
	own, other := l.size(), witness.Size()
	return known && own <= 2*other+auditSlack && other <= 2*own+auditSlack
}

// auditSlack is by how many nodes, besides the double, two views of a network may differ
// while it grows.
const auditSlack = 8

// witness picks a master other than the backlink, another one each time.
func (l *level) witness() Peer {
	list := l.masters.List
	for i := range list {
		p := list[(int(uint32(l.rounds)+l.node.self.ID())+i)%len(list)].Peer
		if p != l.backlink && p != l.node.self {
			return p
		}
	}
	return Peer{}
}

// confirm registers again at the backlink and returns how many doubts that adds. Silence
// adds none: it is noticed by asking for the structure.
func (l *level) confirm(t *Task, b budget) int {
	n, backlink := l.node, l.backlink
	if backlink.IsZero() {
		return 0
	}
	resp := t.Call(backlink, message.Request{
		Kind: message.KindRegister, Timeout: b.atMost(n.cfg.ServerTimeout),
		Body: &message.RegisterRequest{Target: n.self, NetworkSize: l.size()},
	})
	if _, refused := resp.Err.(*message.Error); refused && l.backlink == backlink {
		return 2
	}
	return 0
}

// shortSearches is how many searches in a row, at different syncs, a backlink may answer
// for less than half of the nodes that it claims.
const shortSearches = 5

// rateSearch is called by an entry node whose own backlink was among the masters asked.
// A master that claims more nodes than it asks keeps them out of all searches. The slave
// is the only one that can do something about it: it leaves.
func (l *level) rateSearch(backlink Peer, resp message.Response, claimed int) {
	answer, err := message.As[message.QueryAnswer](resp)
	refusal, refused := err.(*message.Error)
	if l.backlink != backlink || err != nil && !refused || refused && refusal.Code == message.CodeUnknownQuery {
		return
	}
	s := l.standing(backlink)
	switch {
	case err == nil && 2*answer.Coverage.Answered >= claimed:
		if s.short > 0 {
			s.short = 0
			l.remember(backlink, s)
		}
		return
	case s.short > 0 && s.searched == l.rounds:
		return
	}
	s.short, s.searched = s.short+1, l.rounds
	l.remember(backlink, s)
	if s.short >= shortSearches {
		l.leave(backlink)
	}
}

// leave ends the relation with a backlink that is of no use on purpose.
func (l *level) leave(backlink Peer) {
	l.parted(backlink, deliberate)
	l.node.env.Note(Note{What: NoteUseless, About: backlink})
	l.node.forget(backlink)
}
