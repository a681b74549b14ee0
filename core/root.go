package core

import (
	"slices"

	"spreadable/core/message"
)

// The root is the name of a network: the address of its first node. Nodes of different
// roots do not talk to each other.

// rootFresh reports whether the root is known and was confirmed within a sync lifetime.
func (n *Node) rootFresh() bool {
	return !n.root.IsZero() && n.rootChecked > 0 && n.env.Now()-n.rootChecked < n.lifetime()
}

func (n *Node) setRoot(root Peer) {
	n.root, n.rootChecked = root, max(1, n.env.Now())
	n.networkRevision++
}

// checkRoot is the original's way: the root is what the one bootstrap node in use says,
// confirmed once per sync lifetime; if it does not answer, the next of the list comes into
// use. The bootstrap node itself names the network. The
// result is the status of the bootstrap node, nil if it was not asked or did not answer.
func (n *Node) checkRoot(t *Task, b budget) *message.Status {
	if n.rootFresh() {
		return nil
	}
	for range n.cfg.Bootstrap {
		if n.level1.provider == n.self {
			n.setRoot(n.self)
			return nil
		}
		resp := t.Call(n.level1.provider, message.Request{Kind: message.KindStatus, Timeout: b.atMost(n.cfg.PingTimeout)})
		status, err := message.As[message.Status](resp)
		if err == nil && !status.Root.IsZero() {
			n.setRoot(status.Root)
			return status
		}
		if err == nil {
			return nil // it is there, and young
		}
		n.level1.changeProvider()
	}
	return nil
}

// findRoot is ours: the root is what the first bootstrap node that belongs to a network
// says. When none does, because all have been started together, the first of those that
// answer names the network. So no node waits for one that is down.
//
// Bootstrap nodes that were started together and could not hear each other have named two
// networks. Of these the root that comes first by address remains: if each took over the
// other's, at the same time, they would stay apart.
func (n *Node) findRoot(t *Task, b budget) {
	if n.treeIndex != 0 {
		n.findBranch(t, b)
	}
	if n.treeIndex != 0 { // else it has met a network of one level
		return
	}
	if n.rootFresh() {
		return
	}
	if n.startRoot() {
		return
	}
	first := true   // no node so far in the list answers
	ours := false   // we may name the network: we are the first of the list that is there
	named := Peer{} // the root that the list names, as far as we know
	silent := false // a node so far in the list does not answer
	unsure := false // one before that which has named the root did not
	if slices.Contains(n.cfg.Bootstrap, n.self) {
		named = n.root
	}
	ask := message.Request{Kind: message.KindStatus, Timeout: b.share(n.cfg.PingTimeout)}
	for i, resp := range t.Gather(n.cfg.Bootstrap, ask) {
		if n.cfg.Bootstrap[i] == n.self {
			ours = first
			continue
		}
		status, err := message.As[message.Status](resp)
		if err == nil && !status.Root.IsZero() {
			if named.IsZero() || named == n.root && n.cfg.Book.Less(status.Root, named) {
				named, unsure = status.Root, silent
			}
		}
		first, silent = first && err != nil, silent || err != nil
	}
	switch {
	case unsure && named != n.root && !n.level1.backlink.IsZero() && n.rootChecked > 0:
		n.rootChecked = 0 // a request to a node before may have been lost: ask again at the next sync
	case !named.IsZero():
		n.setRoot(named)
	case n.root.IsZero() && ours:
		n.setRoot(n.self)
	case !n.root.IsZero():
		n.setRoot(n.root) // a bootstrap node that is gone is not asked in every sync
	}
}

// startRoot names the network at once if no other node could, and reports whether.
func (n *Node) startRoot() bool {
	alone := len(n.cfg.Bootstrap) == 1 && n.cfg.Bootstrap[0] == n.self
	if tr := n.tree(); alone && tr != nil {
		if !tr.placed() { // it may know its place from before a restart
			tr.settle(tr.top(), tr.begin())
		}
	} else if alone {
		n.setRoot(n.self)
	}
	return alone
}
