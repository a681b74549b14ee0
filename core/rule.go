package core

import (
	"time"

	"spreadable/core/message"
)

// Registration chooses how newcomers find their place.
type Registration uint8

const (
	// Directed is our rule: a provider remembers which newcomer it has sent where. See
	// doc.go.
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

// rule is how a node finds and keeps its place in a level. It has two values, without any
// state of their own: directed and original. What they remember stands in the level.
type rule interface {
	// firstSync is when a node syncs for the first time after its start, nextSync how
	// long after a sync the next one begins.
	firstSync(n *Node) time.Duration
	nextSync(n *Node) time.Duration

	// start is called when the node starts.
	start(n *Node)

	// sync is one sync cycle: it renews the lists, and looks for a backlink if there is
	// none.
	sync(l *level, t *Task)

	// retry looks for a backlink between two syncs. It is called when a timer of this
	// rule's is due.
	retry(l *level)

	// provide answers where the target of the request could register.
	provide(l *level, t *Task) message.Response

	// wantsPlaces reports whether the node, as a newcomer, understands the places of a
	// directing provider.
	wantsPlaces() bool

	// hasCapacity reports whether a newcomer is listed, whose provider has told it the
	// size of the network.
	hasCapacity(l *level, networkSize int) bool

	// mostSlaves is how many slaves a master may have in a network whose optimum is this.
	mostSlaves(optimum int) int

	// hear takes the introduction of another master.
	hear(l *level, from Peer)
}

// rule returns the value of r.
func (r Registration) rule() rule {
	if r == Original {
		return original{}
	}
	return directed{}
}
