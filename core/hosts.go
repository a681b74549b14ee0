package core

import (
	"slices"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// One host is one voice. A machine has thousands of ports, and each can be a node. So
// what a host gets does not grow with its addresses: it has few places in the whole
// network (hostHasCapacity, shedCrowds), gets no newcomers where it would have most of the
// masters (choice.dominates), counts once in a draw of approvers (onePerHost), can send a
// master in few directions (discovery.go), and has few masters, the same for all nodes
// (keepFew). Config.Hosts says what a host is.
//
// There is no register of hosts. Each master enforces the limit on its own slaves by what
// the other masters list, which it learns at every sync. A list can be a lie. So all that
// a master says about a host counts as one place, whatever the number: to keep a host out
// of the network takes liars on as many hosts as a host has places.

// host is the number of a host, for comparison only.
type host uint32

// hostNumbers numbers the hosts of a book's addresses in the order in which they are
// asked for. Comparing numbers is cheaper than comparing addresses, of which each sync of
// a master compares as many as the network has nodes.
type hostNumbers struct {
	of    []host // by id of the peer; 0 where unknown
	index map[peer.Address]host
}

// number returns the host of p under the strict rule; 0 if p is not in the book.
func (h *hostNumbers) number(book *peer.Book, p Peer) host {
	id := int(p.ID())
	if id < len(h.of) && h.of[id] != 0 {
		return h.of[id]
	}
	if book.TextLen(p) == 0 {
		return 0
	}
	a := book.Address(p)
	key := peer.HostsStrict.Of(a, book.IP(p))
	number, known := h.index[key]
	if !known {
		if h.index == nil {
			h.index = make(map[peer.Address]host)
		}
		number = host(len(h.index) + 1)
		h.index[key] = number
	}
	if a.IP().IsValid() { // the IP of a name may change
		if id >= len(h.of) {
			h.of = append(h.of, make([]host, id+1-len(h.of)+id/4)...)
		}
		h.of[id] = number
	}
	return number
}

// hostOf is the host of p, 0 of none. Where hosts are not limited each address is one.
func (n *Node) hostOf(p Peer) host {
	if !n.perHost {
		return host(p.ID())
	}
	return n.pool.hosts.number(n.cfg.Book, p)
}

// leastMasters is how many masters the smallest network without a mutual pair has: its
// nodes may all be of one host.
const leastMasters = 3

// hostShare splits Config.HostPlaces: how many slaves of one host a master may list, and
// how many masters may list slaves of it. In all but the smallest networks a master lists
// one of each host, so that a host that fails takes little from each master.
func (l *level) hostShare() (slaves, masters int) {
	places, optimum := l.node.cfg.HostPlaces, Optimum(l.size(), levels)
	slaves = (places + optimum - 1) / optimum
	masters = (places + slaves - 1) / slaves
	return slaves, max(masters, min(places, leastMasters))
}

// hostHasCapacity reports whether the host of a newcomer may have one place more, here
// and in the whole network as we last saw it.
func (l *level) hostHasCapacity(newcomer Peer) bool {
	n := l.node
	if !n.perHost || n.trusted(newcomer) {
		return true
	}
	slaves, masters := l.hostShare()
	of, own := n.hostOf(newcomer), 0
	for _, s := range l.slaves {
		if s != newcomer && n.hostOf(s) == of {
			own++
		}
	}
	if own >= slaves {
		return false
	}
	c := crowd{of: of, except: newcomer}
	l.countLooked(&c)
	return len(c.by) < masters
}

// countLooked counts what the other masters listed of a host at the last discovery.
func (l *level) countLooked(c *crowd) {
	for i, told := range l.looked {
		if told != nil {
			c.count(l.node, l.masters.List[i].Peer, told.Slaves)
		}
	}
}

// refuseHost refuses a newcomer because its host has its share of places.
func (l *level) refuseHost(newcomer Peer) message.Response {
	limits := l.guarded()
	if limits.HostsRefused++; limits.noted != l.rounds { // one note a sync: more would be a flood
		limits.noted = l.rounds
		l.node.env.Note(Note{What: NoteRefused, About: newcomer, Text: hostIsFull})
	}
	return message.Response{Err: message.Refusal(message.CodeMasterFull, hostIsFull)}
}

// shedCrowds sheds slaves of hosts that have more places than their share: those that
// registered last, and all of a host that enough masters before us list. This is for
// hosts that register at many masters in one moment, before any of these can know.
func (l *level) shedCrowds() {
	n := l.node
	if !n.perHost || !l.isMaster() {
		return
	}
	listed := l.listedBefore()
	slaves, masters := l.hostShare()
	kept := make(map[host]int)
	var shed []Peer
	l.keepSlaves(func(i int) bool {
		s := l.slaves[i]
		of := n.hostOf(s)
		keep := n.trusted(s) || kept[of] < slaves && len(listed[of]) < masters
		if keep {
			kept[of]++
		} else {
			shed = append(shed, s)
		}
		return keep
	})
	if len(shed) == 0 {
		return
	}
	if l.isMaster() {
		l.bumpOwnSize()
	} else {
		l.removeMaster(n.self, n.env.Now())
	}
	for _, s := range shed {
		l.guarded().HostsShed++
		n.env.Note(Note{What: NoteShed, About: s, Text: hostIsFull})
	}
}

// listedBefore is, for each host of our slaves, the hosts of the masters that list slaves
// of it and come before us by address.
func (l *level) listedBefore() map[host][]host {
	n := l.node
	listed := make(map[host][]host, len(l.slaves))
	for _, s := range l.slaves {
		listed[n.hostOf(s)] = nil
	}
	for i, told := range l.looked {
		m := l.masters.List[i].Peer
		if told == nil || m == n.self || !n.cfg.Book.Less(m, n.self) {
			continue
		}
		by := n.hostOf(m)
		for _, p := range told.Slaves {
			of := n.hostOf(p)
			if masters, ours := listed[of]; ours && !slices.Contains(masters, by) {
				listed[of] = append(masters, by)
			}
		}
	}
	return listed
}

// keepFew leaves of the masters of a host that were confirmed those whose addresses come
// first, as many as it has places. All nodes keep the same ones, whichever they met first. A
// host has more only if it lets them stay masters although nobody lists them.
func (d *discovery) keepFew() {
	l, n := d.level, d.level.node
	if !n.perHost {
		return
	}
	taken, places := &n.pool.taken, n.cfg.HostPlaces
	var crowds map[host][]Peer // the masters of each host that has too many
	taken.reset()
	taken.count(uint32(n.hostOf(n.self)))
	for _, m := range d.confirmed {
		if of := n.hostOf(m.Peer); taken.count(uint32(of)) > places && !n.trusted(m.Peer) {
			if crowds == nil {
				crowds = make(map[host][]Peer)
			}
			crowds[of] = nil
		}
	}
	if crowds == nil {
		return
	}
	count := func(p Peer) {
		if all, crowded := crowds[n.hostOf(p)]; crowded && !n.trusted(p) {
			crowds[n.hostOf(p)] = append(all, p)
		}
	}
	count(n.self)
	for _, m := range d.confirmed {
		count(m.Peer)
	}
	kept := 0
	for i, m := range d.confirmed {
		all := crowds[n.hostOf(m.Peer)]
		before := 0
		for _, p := range all {
			if n.cfg.Book.Less(p, m.Peer) {
				before++
			}
		}
		if before >= places && m.Peer != l.backlink && !n.trusted(m.Peer) {
			continue
		}
		d.confirmed[kept], d.told[kept] = m, d.told[i]
		kept++
	}
	d.confirmed, d.told = d.confirmed[:kept], d.told[:kept]
}

// hostIsFull is the detail of a refusal, and of a note.
const hostIsFull = "for the newcomer's host, which has its share of places (option host_places)"

// onePerHost leaves of the nodes of each host the one whose address comes first, of these
// peers and of further lists. Which one does not change from draw to draw, so a host with
// more ports is drawn no more often; and where hosts have one node each, nothing changes.
// It changes peers.
func (n *Node) onePerHost(peers []Peer, further ...[]Peer) []Peer {
	first := make(map[host]Peer, len(peers))
	for _, p := range peers {
		of := n.hostOf(p)
		if other, taken := first[of]; !taken || n.cfg.Book.Less(p, other) {
			first[of] = p
		}
	}
	for _, list := range further {
		for _, p := range list {
			of := n.hostOf(p)
			if other, wanted := first[of]; wanted && n.cfg.Book.Less(p, other) {
				first[of] = p
			}
		}
	}
	return slices.DeleteFunc(peers, func(p Peer) bool { return first[n.hostOf(p)] != p })
}

// standForHosts leaves of some of our slaves those that come first of all nodes of their
// hosts, as far as our list and those of other masters say. It goes through the lists once,
// however many slaves there are, because any member may ask for this. It changes slaves.
func (l *level) standForHosts(slaves []Peer) []Peer {
	lists := [][]Peer{l.slaves}
	for _, told := range l.looked {
		if told != nil {
			lists = append(lists, told.Slaves)
		}
	}
	return l.node.onePerHost(slaves, lists...)
}
