package core

import (
	"net/netip"

	"spreadable/core/draw"
	"spreadable/core/message"
)

// The draw by host (draw.ByHost). What is drawn are groups of nodes, and in a group the
// node that comes first stands for it. Node and masters make the same draw: the node says
// which, and each master names of every group whose hash is below the limit the first of
// its slaves. A group of which no node answers is passed over.

// drawByHost is the draw by host that a node makes, nil in a network that draws as the
// original does.
func (n *Node) drawByHost(what drawing) *draw.Draw {
	if !n.cfg.Draw.ByHost {
		return nil
	}
	d := &draw.Draw{Action: what.action, Start: what.start, Client: what.client, Group: n.cfg.Draw.Group}
	switch n.cfg.Draw.Salt {
	case draw.VerifierSalt:
		d.Salt = draw.NewSalt([]byte(n.approvalSecret()), what.action, what.start)
	case draw.RevealSalt:
		d.Salt = n.level1.salted(what.action, what.start)
	case draw.NetworkSalt:
		d.Salt = draw.NewSalt(n.cfg.DrawSecret, what.action, what.start)
	}
	return d
}

// groups is how many groups there may be to draw from: as many as at the last draw by
// host, at most as many as nodes. The first draw begins with these.
func (n *Node) groups() int {
	size := n.NetworkSize()
	if n.cfg.Draw.ByHost && n.approvals != nil && n.approvals.groups > 0 {
		return min(size, n.approvals.groups)
	}
	return size
}

// entrant is a peer as it takes part in a draw by host.
func (n *Node) entrant(p Peer, ips map[Peer]netip.Addr) draw.Entrant {
	a := n.cfg.Book.Address(p)
	ip := a.IP()
	if !ip.IsValid() {
		if said, told := ips[p]; told {
			ip = said
		} else {
			ip = n.cfg.Book.IP(p)
		}
	}
	return draw.Entrant{Address: a.String(), IP: ip}
}

// told is what a master tells of the IP of a slave: nothing if the address holds it.
func (n *Node) told(slave Peer) netip.Addr {
	if n.cfg.Book.Address(slave).IP().IsValid() {
		return netip.Addr{}
	}
	return n.cfg.Book.IP(slave)
}

// learn keeps the IPs that a master says its slaves' names have. Of a name that two
// masters list, the lower one counts, whichever answers first.
func (d *thresholdDraw) learn(e *message.Entrants) {
	for i, ip := range e.IPs {
		if d.byHost == nil || i >= len(e.Slaves) || !ip.IsValid() {
			continue
		}
		if known, twice := d.ips[e.Slaves[i]]; twice && known.Less(ip) {
			continue
		}
		if d.ips == nil {
			d.ips = make(map[Peer]netip.Addr)
		}
		d.ips[e.Slaves[i]] = ip
	}
}

// isWhereSaid reports whether a peer that has answered a ping is in the group that its
// master has told, as far as we know the IP of its name.
func (n *Node) isWhereSaid(d *thresholdDraw, p Peer) bool {
	said, named := d.ips[p] // of an address that holds its IP it does not matter
	found := n.cfg.Book.IP(p)
	return !named || n.cfg.Book.Address(p).IP().IsValid() || !found.IsValid() || n.cfg.Draw.Group.Same(said, found)
}

// queue is a sequence of numbers of peers.
type queue []int

// Len implements sequence.
func (q *queue) Len() int { return len(*q) }

// Next implements sequence.
func (q *queue) Next(k int) []int {
	next := (*q)[:min(k, len(*q))]
	*q = (*q)[len(next):]
	return next
}

// learnGroups estimates how many groups there are, by how many of them are below the limit
// of a draw.
func (n *Node) learnGroups(d *thresholdDraw, below int) {
	if d.byHost != nil {
		n.approvalBook().groups = d.limit.Expected(below)
	}
}

// rankedByHost is ranked in a draw by host.
func (n *Node) rankedByHost(d *thresholdDraw, entrants []Peer) sequence {
	list := make([]draw.Entrant, len(entrants))
	for i, p := range entrants {
		list[i] = n.entrant(p, d.ips)
	}
	first := draw.Shortlist(draw.ByHost(*d.byHost), list, d.limit)
	for k, i := range first {
		first[k] = int(entrants[i].ID())
	}
	return (*queue)(&first)
}

// entrantsByHost is serveEntrants in a draw by host.
func (l *level) entrantsByHost(answer *message.Entrants, asked *message.EntrantsRequest) {
	n := l.node
	slaves, names := l.oldEnough(asked), false
	list := make([]draw.Entrant, len(slaves))
	for i, s := range slaves {
		list[i] = n.entrant(s, nil)
		names = names || !n.cfg.Book.Address(s).IP().IsValid()
	}
	for _, i := range draw.Shortlist(draw.ByHost(*asked.Draw), list, asked.Limit) {
		answer.Slaves = append(answer.Slaves, slaves[i])
		if names {
			answer.IPs = append(answer.IPs, n.told(slaves[i]))
		}
	}
}
