package core

import (
	"maps"
	"time"
)

// A node to which none can connect, such as one behind a NAT, asks for a place again and
// again, and never gets one. Each time it would count at a master until that seems full,
// and be named to others as a node that could become a master. In a network with more of
// these nodes than members a newcomer would find no other place. So one that has come back
// several times still gets places, but the ledger no longer plans for it.

const (
	// mostAttempts is how often in a row a newcomer is sent to a place until it counts as
	// outside. Others come back a few times when a network begins, or after many deaths.
	mostAttempts = 4
	// attemptsFor is for how many sync intervals after the last attempt the earlier ones
	// count. A node without a place asks more often.
	attemptsFor = 2
)

// attempts are those of a newcomer since it was last listed anywhere.
type attempts struct {
	times uint8 // up to mostAttempts
	last  time.Duration
}

// attempted is called when a newcomer has been sent to a place.
func (lg *ledger) attempted(target Peer, now time.Duration) {
	lg.tried[target] = attempts{min(lg.tried[target].times+1, mostAttempts), now}
}

// isOutside reports whether it seems that no node can connect to a newcomer.
func (lg *ledger) isOutside(target Peer) bool { return lg.tried[target].times >= mostAttempts }

// forgetAttempts forgets newcomers that have not asked since a time.
func (lg *ledger) forgetAttempts(before time.Duration) {
	maps.DeleteFunc(lg.tried, func(_ Peer, a attempts) bool { return a.last < before })
}
