package core

import (
	"slices"

	"spreadable/core/message"
)

// A slave asks its backlink for its structure, and nothing else; and one that is no master
// believes the list of masters that it gets. So a backlink that lies to its slaves alone,
// or does nothing for them, would keep them for ever. An audit is what a slave does about
// it, at few syncs:
//
//   - It compares what the backlink says of the network with what another master says. A
//     node that is a master itself knows what to compare with; any other asks a master of
//     the list, another one each time, but only after the list has changed.
//   - It registers at its backlink again. A backlink that lists it answers at once with
//     the number of its slaves; one that has stopped to do what masters owe refuses.
//
// An audit that fails says little. It is repeated at every sync, with another master. Each
// that is passed takes one doubt back, so that a single accomplice of a liar does not
// acquit it. When doubtLimit is reached, the slave leaves.

const (
	// auditEvery is at how many syncs each of the two is done once.
	auditEvery = 8
	// doubtLimit is how many more witnesses must disagree than agree. While a network grows
	// or grows together, honest views differ for some rounds.
	doubtLimit = 6
	// wary is how many the next backlink begins with.
	wary = doubtLimit / 2
)

// audit checks a backlink that has just answered with up, before which our list of masters
// was the one given. If the network was calm, the backlink is checked at once where most
// masters are gone from its list, or where it claims far too many slaves. If it had less
// than half of them a sync ago, it hardly can be honest: then two witnesses that disagree
// are enough to leave it. So they are if the masters that are gone are still there.
func (l *level) audit(t *Task, up *message.Structure, b budget, before *message.Masters, calm bool) {
	tooMuch := calm && l.claimsTooMuch(up, before)
	lost := (calm || l.doubts >= wary) && l.hasLostMasters(before)
	turn, found := (l.rounds+int32(l.node.self.ID()))%auditEvery, 0
	why := "other nodes contradict what it says of the network"
	switch {
	case turn != 0 && l.doubts == 0 && !tooMuch && !lost:
	case l.isMaster():
		found, why = l.verdict(l.structure(), up), "its slave, a master, knows another network than it says"
	case lost && l.mostAreThere(t, up, before, b):
		l.adoptAllowed(before)
		found, why = doubtLimit, "masters that it does not name any more are still there"
	case !l.audited && tooMuch && l.hadFewer(before, up):
		found, why = l.askWitnesses(t, up, b, 2)*(doubtLimit/2), "it claims far more slaves at once than others know of"
	case !l.audited:
		found = l.askWitnesses(t, up, b, 1)
	default: // a witness has agreed: what is left are refusals
		found = -1
	}
	if turn == auditEvery/2 || l.doubts > 0 {
		if refused := l.confirm(t, b); refused > 0 {
			found, why = max(0, found)+refused, "it refuses to confirm the place that it gave"
		}
	}
	l.doubts = uint8(max(0, int(l.doubts)+found))
	if l.doubts >= doubtLimit && !l.backlink.IsZero() {
		l.leave(l.backlink, why)
	}
}

// hadFewer reports whether the backlink had less than half of its slaves by an earlier list.
func (l *level) hadFewer(before *message.Masters, up *message.Structure) bool {
	had, _ := before.SizeOf(l.backlink)
	return !alike(had, len(up.Slaves), mastersSlack)
}

// mostAreThere asks three masters of an earlier list that are gone from that of the
// backlink. If two of them answer, still list most of the others, and disagree with the
// backlink, it has left them out, or left their network.
func (l *level) mostAreThere(t *Task, up *message.Structure, before *message.Masters, b budget) bool {
	backlink, first := l.backlink, int(uint32(l.rounds)+l.node.self.ID())
	var gone []Peer
	for i := range before.List {
		m := before.List[(first+i)%len(before.List)].Peer
		if m != backlink && m != l.node.self && l.masterIndex(m) < 0 && l.node.allowed(m) && len(gone) < 3 {
			gone = append(gone, m)
		}
	}
	responses := t.Gather(gone, message.Request{
		Kind: message.KindStructure, Once: true, Timeout: b.atMost(l.node.cfg.ServerTimeout),
	})
	stay := 0
	for _, resp := range responses {
		said, err := message.As[message.Structure](resp)
		if err == nil && l.sharesMasters(said.Masters, before) && l.verdict(said, up) > 0 {
			stay++
		}
	}
	return stay >= 2 && l.backlink == backlink
}

// askWitnesses asks another master about the backlink, or more where several answers are
// wanted, and returns their verdict. Where a master does not answer, a bootstrap node is
// asked, and then one of the addresses that the node knows besides: a liar may name masters
// that do not exist. Where none answers, the node may be cut off from all of them: then
// there is no other place to go to.
func (l *level) askWitnesses(t *Task, up *message.Structure, b budget, wanted int) (found int) {
	list, backlink := l.masters, l.backlink
	fellow, elsewhere := l.known[0], l.known[1:]
	var last Peer
	for _, w := range []Peer{l.witness(), l.rendezvous(), elsewhere[int(l.rounds)%len(elsewhere)], fellow} {
		if w.IsZero() || w == backlink || w == last || l.backlink != backlink || !l.node.allowed(w) {
			continue
		}
		said, err := message.As[message.Structure](t.Call(w, message.Request{
			Kind: message.KindStructure, Once: true, Timeout: b.atMost(l.node.cfg.ServerTimeout),
		}))
		if err != nil {
			continue
		}
		last = w
		found += l.verdict(said, up)
		l.audited = found < 0 && l.doubts <= 1 && l.masters == list // it may have changed meanwhile
		if wanted--; wanted == 0 || found <= 0 {
			break
		}
	}
	return found
}

// verdict is how many doubts a witness adds: one, or minus one if it knows the backlink,
// with about as many slaves, and a network like the backlink's: of about the same size,
// and with mostly the same masters.
func (l *level) verdict(witness, up *message.Structure) int {
	known, _ := witness.Masters.SizeOf(l.backlink)
	if known > 0 && alike(known, len(up.Slaves), mastersSlack) &&
		alike(witness.Size(), up.Size(), sizeSlack) && l.sharesMasters(witness.Masters, up.Masters) {
		return -1
	}
	return 1
}

// sharesMasters reports whether two lists have most masters in common.
func (l *level) sharesMasters(a, b *message.Masters) bool {
	common := l.inBoth(a, b)
	return alike(common, len(a.List), mastersSlack) && alike(common, len(b.List), mastersSlack)
}

// hasLostMasters reports whether most masters of an earlier list are gone.
func (l *level) hasLostMasters(before *message.Masters) bool {
	return !alike(l.inBoth(before, l.masters), len(before.List), mastersSlack)
}

// claimsTooMuch reports whether the backlink, which is in an earlier list of masters, has
// more than twice the slaves that a master has or needs by that list.
func (l *level) claimsTooMuch(up *message.Structure, before *message.Masters) bool {
	most := l.node.cfg.rule.mostSlaves(Optimum(before.Total, levels))
	if len(up.Slaves) <= 2*max(most, len(before.List)+mastersSlack) {
		return false
	}
	_, known := before.SizeOf(l.backlink)
	return known
}

// inBoth is how many masters are in both lists.
func (l *level) inBoth(a, b *message.Masters) int {
	sets := [2]uint64{a.Set(), b.Set()}
	if a == b || sets[0] != 0 && sets[0] == sets[1] {
		return len(a.List)
	}
	pool := l.node.pool
	if sets[0] == 0 || sets[1] == 0 {
		return countBoth(&pool.marks, a, b)
	}
	last := &pool.overlaps[(sets[0]^sets[1])%uint64(len(pool.overlaps))]
	if last.sets != sets {
		*last = overlap{sets, countBoth(&pool.marks, a, b)}
	}
	return last.common
}

// overlap is how many masters are in both of two sets. Where a master comes or goes, all
// nodes compare the same two.
type overlap struct {
	sets   [2]uint64 // their digests
	common int
}

func countBoth(marks *marks, a, b *message.Masters) (common int) {
	marks.reset()
	for _, m := range a.List {
		marks.put(m.Peer, 1)
	}
	for _, m := range b.List {
		common += int(marks.take(m.Peer))
	}
	return common
}

// alike reports whether neither of two numbers is more than the double of the other, and
// a slack.
func alike(a, b, slack int) bool { return a <= 2*b+slack && b <= 2*a+slack }

// By how many nodes and masters, besides the double, two views of a network may differ
// while it grows.
const (
	sizeSlack    = 8
	mastersSlack = 3
)

// witness picks a master other than the backlink, another one each time.
func (l *level) witness() Peer {
	list := l.masters.List
	skipped := []int{l.masterIndex(l.backlink), l.masterIndex(l.node.self)}
	slices.Sort(skipped)
	others := len(list)
	for _, i := range skipped {
		if i >= 0 {
			others--
		}
	}
	if others == 0 {
		return Peer{}
	}
	turn := int(uint32(l.rounds)+l.node.self.ID()) % others
	for _, i := range skipped {
		if i >= 0 && i <= turn {
			turn++
		}
	}
	return list[turn].Peer
}

// confirm registers again at the backlink, twice if it refuses, and returns how many doubts
// that adds: a master that has just said that it lists us has no reason to refuse, unless it
// has given us up meanwhile. Silence adds none: it is noticed by asking for the structure.
func (l *level) confirm(t *Task, b budget) (doubts int) {
	n, backlink := l.node, l.backlink
	for range 2 {
		if l.backlink != backlink || backlink.IsZero() {
			return 0
		}
		resp := t.Call(backlink, message.Request{
			Kind: message.KindRegister, Timeout: b.atMost(n.cfg.ServerTimeout),
			Body: n.registration(l.size()),
		})
		if _, refused := resp.Err.(*message.Error); !refused || l.backlink != backlink {
			return doubts
		}
		doubts += doubtLimit / 2
	}
	return doubts
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
		l.leave(backlink, "it answers too many searches for less than half of the nodes that it claims")
	}
}

// leave ends the relation with a backlink that is of no use on purpose. Liars whose slaves
// leave them have room for newcomers, so the next backlink is often one again. So it meets
// half of the doubts that it takes to leave it, and is checked at once. The reason is for
// people.
func (l *level) leave(backlink Peer, reason string) {
	l.parted(backlink, deliberate)
	l.node.env.Note(Note{What: NoteUseless, About: backlink, Text: reason})
	l.node.forget(backlink)
	l.doubts = wary
}
