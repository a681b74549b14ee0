package core

import (
	"maps"
	"time"
)

// A search misses the slaves of a master that the entry node does not know yet. While a
// network grows, most newcomers would be there: when all masters are full, every newcomer
// goes to the latest one. So in a network that follows its size a provider makes masters
// before they are needed, gives them few nodes until others know them, and fills the known
// ones meanwhile. Those that it makes in the place of dead ones it gives few nodes, too. For
// the same reason few masters step down at a time when there are too many.

const (
	// earlyShare is for how much larger a network a provider makes masters: by an eighth,
	// more than it grows until a master is known. That is a sixteenth more masters, which is
	// within the slack.
	earlyShare = 8
	// youngFor is for how many sync intervals a master may not be known to all: other
	// masters learn of it soon, their slaves within one.
	youngFor = 2
	// youngMost is how many nodes it gets meanwhile, if others have capacity.
	youngMost = 4
	// downShare is the part of all masters that steps down in a sync interval, and one more.
	downShare = 16
)

// makeEarly adds a node that becomes a master, if a slightly larger network wants one
// more.
func (c *choice) makeEarly() {
	c.makeYoung(Optimum(c.size+c.size/earlyShare, levels), func() {
		c.makeMasters(1, c.ledger.recent, c.level.slaves)
	})
}

// makeYoung makes a master, by a function that adds one, if there are fewer than wanted.
// If the known masters have no capacity left, the oldest of the young ones counts as known.
func (c *choice) makeYoung(wanted int, add func()) {
	lg := c.ledger
	switch {
	case lg.masters < wanted:
		if add(); len(c.places) > 0 {
			lg.noteYoung(c.places[0], c.level.node.env.Now())
		}
	case lg.capacity.total == 0 && len(lg.young) > 0:
		lg.growOldest()
	}
}

// noteYoung notes that a master is young since a time.
func (lg *ledger) noteYoung(p Peer, since time.Duration) {
	if lg.young == nil {
		lg.young = make(map[Peer]time.Duration)
	}
	lg.young[p] = since
}

// growOldest takes the oldest of the young masters for a known one from now on.
func (lg *ledger) growOldest() {
	var oldest Peer
	for p, since := range lg.young { // order-free: the least is kept, by time and number
		first := lg.young[oldest]
		if oldest.IsZero() || since < first || since == first && p.ID() < oldest.ID() {
			oldest = p
		}
	}
	delete(lg.young, oldest)
	lg.weigh()
}

// grownUp forgets that masters are young that were made before a time.
func (lg *ledger) grownUp(before time.Duration) {
	maps.DeleteFunc(lg.young, func(_ Peer, since time.Duration) bool { return since < before })
}

// spared is the rank from which on masters step down when there are more than the optimum.
// After deaths half of the slack stays: else all that are left would be nearly full, the
// slaves of those that step down would make new masters, and these step down in turn.
func (l *level) spared(optimum int) int {
	if count := len(l.masters.List); l.node.follows() {
		return max(optimum, count-1-count/downShare)
	}
	if l.lostLately() {
		return optimum + slack(optimum)/2
	}
	return optimum
}
