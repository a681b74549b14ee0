package core

import (
	"net/netip"
	"slices"
	"spreadable/core/message"
)

// How a provider of the directed rule chooses where newcomers register, from what its ledger counts.

// provideDirected answers with the places for the asker, best first, each as a result that is its own only candidate. An
// npm newcomer, which would draw among several, gets just one: the best, or, if it is a master, any, for the best may be a
// slave of its own, of which we do not know, every time that it asks.
func (n *Node) provideDirected(t *Task) message.Response {
	body := message.Asked[message.ProvideRequest](&t.req)
	p := n.provide(t, body.Target, t.req.From == body.Target, t.requestBudget())
	if !body.Places && len(p.Results) > 1 {
		i := 0
		if n.masterIndex(body.Target) >= 0 {
			i = n.env.Rand().IntN(len(p.Results))
		}
		p.Results = p.Results[i : i+1]
	}
	return message.Response{Body: p}
}

// provide finds places for target. A provider that finds none, not even a node that could become a master, asks one master
// for its slaves.
//
// Only who asks for itself is booked: otherwise anybody could fill the ledger with nodes that do not exist.
func (n *Node) provide(t *Task, target Peer, book bool, b budget) *message.Provision {
	if n.ledger == nil {
		n.ledger = n.newLedger()
	}
	places, size := n.place(target, book)
	if len(places) == 0 && len(n.masters.List) > 0 {
		m := n.masters.List[n.env.Rand().IntN(len(n.masters.List))].Peer
		resp := t.call(m, message.Request{Kind: message.KindStructure, Timeout: b.atMost(n.cfg.ServerTimeout)})
		if s, err := message.As[message.Structure](resp); err == nil {
			for _, slave := range s.Slaves[:min(len(s.Slaves), recentNewcomers)] {
				n.ledger.remember(slave)
			}
			places, size = n.place(target, book)
		}
	}
	p := &message.Provision{Lifetime: n.cfg.lifetime(size), NetworkSize: size, Results: make([]message.Place, len(places))}
	for i := range places {
		p.Results[i] = message.Place{Address: places[i], NetworkSize: size, Spares: places[i : i+1 : i+1]}
	}
	return p
}

// place chooses where target should register, the best place first, and counts it there: a master with room, or, when
// there is none, a node that shall become a master. Of four places two are masters, one is a node that could become one, in
// case they refuse, and one more is a master. Size is the network's with target in it.
func (n *Node) place(target Peer, book bool) (places []Peer, size int) {
	l := n.ledger
	l.resize(n.self, len(n.slaves))
	if book {
		l.missed(target)
	}
	size = l.nodes + 1
	if target != n.self && n.backlink.IsZero() {
		size++ // ourselves: not in anybody's list yet
	}
	l.bound(Optimum(size))
	c := choice{n, l, target, size, make([]Peer, 0, maxPlaces)}
	// Fewer than three masters cannot form a cycle without a mutual pair, so the first three newcomers make masters.
	if l.masters >= 3 || size <= 2 {
		c.drawMasters(2)
	}
	c.makeMasters(maxPlaces - 1)
	c.drawMasters(maxPlaces)
	if book && len(c.places) > 0 {
		l.send(target, c.places[0], n.hostOf(target), n.env.Now())
	}
	return c.places, size
}

// hostOf is the IP by which newcomers of one host are told from those of many. Where nodes share IPs by design, on one
// machine or in a trusted network, there is none.
func (n *Node) hostOf(p Peer) netip.Addr {
	ip := n.cfg.Book.IP(p)
	if n.cfg.Trusted || n.cfg.BanByAddress || ip.IsLoopback() {
		return netip.Addr{}
	}
	return ip
}

// choice is one newcomer's choice in the making.
type choice struct {
	node   *Node
	ledger *ledger
	target Peer
	size   int
	places []Peer
}

// suits reports whether the target could become p's slave: not its own, and not of its own slave, where we know of one: of
// ours if we are the target, of ourselves if it is our backlink.
func (c *choice) suits(p Peer) bool {
	n := c.node
	mutual := c.size > 2 && (c.target == n.self && n.hasSlave(p) || p == n.self && c.target == n.backlink)
	return p != c.target && !mutual && n.allowed(p) && !slices.Contains(c.places, p)
}

// drawMasters adds masters with room up to the given number of places, each drawn in proportion to its room: several
// providers that see the same lists do not send everybody to the same master. However many masters there are, a placement
// costs next to nothing.
func (c *choice) drawMasters(most int) {
	l := c.ledger
	if l.rooms.total == 0 && len(l.spots) == 1 && c.suits(c.node.self) && len(c.places) < most {
		c.places = append(c.places, c.node.self) // the first node of a network takes the second
	}
	drawn := make([]int, 0, maxPlaces) // out of the urn until the choice is made
	for len(c.places) < most && l.rooms.total > 0 {
		i := l.rooms.at(c.node.env.Rand().IntN(l.rooms.total))
		l.rooms.set(i, 0)
		drawn = append(drawn, i)
		if p := l.spots[i].master; c.suits(p) {
			c.places = append(c.places, p)
		}
	}
	for _, i := range drawn {
		l.rooms.set(i, l.room(i))
	}
}

// makeMasters adds nodes that are no masters yet and could become ones, up to the given number of places: recent
// newcomers, our own slaves, ourselves.
func (c *choice) makeMasters(most int) {
	for _, from := range [][]Peer{c.ledger.recent, c.node.slaves, {c.node.self}} {
		if len(from) == 0 {
			continue
		}
		start := c.node.env.Rand().IntN(len(from))
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
	if i, known := c.ledger.index[p]; known && (c.ledger.spots[i].count() > 0 || c.ledger.spots[i].misses > 0) {
		return false
	}
	return c.suits(p)
}
