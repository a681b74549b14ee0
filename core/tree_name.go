package core

import (
	"slices"

	"spreadable/core/message"
)

// The name of the whole network is the root of all that crosses branches, and any node can
// say another one. So a node takes it from a bootstrap node only, which the owner has
// named: when it looks for its first branch, as a head of the top at each sync
// (tree_bridge.go), and when its head or its backlink gives the network another name. The
// name is what the first of them that answers says, and a bootstrap node to which no other
// answers that comes before it keeps its own. While none answers, a name can change only to
// that of a bootstrap node that comes before the own in our list. As all nodes with the
// same list do that, two parts come to the same name.
//
// What a node of another name says of its place in the tree is of no use: no search of ours
// would get through there. A head or a backlink that stays with its other name is left.

// setNetwork takes over the name of the whole network.
func (tr *tree) setNetwork(name Peer) {
	if tr.network != name && !name.IsZero() {
		tr.network = name
		tr.changed()
	}
}

// ours is what a node of our network says, nil of any other.
func (tr *tree) ours(said *message.Tree) *message.Tree {
	if said == nil || said.Network != tr.network {
		return nil
	}
	return said
}

// agreesOnName reports whether the head or the backlink, which has said this, has the same
// name for the network as we. If it has another one, that may be right.
func (tr *tree) agreesOnName(t *Task, said *message.Tree, b budget) bool {
	if said.Network != tr.network {
		tr.askName(t, said.Network, b)
	}
	return said.Network == tr.network
}

// headAgreesOnName is agreesOnName for the head of the own branch of a level, and notes for
// the audit if it does not.
func (tr *tree) headAgreesOnName(t *Task, level int, head Peer, said *message.Tree, b budget) bool {
	ours := tr.agreesOnName(t, said, b)
	if tr.placed() && tr.path[level-1].Head == head {
		tr.auditOf(level).misnames = !ours
	}
	return ours
}

// askName takes the name of the network from the first bootstrap node that answers. If none
// does, it may be the other name.
func (tr *tree) askName(t *Task, other Peer, b budget) {
	for _, p := range tr.node.cfg.Bootstrap {
		if p == tr.node.self {
			return
		}
		if said := tr.askAnyTree(t, p, message.TreeRequest{}, b); said != nil {
			tr.setNetwork(said.Network)
			return
		}
	}
	if tr.comesBefore(other) {
		tr.setNetwork(other)
	}
}

// comesBefore reports whether another name of the network is that of a bootstrap node, and
// the own is not, or of one further down in our list.
func (tr *tree) comesBefore(other Peer) bool {
	list := tr.node.cfg.Bootstrap
	i, own := slices.Index(list, other), slices.Index(list, tr.network)
	return i >= 0 && (own < 0 || i < own)
}

// backlinkNames is told at each sync whether the backlink agrees on the names of the network
// and of the branch. If it does not in branchFails syncs in a row, the node leaves it, and
// if the next one does not either the branch: a liar can have sent it to one of another
// network, or can list a node of a branch that it is not in.
func (tr *tree) backlinkNames(ours bool) {
	l := &tr.node.level1
	tr.agreed = Peer{}
	switch {
	case ours:
		tr.misnamed, tr.agreed = 0, l.backlink
	case l.backlink.IsZero():
	case tr.misnamed+1 >= 2*branchFails:
		tr.misnamed = 0
		l.parted(l.backlink, deliberate)
		tr.leave(false)
	default:
		if tr.misnamed++; tr.misnamed == branchFails {
			l.leave(l.backlink, "it gives the network or the branch another name")
		}
	}
}

// mayMisname reports whether a plain slave does not know yet that its backlink names the
// network and the branch as it does. Such a backlink is of no use, however well it answers
// otherwise: what is remembered of it stays.
func (tr *tree) mayMisname(backlink Peer) bool {
	return tr != nil && tr.placed() && !tr.node.level1.isMaster() && tr.agreed != backlink
}
