package core

import (
	"net/netip"
	"slices"
	"time"
)

// ledger is a provider's memory of the places it gave away since it last looked at the masters: it counts a newcomer
// where it was sent before anybody else can see it there. So newcomers are placed as if they had arrived one by one, however
// many come at once, and new masters appear as the square root of the network size grows. How it places them is in place.go.
type ledger struct {
	spots   []spot
	index   map[Peer]int // master -> its spot
	nodes   int          // counted at all spots
	masters int          // spots at which anybody is counted

	limit int // how many nodes a spot shall have at the most
	rooms urn // how many more each spot takes, by its number

	sent   map[Peer]sending   // newcomers on their way
	hosts  map[netip.Addr]int // how many of them are of one host
	order  []Peer             // the keys of sent, in the order of sending, with some that have arrived
	recent []Peer             // the latest newcomers, a ring: they are alive, and slaves: the masters of tomorrow
	oldest int
}

// spot is a master as the provider counts it.
type spot struct {
	master  Peer
	size    int        // as last reported
	pending int        // sent there since
	misses  int        // hosts whose newcomers came back: it is full, or gone
	missed  netip.Addr // the last of them
}

func (s *spot) count() int { return s.size + s.pending }

// sending is a place given to a newcomer.
type sending struct {
	to   Peer
	at   time.Duration
	host netip.Addr // the newcomer's, where one host must not count for many
}

const (
	recentNewcomers = 512
	maxMisses       = 2
	leastPerHost    = 4
)

func (n *Node) newLedger() *ledger {
	l := &ledger{}
	l.refresh(n)
	return l
}

// refresh starts the ledger anew from the list of masters, just renewed. Newcomers that were sent lately and have not
// been seen at their place yet stay pending, and so do new masters that are not in the list yet; the others are given up.
func (l *ledger) refresh(n *Node) {
	now := n.env.Now()
	l.spots, l.index = l.spots[:0], make(map[Peer]int, len(n.masters.List))
	l.nodes, l.masters = 0, 0
	l.rooms.empty()
	for _, m := range n.masters.List {
		l.resize(m.Peer, int(m.Size))
	}
	l.resize(n.self, len(n.slaves))
	counted := make(map[Peer]bool)
	l.order = slices.DeleteFunc(l.order, func(target Peer) bool {
		s, waiting := l.sent[target]
		if counted[target] {
			return true // it asked again since, and stands further up
		}
		counted[target] = true
		if waiting && now-s.at > 2*n.cfg.ServerTimeout {
			l.giveUp(target, s)
			waiting = false
		}
		if waiting {
			l.expect(s.to, 1)
		}
		return !waiting
	})
	if len(l.sent) == 0 { // maps never shrink, and after a mass start these are large
		l.sent, l.hosts, l.order = make(map[Peer]sending), make(map[netip.Addr]int), nil
	}
}

// at returns the number of a master's spot, a new one if need be.
func (l *ledger) at(p Peer) int {
	i, ok := l.index[p]
	if !ok {
		i = len(l.spots)
		l.index[p] = i
		l.spots = append(l.spots, spot{master: p})
	}
	return i
}

// resize sets how many slaves a master has.
func (l *ledger) resize(p Peer, size int) {
	i := l.at(p)
	l.book(i, size, l.spots[i].pending)
}

// expect changes how many newcomers are on their way to a master.
func (l *ledger) expect(p Peer, change int) {
	i := l.at(p)
	l.book(i, l.spots[i].size, max(0, l.spots[i].pending+change))
}

// book sets what a spot counts, and keeps the sums.
func (l *ledger) book(i, size, pending int) {
	s := &l.spots[i]
	before := s.count()
	s.size, s.pending = size, pending
	after := s.count()
	l.nodes += after - before
	switch {
	case before == 0 && after > 0:
		l.masters++
	case before > 0 && after == 0:
		l.masters--
	}
	l.rooms.set(i, l.room(i))
}

// room is how many more nodes a spot takes: none where nobody is counted, who is no master yet.
func (l *ledger) room(i int) int {
	s := &l.spots[i]
	if s.count() == 0 || s.misses >= maxMisses {
		return 0
	}
	return max(0, l.limit-s.count())
}

// bound changes how many nodes a spot shall have.
func (l *ledger) bound(limit int) {
	if limit == l.limit {
		return
	}
	l.limit = limit
	l.rooms.empty()
	for i := range l.spots {
		l.rooms.set(i, l.room(i))
	}
}

// send counts target at a place, and remembers it. Newcomers of one host, which may be one attacker with many ports, are
// counted up to an eighth of the network, or leastPerHost; the others get a place, but nobody makes room for them or makes
// them masters.
func (l *ledger) send(target, to Peer, host netip.Addr, now time.Duration) {
	if host.IsValid() {
		if l.hosts[host] >= max(leastPerHost, (l.nodes-l.hosts[host])/8) {
			return
		}
		l.hosts[host]++
	}
	l.expect(to, 1)
	l.sent[target] = sending{to, now, host}
	l.order = append(l.order, target)
	l.remember(target)
}

// arrived takes note that a newcomer is no longer on its way. If a master lists it, it counts in that master's size now.
func (l *ledger) arrived(target Peer) {
	if s, ok := l.sent[target]; ok {
		l.expect(s.to, -1)
		l.giveUp(target, s)
	}
}

func (l *ledger) giveUp(target Peer, s sending) {
	delete(l.sent, target)
	if l.hosts[s.host]--; l.hosts[s.host] <= 0 {
		delete(l.hosts, s.host)
	}
}

// report takes note of a master's own account of its slaves.
func (l *ledger) report(master Peer, slaves []Peer) {
	l.resize(master, len(slaves))
	if len(l.sent) > 0 {
		for _, s := range slaves {
			l.arrived(s)
		}
	}
}

// missed takes note that a newcomer has come back: its place did not work out.
func (l *ledger) missed(target Peer) {
	if s, ok := l.sent[target]; ok {
		i := l.at(s.to)
		if spot := &l.spots[i]; spot.missed != s.host || !s.host.IsValid() { // one host alone can not close a spot
			spot.misses, spot.missed = spot.misses+1, s.host
			l.rooms.set(i, l.room(i))
		}
		l.arrived(target)
	}
}

// meet makes a search ask the masters that this provider has made.
func (l *ledger) meet(s *search) {
	for i := range l.spots {
		if l.spots[i].pending > 0 {
			s.meet(l.spots[i].master)
		}
	}
}

// remember keeps target among the recent newcomers.
func (l *ledger) remember(target Peer) {
	switch {
	case slices.Contains(l.recent, target):
	case len(l.recent) < recentNewcomers:
		l.recent = append(l.recent, target)
	default:
		l.recent[l.oldest] = target
		l.oldest = (l.oldest + 1) % recentNewcomers
	}
}
