package core

import (
	"fmt"
	"maps"
	"slices"

	"spreadable/core/message"
)

// What a master claims counts in the size of the network. So masters check each other: of
// the slaves that another master has listed since the last sync, one is asked for its
// backlink. Where that does not confirm the claim, more are asked, and the master is
// believed unless most of them fail: some fail at honest masters, too, because they have
// just died, or their answer was lost. So a liar may pad its list up to twice the slaves
// that it has, and no more.
//
// A claim that no honest master would make is checked before it counts: more slaves than
// such a network needs, ports of few hosts, or slaves of a new master that do not answer,
// which an honest one has just interviewed. Any other is checked while it counts, and the
// master is doubted after maxStrikes syncs in a row. By then an honest one has given up
// slaves that do not answer. A master that is doubted counts with the share of its claim
// that was confirmed. It is not banned, because slow or silent slaves prove nothing. In a
// network at rest no list changes, and next to nothing is asked.
//
// A node leaves a backlink that it doubts. Otherwise it would vouch for a list in which the
// backlink has another size than it has, and an honest backlink would ban it for that:
// what an honest node makes of the claims of others must never look like a lie.

const (
	// maxSample is how many slaves of a master are asked at most, when the first has not
	// confirmed the claim.
	maxSample = 16
	// maxAgain is how often slaves that did not answer are asked again before a claim that
	// is too large does not count: a message in twenty may be lost.
	maxAgain = 2
	// maxStrikes is how many syncs in a row a claim that is not too large may fail. A dead
	// slave is off its master's list within two.
	maxStrikes = 4
	// maxOdd is how many masters that claim too much, have failed before, or are new to a
	// wary node are checked in one sync, besides Config.ClaimChecks others.
	maxOdd = 64
	// alarming is how many failed claims, that are remembered, make a node wary of new
	// masters in any network.
	alarming = 4
	// maxDoubts is how many masters a level doubts at most, and doubtFor for how many syncs
	// without another check.
	maxDoubts, doubtFor = 1024, 64
	// recheckEvery is how many syncs pass until a master checks one of the others whose
	// lists have not changed, drawn at random.
	recheckEvery = 8
)

// claim is a master's list of slaves while it is checked.
type claim struct {
	master Peer
	size   int    // as claimed
	slaves []Peer // that may be: each once, and of one host no more than its share
	barred int    // those that we may not ask, such as banned ones
	fresh  []Peer // those that the master did not list at our last sync; all if it has none
	sample []Peer // those that are asked
	there  int    // how many of the sample confirm it
	credit int    // how many slaves count
	wild   bool   // no honest master claims as much
}

// doubt is what is remembered of a master whose claim has failed.
type doubt struct {
	strikes int   // syncs in a row in which it failed
	credit  int   // how many slaves count, -1 for all
	round   int32 // of the last check
}

// verify checks what masters claim, and enters in the confirmed what counts of it.
func (d *discovery) verify(t *Task) {
	l, n := d.level, d.level.node
	l.forgetDoubts()
	var claims []*claim
	if 2*d.lost > len(l.masters.List) { // it is we that cannot reach the others
		defer clear(d.told) // so that all claims are checked at the next sync
	} else {
		claims = l.check(t, d.budget, d.chooseClaims())
	}
	credit, kept := &n.pool.marks, 0
	credit.reset()
	for _, c := range claims {
		credit.swap(c.master, uint32(c.credit))
	}
	for i, m := range d.confirmed {
		credited, checked := credit.value(m.Peer)
		size := int(credited)
		if !checked {
			size = l.unchecked(m)
			if l.isAlarmed() && l.before(m.Peer, d.places[i]) == nil {
				size = 0 // until it is its turn
			}
		}
		if m.Peer == l.backlink && size < int(m.Size) {
			l.leave(m.Peer, "too few of the slaves that it claims confirm it")
		}
		if size == 0 {
			continue
		}
		d.confirmed[kept], d.told[kept] = message.Master{Peer: m.Peer, Size: uint32(size)}, d.told[i]
		kept++
	}
	d.confirmed, d.told = d.confirmed[:kept], d.told[:kept]
	d.keepFew()
}

// unchecked is how many slaves of a master count whose claim is not checked in this sync.
func (l *level) unchecked(m message.Master) int {
	if d, suspected := l.suspected(m.Peer); suspected && d.credit >= 0 {
		return min(int(m.Size), d.credit)
	}
	return int(m.Size)
}

// suspected returns what is remembered of a master whose last claim has failed.
func (l *level) suspected(m Peer) (doubt, bool) {
	if l.guard == nil {
		return doubt{}, false
	}
	d, suspected := l.guard.doubts[m]
	return d, suspected
}

// discounts reports whether a check has found, at this sync or the last, that not all that
// a master claims counts.
func (l *level) discounts(m Peer) bool {
	d, suspected := l.suspected(m)
	return suspected && d.credit >= 0 && d.round >= l.rounds-1
}

// isWary reports whether a new master counts only when it is confirmed: where the network
// is calm, or the node is alarmed. Liars can keep a network from being calm.
func (l *level) isWary() bool { return l.view.calmed() || l.isAlarmed() }

// isAlarmed reports whether the claims of several masters have failed lately.
func (l *level) isAlarmed() bool { return l.guard != nil && len(l.guard.doubts) >= alarming }

// mostClaimed is how many slaves a master may claim without a check of its own: as many as
// it needs by our size, or twice as many as there are masters, and some more.
func (d *discovery) mostClaimed() int {
	l := d.level
	return max(l.node.cfg.rule.mostSlaves(Optimum(l.size(), levels)), 2*len(d.confirmed)+8)
}

// chooseClaims returns the claims to check in this sync: of masters that claim more than
// before, as many as Config.ClaimChecks, drawn at random, and all that claim too much or
// have failed before. A wary node checks all new masters: peers that name any address as a
// master would otherwise bring in more than are checked, and each that counts is named to
// all other masters.
func (d *discovery) chooseClaims() []*claim {
	l, n := d.level, d.level.node
	most := d.mostClaimed()
	var grown, odd []int // indices of the confirmed
	for i, told := range d.told {
		_, suspected := l.suspected(d.confirmed[i].Peer)
		changed := !sameSlaves(l.before(d.confirmed[i].Peer, d.places[i]), told)
		switch {
		case suspected || len(told.Slaves) > most:
			odd = append(odd, i)
		case changed:
			grown = append(grown, i)
		}
	}
	rng := n.env.Rand()
	if len(grown) == 0 && len(d.told) > 0 && (int(l.rounds)+int(n.self.ID()))%recheckEvery == 0 {
		grown = append(grown, rng.IntN(len(d.told)))
	}
	if len(grown) > n.cfg.ClaimChecks {
		rng.Shuffle(len(grown), func(i, j int) { grown[i], grown[j] = grown[j], grown[i] })
		var fresh []int
		for _, i := range grown[n.cfg.ClaimChecks:] {
			if l.isWary() && l.before(d.confirmed[i].Peer, d.places[i]) == nil {
				fresh = append(fresh, i)
			}
		}
		grown, odd = grown[:n.cfg.ClaimChecks], append(fresh, odd...)
	}
	var claims []*claim
	for _, i := range append(grown, odd[:min(len(odd), maxOdd)]...) {
		m := d.confirmed[i].Peer
		claims = append(claims, n.newClaim(m, d.told[i], l.before(m, d.places[i]), most))
	}
	return claims
}

// before is what a master answered at the last discovery, nil for nothing. Place is its
// index in our list then, or -1 where that was not looked up.
func (l *level) before(m Peer, place int32) *message.Structure {
	i := int(place)
	if i < 0 || i >= len(l.masters.List) || l.masters.List[i].Peer != m {
		i = l.masterIndex(m)
	}
	if i < 0 || i >= len(l.looked) {
		return nil
	}
	return l.looked[i]
}

// sameSlaves reports whether a master lists the same slaves as before. Snapshots share the
// array of a list that has not changed between them.
func sameSlaves(before, now *message.Structure) bool {
	if before == now || before == nil {
		return before == now
	}
	a, b := before.Slaves, now.Slaves
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0] || slices.Equal(a, b))
}

// Marks of slaves in newClaim.
const (
	listedBefore = 1
	listedNow    = 2
)

// newClaim prepares a claim for its check; more than most slaves are too many.
func (n *Node) newClaim(master Peer, told, before *message.Structure, most int) *claim {
	c := &claim{master: master, size: len(told.Slaves), credit: len(told.Slaves)}
	marks := &n.pool.marks
	marks.reset()
	if before != nil {
		for _, p := range before.Slaves {
			marks.put(p, listedBefore)
		}
	}
	share := 1
	if n.perHost {
		share, _ = n.level1.hostShare()
	}
	taken, all := &n.pool.taken, n.AdmitsAll()
	taken.reset()
	c.slaves = make([]Peer, 0, len(told.Slaves))
	for _, p := range told.Slaves {
		if p.IsZero() || p == master {
			continue
		}
		when, known := marks.swap(p, listedNow)
		if when == listedNow || n.perHost && taken.count(uint32(n.hostOf(p))) > share {
			continue
		}
		if !all && !n.allowed(p) {
			c.barred++
			continue
		}
		c.slaves = append(c.slaves, p)
		if !known {
			c.fresh = append(c.fresh, p)
		}
	}
	if len(c.fresh) == 0 {
		c.fresh = c.slaves
	}
	c.wild = before == nil && n.level1.isWary() || c.size > most || 2*(len(c.slaves)+c.barred) < c.size
	return c
}

// check asks slaves of each claim whether they are, and settles how many count: first one
// of the fresh, and where that does not confirm the claim, a sample of all.
func (l *level) check(t *Task, b budget, claims []*claim) []*claim {
	for _, c := range claims {
		if _, suspected := l.suspected(c.master); !suspected {
			c.draw(l.node, c.fresh, 1)
		}
	}
	l.askSlaves(t, b, claims)
	var open []*claim
	for _, c := range claims {
		if !c.holds() {
			c.draw(l.node, c.slaves, maxSample)
			open = append(open, c)
		}
	}
	for again := 0; len(open) > 0; again++ {
		l.askSlaves(t, b, open)
		open = slices.DeleteFunc(open, func(c *claim) bool {
			if !c.holds() && c.wild && again < maxAgain {
				return false
			}
			l.resolve(c)
			return true
		})
	}
	return claims
}

// draw draws a sample of some slaves.
func (c *claim) draw(n *Node, from []Peer, most int) {
	from = slices.Clone(from)
	rng := n.env.Rand()
	rng.Shuffle(len(from), func(i, j int) { from[i], from[j] = from[j], from[i] })
	c.sample, c.there = from[:min(most, len(from))], 0
}

// confirmed is how many slaves there are, as far as the sample says.
//
// Slaves that we may not ask count as the others do. If there are no others, they all
// count: an honest master may have slaves that only we have banned, and has no others then.
func (c *claim) confirmed() int {
	if len(c.sample) == 0 {
		return c.barred
	}
	return (len(c.slaves) + c.barred) * c.there / len(c.sample)
}

// holds reports whether a claim is believed.
func (c *claim) holds() bool { return 2*c.confirmed() >= c.size }

// askSlaves asks those of each sample that have not confirmed the claim yet. A slave
// confirms it if it names the master as its backlink, or does not know of its
// registration yet. It has twice the usual time, because to be slow is no lie.
func (l *level) askSlaves(t *Task, b budget, claims []*claim) {
	var asked []Peer
	for _, c := range claims {
		asked = append(asked, c.sample[c.there:]...)
	}
	responses := t.Gather(asked, message.Request{
		Kind: message.KindStructure, Timeout: b.atMost(2 * l.node.cfg.ServerTimeout),
	})
	for _, c := range claims {
		missing := c.sample[c.there:]
		for i := range missing {
			said, err := message.As[message.Structure](responses[i])
			if err == nil && (said.Backlink == c.master || said.Backlink.IsZero()) {
				c.sample[c.there], missing[i] = missing[i], c.sample[c.there]
				c.there++
			}
		}
		responses = responses[len(missing):]
	}
}

// resolve draws the conclusion from a sample.
func (l *level) resolve(c *claim) {
	d, suspected := l.suspected(c.master)
	if c.holds() {
		if suspected {
			delete(l.guard.doubts, c.master)
		}
		return
	}
	if !suspected {
		d.credit = -1
	}
	if d.strikes++; c.wild || d.strikes >= maxStrikes {
		if d.credit < 0 {
			l.guarded().Doubts++
			text := fmt.Sprintf("it claims %d slaves, %d of %d asked confirm it", c.size, c.there, len(c.sample))
			l.node.env.Note(Note{What: NoteDoubted, About: c.master, Text: text})
		}
		c.credit = c.confirmed()
		d.credit = c.credit
	}
	if d.round = l.rounds; suspected || len(l.guarded().doubts) < maxDoubts {
		l.guarded().doubts[c.master] = d
	}
}

// forgetDoubts forgets the doubts of masters that have not been met for long. One that
// hides for some syncs does not start anew.
func (l *level) forgetDoubts() {
	if l.guard != nil {
		maps.DeleteFunc(l.guard.doubts, func(_ Peer, d doubt) bool { return d.round < l.rounds-doubtFor })
	}
}
