package core

import (
	"slices"

	"spreadable/core/message"
)

// How a provider of the directed rule chooses where newcomers register, by what its
// ledger counts.

// provide answers with the places for the target, best first: each is a result with
// itself as the only spare. An npm newcomer would draw among several results, so it gets
// just one: the best, or any of them if it is a master. The best may be a slave of that
// master, which we cannot know, and would be the best each time that it asks.
func (directed) provide(l *level, t *Task) message.Response {
	body := message.Asked[message.ProvideRequest](&t.req)
	l.doubt(body.Lost)
	if l.hostIsServed(body.Target) {
		return l.refuseHost(body.Target)
	}
	// Only those that ask for themselves are counted in the ledger. Otherwise one node
	// could fill it with nodes that do not exist.
	if t.req.From != body.Target {
		return l.grant(body.Target)
	}
	p := l.findPlacesFor(t, body.Target, body.Lost, t.requestBudget())
	if !body.Places && len(p.Results) > 1 {
		i := 0
		if l.masterIndex(body.Target) >= 0 {
			i = l.node.env.Rand().IntN(len(p.Results))
		}
		p.Results = p.Results[i : i+1]
	}
	return message.Response{Body: p}
}

// findPlacesFor finds places for target, which has lost a backlink if it names one. A
// provider that finds none, not even a node that could become a master, asks one master
// for its slaves. It also does so for a master in a small network that asks again: all
// other masters may be slaves of the target, and so may all nodes that the provider
// remembers.
func (l *level) findPlacesFor(t *Task, target, lost Peer, b budget) *message.Provision {
	var told []Peer
	lg := l.openLedger()
	if lg.masters <= smallMasters && l.isMasterAgain(target) {
		told = l.slavesOfAnother(t, target, b)
	}
	places, size := l.place(target, lost, told...)
	if len(places) == 0 {
		if told = l.slavesOfAnother(t, target, b); len(told) > 0 {
			places, size = l.place(target, lost, told...)
		}
	}
	p := &message.Provision{
		Lifetime: l.node.lifetime(), NetworkSize: size, Results: make([]message.Place, len(places)),
	}
	for i := range places {
		p.Results[i] = message.Place{Address: places[i], NetworkSize: size, Spares: places[i : i+1 : i+1]}
	}
	return p
}

// openLedger is the ledger, a new one if there is none: a node gives it up when it leaves
// its branch, or sweeps its memory, and may do so while a newcomer waits.
func (l *level) openLedger() *ledger {
	if l.ledger == nil {
		l.ledger = l.newLedger()
	}
	return l.ledger
}

// isMasterAgain reports whether the target is a master that has asked before. The masters
// that it was sent to can all be its slaves.
func (l *level) isMasterAgain(target Peer) bool {
	_, again := l.ledger.sent[target]
	return again && l.masterIndex(target) >= 0
}

// smallMasters is how many masters a network has in which they may all be slaves of one.
const smallMasters = 4

// slavesOfAnother asks a random master other than target for its slaves, which could
// become masters. They are not remembered: it may lie, and is not doubted before our next
// sync.
func (l *level) slavesOfAnother(t *Task, target Peer, b budget) []Peer {
	n, masters := l.node, make([]Peer, 0, smallMasters)
	for _, m := range l.masters.List {
		if m.Peer != target && m.Peer != n.self {
			masters = append(masters, m.Peer)
		}
	}
	if len(masters) == 0 {
		return nil
	}
	m := masters[n.env.Rand().IntN(len(masters))]
	resp := t.Call(m, message.Request{Kind: message.KindStructure, Timeout: b.atMost(n.cfg.ServerTimeout)})
	s, err := message.As[message.Structure](resp)
	if err != nil {
		return nil
	}
	return s.Slaves[:min(len(s.Slaves), recentNewcomers)]
}

// place chooses where target should register, best first, and counts it at the best: a
// master with capacity, or, if there is none, a node that would become a master. Of four
// places two are masters, one is a node that could become one, in case they refuse, and
// the last is a master again. Size is the size of the network with target in it. Told are
// slaves that a master has just named: where nodes come and go they come before the recent
// newcomers, nearly all of which may be dead.
//
// A bootstrap node that sees a few masters die, as in a network whose nodes come and go,
// makes another one in the place of each at once, gives it few nodes until others know it
// (early.go), and lets the masters have half of their slack. Otherwise all that are left
// are full, and the young master gets all newcomers, while slaves elsewhere do not know it
// yet. Other providers do not: after the death of the bootstrap node there are many of them.
func (l *level) place(target, lost Peer, told ...Peer) (places []Peer, size int) {
	n, lg := l.node, l.openLedger()
	again := l.isMasterAgain(target)
	lg.resize(n.self, len(l.slaves))
	dying, many := l.discountSilent()
	lg.left(target, lost, n.hostOf(target))
	lg.missed(target)
	size = lg.nodes + 1
	if target != n.self && l.backlink.IsZero() {
		size++ // the node itself, which no master lists yet
	}
	optimum := Optimum(size, levels)
	limit, churns := optimum, dying && !many && slices.Contains(n.bootstrap(), n.self)
	switch {
	case churns:
		limit = optimum + slack(optimum)/2
	case dying:
		limit = Optimum(size*survivors/16, levels)
	}
	lg.bound(limit)
	c := choice{level: l, ledger: lg, target: target, size: size, places: make([]Peer, 0, maxPlaces), again: again}
	c.fill(told, dying, churns, optimum)
	if len(c.places) == 0 && c.passedOver {
		c.anyHost = true
		c.fill(told, dying, churns, optimum)
	}
	switch {
	case lg.isOutside(target):
		lg.attempted(target, n.env.Now())
	case len(c.places) > 0:
		lg.send(target, c.places[0], n.hostOf(target), n.env.Now())
	}
	return c.places, size
}

// fill adds places until there are enough, if there are as many: masters with room, and
// nodes that could become masters.
func (c *choice) fill(told []Peer, dying, churns bool, optimum int) {
	l, lg := c.level, c.ledger
	switch {
	// Fewer than three masters cannot form a cycle without a mutual pair, so the first
	// three newcomers make masters.
	case lg.masters >= 3 && l.node.follows():
		c.makeEarly()
	case churns && lg.masters >= 3:
		c.makeYoung(optimum, c.makeMasterAlive)
	}
	if lg.masters >= 3 || c.size <= 2 {
		c.drawMasters(2)
	}
	if most := optimum + slack(optimum); lg.masters >= most && (len(c.places) == 0 || c.again) {
		c.slackMaster(most)
	}
	if dying && lg.masters >= 3 {
		if lg.masters < optimum && len(c.places) == 0 {
			c.makeMasterAlive()
		}
		c.fullMasters(maxPlaces - 1)
	}
	if l.hasLost() {
		c.makeMasters(maxPlaces-1, told)
	}
	own := []Peer{l.node.self}
	if lg.masters < 3 && l.hasLost() { // all recent newcomers may be dead, we are not
		c.makeMasters(maxPlaces-2, lg.recent)
		c.makeMasters(maxPlaces-1, l.slaves, own)
	}
	c.makeMasters(maxPlaces-2, told)
	c.makeMasters(maxPlaces-1, lg.recent, l.slaves, own)
	c.drawMasters(maxPlaces)
}

// survivors are the sixteenths of the nodes that a provider expects to be alive when
// masters die. Its numbers still count the dead slaves of living masters. If it filled
// new masters by these, they would have too many slaves when the dead are gone, and shed
// them again. A quarter fewer nodes want an eighth fewer slaves, which is not missed if
// just one has died.
const survivors = 12

// choice is the choice of places for one newcomer.
type choice struct {
	level      *level
	ledger     *ledger
	target     Peer
	size       int
	places     []Peer
	passedOver bool // a place was left out because of its host; see dominates
	anyHost    bool // none is
	again      bool // the target is a master, and has asked before
}

// suits reports whether the target could become a slave of p. It must not be p itself,
// nor, as far as we know, have p as its slave. We know our own slaves if we are the
// target, and that we are a slave of the target if it is our backlink.
func (c *choice) suits(p Peer) bool {
	l, self := c.level, c.level.node.self
	mutual := c.size > 2 && (c.target == self && l.hasSlave(p) || p == self && c.target == l.backlink)
	return p != c.target && !mutual && l.node.allowed(p) && !l.avoids(p) && !l.isProbed(p) && !slices.Contains(c.places, p) && !l.namesOthers(p) &&
		(c.anyHost || !c.dominates(p))
}

// dominates reports whether p's host has several masters and, with p, more than half of
// all. If newcomers went there, all masters could come to be of one host, whose end would
// be that of the network. A large network has no such host: HostPlaces bounds how many
// masters are of one.
func (c *choice) dominates(p Peer) bool {
	l := c.level
	n, list := l.node, l.masters.List
	if !n.perHost || len(list) > 2*n.cfg.HostPlaces || n.trusted(p) {
		return false
	}
	of, own, all := n.hostOf(p), 1, 1
	for _, m := range list {
		if m.Peer != p {
			all++
			if n.hostOf(m.Peer) == of {
				own++
			}
		}
	}
	if own > 1 && 2*own > all {
		c.passedOver = true
		return true
	}
	return false
}

// namesOthers reports whether a master, in a calm network, has named other masters than we
// do when we asked it last, or has not said which. Its slaves would know those only: it may
// lie, and its own slaves leave it, so that it seems to have room.
func (l *level) namesOthers(p Peer) bool {
	i := l.masterIndex(p)
	if p == l.node.self || i < 0 || i >= len(l.looked) || !l.view.calmed() {
		return false
	}
	told := l.looked[i]
	return told == nil || !l.sharesMasters(l.masters, told.Masters)
}

// drawMasters adds masters with capacity, up to the given number of places. Each is drawn
// in proportion to its capacity, so that several providers with the same lists do not
// send all newcomers to the same master. A draw takes O(log masters) steps (urn.go).
func (c *choice) drawMasters(most int) {
	lg := c.ledger
	if lg.capacity.total == 0 && len(lg.tallies) == 1 && c.suits(c.level.node.self) && len(c.places) < most {
		// the first node of a network takes the second
		c.places = append(c.places, c.level.node.self)
	}
	drawn := make([]int, 0, maxPlaces) // taken out of the urn until the choice is made
	for len(c.places) < most && lg.capacity.total > 0 {
		i := lg.capacity.at(c.level.node.env.Rand().IntN(lg.capacity.total))
		lg.capacity.set(i, 0)
		drawn = append(drawn, i)
		if p := lg.tallies[i].master; c.suits(p) {
			c.places = append(c.places, p)
		}
	}
	for _, i := range drawn {
		lg.capacity.set(i, lg.spare(i))
	}
}

// fullMasters adds the least full masters, up to the given number of places. It is for
// the time when many nodes have died at once. Their masters seem to be full, because they
// have not noticed it yet, but a network of fewer nodes needs no more masters. If it does
// need one, a node that has just asked becomes it: any other may be dead, and then each
// newcomer that finds it so would make another master.
func (c *choice) fullMasters(most int) {
	lg := c.ledger
	for len(c.places) < most {
		least := -1
		for i := range lg.tallies {
			t := &lg.tallies[i]
			if t.count() > 0 && t.misses < maxMisses && (least < 0 || t.count() < lg.tallies[least].count()) && c.suits(t.master) {
				least = i
			}
		}
		if least < 0 {
			return
		}
		c.places = append(c.places, lg.tallies[least].master)
	}
}

// slackMaster adds a master that is full, but for its slack. It is for a network with so many
// masters that one more would step down at once. All that have room can be slaves of the
// target: it would make a master of another node again and again.
func (c *choice) slackMaster(most int) {
	tallies := c.ledger.tallies
	start := c.level.node.env.Rand().IntN(len(tallies))
	for i := range tallies {
		t := &tallies[(start+i)%len(tallies)]
		if count := t.count(); count > 0 && count < most && t.misses == 0 && c.suits(t.master) {
			c.places = append(c.places, t.master)
			return
		}
	}
}

// makeMasterAlive adds a node that becomes a master, if there is no place so far: one that
// has itself asked for a place within two sync intervals, and so has not died before.
func (c *choice) makeMasterAlive() {
	n := c.level.node
	c.makeMasters(1, c.ledger.askedSince(n.env.Now()-2*n.cfg.SyncInterval))
}

// makeMasters adds nodes that are no masters yet and could become masters, up to the
// given number of places, from lists of which the first is best.
func (c *choice) makeMasters(most int, lists ...[]Peer) {
	for _, from := range lists {
		if len(from) == 0 {
			continue
		}
		start := c.level.node.env.Rand().IntN(len(from))
		for i := range from {
			if len(c.places) >= most {
				return
			}
			if p := from[(start+i)%len(from)]; c.couldBecomeMaster(p) {
				c.places = append(c.places, p)
			}
		}
	}
}

func (c *choice) couldBecomeMaster(p Peer) bool {
	if i, known := c.ledger.index[p]; known && (c.ledger.tallies[i].count() > 0 || c.ledger.tallies[i].misses > 0) {
		return false
	}
	return c.suits(p) && !c.ledger.isOutside(p)
}

// discountSilent takes masters that are probably dead out of the ledger until it is
// renewed: their slaves are about to ask for other places. Dying says that masters are
// being probed, which begins with the first newcomer that has lost one, or that a peer was
// lost within the last two sync intervals; many, that these are or were many masters.
func (l *level) discountSilent() (dying, many bool) {
	r := l.reserve
	if r == nil {
		return false, false
	}
	for _, w := range r.probes {
		if l.masterIndex(w.peer) < 0 {
			continue
		}
		dying = true
		if w.failed >= 2 {
			l.ledger.shut(w.peer)
		}
	}
	now := l.node.env.Now()
	if l.manySilent() {
		r.manyDied = now
	}
	many = r.manyDied > 0 && now-r.manyDied < deathsCount*l.node.cfg.SyncInterval
	return dying || l.lostLately(), many
}
