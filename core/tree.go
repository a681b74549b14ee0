package core

import (
	"fmt"
	"slices"
	"time"

	"spreadable/core/message"
)

// A network of several levels is a tree of branches (message.Branch). Within a branch of
// level 1 everything is as in a network of one level, which does not know of others: its
// root is the name of the branch. This file has a node's place in the tree. How it comes
// to it is in tree_place.go, how it is renewed in tree_sync.go.

// tree is a node's place among the branches. Only networks of several levels have it.
type tree struct {
	node     *Node
	network  Peer                // the name of the whole network; zero while unknown
	path     []message.Branch    // the own branches, of level 1 first; empty without one
	lists    []*message.Branches // of each level, the own branch and its siblings
	ledgers  []*branchLedger     // of each level; nil until a newcomer asks
	fails    map[branchID]int    // how many syncs in a row the head of a sibling was silent
	lonely   int                 // syncs in which the branch had no other node lately
	alone    bool                // we have left a branch in which we were alone
	strays   []Peer              // addresses that may lead to another part of the network
	unlisted int                 // for how many syncs in a row other heads did not list the own branch
	misnamed int                 // syncs in a row in which the backlink gave the network or the branch another name
	agreed   Peer                // the backlink that gave both our names when it was last asked
	sought   int                 // how often in a row a search for a branch was in vain
	levels   int                 // how many the network has now
	shape    shape               // of a head: what it is about to change
	said     *message.Tree       // snapshot; nil after a change
	heads    [1]Peer             // the head of the own branch, for those who ask it

	claims   branchClaims   // of other branches, at a head
	audit    headAudit      // of the head of the own branch of level 1
	upper    []headAudit    // of the heads above it, from level 2 up; nil before the first
	reached  time.Duration  // when a search of ours last reached most of our branch of the top
	deposed  Peer           // the head that we do not follow; none before
	since    int32          // the sync at which it was deposed
	leftOut  int            // the level of the branch that we are to take to another parent; 0 for none
	heeded   map[Peer]int32 // the sync at which each node last made us do so
	restless int32          // the sync until which what nodes below miss may be of the former parent
	served   *servedBranch  // the latest answer to a draw; nil before
	revision uint32         // of what survives a restart; see Node.Revision
}

// branchID tells branches apart: a founder can have given its name to one of each level.
type branchID struct {
	level int
	name  Peer
}

// tree returns the node's place among the branches, nil in a network of one level.
func (n *Node) tree() *tree {
	if n.treeIndex == 0 {
		return nil
	}
	return n.pool.trees[n.treeIndex-1]
}

// inTree reports whether the node has a branch at every level of a network of several.
func (n *Node) inTree() bool {
	tr := n.tree()
	return tr != nil && tr.placed()
}

// Levels is how many levels of masters the node's network has, or is changing to, as far
// as it knows.
func (n *Node) Levels() int {
	if n.treeIndex == 0 {
		return 1
	}
	return n.tree().levels
}

// LevelsInUse is how many of them searches go through. In a network that decides how many
// it has, that is another number than Levels until the change is complete.
func (n *Node) LevelsInUse() int { return n.searchLevel() }

// Network is the name of the whole network: that of the own branch if it has one level.
func (n *Node) Network() Peer { return n.rootFor(message.KindTree) }

// stayFlat makes us a node of a network of one level: p, which we have asked for a branch,
// knows none, as npm nodes do.
func (n *Node) stayFlat(p Peer) {
	n.treeIndex = 0
	n.env.Note(Note{What: NoteOneLevel, About: p, Text: fmt.Sprintf(
		"this node, of npm or an older version, knows no levels: we join its network with one level instead of %s", levelsText(n.cfg.Levels))})
}

// plantTree gives the node its place among branches, if the network has several levels.
func (n *Node) plantTree(index uint32) {
	if n.cfg.Levels <= 1 {
		return
	}
	if index == 0 {
		n.pool.trees = append(n.pool.trees, nil)
		index = uint32(len(n.pool.trees))
	}
	n.treeIndex = index
	n.pool.trees[index-1] = &tree{node: n, levels: n.cfg.Levels}
	if n.cfg.Levels == message.AutoLevels {
		n.tree().levels = 1
	}
}

// rootFor is the root of messages of a kind: the name of the own branch, or of the whole
// network for what crosses branches. With one level both are the same.
func (n *Node) rootFor(kind message.Kind) Peer {
	if n.treeIndex != 0 && kind.Row().Across {
		return n.tree().network
	}
	return n.root
}

// bootstrap lists the addresses of the own network of one level: the head of the branch.
func (n *Node) bootstrap() []Peer {
	if n.treeIndex == 0 || n.root.IsZero() {
		return n.cfg.Bootstrap
	}
	tr := n.tree()
	tr.heads[0] = tr.path[0].Head
	return tr.heads[:]
}

// top is the highest level of branches: one less than there are levels. In a network that
// decides how many these are, it is one less than there can be: at the levels that it does
// without there is one branch, of all nodes.
func (tr *tree) top() int { return tr.node.cfg.branchLevels() }

func (c *Config) branchLevels() int {
	if c.Levels == message.AutoLevels {
		return MaxLevels - 1
	}
	return c.Levels - 1
}

// auto reports whether the network decides how many levels it has.
func (tr *tree) auto() bool { return tr.node.cfg.Levels == message.AutoLevels }

// follows reports whether the network follows its size, so that no search misses many nodes
// while it grows or shrinks by some percent in a sync interval.
func (n *Node) follows() bool { return n.treeIndex != 0 && n.cfg.Levels == message.AutoLevels }

// placed reports whether the node has a branch at every level.
func (tr *tree) placed() bool { return len(tr.path) == tr.top() && !tr.node.root.IsZero() }

// leads reports whether the node is the head of its branch of a level.
func (tr *tree) leads(level int) bool {
	return tr.placed() && headOf(tr.path, level) == tr.node.self
}

// headOf is the head of the branch of a level in a path, none if it does not lead the
// branches of all levels below: then it is no member.
func headOf(path []message.Branch, level int) Peer {
	head := path[level-1].Head
	for _, b := range path[:level-1] {
		if b.Head != head {
			return Peer{}
		}
	}
	return head
}

// size is how many nodes the whole network has, as the node knows it.
func (tr *tree) size() int {
	if !tr.placed() {
		return tr.node.level1.size()
	}
	if tr.used() == 0 {
		return tr.node.level1.size()
	}
	return max(1, tr.lists[tr.top()-1].Total)
}

// changed is called when what the node says about its place has changed.
func (tr *tree) changed() {
	tr.said = nil
	tr.revision++
}

// snapshot is what the node says about its place in the tree.
func (tr *tree) snapshot() *message.Tree {
	if tr.said == nil {
		tr.said = &message.Tree{Network: tr.network, Levels: tr.saidLevels(), Path: slices.Clone(tr.path), Lists: slices.Clone(tr.lists)}
	}
	return tr.said
}

// setBranch changes the own branch of a level, and its entry in the list.
func (tr *tree) setBranch(level int, b message.Branch) {
	tr.setPath(level, b)
	tr.enter(level, b)
}

// setPath changes the own branch of a level alone.
func (tr *tree) setPath(level int, b message.Branch) {
	if tr.path[level-1] != b {
		tr.path[level-1] = b
		tr.changed()
	}
}

// enter adds a branch to the list of a level, or changes its entry.
func (tr *tree) enter(level int, b message.Branch) {
	list := tr.lists[level-1].List
	i := branchIndex(list, b.Name)
	switch {
	case i < 0:
		list = append(slices.Clone(list), b)
	case list[i] == b:
		return
	default:
		list = slices.Clone(list)
		list[i] = b
	}
	tr.setList(level, message.NewBranches(list))
}

// drop removes a branch from the list of a level.
func (tr *tree) drop(level int, name Peer) {
	delete(tr.fails, branchID{level, name})
	list := tr.lists[level-1].List
	if i := branchIndex(list, name); i >= 0 {
		tr.setList(level, message.NewBranches(slices.Delete(slices.Clone(list), i, i+1)))
	}
}

func (tr *tree) setList(level int, list *message.Branches) {
	if tr.lists[level-1] != list {
		tr.lists[level-1] = list
		tr.changed()
	}
}

// branchIndex returns the index of a branch by its name, or -1.
func branchIndex(list []message.Branch, name Peer) int {
	return slices.IndexFunc(list, func(b message.Branch) bool { return b.Name == name })
}

// adopt takes over what another node of the own branch says, from a level on upwards. The
// name of the network is not taken from it (tree_name.go).
func (tr *tree) adopt(said *message.Tree, from int) {
	if len(said.Path) != tr.top() || len(said.Lists) != tr.top() {
		return
	}
	tr.setLevels(said.Levels)
	for level := from; level <= tr.top(); level++ {
		tr.setPath(level, said.Path[level-1])
		tr.setList(level, said.Lists[level-1])
	}
}

// serveTree says the node's place in the tree. The head of another branch tells about its
// own: so a new head is known soon (tree_claims.go).
func (n *Node) serveTree(req *message.Request) message.Response {
	tr, asked := n.tree(), message.Asked[message.TreeRequest](req)
	if tr == nil || !tr.placed() {
		return message.Response{Err: message.ErrWrongRoot}
	}
	before := tr.snapshot()        // so a head learns of another that leads the same branch
	ours := req.Root == tr.network // of another network we learn at a sync, from a bootstrap node
	if ours && asked != nil && asked.Missed && tr.between(asked.Level+1) {
		tr.hearMissed(asked.Level+1, req.From)
	}
	if ours && asked != nil && asked.Level >= 1 && asked.Level <= tr.top() && asked.Branch.Head == req.From {
		switch own := tr.path[asked.Level-1]; {
		case asked.Branch.Name != own.Name:
			// who checks our claim may have another parent: to check its claim, too, would
			// make it check ours again
			known := branchIndex(tr.lists[asked.Level-1].List, asked.Branch.Name) >= 0
			if tr.leads(asked.Level) && (known || !asked.Place) && tr.hearClaim(asked.Level, asked.Branch) {
				tr.checkSoon()
			}
		case own.Head == n.self && n.cfg.Book.Less(req.From, n.self) && tr.hearClaim(asked.Level, asked.Branch):
			tr.checkSoon() // of two heads the first by address stays, if it is one
		}
	}
	if asked != nil && asked.Place {
		said := *before
		said.Place = n.Structure()
		before = &said
	}
	return message.Response{Body: before}
}

// leave gives up the branch, in which there is no place for the node or no other node.
func (tr *tree) leave(alone bool) {
	n, l := tr.node, &tr.node.level1
	n.env.Note(Note{What: NoteBranchLeft, About: n.root})
	for _, p := range n.Acquaintances() {
		tr.keepStray(p)
	}
	if l.isMaster() {
		l.stepDown("it leaves its branch")
	}
	l.loseBacklink()
	l.setMasters(nil, nil)
	l.looked, l.ledger, l.known, l.tries = nil, nil, [4]Peer{}, 0
	if r := l.reserve; r != nil { // what is lost or has asked us is of the other branch
		r.former, r.lost, r.heard, r.adrift = Peer{}, nil, nil, false
	}
	n.root, tr.lonely, tr.unlisted, tr.alone = Peer{}, 0, 0, alone
	n.networkRevision++
}

// Branches returns, of each level but the last, the branches that the node knows: its own
// and those with the same parent. The last list is that of the top, which all nodes know.
// It is nil in a network that has one level now, and before the node has a place.
func (n *Node) Branches() []*message.Branches {
	if tr := n.tree(); tr != nil && tr.placed() {
		if used := tr.used(); used > 0 {
			return tr.lists[:used]
		}
	}
	return nil
}

// Path returns the branches that the node belongs to, that of level 1 first.
func (n *Node) Path() []message.Branch {
	if tr := n.tree(); tr != nil && tr.placed() {
		if used := tr.used(); used > 0 {
			return tr.path[:used]
		}
	}
	return nil
}
