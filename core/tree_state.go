package core

import (
	"math"

	"spreadable/core/message"
	"spreadable/core/state"
)

// What of the tree survives a restart: the own branches and their siblings. So a node that
// comes back is a member of its branch at once, and a head leads its branch, unless
// another has taken over meanwhile. If the whole branch is gone, the node looks for
// another by the list of the top, as any other that has lost its branch.

// exportTree fills in the section of the tree.
func (n *Node) exportTree(to *state.State) {
	tr := n.tree()
	if tr == nil || len(tr.path) == 0 {
		return
	}
	to.Tree = state.Tree{Network: n.text(tr.network), Path: n.branchRows(tr.path)}
	for _, list := range tr.lists {
		to.Tree.Lists = append(to.Tree.Lists, n.branchRows(list.List))
	}
}

func (n *Node) branchRows(branches []message.Branch) (rows []state.Branch) {
	for _, b := range branches {
		rows = append(rows, state.Branch{Name: n.text(b.Name), Head: n.text(b.Head), Size: b.Size})
	}
	return rows
}

// fitsTree reports whether a state is of a network with as many levels as ours. With
// another number the names of networks mean something else.
func (n *Node) fitsTree(s *state.State) bool {
	top := n.cfg.branchLevels()
	if len(s.Tree.Path) != top || len(s.Tree.Lists) != top {
		return false
	}
	return top == 0 || s.Root == "" || s.Root == s.Tree.Path[0].Name
}

func countBranches(t *state.Tree) int {
	count := len(t.Path)
	for _, list := range t.Lists {
		count += len(list)
	}
	return count
}

// tree restores a place that fitsTree. A branch that is named twice counts once, and each
// list has the own branch.
func (r *restorer) tree(s *state.State) {
	tr := r.node.tree()
	if tr == nil || len(s.Tree.Path) == 0 {
		return
	}
	tr.network = r.peer("tree", s.Tree.Network)
	for i, row := range s.Tree.Path {
		own := r.branch(row)
		var names others
		var list []message.Branch
		for _, row := range s.Tree.Lists[i] {
			if b := r.branch(row); names.first(b.Name, Peer{}) {
				list = append(list, b)
			}
		}
		if names.first(own.Name, Peer{}) {
			list = append(list, own)
		}
		tr.path, tr.lists = append(tr.path, own), append(tr.lists, message.NewBranches(list))
	}
	tr.changed()
	if tr.auto() {
		tr.levels = tr.used() + 1
	}
}

func (r *restorer) branch(row state.Branch) message.Branch {
	return message.Branch{Name: r.peer("tree", row.Name), Head: r.peer("tree", row.Head), Size: min(row.Size, math.MaxInt32)}
}

// eachPeer visits every peer that the tree holds, some more than once.
func (tr *tree) eachPeer(visit func(Peer)) {
	visit(tr.network)
	visit(tr.deposed)
	for id := range tr.fails { // order-free: visits for a set
		visit(id.name)
	}
	for _, b := range tr.path {
		visit(b.Name)
		visit(b.Head)
	}
	for _, list := range tr.lists {
		for _, b := range list.List {
			visit(b.Name)
			visit(b.Head)
		}
	}
}
