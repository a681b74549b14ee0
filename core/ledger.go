package core

import (
	"net/netip"
	"slices"
	"time"
)

// ledger is a provider's memory of the places it gave away since it last looked at the
// masters: it counts a newcomer where it was sent before anybody else can see it there.
// So newcomers are placed as if they had arrived one by one, however many come at once,
// and new masters appear as the square root of the network size grows. How it places them
// is in place.go.
type ledger struct {
	tallies []tally
	index   map[Peer]int // master -> its spot
	nodes   int          // counted at all spots
	masters int          // spots at which anybody is counted

	limit    int // how many nodes a spot shall have at the most
	capacity urn // how many more each spot takes, by its number

	sent  map[Peer]sending   // newcomers on their way
	hosts map[netip.Addr]int // how many of them are of one host
	// the keys of sent, in the order of sending, with some that have arrived
	order []Peer
	// the latest newcomers, a ring: they are alive, and slaves: the masters of tomorrow
	recent []Peer
	oldest int
}

// tally is a master as the provider counts it.
type tally struct {
	master  Peer
	size    int        // as last reported
	pending int        // sent there since
	misses  int        // hosts whose newcomers came back: it is full, or gone
	missed  netip.Addr // the last of them
}

func (s *tally) count() int { return s.size + s.pending }

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

func (l *level) newLedger() *ledger {
	lg := &ledger{}
	lg.refresh(l)
	return lg
}

// refresh starts the ledger anew from the list of masters, just renewed. Newcomers that
// were sent lately and have not been seen at their place yet stay pending, and so do new
// masters that are not in the list yet; the others are given up.
func (lg *ledger) refresh(l *level) {
	now := l.node.env.Now()
	lg.tallies, lg.index = lg.tallies[:0], make(map[Peer]int, len(l.masters.List))
	lg.nodes, lg.masters = 0, 0
	lg.capacity.empty()
	for _, m := range l.masters.List {
		lg.resize(m.Peer, int(m.Size))
	}
	lg.resize(l.node.self, len(l.slaves))
	counted := make(map[Peer]bool)
	lg.order = slices.DeleteFunc(lg.order, func(target Peer) bool {
		s, waiting := lg.sent[target]
		if counted[target] {
			return true // it asked again since, and stands further up
		}
		counted[target] = true
		if waiting && now-s.at > 2*l.node.cfg.ServerTimeout {
			lg.giveUp(target, s)
			waiting = false
		}
		if waiting {
			lg.expect(s.to, 1)
		}
		return !waiting
	})
	if len(lg.sent) == 0 { // maps never shrink, and after a mass start these are large
		lg.sent, lg.hosts, lg.order = make(map[Peer]sending), make(map[netip.Addr]int), nil
	}
}

// at returns the number of a master's spot, a new one if need be.
func (lg *ledger) at(p Peer) int {
	i, ok := lg.index[p]
	if !ok {
		i = len(lg.tallies)
		lg.index[p] = i
		lg.tallies = append(lg.tallies, tally{master: p})
	}
	return i
}

// resize sets how many slaves a master has.
func (lg *ledger) resize(p Peer, size int) {
	i := lg.at(p)
	lg.enter(i, size, lg.tallies[i].pending)
}

// expect changes how many newcomers are on their way to a master.
func (lg *ledger) expect(p Peer, change int) {
	i := lg.at(p)
	lg.enter(i, lg.tallies[i].size, max(0, lg.tallies[i].pending+change))
}

// enter sets what a spot counts, and keeps the sums.
func (lg *ledger) enter(i, size, pending int) {
	s := &lg.tallies[i]
	before := s.count()
	s.size, s.pending = size, pending
	after := s.count()
	lg.nodes += after - before
	switch {
	case before == 0 && after > 0:
		lg.masters++
	case before > 0 && after == 0:
		lg.masters--
	}
	lg.capacity.set(i, lg.spare(i))
}

// spare is how many more nodes a spot takes: none where nobody is counted, who is no
// master yet.
func (lg *ledger) spare(i int) int {
	s := &lg.tallies[i]
	if s.count() == 0 || s.misses >= maxMisses {
		return 0
	}
	return max(0, lg.limit-s.count())
}

// bound changes how many nodes a spot shall have.
func (lg *ledger) bound(limit int) {
	if limit == lg.limit {
		return
	}
	lg.limit = limit
	lg.capacity.empty()
	for i := range lg.tallies {
		lg.capacity.set(i, lg.spare(i))
	}
}

// send counts target at a place, and remembers it. Newcomers of one host, which may be
// one attacker with many ports, are counted up to an eighth of the network, or
// leastPerHost; the others get a place, but nobody makes room for them or makes them
// masters.
func (lg *ledger) send(target, to Peer, host netip.Addr, now time.Duration) {
	if host.IsValid() {
		if lg.hosts[host] >= max(leastPerHost, (lg.nodes-lg.hosts[host])/8) {
			return
		}
		lg.hosts[host]++
	}
	lg.expect(to, 1)
	lg.sent[target] = sending{to, now, host}
	lg.order = append(lg.order, target)
	lg.remember(target)
}

// arrived takes note that a newcomer is no longer on its way. If a master lists it, it
// counts in that master's size now.
func (lg *ledger) arrived(target Peer) {
	if s, ok := lg.sent[target]; ok {
		lg.expect(s.to, -1)
		lg.giveUp(target, s)
	}
}

func (lg *ledger) giveUp(target Peer, s sending) {
	delete(lg.sent, target)
	if lg.hosts[s.host]--; lg.hosts[s.host] <= 0 {
		delete(lg.hosts, s.host)
	}
}

// report takes note of a master's own account of its slaves.
func (lg *ledger) report(master Peer, slaves []Peer) {
	lg.resize(master, len(slaves))
	if len(lg.sent) > 0 {
		for _, s := range slaves {
			lg.arrived(s)
		}
	}
}

// missed takes note that a newcomer has come back: its place did not work out.
func (lg *ledger) missed(target Peer) {
	if s, ok := lg.sent[target]; ok {
		i := lg.at(s.to)
		// one host alone can not close a spot
		if spot := &lg.tallies[i]; spot.missed != s.host || !s.host.IsValid() {
			spot.misses, spot.missed = spot.misses+1, s.host
			lg.capacity.set(i, lg.spare(i))
		}
		lg.arrived(target)
	}
}

// meet makes a discovery ask the masters that this provider has made.
func (lg *ledger) meet(d *discovery) {
	for i := range lg.tallies {
		if lg.tallies[i].pending > 0 {
			d.meet(lg.tallies[i].master)
		}
	}
}

// remember keeps target among the recent newcomers.
func (lg *ledger) remember(target Peer) {
	switch {
	case slices.Contains(lg.recent, target):
	case len(lg.recent) < recentNewcomers:
		lg.recent = append(lg.recent, target)
	default:
		lg.recent[lg.oldest] = target
		lg.oldest = (lg.oldest + 1) % recentNewcomers
	}
}
