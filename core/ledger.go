package core

import (
	"slices"
	"time"
)

// ledger is a provider's memory of the places it gave away since it last looked at the masters: it counts a newcomer
// where it was sent before anybody else can see it there. So newcomers are placed as if they had arrived one by one, however
// many come at once, and new masters appear as the square root of the network size grows.
type ledger struct {
	spots  []spot
	index  map[Peer]int     // master -> its spot
	sent   map[Peer]sending // newcomers on their way
	order  []Peer           // the keys of sent, in the order of sending, with some that have arrived
	recent []Peer           // the latest newcomers, a ring: they are alive, and slaves: the masters of tomorrow
	oldest int
}

// spot is a master as the provider counts it.
type spot struct {
	master  Peer
	size    int // as last reported
	pending int // sent there since
	misses  int // newcomers that came back: it is full, or gone
}

// sending is a place given to a newcomer.
type sending struct {
	to Peer
	at time.Duration
}

const (
	recentNewcomers = 512
	maxMisses       = 2
)

func (n *Node) newLedger() *ledger {
	l := &ledger{sent: make(map[Peer]sending)}
	l.refresh(n)
	return l
}

// refresh starts the ledger anew from the list of masters, just renewed. Newcomers that were sent lately and have not
// been seen at their place yet stay pending, and so do new masters that are not in the list yet; the others are given up.
func (l *ledger) refresh(n *Node) {
	now := n.env.Now()
	l.spots, l.index = l.spots[:0], make(map[Peer]int, len(n.masters.List))
	for _, m := range n.masters.List {
		l.spot(m.Peer).size = int(m.Size)
	}
	l.spot(n.self).size = len(n.slaves)
	for target, s := range l.sent { // order-free: counts and deletes only; new spots are for masters in l.order
		if now-s.at > 2*n.cfg.ServerTimeout {
			delete(l.sent, target)
		}
	}
	l.order = slices.DeleteFunc(l.order, func(target Peer) bool {
		s, waiting := l.sent[target]
		if waiting {
			l.spot(s.to).pending++
		}
		return !waiting
	})
}

// arrived takes note that a newcomer is listed by a master: it counts in the master's size now.
func (l *ledger) arrived(target Peer) {
	if s, ok := l.sent[target]; ok {
		l.spot(s.to).pending--
		delete(l.sent, target)
	}
}

// report takes note of a master's own account of its slaves.
func (l *ledger) report(master Peer, slaves []Peer) {
	l.spot(master).size = len(slaves)
	if len(l.sent) > 0 {
		for _, s := range slaves {
			l.arrived(s)
		}
	}
}

// spot returns the entry of a master, a new one if need be.
func (l *ledger) spot(p Peer) *spot {
	i, ok := l.index[p]
	if !ok {
		i = len(l.spots)
		l.index[p] = i
		l.spots = append(l.spots, spot{master: p})
	}
	return &l.spots[i]
}

// meet makes a search ask the masters that this provider has made.
func (l *ledger) meet(s *search) {
	for i := range l.spots {
		if l.spots[i].pending > 0 {
			s.meet(l.spots[i].master)
		}
	}
}

// count is the size of the network as the ledger has it: everybody listed or on the way, and the newcomer.
func (l *ledger) count(n *Node, target Peer) int {
	total := 1
	for i := range l.spots {
		total += l.spots[i].size + l.spots[i].pending
	}
	if target != n.self && n.backlink.IsZero() {
		total++ // ourselves: not in anybody's list yet
	}
	return total
}

// place chooses where target should register, the best place first, and counts it there.
func (l *ledger) place(n *Node, target Peer) (places []Peer, size int) {
	l.spot(n.self).size = len(n.slaves)
	if before, ok := l.sent[target]; ok {
		l.spot(before.to).misses++
		l.arrived(target)
	}
	size = l.count(n, target)
	room := l.room(n, target, size)
	// Fewer than three masters cannot form a cycle without a mutual pair, so the first three newcomers make masters.
	if masters := l.masters(); len(room) > 0 && (masters >= 3 || size <= 2) {
		places = l.draw(n, room, size, 2)
	}
	places = l.newMasters(n, target, size, places)
	if len(places) < maxPlaces {
		places = append(places, l.draw(n, room, size, maxPlaces-len(places))...)
	}
	places = distinct(places)
	if len(places) > 0 {
		l.send(target, places[0], n.env.Now())
	}
	l.remember(target)
	return places, size
}

// send counts target at a place.
func (l *ledger) send(target, to Peer, now time.Duration) {
	l.spot(to).pending++
	l.sent[target] = sending{to, now}
	l.order = append(l.order, target)
}

func (l *ledger) masters() int {
	masters := 0
	for i := range l.spots {
		if l.spots[i].size+l.spots[i].pending > 0 {
			masters++
		}
	}
	return masters
}

// room returns the spots with room for target.
func (l *ledger) room(n *Node, target Peer, size int) []int {
	var room []int
	most := Optimum(size)
	for i := range l.spots {
		s := &l.spots[i]
		own := target == n.self && size > 2 && n.hasSlave(s.master)
		isMaster := s.size+s.pending > 0 || s.master == n.self && len(l.spots) == 1
		if s.master != target && isMaster && s.misses < maxMisses && s.size+s.pending < most && !own && n.allowed(s.master) {
			room = append(room, i)
		}
	}
	return room
}

// draw picks up to k of the spots at random, each in proportion to its room: several providers that see the same lists
// do not send everybody to the same master.
func (l *ledger) draw(n *Node, room []int, size, k int) []Peer {
	var drawn []Peer
	most := Optimum(size)
	total := 0
	for _, i := range room {
		total += most - l.spots[i].size - l.spots[i].pending
	}
	for ; k > 0 && total > 0; k-- {
		at := n.env.Rand().IntN(total)
		for _, i := range room {
			if at -= most - l.spots[i].size - l.spots[i].pending; at < 0 {
				drawn = append(drawn, l.spots[i].master)
				break
			}
		}
	}
	return drawn
}

// newMasters appends nodes that are no masters yet and could become ones: recent newcomers, our own slaves, ourselves.
func (l *ledger) newMasters(n *Node, target Peer, size int, places []Peer) []Peer {
	suits := func(p Peer) bool {
		i, known := l.index[p]
		isMaster := known && l.spots[i].size+l.spots[i].pending > 0
		own := target == n.self && size > 2 && n.hasSlave(p)
		return p != target && !own && !isMaster && !(known && l.spots[i].misses > 0) && n.allowed(p)
	}
	rng := n.env.Rand()
	for _, from := range [][]Peer{l.recent, n.slaves, {n.self}} {
		if len(from) == 0 {
			continue
		}
		start := rng.IntN(len(from))
		for i := range from {
			if len(places) >= maxPlaces-1 {
				return places
			}
			if p := from[(start+i)%len(from)]; suits(p) {
				places = append(places, p)
			}
		}
	}
	return places
}

// remember keeps target among the recent newcomers.
func (l *ledger) remember(target Peer) {
	switch {
	case contains(l.recent, target):
	case len(l.recent) < recentNewcomers:
		l.recent = append(l.recent, target)
	default:
		l.recent[l.oldest] = target
		l.oldest = (l.oldest + 1) % recentNewcomers
	}
}

// distinct removes repeated entries, keeping the first of each.
func distinct(peers []Peer) []Peer {
	kept := peers[:0]
	for _, p := range peers {
		if !contains(kept, p) {
			kept = append(kept, p)
		}
	}
	return kept
}

// provideDirected answers with the places for the asker, best first, each as a result that its own only candidate is:
// an npm newcomer, which would draw among several, gets just one.
func (n *Node) provideDirected(t *Task) Response {
	body := t.req.Body.(*ProvideRequest)
	p := n.provide(t, body.Target, t.requestBudget())
	if !body.Places && len(p.Results) > 1 {
		p.Results = p.Results[:1]
	}
	return Response{Body: p}
}

// provide finds places for target. A provider that knows no node which could become a master asks one master for some.
func (n *Node) provide(t *Task, target Peer, b budget) *Provision {
	if n.ledger == nil {
		n.ledger = n.newLedger()
	}
	places, size := n.ledger.place(n, target)
	if len(places) == 0 && len(n.masters.List) > 0 {
		m := n.masters.List[n.env.Rand().IntN(len(n.masters.List))].Peer
		resp := t.call(m, Request{Kind: KindStructure, Timeout: b.atMost(n.cfg.ServerTimeout)})
		if s, ok := resp.Body.(*Structure); ok {
			for _, slave := range s.Slaves {
				n.ledger.remember(slave)
			}
			places, size = n.ledger.place(n, target)
		}
	}
	p := &Provision{Lifetime: n.cfg.lifetime(size), NetworkSize: size}
	for _, place := range places {
		p.Results = append(p.Results, Candidates{place, size, []Peer{place}})
	}
	return p
}
