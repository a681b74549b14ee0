package core

import "time"

// deaths is how many of a master's slaves have died lately, and the network size that
// follows from it. When many nodes die at once, the slaves of dead masters look for a
// place before any list is up to date. A provider and the masters that went by the old
// size would fill some masters with more slaves than they may have, and these would shed
// them again soon. So they go by the share of their own slaves that has died.
type deaths struct {
	first, last time.Duration // when one did
	networkSize int           // before the first
	slaves      int           // before the first
	count       int
}

const (
	// deathsCount is how long deaths count, in sync intervals: after that the network size
	// shows them.
	deathsCount = 3
	// fewSlaves is up to how many slaves of a master the deaths count that follow one
	// another within that time, however long ago the first was. A master of more loses one
	// now and then in any network whose nodes come and go: of a hundred with sessions of
	// ten minutes one in 17 s. If these added up, it would soon seem to have lost them all,
	// and take none.
	fewSlaves = 16
)

// countDeath is called when a slave is about to be taken off the list, because it does
// not answer.
func (l *level) countDeath() {
	d := &l.reserves().deaths
	now := l.node.env.Now()
	since := d.last
	if len(l.slaves) > fewSlaves {
		since = d.first
	}
	if now-since > deathsCount*l.node.cfg.SyncInterval {
		*d = deaths{first: now, networkSize: l.size(), slaves: len(l.slaves)}
	}
	d.last = now
	d.count++
}

// sizeAfterDeaths is the network size that a master expects when slaves of it have died
// lately, because as large a share of all nodes may have. It is 0 if none has.
func (l *level) sizeAfterDeaths() int {
	if l.reserve == nil {
		return 0
	}
	d := &l.reserve.deaths
	if d.count == 0 || l.node.env.Now()-d.last > deathsCount*l.node.cfg.SyncInterval {
		return 0
	}
	return max(1, d.networkSize*max(0, d.slaves-d.count)/max(1, d.slaves))
}

// lostLately reports whether a peer was lost within the last two sync intervals.
func (l *level) lostLately() bool {
	r := l.reserve
	if r == nil || len(r.lost) == 0 {
		return false
	}
	return l.node.env.Now()-r.lost[len(r.lost)-1].since < 2*l.node.cfg.SyncInterval
}
