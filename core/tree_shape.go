package core

import (
	"fmt"
	"slices"
	"time"

	"spreadable/core/message"
)

// How the tree follows the size of the network. When it shrinks there are more branches
// than it wants: the smallest close, and their nodes move to others, few at a time. When
// the network takes another level, its branches have more nodes than they should, and some
// of these move to new ones. Both serve as long as it takes: a node moves within a second,
// and a new branch gets few nodes until all nodes know it. So no moment is different from
// the others, and what fails on the way is mended as at any other time.
//
// A network with message.AutoLevels decides how many levels it has (decideLevels). Its
// nodes have the place in the tree that they would have with MaxLevels. A level that the
// network does without has a single branch, of all nodes, and searches skip it (used). So
// with one level all is as in a network of one level, and on the wire the same.

// shape is what a head is about to change. It changes nothing by what it sees once.
type shape struct {
	surplus [MaxLevels]uint8 // of each level: syncs in a row in which the own branch was one too many
	levels  int              // the number of levels that the network should have
	agreed  int              // syncs in a row in which that was so
}

const (
	// patientFor is how many syncs in a row a head must see the same reason for a change.
	patientFor = 2
	// unseenFor is for how many sync intervals a new branch may not be known to all nodes:
	// heads learn of it at once, their masters within one, and the slaves of these within
	// another.
	unseenFor = 3
	// unseenMost is how many nodes a branch gets meanwhile: a network that outlives the
	// death of any one.
	unseenMost = 4
	// moversShare is the part of the network that moves in a sync interval, at most.
	moversShare = 8
	// maxMovers is the share of a branch that moves in a sync interval, at most.
	maxMovers = 0.25
	// lastMovers is that share for the last unseenMost nodes of a branch that closes.
	lastMovers = 0.5
)

// used is how many levels of branches there are in fact, those with one branch left out
// from the top on. A network with a fixed number of levels uses all.
func (tr *tree) used() int {
	if !tr.auto() {
		return tr.top()
	}
	used := tr.top()
	for used > 0 && len(tr.lists[used-1].List) <= 1 {
		used--
	}
	return used
}

// searchLevel is from how many levels of masters down a search goes.
func (n *Node) searchLevel() int {
	if tr := n.tree(); tr != nil && tr.auto() {
		if !tr.placed() {
			return 1
		}
		return tr.used() + 1
	}
	return n.Levels()
}

// saidLevels is the number of levels as it travels, 0 if it is fixed.
func (tr *tree) saidLevels() int {
	if tr.auto() {
		return tr.levels
	}
	return 0
}

// setLevels takes over how many levels the network has, as another node says.
func (tr *tree) setLevels(levels int) {
	if tr.auto() && levels >= 1 && levels <= MaxLevels && tr.levels != levels {
		tr.node.env.Note(Note{What: NoteLevels, About: tr.network, Text: fmt.Sprintf("%d now, not %d", levels, tr.levels)})
		tr.levels = levels
		tr.changed()
	}
}

// decideLevels decides, as the head of the whole network, how many levels it has. More
// than one are too few when a node would ask more than FanOut others at a time. One less
// is enough when that would hold for twice as many nodes: so a network whose size goes up
// and down does not change with it.
func (tr *tree) decideLevels() {
	n := tr.node
	if !tr.auto() || !tr.leads(tr.top()) {
		return
	}
	size, levels := tr.size(), tr.levels
	switch {
	case levels < MaxLevels && Optimum(size, levels) > n.cfg.FanOut && !n.level1.npmSlaves:
		levels++
	case levels > 1 && Optimum(2*size, levels-1) <= n.cfg.FanOut:
		levels--
	}
	s := &tr.shape
	if levels != s.levels {
		s.levels, s.agreed = levels, 0
	}
	if s.agreed++; levels == tr.levels || s.agreed < patientFor {
		return
	}
	tr.setLevels(levels)
	n.env.Note(Note{What: NoteReshaped, About: tr.network, Text: fmt.Sprintf("%d levels for %d nodes that ask at most %d others at a time", levels, size, n.cfg.FanOut)})
}

// entryLevel is the level at which a newcomer begins to look for a branch: that of the
// branches that every node knows.
func (tr *tree) entryLevel() int {
	if !tr.auto() {
		return tr.top()
	}
	return min(tr.top(), max(1, tr.levels-1, tr.used()))
}

// above are the own branches of the levels above one.
func (tr *tree) above(level int) []message.Branch {
	if !tr.auto() {
		return nil
	}
	return tr.path[level:]
}

// wanted is how many branches a parent has in a network of this size, and how many more it
// may have.
func (tr *tree) wanted(size, level int) (optimum, more int) {
	if level >= tr.levels {
		return 1, 0
	}
	optimum = Optimum(size, tr.levels)
	return optimum, slack(optimum)
}

// branchChoice is what a provider of branches has to choose from.
type branchChoice struct {
	least int // the branch with the fewest nodes that takes any; -1 for none
	open  int // how many branches take nodes
}

// choices looks for the branch with the fewest nodes. Closing ones do not count. A new one
// counts until it has unseenMost nodes, and again when all nodes know it. At a provider
// that is new itself all branches may be, because the network is starting. One that the
// newcomer was sent to before did not take it. If none is left any other will do; but a
// newcomer that shall not found another, or whose name a branch has, tries those again.
func (tr *tree) choices(level int, newcomer Peer, alone bool, all []message.Branch, lg *branchLedger) branchChoice {
	c, now, interval := branchChoice{least: -1}, tr.node.env.Now(), tr.node.cfg.SyncInterval
	closing, unseen, tried := -1, -1, -1
	least := func(of *int, i int) {
		if *of < 0 || all[i].Size < all[*of].Size {
			*of = i
		}
	}
	for i, b := range all {
		switch {
		case b.Head == newcomer && level == 1, (b.Name == newcomer || b.Head == newcomer) && b.Size <= 1: // it would be alone there
		case b.Closing:
			least(&closing, i)
		case slices.Contains(lg.coming[newcomer].to, b.Name):
			c.open++
			least(&tried, i)
		case tr.settles() && now-lg.known[b.Name] < unseenFor*interval && b.Size >= unseenMost:
			c.open++
			least(&unseen, i)
		default:
			c.open++
			least(&c.least, i)
		}
	}
	others := []int{unseen, closing}
	if i := branchIndex(all, newcomer); alone || i >= 0 && all[i].Size > 1 {
		others = append(others, tried)
	}
	for _, other := range others {
		if c.least < 0 {
			c.least = other
		}
	}
	return c
}

// settles reports whether the node has been here for so long that what it does not know
// is new. While a network starts, nothing is known yet.
func (tr *tree) settles() bool {
	return tr.node.env.Now()-tr.node.started > 4*tr.node.cfg.SyncInterval
}

// mayFound reports whether the parent wants another branch. Without the limit, all that
// come until a new branch is known would found others.
func (c branchChoice) mayFound(tr *tree, size, level int) bool {
	optimum, _ := tr.wanted(size, level)
	return !tr.settles() || c.open < optimum
}

// see takes down since when branches are known.
func (lg *branchLedger) see(list []message.Branch, now time.Duration) {
	for _, b := range list {
		if _, known := lg.known[b.Name]; !known {
			lg.known[b.Name] = now
		}
	}
	if len(lg.known) > 4*len(list)+64 {
		clear(lg.known)
		for _, b := range list {
			lg.known[b.Name] = 0
		}
	}
}

// weighBranch closes the own branch of a level if it is one too many and has the fewest
// nodes. Heads do not know of each other what has just changed, so they close one at a
// time, all but the largest only at a level that the network does without. If all are
// closing, as when two heads did not know of each other, the first by address opens again.
func (tr *tree) weighBranch(level int) {
	n := tr.node
	if !tr.leads(level) || !tr.settles() {
		return
	}
	own, rank, open, first := tr.path[level-1], 0, 0, true
	for _, b := range tr.lists[level-1].List {
		if b.Name == own.Name {
			continue
		}
		first = first && n.cfg.Book.Less(own.Name, b.Name)
		if b.Closing {
			continue
		}
		open++
		if b.Size > own.Size || b.Size == own.Size && n.cfg.Book.Less(b.Name, own.Name) {
			rank++
		}
	}
	optimum, more := tr.wanted(tr.size(), level)
	seen := &tr.shape.surplus[level-1]
	switch {
	case own.Closing && open == 0 && first:
		own.Closing = false
	case !own.Closing && open+1 > optimum+more && (rank == open || level >= tr.levels && rank > 0):
		if *seen++; *seen < patientFor {
			return
		}
		own.Closing = true
		n.env.Note(Note{What: NoteReshaped, About: own.Name, Text: fmt.Sprintf("it closes: %d nodes move to other branches", own.Size)})
	}
	*seen = 0
	tr.setBranch(level, own)
}

// moveOn leaves the branch for another, if it is closing or has too many nodes. Which
// nodes go, and when, is up to chance, so that as many go in a sync interval as the
// network bears.
func (tr *tree) moveOn() {
	n, l := tr.node, &tr.node.level1
	chance := tr.movers()
	if chance == 0 || !tr.settles() || l.isLeaving() {
		return
	}
	if tr.isNeeded() {
		return
	}
	switch {
	case chance == lastMovers:
	case !tr.closing():
		if l.isMaster() && l.size() > unseenMost { // in a smaller branch all may be masters
			return
		}
	case l.isMaster() || tr.auto():
		chance /= 2 // as many go with their masters
	}
	if n.env.Rand().Float64() >= chance {
		return
	}
	told := l.acquainted()
	if !l.backlink.IsZero() {
		told = append(told, l.backlink)
	}
	tr.leave(false)
	n.tell(told, message.LeaveRequest{Gone: true})
}

// Reshapes reports whether the node or its network is about to change the tree of branches:
// nodes are to leave a branch that is closing or has too many, or the node's own branch will
// close soon, because there are too many. A network that does not shrink or grow comes to rest.
func (n *Node) Reshapes() bool {
	tr := n.tree()
	return tr != nil && tr.placed() && (tr.movers() > 0 || tr.shape.surplus != [MaxLevels]uint8{})
}

// isNeeded reports whether the node leads a branch that has masters: without a head no
// search would reach them.
func (tr *tree) isNeeded() bool { return tr.leads(1) && len(tr.node.level1.masters.List) > 0 }

// closing reports whether a branch that the node belongs to is closing.
func (tr *tree) closing() bool {
	for _, b := range tr.path {
		if b.Closing {
			return true
		}
	}
	return false
}

// movers is the share of the nodes of the own branch that moves in a sync interval: of all
// branches together a moversShare of the network.
func (tr *tree) movers() (share float64) {
	size := tr.size() + 1 // who places a node that moves counts it once more
	for level := 1; level <= tr.top(); level++ {
		own := tr.path[level-1]
		if capacity := tr.capacity(size, level); level < tr.levels && !own.Closing && tr.gives(level, capacity) {
			most := min(int(own.Size)-capacity, max(size/moversShare, tr.lacking(level)), tr.taken(level, capacity))
			share = max(share, min(maxMovers, float64(most)/float64(own.Size)))
		}
		switch {
		case own.Closing && own.Size <= unseenMost:
			share = lastMovers
		case own.Closing:
			share = max(share, min(maxMovers, tr.closers(level)))
		}
	}
	return share
}

// gives reports whether the own branch of a level has so many nodes that some should move:
// a quarter more than its capacity, or where another branch has just begun, so that its
// founder does not stay alone, any more.
func (tr *tree) gives(level, capacity int) bool {
	size := int(tr.path[level-1].Size)
	return size > capacity+capacity/4+unseenMost || size > capacity && tr.lacking(level) > 0
}

// lacking is how many nodes the smallest other branch of a level lacks to outlive the death
// of any one.
func (tr *tree) lacking(level int) (lack int) {
	for _, b := range tr.lists[level-1].List {
		if !b.Closing && b.Name != tr.path[level-1].Name {
			lack = max(lack, unseenMost-int(b.Size))
		}
	}
	return lack
}

// closers is the share of the nodes of closing branches that moves: as many nodes as
// moversShare says. In a network that gives a level up, one branch of twenty takes all: it
// would have to find masters for three times its size at once, so no more nodes move than
// half of what the open branches have.
func (tr *tree) closers(level int) float64 {
	closing, open := 0, 0
	for _, b := range tr.lists[level-1].List {
		if b.Closing {
			closing += int(b.Size)
		} else {
			open += int(b.Size)
		}
	}
	most := float64(tr.size()) / moversShare
	if tr.auto() {
		most = min(most, float64(max(unseenMost, open/2)))
	}
	return most / float64(max(1, closing))
}

// taken is how many nodes the other branches of a level take: those that all nodes know as
// many as they lack, and the new ones and those that are still to be founded a few each.
func (tr *tree) taken(level, capacity int) (taken int) {
	optimum, _ := tr.wanted(tr.size(), level)
	taken = optimum * unseenMost
	for _, b := range tr.lists[level-1].List {
		if !b.Closing && b.Size > unseenMost {
			taken += max(0, capacity-int(b.Size))
		}
	}
	return taken
}
