package core

import (
	"time"

	"spreadable/core/message"
)

// Registration chooses the rule by which nodes find and keep their place.
type Registration uint8

const (
	// Directed is our rule: a provider remembers which newcomer it has sent where. The
	// package comment says why.
	Directed Registration = iota
	// Original is the rule of npm spreadable 0.3 to the letter.
	Original
)

func (r Registration) String() string {
	if r == Original {
		return "original"
	}
	return "directed"
}

// rule is how a node finds and keeps its place in a level. It has two values without
// state, directed and original: what they remember is in the level.
type rule interface {
	// firstSync is the time from the start of a node to its first sync, notByTimer if start sees
	// to it; nextSync is the time from the beginning of a sync to that of the next.
	firstSync(n *Node) time.Duration
	nextSync(n *Node) time.Duration

	// start is called when the node starts.
	start(n *Node)

	// sync is one sync cycle: it renews the lists, and looks for a backlink if there is
	// none.
	sync(l *level, t *Task)

	// retry looks for a backlink between two syncs, when the timer for it is due
	// (wakeRetry).
	retry(l *level)

	// provide answers where the target of the request could register.
	provide(l *level, t *Task) message.Response

	// wantsPlaces reports whether the node, as a newcomer, understands an answer that
	// names the places to try, best first.
	wantsPlaces() bool

	// hasCapacity reports whether the node lists another newcomer. NetworkSize is what
	// the newcomer's provider told it.
	hasCapacity(l *level, networkSize int) bool

	// countSlave renews the own size after a slave was added, which was known in another role
	// before or not.
	countSlave(l *level, known bool)

	// lifetime is the sync lifetime: how long a network that has the given size by our
	// lists takes to be sure that a node is gone. Scores and delays of bans end with it.
	lifetime(c *Config, size int) time.Duration

	// mostSlaves is how many slaves a master may have before others blame it.
	mostSlaves(optimum int) int

	// hear takes a request for the structure from a peer that introduces itself as a
	// master, or that asks while we have no place.
	hear(l *level, from Peer)

	// suspect is called when a request to p has failed with err, and no refusal.
	suspect(l *level, p Peer, err error)
}

// notByTimer is the firstSync of a rule that begins to sync by itself.
const notByTimer time.Duration = -1

// rule returns the value of r.
func (r Registration) rule() rule {
	if r == Original {
		return original{}
	}
	return directed{}
}
