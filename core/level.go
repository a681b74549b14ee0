package core

import (
	"math"
	"time"

	"spreadable/core/draw"
	"spreadable/core/message"
)

// level is a node's membership in its branch of level 1, which in a network of one level
// is the whole network: its lists, and what its rule remembers to renew them. All nodes
// have one, inline (Node.level1). What a node knows of the levels above is its tree
// (tree.go).
type level struct {
	lists // first of all its snapshot; see Node

	known       [4]Peer       // nodes elsewhere; see reserve.go
	reserve     *reserve      // what is needed in trouble only
	steppedDown time.Duration // when we last gave up our slaves; 0 is never
	ledger      *ledger       // which newcomers we sent where; nil until one asks
	guard       *guard        // nil until a limit has been reached

	rows *rows // what an npm node has in its database; nil until the original rule needs it

	// What each sync touches, next to each other.
	node       *Node
	provider   Peer   // original rule: the bootstrap address in use
	slot       uint32 // our index among the backlink's slaves when we last looked
	interviews int32  // interviews of newcomers under way

	// The directed rule.
	rounds     int32  // syncs since the start
	tries      int32  // failed attempts to register since the last success
	dropped    int32  // +2 for each backlink that dropped us, -1 for each sync with one
	firstAsked uint16 // index of the bootstrap node that the next attempt asks first
	unfinished bool   // the last discovery has left out names
	retryDue   bool   // a timer for the next attempt is set
	view       view
}

// structure returns a snapshot of the lists.
func (l *level) structure() *message.Structure {
	if l.snapshot == nil {
		l.private = false
		l.edition++
		l.snapshot = &message.Structure{
			Address: l.node.self, Backlink: l.backlink, Masters: l.masters, NpmSlaves: l.npmSlaves,
			Slaves: l.slaves[:len(l.slaves):len(l.slaves)], // an append must copy them
		}
		// a new master enters itself among the masters only at its next sync
		if l.exact && knowsItself(l.node.self, l.snapshot) {
			l.snapshot.MaxAge = uint32(l.node.cfg.staleness().Milliseconds())
		}
	}
	return l.snapshot
}

// levels is how many levels of masters there are within a branch of level 1, or in a
// network of one level. How many the whole network has is Config.Levels.
const levels = 1

// Optimum is the number that all groups of a network tend to, masters as well as the
// slaves of each: floor(size^(1/(levels+1))) + 1, which is floor(sqrt(size)) + 1 with one
// level. (So npm spreadable, which has one: 2 for 1 to 3 nodes, 3 for 4 to 8, 11 for 100,
// 101 for 10,000.) A size below 0, which can only be a lie, counts as 0.
func Optimum(size, levels int) int {
	size = max(size, 0)
	if levels == 1 {
		return int(math.Sqrt(float64(size))) + 1
	}
	return draw.Root(min(size, math.MaxInt-1)+1, levels+1) // its power exceeds size
}

// lifetime is npm's sync lifetime: how long a network of this size takes to be sure that
// a node is gone, SyncInterval * MaxFails * Optimum. What counts is rule.lifetime. It is
// the longest Duration where that would overflow.
func (c *Config) lifetime(size, levels int) time.Duration {
	optimum := Optimum(size, levels)
	if float64(c.MaxFails)*float64(optimum) > float64(math.MaxInt64/c.SyncInterval) { // some 300 years
		return math.MaxInt64
	}
	return c.SyncInterval * time.Duration(c.MaxFails*optimum)
}
