package message

import "spreadable/core/peer"

// Branch is a part of a network of several levels. A branch of level 1 is a network of one
// level: masters that know each other, and their slaves. A branch of level k+1 is made of
// branches of level k. The head of a branch of level k is a master of level k+1.
type Branch struct {
	Name peer.Peer // the address of its founder; it does not change
	Head peer.Peer
	Size uint32 // how many nodes it has

	// Closing says that the branch takes no more nodes and that its own look for others,
	// because there are more branches than a network of this size wants.
	Closing bool
}

// AutoLevels stands for a number of levels that the network decides by its size.
const AutoLevels = 255

// Branches is a list of the branches of one level that have the same parent, as it travels:
// immutable, so that all that learned it from the same node can share it.
type Branches struct {
	List  []Branch
	Total int // sum of the sizes
}

// NewBranches makes a list with its sum. It takes over the slice.
func NewBranches(list []Branch) *Branches {
	b := &Branches{List: list}
	for _, e := range list {
		b.Total += int(e.Size)
	}
	return b
}

// BranchRequest asks which branch of a level the sender should join. Level 0 stands for the
// top: the branches that every node knows.
type BranchRequest struct {
	Levels      int // how many levels the sender's network has
	Level       int
	NetworkSize int  // what the node that was asked before said; 0 at first
	Alone       bool // the sender has founded a branch, and no other node has come
}

// BranchOffer is the answer. Founder says that the sender is to found a new branch, because
// the others are full.
//
// Above are the own branches of levels above that of the offer, lowest first: in a network
// that decides how many levels it has, those of the levels that it does without.
type BranchOffer struct {
	Levels      int // how many the network has now; 0 if that is fixed
	Level       int // of the branch
	Above       []Branch
	Network     peer.Peer // the name of the network
	Founder     bool
	Branch      Branch
	Siblings    *Branches // all branches of that level and parent; never nil
	NetworkSize int       // with the sender
}

// LeaveNotice is for how many quarters of a sync interval a node that leaves should go on
// answering: in the first interval the heads and masters learn that it has gone, in the
// second all other nodes.
const LeaveNotice = 9

// LeaveRequest says that the sender is about to leave the network. Heir takes its place as
// the head of branches; none if it leads none, or has no other to name.
// Gone says that it has left the receiver's branch, and need not be listed any more.
type LeaveRequest struct {
	Heir peer.Peer
	Gone bool
}

// TreeRequest asks a node for its place in the tree. The head of a branch tells heads of
// other branches of its level about its own; Level is 0 in any other request. Place asks
// for the lists of level 1, too. Missed tells the head of the own branch that searches of
// the sender do not come back to it through that head.
type TreeRequest struct {
	Level  int
	Branch Branch
	Place  bool
	Missed bool
}

// Tree is the answer. It is a snapshot and never changed.
type Tree struct {
	Network peer.Peer
	Levels  int         // how many the network has now; 0 if that is fixed
	Path    []Branch    // the sender's branches, of level 1 first
	Lists   []*Branches // of each level, the branches with the same parent as the sender's
	Place   *Structure  // the sender's lists of level 1; nil unless they were asked for
}
