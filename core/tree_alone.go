package core

import (
	"slices"

	"spreadable/core/message"
)

// When a node gives up its branch: because no other node is there, or none that lists it.
// Then it looks for another branch, as a newcomer does (tree_place.go).

const (
	// lonelyFor is for how many syncs the only node of a branch waits for others.
	lonelyFor = 2
	// lonelyLonger is that number where other branches have too many nodes, of which some
	// should come.
	lonelyLonger = 8
	// lonelyKept is after how many syncs with one other node a sync without it is forgotten.
	lonelyKept = 16
	// strayTries is after how many failed attempts to register a node looks for another
	// branch.
	strayTries = 4
)

// leaveLonely leaves a branch in which no other node has been for some syncs, or only one
// that does not keep us. Of several nodes that are alone the first by address waits one sync
// longer, so that the others can come to it: if all left at once, each would find the branch
// that another has just left.
func (tr *tree) leaveLonely() bool {
	if tr.isDropped() {
		tr.leave(true)
		return true
	}
	if !tr.isLonely() {
		tr.forgetLonely()
		return false
	}
	patience := lonelyFor
	if tr.expectsOthers() {
		patience = lonelyLonger
	}
	if tr.isFirst() {
		patience++
	}
	if tr.lonely++; tr.lonely <= patience {
		return false
	}
	tr.leave(true)
	return true
}

// expectsOthers reports whether there are branches with so many nodes that some should come
// to one that begins.
func (tr *tree) expectsOthers() bool {
	size := tr.size()
	for level := 1; level < min(tr.levels, tr.top()+1); level++ {
		capacity := tr.capacity(size, level)
		if slices.ContainsFunc(tr.lists[level-1].List, func(b message.Branch) bool { return !b.Closing && int(b.Size) > capacity }) {
			return true
		}
	}
	return false
}

// forgetLonely is called when the branch has other nodes. A single one may come and go, as a
// liar does that the node leaves each time: then the syncs without it add up.
func (tr *tree) forgetLonely() {
	switch l := &tr.node.level1; {
	case l.size() > 2:
		tr.lonely = 0
	case l.rounds%lonelyKept == 0:
		tr.lonely = max(0, tr.lonely-1)
	}
}

// isDropped reports whether the only other node of the branch takes us as its slave again and
// again, and then does not list us.
func (tr *tree) isDropped() bool {
	l := &tr.node.level1
	return l.dropped > maxDrops && l.size() <= 2 && tr.hasOthers()
}

// isFirst reports whether the node comes before all heads that it knows, by address.
func (tr *tree) isFirst() bool {
	n := tr.node
	for _, list := range tr.lists {
		if slices.ContainsFunc(list.List, func(b message.Branch) bool { return n.cfg.Book.Less(b.Head, n.self) }) {
			return false
		}
	}
	return true
}

// isLonely reports whether the node leads a branch without any other node, and there are
// other branches.
func (tr *tree) isLonely() bool {
	l := &tr.node.level1
	return l.backlink.IsZero() && !l.isMaster() && l.size() <= 1 && tr.leads(1) && tr.hasOthers()
}

// leaveLost leaves a branch in which no node lists us. If even its head is silent, that is
// sooner; if it knows no other branch, or shall found none, later. A node that is alone
// there waits for others, and then does not found another.
func (tr *tree) leaveLost() {
	l, tries := &tr.node.level1, strayTries
	if tr.isLonely() {
		l.tries = 0 // who comes now is to list us
		return
	}
	if tr.alone {
		tries = 2 * strayTries
	}
	if _, silent := tr.node.fails[tr.path[0].Head]; silent || l.isLost(tr.path[0].Head) {
		tries = strayTries / 2
	}
	if !tr.hasOthers() && !tr.leads(1) {
		tries = 2 * strayTries
	}
	if l.backlink.IsZero() && int(l.tries) >= tries && (tr.hasOthers() || !tr.leads(1)) && !(tr.closing() && tr.isNeeded()) {
		tr.leave(tr.leads(1))
	}
}

// hasOthers reports whether there are other branches.
func (tr *tree) hasOthers() bool {
	return slices.ContainsFunc(tr.lists, func(list *message.Branches) bool { return len(list.List) > 1 })
}
