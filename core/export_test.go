package core

import "spreadable/core/behavior"

// What the tests outside the package may look at besides the API.

// Suspicion is how suspect p is to n for one kind of misbehaviour.
func (n *Node) Suspicion(a behavior.Action, p Peer) float64 { return n.scores.Suspicion(a, p) }

// Heard is how many introductions n remembers; Failing, of how many peers it counts
// failures.
func (n *Node) Heard() int {
	if n.level1.reserve == nil {
		return 0
	}
	return len(n.level1.reserve.heard)
}

func (n *Node) Failing() int { return len(n.fails) }

// Locks is how many keys tasks of the node hold.
func (n *Node) Locks() int {
	if n.applications == nil {
		return 0
	}
	return len(n.applications.locks)
}

// Dropped is what n counts of backlinks that have dropped it lately.
func (n *Node) Dropped() int { return int(n.level1.dropped) }

// Pool is where the tasks of n come from, and Tasks says how many there are and how many
// of them are idle.
func (n *Node) Pool() *Pool            { return n.pool }
func (p *Pool) Tasks() (all, idle int) { return len(p.all), len(p.idle) }
