package core

import (
	"slices"
	"time"
)

// ledger is what a provider counts between two syncs: where it has sent newcomers. A
// newcomer counts at its place from the moment it is sent there, before any other node
// can see it. So newcomers are placed as if they had arrived one by one, however many
// come at once, and new masters appear as the square root of the network size grows.
// Which place a newcomer gets is decided in placement.go.
type ledger struct {
	tallies []tally
	index   map[Peer]int // master -> its index in tallies
	nodes   int          // sum of all tallies
	masters int          // tallies above 0

	places   int                    // how many newcomers of one host are counted at a time
	limit    int                    // how many nodes a master should have at most
	young    map[Peer]time.Duration // masters that few know yet, since when; see early.go
	capacity urn                    // how many more each master takes, by its index

	sent   map[Peer]sending  // newcomers on their way
	tried  map[Peer]attempts // newcomers that have no place yet; see outside.go
	hosts  map[host]int      // how many of them are of one host
	order  []Peer            // keys of sent in the order of sending; some have arrived
	recent []Peer            // a ring of the latest newcomers, which may become masters
	owners []host            // parallel to recent: their hosts
	asked  []time.Duration   // parallel to recent: when they last asked for a place
	oldest int               // index in recent of the one to replace next
}

// tally is a master as the provider counts it.
type tally struct {
	master  Peer
	size    int  // number of slaves that it last reported
	pending int  // newcomers sent to it since
	misses  int  // hosts whose newcomers came back: the master is full, or gone
	missed  host // the last of these hosts
}

func (t *tally) count() int { return t.size + t.pending }

// sending is a place given to a newcomer.
type sending struct {
	to   Peer
	at   time.Duration
	host host // of the newcomer
}

const (
	recentNewcomers = 512 // length of ledger.recent
	maxMisses       = 2   // hosts that must find a master full before it gets no more
)

func (l *level) newLedger() *ledger {
	lg := &ledger{places: l.node.cfg.HostPlaces, tried: make(map[Peer]attempts)}
	lg.refresh(l)
	return lg
}

// refresh starts the ledger anew from the list of masters, which has just been renewed.
// Newcomers that were sent within the last two server timeouts, and have not been seen at
// their place yet, stay pending there, if that is not dead. The others are given up.
func (lg *ledger) refresh(l *level) {
	now := l.node.env.Now()
	lg.tallies, lg.index = lg.tallies[:0], make(map[Peer]int, len(l.masters.List))
	lg.nodes, lg.masters = 0, 0
	lg.grownUp(now - youngFor*l.node.cfg.SyncInterval)
	lg.capacity.empty()
	for _, m := range l.masters.List {
		lg.resize(m.Peer, int(m.Size))
	}
	lg.resize(l.node.self, len(l.slaves))
	counted := make(map[Peer]bool)
	lg.order = slices.DeleteFunc(lg.order, func(target Peer) bool {
		s, waiting := lg.sent[target]
		if counted[target] {
			return true // it has asked again, and was handled at its first entry
		}
		counted[target] = true
		if waiting && (now-s.at > 2*l.node.cfg.ServerTimeout || l.isLost(s.to)) {
			lg.giveUp(target, s)
			waiting = false
		}
		if waiting {
			lg.expect(s.to, 1)
		}
		return !waiting
	})
	lg.forgetAttempts(now - attemptsFor*l.node.cfg.SyncInterval)
	if len(lg.sent) == 0 { // maps never shrink, and these are large after many have come
		lg.sent, lg.hosts, lg.order = make(map[Peer]sending), make(map[host]int), nil
	}
}

// at returns the index of a master's tally, which it adds if there is none.
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

// shut takes a master that is probably dead out of the ledger until it is renewed. Else
// those on their way to it would make it look like a new master with much room.
func (lg *ledger) shut(p Peer) {
	i := lg.at(p)
	lg.tallies[i].misses = maxMisses
	lg.enter(i, 0, 0)
}

// close takes a master that has given up its slaves out of the ledger. It refuses those that
// are on their way to it, so they are not waited for there: else they would make it look
// like a new master with much room, which would be named to all that it has given up.
func (lg *ledger) close(p Peer) {
	for target, s := range lg.sent { // order-free: each is only taken out
		if s.to == p {
			lg.giveUp(target, s)
		}
	}
	lg.shut(p)
}

// expect changes how many newcomers are on their way to a master.
func (lg *ledger) expect(p Peer, change int) {
	i := lg.at(p)
	lg.enter(i, lg.tallies[i].size, max(0, lg.tallies[i].pending+change))
}

// enter sets a tally and keeps the sums.
func (lg *ledger) enter(i, size, pending int) {
	t := &lg.tallies[i]
	before := t.count()
	t.size, t.pending = size, pending
	after := t.count()
	lg.nodes += after - before
	switch {
	case before == 0 && after > 0:
		lg.masters++
	case before > 0 && after == 0:
		lg.masters--
	}
	lg.capacity.set(i, lg.spare(i))
}

// spare is how many more nodes a master takes. A node with a tally of 0 is no master, and
// takes none.
func (lg *ledger) spare(i int) int {
	t := &lg.tallies[i]
	if t.count() == 0 || t.misses >= maxMisses {
		return 0
	}
	limit := lg.limit
	if _, young := lg.young[t.master]; young {
		limit = min(limit, youngMost)
	}
	return max(0, limit-t.count())
}

// bound changes how many nodes a master should have.
func (lg *ledger) bound(limit int) {
	if limit == lg.limit {
		return
	}
	lg.limit = limit
	lg.weigh()
}

// weigh counts the capacity of all masters anew.
func (lg *ledger) weigh() {
	lg.capacity.empty()
	for i := range lg.tallies {
		lg.capacity.set(i, lg.spare(i))
	}
}

// send counts target at a place, and remembers it. Newcomers of one host may be one
// attacker with many ports: only as many are counted as the network takes of one host.
// The others get a place, but the ledger does not plan for them or make them masters.
func (lg *ledger) send(target, to Peer, host host, now time.Duration) {
	if lg.hosts[host] >= lg.places {
		return
	}
	lg.hosts[host]++
	lg.expect(to, 1)
	lg.sent[target] = sending{to, now, host}
	lg.attempted(target, now)
	lg.order = append(lg.order, target)
	lg.remember(target, host, now)
}

// arrived is called when a master lists a newcomer, which counts in the size of that
// master now.
func (lg *ledger) arrived(target Peer) {
	if s, ok := lg.sent[target]; ok {
		lg.expect(s.to, -1)
		lg.giveUp(target, s)
		delete(lg.tried, target)
	}
}

func (lg *ledger) giveUp(target Peer, s sending) {
	delete(lg.sent, target)
	if lg.hosts[s.host]--; lg.hosts[s.host] <= 0 {
		delete(lg.hosts, s.host)
	}
}

// report is called with what a master says about its slaves.
func (lg *ledger) report(master Peer, slaves []Peer) {
	lg.resize(master, len(slaves))
	if len(lg.sent) > 0 {
		for _, s := range slaves {
			lg.arrived(s)
		}
	}
}

// missed is called when a newcomer asks again: it did not get the place that it was sent
// to.
func (lg *ledger) missed(target Peer) {
	if s, ok := lg.sent[target]; ok {
		i := lg.at(s.to)
		// One host alone cannot make a master count as full.
		if t := &lg.tallies[i]; t.missed != s.host {
			t.misses, t.missed = t.misses+1, s.host
			lg.capacity.set(i, lg.spare(i))
		}
		lg.expect(s.to, -1)
		lg.giveUp(target, s)
	}
}

// left is called when a newcomer says that it has lost its backlink: it no longer counts
// there. Else it would count twice until the provider has noticed the death. As in send,
// only so many newcomers of one host are believed.
func (lg *ledger) left(target, backlink Peer, host host) {
	if i, known := lg.index[backlink]; known && lg.hosts[host] < lg.places && lg.tallies[i].size > 1 {
		if _, waiting := lg.sent[target]; !waiting {
			lg.enter(i, lg.tallies[i].size-1, lg.tallies[i].pending)
		}
	}
}

// meet makes a discovery ask the masters to which newcomers are on their way.
func (lg *ledger) meet(d *discovery) {
	for i := range lg.tallies {
		if lg.tallies[i].pending > 0 {
			d.meet(lg.tallies[i].master)
		}
	}
}

// remember keeps target among the recent newcomers, unless another of its host is there,
// or in a small network, which may all be of one host, as many as have a place. Asked is
// when it asked for a place.
func (lg *ledger) remember(target Peer, owner host, asked time.Duration) {
	of := 0
	for i := range lg.recent {
		if lg.recent[i] == target {
			lg.asked[i] = max(lg.asked[i], asked)
			return
		}
		if lg.owners[i] == owner {
			of++
		}
	}
	switch {
	case of > 0 && (of >= lg.places || lg.nodes > 4*lg.places):
	case len(lg.recent) < recentNewcomers:
		lg.recent, lg.owners = append(lg.recent, target), append(lg.owners, owner)
		lg.asked = append(lg.asked, asked)
	default:
		lg.recent[lg.oldest], lg.owners[lg.oldest], lg.asked[lg.oldest] = target, owner, asked
		lg.oldest = (lg.oldest + 1) % recentNewcomers
	}
}

// askedSince are the recent newcomers that have asked for a place after a time, so they
// lived then.
func (lg *ledger) askedSince(since time.Duration) (askers []Peer) {
	for i, p := range lg.recent {
		if lg.asked[i] > since {
			askers = append(askers, p)
		}
	}
	return askers
}
