package core

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"spreadable/core/message"
)

// How long hosts have been in the network, in one that draws by host with a MinAge. A salt
// protects a draw only from hosts that were fixed before it was known, so a master names
// to a draw only slaves of groups that it has known for long enough (draw.Settings.SeenBy).
//
// An age is what masters have seen, never what a node says of itself. Each master keeps
// when it has first seen each group: among its own slaves, or in the list of another master
// at a sync. So a node that moves, or whose master has died, is as old at its next master.
// A new master has seen nothing. For some syncs it asks the others for the ages of their
// slaves, and of its own, which may have been elsewhere before: there it believes the
// median, so that less than half of the masters cannot make a node older than it is. After
// that it believes its own eyes only.
//
// In a network of several levels masters see their own branch, and a host that moves to
// another starts anew there: the old branch would be known to its head alone, whose word
// could make any host old. When the network began is what most heads of the top say.
//
// Times are those of the wall clock, by which all nodes tell periods, too. A time is
// settled at the first sight, so all draws of a period get the same answer from a master.

// ages is what a master remembers of the groups in the network.
type ages struct {
	began  time.Duration // when the network began; 0 is not known yet
	groups map[string]sighting
	young  int   // how many syncs have asked other masters
	noted  int32 // the sync in which a lack of space was last noted
}

// sighting is when a group was seen first, and in the latest complete look at all lists.
type sighting struct{ first, last time.Duration }

const (
	// ageLooks is how many syncs there are from one look at all lists to the next. Between
	// them only lists that have changed are looked at. A new master asks others as often.
	ageLooks = 4
	// moreAges is how many groups a master remembers in a network of no size.
	moreAges = 1024
)

// aged returns what is remembered of ages, which it creates if there is nothing.
func (l *level) aged() *ages {
	w := l.watched()
	if w.ages == nil {
		w.ages = &ages{groups: make(map[string]sighting)}
	}
	return w.ages
}

// forgetAges is for a node that has no slaves any more: it will not see what happens.
func (l *level) forgetAges() {
	if l.watch != nil && l.watch.ages != nil {
		l.watch.ages = nil
		l.watch.agesRevision++
	}
}

// groupOf names the group of a node as far as its IP is known.
func (n *Node) groupOf(p Peer) (string, bool) { return n.cfg.Draw.Group.Of(n.entrant(p, nil)) }

// joinedAt is when our i-th slave was listed, by the wall clock.
func (l *level) joinedAt(i int) time.Duration {
	return l.node.env.Wall() - (l.node.env.Now() - l.joined[i])
}

// sightingOf is what we know of the group of a node.
func (l *level) sightingOf(p Peer) (s sighting, known bool) {
	if l.watch == nil || l.watch.ages == nil {
		return sighting{}, false
	}
	if group, ok := l.node.groupOf(p); ok {
		s, known = l.watch.ages.groups[group]
	}
	return s, known
}

// firstSeen is since when we know the group of our i-th slave.
func (l *level) firstSeen(i int) time.Duration {
	if s, known := l.sightingOf(l.slaves[i]); known {
		return s.first
	}
	return l.joinedAt(i)
}

// oldEnough are the slaves that may be named to a draw by host.
func (l *level) oldEnough(asked *message.EntrantsRequest) []Peer {
	n := l.node
	if n.cfg.Draw.MinAge == 0 {
		return l.slaves
	}
	_, terms := n.approvalKind(asked.Draw.Action)
	began := time.Duration(0)
	if l.watch.ages != nil {
		began = l.watch.ages.began
	}
	seenBy := n.cfg.Draw.SeenBy(asked.StartedAt, began, terms.Period)
	var old []Peer
	for i, s := range l.slaves {
		if l.firstSeen(i) <= seenBy {
			old = append(old, s)
		}
	}
	return old
}

// serveAges says since when we know our slaves, and those that the sender asks for.
func (n *Node) serveAges(req *message.Request) message.Response {
	l, answer := &n.level1, &message.Ages{}
	if n.cfg.Draw.MinAge == 0 || !l.isMaster() {
		return message.Response{Body: answer}
	}
	answer.Began = l.aged().began
	for i, s := range l.slaves {
		answer.Seen = append(answer.Seen, message.Sighting{Peer: s, First: l.firstSeen(i)})
	}
	if asked := message.Asked[message.AgesRequest](req); asked != nil {
		for _, p := range asked.Of {
			if s, known := l.sightingOf(p); known && !l.hasSlave(p) {
				answer.Seen = append(answer.Seen, message.Sighting{Peer: p, First: s.first})
			}
		}
	}
	return message.Response{Body: answer}
}

// learnAges renews a master's ages at a sync.
func (d *discovery) learnAges(t *Task) {
	l, n := d.level, d.level.node
	if n.cfg.Draw.MinAge == 0 {
		return
	}
	a := l.aged()
	if a.young < ageLooks {
		a.young++
		began := d.askAges(t, a)
		if n.inTree() {
			began = d.askHeads(t)
		}
		if first, ok := median(began.times, len(began.times), n.env.Wall()); ok {
			l.setBegan(a, first)
		} else if a.began == 0 && began.silent == 0 { // none knows: we were among the first
			l.setBegan(a, n.env.Wall()-(n.env.Now()-n.started))
		}
	}
	d.lookAtAges(a)
}

// beginnings are what others say of when the network began.
type beginnings struct {
	times  []time.Duration // of those that know
	silent int             // how many others have not answered that should
}

// hear takes an answer.
func (b *beginnings) hear(said *message.Ages, wall time.Duration) {
	if said.Began > 0 && said.Began <= wall {
		b.times = append(b.times, said.Began)
	}
}

// askHeads asks the other heads of the top when the network began, in one of several
// levels: the masters of a branch that is new know of no more than that.
func (d *discovery) askHeads(t *Task) (began beginnings) {
	n := d.level.node
	heads, _ := n.targets(n.drawLevel())
	heads = slices.DeleteFunc(heads, func(p Peer) bool { return p == n.self })
	for _, resp := range t.Gather(heads, message.Request{
		Kind: message.KindAges, Timeout: d.budget.atMost(n.cfg.ServerTimeout), Body: &message.AgesRequest{},
	}) {
		if said, err := message.As[message.Ages](resp); err == nil {
			began.hear(said, n.env.Wall())
		} else {
			began.silent++
		}
	}
	return began
}

func (l *level) setBegan(a *ages, began time.Duration) {
	if a.began != began {
		a.began = began
		l.watch.agesRevision++
	}
}

// askAges asks the other masters for the ages of their slaves and of ours, and for when the
// network began.
func (d *discovery) askAges(t *Task, a *ages) (began beginnings) {
	l, n := d.level, d.level.node
	var masters []Peer
	for _, m := range d.confirmed {
		masters = append(masters, m.Peer)
	}
	own := slices.Clone(l.slaves)
	responses := t.Gather(masters, message.Request{
		Kind: message.KindAges, Timeout: d.budget.atMost(n.cfg.ServerTimeout), Body: &message.AgesRequest{Of: own},
	})
	wall, answered := n.env.Wall(), 0
	ours := make(map[Peer][]time.Duration) // what the others have seen of our slaves
	for _, resp := range responses {
		said, err := message.As[message.Ages](resp)
		if err != nil {
			continue
		}
		answered++
		began.hear(said, wall)
		for _, s := range said.Seen {
			if slices.Contains(own, s.Peer) {
				ours[s.Peer] = append(ours[s.Peer], s.First)
			} else {
				l.sightEarlier(a, s.Peer, min(s.First, wall))
			}
		}
	}
	for _, p := range own {
		if first, ok := median(ours[p], answered, wall); ok {
			l.sightEarlier(a, p, first)
		}
	}
	return began
}

// median is the median of some times out of so many, those that are missing being late; the
// later one of two. It is no answer if it is missing or lies ahead.
func median(times []time.Duration, of int, now time.Duration) (time.Duration, bool) {
	if of/2 >= len(times) {
		return 0, false
	}
	slices.Sort(times)
	return times[of/2], times[of/2] <= now
}

// lookAtAges enters what the masters list: all of it once in some syncs, and else what has
// changed. Lists of masters that are doubted do not count. A group that no master lists any
// more is forgotten when a node would be.
func (d *discovery) lookAtAges(a *ages) {
	l, n, wall := d.level, d.level.node, d.level.node.env.Wall()
	all := l.rounds%ageLooks == 0
	for i, told := range d.told {
		m := d.confirmed[i].Peer
		if l.discounts(m) || !all && sameSlaves(l.before(m, d.places[i]), told) {
			continue
		}
		for _, s := range told.Slaves {
			l.sight(a, s, wall)
		}
	}
	for i, s := range l.slaves {
		l.sight(a, s, l.joinedAt(i))
	}
	if !all {
		return
	}
	past, before := wall-n.cfg.rule.lifetime(n.cfg, l.size()), len(a.groups)
	maps.DeleteFunc(a.groups, func(_ string, s sighting) bool { return s.last < past })
	if len(a.groups) < before {
		l.watch.agesRevision++
	}
}

// sight enters that the group of a node is there, and was first seen at that time if it is
// new.
func (l *level) sight(a *ages, p Peer, first time.Duration) {
	n := l.node
	group, ok := n.groupOf(p)
	if !ok {
		return
	}
	s, known := a.groups[group]
	if !known {
		if len(a.groups) >= n.cfg.AgesPerNode*l.size()+moreAges {
			l.agesLeft(a)
			return
		}
		s.first = first
		l.watch.agesRevision++
	}
	s.last = n.env.Wall()
	a.groups[group] = s
}

// sightEarlier is sight of a group that others have seen before us.
func (l *level) sightEarlier(a *ages, p Peer, first time.Duration) {
	l.sight(a, p, first)
	group, _ := l.node.groupOf(p)
	if s, known := a.groups[group]; known && first < s.first {
		s.first = first
		a.groups[group] = s
		l.watch.agesRevision++
	}
}

// agesLeft counts a group for which there is no space, and notes the first of each sync.
func (l *level) agesLeft(a *ages) {
	g := l.guarded()
	if g.AgesLeft++; g.AgesLeft == 1 || a.noted != l.rounds {
		a.noted = l.rounds
		text := fmt.Sprintf("%d are remembered in a network of %d nodes (option ages_per_node)", len(a.groups), l.size())
		l.node.env.Note(Note{What: NoteAgesLeft, Text: text})
	}
}
