package core

import (
	"maps"
	"time"
)

// A search misses the slaves of a master that the entry node does not know yet. While a
// network grows, most newcomers would be there: when all masters are full, every newcomer
// goes to the latest one. So in a network that follows its size a provider makes masters
// before they are needed, gives them few nodes until others know them, and fills the known
// ones meanwhile. For the same reason few masters step down at a time when there are too
// many.

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
// more. If the masters that are known have no capacity left, the young ones are as good.
func (c *choice) makeEarly() {
	l, lg := c.level, c.ledger
	if lg.masters < Optimum(c.size+c.size/earlyShare, levels) {
		c.makeMasters(1, lg.recent, l.slaves)
		if len(c.places) > 0 {
			if lg.young == nil {
				lg.young = make(map[Peer]time.Duration)
			}
			lg.young[c.places[0]] = l.node.env.Now()
		}
	} else if lg.capacity.total == 0 && len(lg.young) > 0 {
		clear(lg.young)
		lg.weigh()
	}
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
