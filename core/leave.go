package core

import (
	"math"
	"slices"
	"time"

	"spreadable/core/message"
)

// How a node leaves without a gap. One that just ends is missed by its slaves at their
// next sync, half an interval later in the mean, and until then no search reaches them. If
// it was the head of a branch that holds for the whole branch, and the nodes of other
// branches learn of the new head another sync or two later. So a node that can choose its
// time says so before: it hands over what it has, and goes on answering until all lists
// that name it are renewed.

// leaves is the time of a step down after which no newcomer is taken any more, and parts
// that after which the node wants no place of its own either.
const (
	leaves = time.Duration(math.MaxInt64)
	parts  = leaves - 1
)

// isLeaving reports whether the node is about to leave the network.
func (l *level) isLeaving() bool { return l.steppedDown >= parts }

// Leave begins to take the node out of the network. It gives up its slaves, which it
// tells to find other places at once, and names another head for branches that it leads.
// From then on it takes no newcomers. It is a plain slave until its driver calls Part and
// then Stop, after message.LeaveNotice quarters of a sync interval at best. There is no way
// back but another life.
func (n *Node) Leave() {
	told, body := n.retire()
	n.tell(told, body)
}

// Part ends what Leave has begun: the node tells its backlink that it is gone and need not
// be listed any more. Else its end would look like a death: its backlink would ask it again
// and again, and expect that others have died with it (deaths.go). The driver stops the
// node when the message has been sent, and at once if there is no backlink.
func (n *Node) Part() {
	n.Leave()
	n.tell(n.level1.depart(), message.LeaveRequest{Gone: true})
}

// Leave is Leave and then Part of the node, and waits for what others say. A node that had
// slaves goes on serving for the time of notice, in which these find other places.
func (t *Task) Leave(notice time.Duration) {
	n := t.node
	if told, body := n.retire(); len(told) > 0 {
		t.Gather(told, n.farewell(body))
		t.Sleep(notice)
	}
	t.Gather(n.level1.depart(), n.farewell(message.LeaveRequest{Gone: true}))
}

// retire gives up all that the node is to others but a slave. It returns what to tell, and
// which peers.
func (n *Node) retire() (told []Peer, body message.LeaveRequest) {
	l := &n.level1
	if n.stopped || l.isLeaving() {
		return nil, body
	}
	body.Heir, told = l.heir(), l.acquainted()
	before := n.Revision()
	l.steppedDown, l.reserves().leftAt = leaves, &before
	if tr := n.tree(); tr != nil && tr.placed() {
		told = append(told, tr.siblingHeads()...)
		tr.succeed(n.self, body.Heir)
	}
	if l.isMaster() {
		l.stepDown("it is about to leave the network")
	}
	return told, body
}

// depart makes the node want no place any more. It returns the backlink, to be told, if
// there is one.
func (l *level) depart() (backlink []Peer) {
	if l.steppedDown == parts {
		return nil
	}
	l.steppedDown = parts
	if !l.backlink.IsZero() {
		backlink = []Peer{l.backlink}
	}
	return backlink
}

// farewell is a request that says what a node no longer is to its receiver.
func (n *Node) farewell(body message.LeaveRequest) message.Request {
	return message.Request{Kind: message.KindLeave, Timeout: n.cfg.ServerTimeout, Body: &body}
}

// tell tells peers that the node is no longer what it was to them.
func (n *Node) tell(peers []Peer, body message.LeaveRequest) {
	if len(peers) > 0 {
		n.pool.run(n, func(t *Task) { t.Gather(peers, n.farewell(body)) }, nil, 0)
	}
}

// acquainted lists those that have the node in their lists as a master, without its own
// entry.
func (l *level) acquainted() []Peer {
	told := slices.Clone(l.slaves)
	if !l.isMaster() {
		return told
	}
	for _, m := range l.masters.List {
		if m.Peer != l.node.self && !slices.Contains(l.slaves, m.Peer) {
			told = append(told, m.Peer)
		}
	}
	return told
}

// heir is the master, or else the slave, that comes first by address; none without any.
func (l *level) heir() (first Peer) {
	consider := func(p Peer) {
		if p != l.node.self && (first.IsZero() || l.node.cfg.Book.Less(p, first)) {
			first = p
		}
	}
	for _, m := range l.masters.List {
		consider(m.Peer)
	}
	if first.IsZero() {
		for _, s := range l.slaves {
			consider(s)
		}
	}
	return first
}

// serveLeave takes note that a node is about to leave. It speaks for itself, so it is
// believed.
func (n *Node) serveLeave(req *message.Request) message.Response {
	l, asked := &n.level1, message.Asked[message.LeaveRequest](req)
	if asked == nil {
		asked = &message.LeaveRequest{}
	}
	l.removeMaster(req.From, n.env.Now())
	if l.ledger != nil {
		l.ledger.close(req.From)
	}
	if tr := n.tree(); tr != nil && tr.placed() {
		tr.succeed(req.From, asked.Heir)
	}
	if asked.Gone && l.hasSlave(req.From) {
		l.keepSlaves(func(i int) bool { return l.slaves[i] != req.From })
		l.ownSizeChanged(n.env.Now())
	}
	if l.backlink == req.From {
		if l.loseBacklink(); asked.Gone && n.tree() != nil {
			n.tree().follow()
		}
		n.cfg.rule.retry(l)
	}
	return message.Response{}
}

// follow leaves a closing branch together with the backlink.
func (tr *tree) follow() {
	if tr.placed() && tr.closing() && !tr.isNeeded() && !tr.node.level1.isMaster() {
		tr.leave(false)
	}
}

// siblingHeads lists the heads of other branches that know the node as a head.
func (tr *tree) siblingHeads() (heads []Peer) {
	for level := 1; level <= tr.top() && tr.leads(level); level++ {
		for _, b := range tr.lists[level-1].List {
			if b.Head != tr.node.self {
				heads = append(heads, b.Head)
			}
		}
	}
	return heads
}

// succeed makes the heir the head of all branches that another node leads.
func (tr *tree) succeed(head, heir Peer) {
	if heir.IsZero() || heir == head {
		return
	}
	for level := 1; level <= tr.top(); level++ {
		if own := tr.path[level-1]; own.Head == head {
			own.Head = heir
			tr.setBranch(level, own)
			if heir == tr.node.self {
				tr.node.env.Note(Note{What: NoteBranchLed, About: own.Name})
			}
		}
		for _, b := range tr.lists[level-1].List {
			if b.Head == head {
				b.Head = heir
				tr.enter(level, b)
			}
		}
	}
}
