package core

import (
	"slices"

	"spreadable/core/message"
)

// Heads of the top know each other by their lists only. So two parts of a network that have
// taken each other for dead, or that began apart, would stay so. Each head of the top
// therefore asks the first bootstrap node that answers, at each sync, and now and then a
// head that it has lost; if none answers, in turn all nodes that it knows. It meets the
// branches that these know. The network has the name that the first bootstrap node says
// (tree_name.go).
//
// A node that has left its branch and hears of no other asks the nodes that it knew there.
// When none of them answers it founds a branch itself, and asks them later, as a head.

const (
	// maxStrays is how many addresses of a former branch, or of lost heads, a node keeps.
	maxStrays = 8
	// foundAfter is after how many searches for a branch in vain a node founds one.
	foundAfter = 4
)

// keepStray keeps an address that may lead to another part of the network.
func (tr *tree) keepStray(p Peer) {
	if p.IsZero() || p == tr.node.self {
		return
	}
	tr.strays = slices.DeleteFunc(tr.strays, func(x Peer) bool { return x == p })
	if tr.strays = append(tr.strays, p); len(tr.strays) > maxStrays {
		tr.strays = slices.Delete(tr.strays, 0, 1)
	}
}

// meetNetwork looks for parts of the network that the lists do not lead to.
func (tr *tree) meetNetwork(t *Task, b budget) {
	top := tr.top()
	answered := false
	for i, p := range tr.node.cfg.Bootstrap {
		if p == tr.node.self {
			continue
		}
		said := tr.askAnyTree(t, p, message.TreeRequest{Level: top, Branch: tr.path[top-1]}, b)
		if !tr.leads(top) {
			return
		}
		if said == nil {
			continue
		}
		if !slices.Contains(tr.node.cfg.Bootstrap[:i], tr.node.self) {
			tr.setNetwork(said.Network)
		}
		answered = true
		tr.meet(t, said, b)
		break
	}
	strays, turn := tr.strays, int(tr.node.level1.rounds)
	if !answered {
		strays = append(tr.node.Acquaintances(), strays...)
	}
	if len(strays) == 0 || answered && turn%maxStrays != 0 || !tr.leads(top) {
		return
	}
	if answered {
		turn /= maxStrays
	}
	said := tr.askAnyTree(t, strays[turn%len(strays)], message.TreeRequest{Level: top, Branch: tr.path[top-1]}, b)
	if said == nil || !tr.leads(top) {
		return
	}
	if !answered && tr.comesBefore(said.Network) {
		tr.setNetwork(said.Network)
	}
	tr.meet(t, said, b)
}

// meet takes what a node of another part of the network says of the top.
func (tr *tree) meet(t *Task, said *message.Tree, b budget) {
	top := tr.top()
	theirs, own := said.Path[top-1], tr.path[top-1]
	if said.Network != tr.network || theirs.Head == tr.node.self {
		return
	}
	rival := tr.rivalIn(top, said)
	if theirs.Name == own.Name {
		rival = theirs.Head
	} else if i := branchIndex(tr.lists[top-1].List, theirs.Name); i < 0 || tr.lists[top-1].List[i].Head != theirs.Head {
		tr.hearClaim(top, theirs)
	}
	tr.hearOf(top, said)
	tr.checkClaims(t, top, b)
	tr.meetRival(t, top, rival, b)
}

// seekStrays asks nodes of the former branch for another one.
func (tr *tree) seekStrays(t *Task, req message.BranchRequest, b budget) *message.BranchOffer {
	for _, i := range tr.node.env.Rand().Perm(len(tr.strays)) {
		if b.left() <= 0 {
			return nil
		}
		if offer := tr.askOurs(t, tr.strays[i], req, b); offer != nil {
			return offer
		}
	}
	return nil
}
