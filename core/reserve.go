package core

import (
	"slices"
	"time"

	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/state"
)

// A node's lists lead to the rest of the network only while their masters live. This file
// has the addresses beyond the lists, for the day when these lead nowhere: a few nodes
// elsewhere in the network that every node remembers (level.known), and what only some
// nodes need (reserve): peers that were lost, and nodes that asked while there was no
// place.
//
// With them a network survives the loss of its bootstrap node and of all its masters, and
// two halves of which each took the other for dead meet again.

// reserve is what a level needs in trouble only. It is nil before the first.
type reserve struct {
	probes   []*probing // peers that have failed and are asked again
	ticking  bool       // the timer for that is set
	cleared  []Peer     // masters that have answered since the last sync, though a newcomer doubted them
	former   Peer       // the backlink that was lost, until there is another
	deaths   deaths
	manyDied time.Duration // when many masters were silent at a time; 0 is never
	shed     lost          // the slave that was shed last, so that the network finds another order
	lost     []lost        // peers that were silent for too long, the latest last
	bridges  bridges       // see bridge.go
	heard    []Peer        // of a master: introductions; without a place: nodes that asked us
	adrift   bool          // the bootstrap node did not answer at the last sync
	keptOut  keptOut
	leftAt   *state.Revision // the revision at which the node began to leave
	greeting
}

// lost is a peer that we have taken off our lists, and when.
type lost struct {
	peer  Peer
	since time.Duration
}

const (
	maxLost = 8
	// lostLife is how long a lost peer is asked now and then: no partition that heals by
	// itself lasts longer.
	lostLife = 7 * 24 * time.Hour
	// maxCallers bounds the nodes that a node without a place remembers.
	maxCallers = 8
	// maxOthers is how many addresses a node without a place pings at a time.
	maxOthers = 8
	// knownEvery is how many syncs pass until a slave whose masters have changed looks at
	// the addresses that it knows, and inquireEvery until it asks for new ones.
	knownEvery   = 4
	inquireEvery = 128
)

func (l *level) reserves() *reserve {
	if l.reserve == nil {
		l.reserve = new(reserve)
	}
	return l.reserve
}

// keepLost keeps the address of a lost peer.
func (l *level) keepLost(p Peer) {
	l.recovered(p)
	r := l.reserves()
	if len(r.lost) >= maxLost {
		r.lost = slices.Delete(r.lost, 0, 1)
	}
	r.lost = append(r.lost, lost{p, l.node.env.Now()})
}

// formerBacklink is the backlink that was just lost, while there is no other.
func (l *level) formerBacklink() Peer {
	if r := l.reserve; r != nil && l.justLost(r.former) {
		return r.former
	}
	return Peer{}
}

// recovered forgets that p was lost.
func (l *level) recovered(p Peer) {
	if l.reserve != nil && len(l.reserve.lost) > 0 {
		l.reserve.lost = slices.DeleteFunc(l.reserve.lost, func(x lost) bool { return x.peer == p })
	}
}

// hasLost reports whether a peer was lost within a week, and has not been heard since.
func (l *level) hasLost() bool { return l.reserve != nil && len(l.reserve.lost) > 0 }

// isAdrift reports whether the bootstrap node did not answer at the last sync.
func (l *level) isAdrift() bool { return l.reserve != nil && l.reserve.adrift }

// isLost reports whether p was lost and has not been heard since.
func (l *level) isLost(p Peer) bool {
	return l.reserve != nil && slices.ContainsFunc(l.reserve.lost, func(x lost) bool { return x.peer == p })
}

// justLost reports whether p was lost within the last two sync intervals. What was longer
// ago says nothing against a node that others name: it may have been we that were cut off.
func (l *level) justLost(p Peer) bool {
	r := l.reserve
	return r != nil && slices.ContainsFunc(r.lost, func(x lost) bool {
		return x.peer == p && l.node.env.Now()-x.since < 2*l.node.cfg.SyncInterval
	})
}

// lookBack is the address beyond the lists that this sync asks: each of the lost ones in
// turn, one in maxLost syncs. While no bootstrap node answers, that glue is missing, and
// each sync asks one of them or of the known ones.
func (l *level) lookBack() Peer {
	r := l.reserve
	if r == nil {
		return Peer{}
	}
	now := l.node.env.Now()
	r.lost = slices.DeleteFunc(r.lost, func(x lost) bool { return now-x.since > lostLife })
	turn := int(l.rounds)
	if !r.adrift {
		if i := turn % maxLost; i < len(r.lost) {
			return r.lost[i].peer
		}
		return Peer{}
	}
	if i := turn % (len(r.lost) + len(l.known)); i < len(r.lost) {
		return r.lost[i].peer
	} else {
		return l.known[i-len(r.lost)]
	}
}

// others are the addresses to ask for a place when no bootstrap node has one: the masters,
// the nodes that asked us, the known ones and the lost ones. Our own slaves are not among
// them: they know what we know. The order is random; or, in a network of many masters, these
// come first, in an order that all newcomers have in common.
func (l *level) others(inCommon bool) []Peer {
	n := l.node
	var all []Peer
	add := func(p Peer) {
		if p != n.self && n.allowed(p) && !l.hasSlave(p) && !l.isProbed(p) && !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	for _, m := range l.masters.List {
		add(m.Peer)
	}
	masters := len(all)
	for _, p := range l.known {
		add(p)
	}
	if l.reserve != nil {
		for _, x := range l.reserve.bridges.ends {
			add(x.peer)
		}
		for _, p := range l.reserve.heard {
			add(p)
		}
		for _, x := range l.reserve.lost {
			add(x.peer)
		}
	}
	rest := all
	if inCommon && masters > 2*maxOthers {
		l.sortInCommon(all[:masters])
		rest = all[masters:]
	}
	n.env.Rand().Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	return all
}

// inCommonFor is for how many sync intervals newcomers prefer the same masters.
const inCommonFor = 16

// sortInCommon orders masters as all newcomers do in these minutes: by a hash of the
// address and the time. So when the bootstrap node dies with many others, a few masters
// provide for all newcomers in its place, and their ledgers see what is placed. If each
// newcomer asked another master, each of these would make new masters of its own, and all
// would fill the same young ones: there would be too many masters, or they would have too
// many slaves, and most of that would have to be put right later.
//
// Nobody depends on these few, which may be dead, or full, or lie: only the first attempt
// goes by the order, and no address comes first for long. A node does not go by it if a
// bootstrap node has refused it because its host has its share of places. There may be
// hundreds of these, and together they would get more than that share from a few masters.
func (l *level) sortInCommon(masters []Peer) {
	n, by := l.node, slices.Clone(masters)
	order := draw.New(draw.Start(n.Wall(), inCommonFor*n.cfg.SyncInterval))
	order.Grow(len(by))
	for i, p := range by {
		order.Add(int32(i), n.cfg.Book.Text(p))
	}
	for i, place := range order.Next(len(by)) {
		masters[i] = by[place]
	}
}

// askOthers asks for a place beyond the bootstrap nodes. Most of the addresses may be
// dead, so it pings some at once and asks the first that answers. If that one has no place,
// another is asked: some answer pings and nothing else, and a slow one comes last every
// time. InCommon is whether it asks those that all newcomers ask. The result is nil if there
// is no place.
func (l *level) askOthers(t *Task, b budget, inCommon bool) *message.Provision {
	n := l.node
	others := l.others(inCommon)
	others = others[:min(maxOthers, len(others))]
	if len(others) == 0 {
		return nil
	}
	ping := message.Request{Kind: message.KindPing, Timeout: b.share(n.cfg.PingTimeout)}
	var there []Peer
	for i, resp := range t.GatherSome(others, ping, 1) {
		switch {
		case resp.Err == nil:
			there = append(there, others[i])
		case l.reserve != nil && resp.Err != ErrUnawaited: // strangers keep out no others
			l.reserve.heard = slices.DeleteFunc(l.reserve.heard, func(p Peer) bool { return p == others[i] })
		}
	}
	if i := slices.IndexFunc(others, func(p Peer) bool { return !slices.Contains(there, p) }); i >= 0 {
		there = append(there, others[i])
	}
	for _, p := range there {
		if provision, err := l.askForPlace(t, p, l.placeTimeout(b)); err == nil {
			return provision
		}
	}
	return nil
}

// call remembers a node that asked us while we have no place: it may be a member of the
// network that we look for, such as a master that looks for its bootstrap node.
func (l *level) call(from Peer) {
	r := l.reserves()
	if from != l.node.self && len(r.heard) < maxCallers && !slices.Contains(r.heard, from) &&
		l.heardOf(from) < l.node.cfg.HostPlaces {
		r.heard = append(r.heard, from)
	}
}

// know renews the addresses that a slave remembers for the loss of all masters: one of
// its backlink's slaves, and some of other masters' slaves. So what remains of the groups
// of all masters stays connected: of random graphs in which each node knows two others,
// nearly all are.
//
// The others are the places that the provider named and we did not take. When all of them
// have become masters, as in small networks, and once in inquireEvery syncs, we ask
// another master for its slaves. Otherwise all stays as it is until the list of masters
// changes, as it does with the size of any group.
func (l *level) know(up answer, b budget) {
	turn := int(l.rounds) + int(l.node.self.ID())
	asks := turn%inquireEvery == 0
	if up.said == nil || !asks && l.rounds >= 4 && (l.recalled || turn%knownEvery != 0) {
		return
	}
	l.recalled = true
	l.known[0] = l.stranger(up.said.Slaves)
	elsewhere, kept := l.known[1:], 0
	for _, p := range elsewhere {
		if !p.IsZero() && p != up.peer && p != l.node.self && l.masterIndex(p) < 0 {
			elsewhere[kept] = p
			kept++
		}
	}
	clear(elsewhere[kept:])
	if kept == 0 || asks {
		l.inquire(up.peer, turn, b)
	}
}

// inquire asks a master other than the backlink, in turn, for its slaves. The sync does
// not wait for the answer.
func (l *level) inquire(backlink Peer, turn int, b budget) {
	n, list := l.node, l.masters.List
	if len(list) < 2 {
		return
	}
	i := turn + turn/knownEvery
	if list[i%len(list)].Peer == backlink {
		i++
	}
	if m := list[i%len(list)].Peer; m != n.self {
		req := message.Request{Kind: message.KindStructure, Timeout: b.atMost(n.cfg.ServerTimeout)}
		n.inquire(m, req, &inquiry{l, m, n.life, false})
	}
}

// inquiry is a question to a node elsewhere.
type inquiry struct {
	level  *level
	peer   Peer
	life   uint8 // of the node
	bridge bool
}

// Answer implements Sink.
func (q *inquiry) Answer(_ uint32, resp message.Response) {
	n := q.level.node
	if n.life != q.life {
		return
	}
	if other, err := n.structureFrom(q.peer, resp); err == nil {
		if q.bridge {
			q.level.cross(q.peer, other.Masters)
		}
		q.level.knowElsewhere(q.level.stranger(other.Slaves))
	}
}

// structureFrom takes an answer that no task waits for, and concludes from it.
func (n *Node) structureFrom(p Peer, resp message.Response) (*message.Structure, error) {
	if resp.Err == nil && !message.KindStructure.Row().Fits(resp.Body) {
		resp.Err = message.ErrMalformed
	}
	n.conclude(p, true, resp)
	return message.As[message.Structure](resp)
}

// stranger returns a random peer of a list that is no master; none if there is no other
// than ourselves.
func (l *level) stranger(list []Peer) Peer {
	if len(list) == 0 {
		return Peer{}
	}
	start := l.node.env.Rand().IntN(len(list))
	for i := range list {
		if p := list[(start+i)%len(list)]; p != l.node.self && l.masterIndex(p) < 0 {
			return p
		}
	}
	return Peer{}
}

// knowElsewhere adds an address to the known ones of other groups, as the latest. The
// lists have the masters already, and a lost peer must not displace one that lives.
func (l *level) knowElsewhere(p Peer) {
	if elsewhere := l.known[1:]; !p.IsZero() && !slices.Contains(elsewhere, p) && l.masterIndex(p) < 0 && !l.isLost(p) {
		copy(elsewhere[1:], elsewhere)
		elsewhere[0] = p
	}
}
