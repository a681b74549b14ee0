package core

import (
	"fmt"
	"net/netip"
	"time"

	"spreadable/core/draw"
	"spreadable/core/peer"
)

// Which nodes approve. A draw asks all masters and pings the nodes drawn, so its result is
// kept for a moment: however many clients ask for keys, a node makes one draw a second,
// or where each client has approvers of its own, one a second for each client.

const (
	// drawFresh is how old a draw may be that counts as new.
	drawFresh = time.Second
	// drawLife is how old a draw may be for which a key is given out while the next draw
	// is under way. An approver that has gone since is to the client what one is that goes
	// a moment after the key was given out.
	drawLife = 4 * time.Second
	// drawTimeouts is how many server timeouts a draw may take. It is made for all clients
	// that wait, so one that leaves little time must not spoil it.
	drawTimeouts = 4
)

// drawing tells draws apart.
type drawing struct {
	approvers draw.Count
	start     time.Duration // of the period
	more      bool          // for a client that names more approvers than we would

	// In a draw by host only, where the action matters, and the client of a draw per client.
	action string
	client netip.Addr
}

// lock is the key by which a task makes the draw and others wait for it.
func (d drawing) lock() string { return fmt.Sprint("draw ", d) }

// drawn is the result of a draw.
type drawn struct {
	approvers []Peer
	at        time.Duration // when it was complete
	partial   bool          // fewer answered than were wanted
}

// within reports whether a draw was made in the time before now.
func (d *drawn) within(life, now time.Duration) bool {
	return d != nil && now-d.at <= life && (!d.partial || now-d.at <= drawFresh)
}

// drawingOf is the draw of the approvers of an action and the period that begins at start,
// for a client that names so many of them.
func (n *Node) drawingOf(kind ApprovalKind, start time.Duration, client netip.Addr, named int) drawing {
	terms := kind.Terms()
	count, _ := n.counts(terms)
	d := drawing{approvers: terms.Approvers, start: start, more: named > count}
	if n.cfg.Draw.ByHost {
		d.action = kind.Name()
	}
	if n.cfg.Draw.PerClient {
		d.client = peer.HostIP(client)
	}
	return d
}

// approversOf returns the approvers of a draw that was made at most life ago. Of the tasks
// that need a new one, one makes it and the others wait. A node that knows no masters
// draws itself.
func (n *Node) approversOf(t *Task, terms Terms, d drawing, life time.Duration) []Peer {
	if len(n.level1.masters.List) == 0 && !n.inTree() {
		return []Peer{n.self}
	}
	book := n.approvalBook()
	if known := book.draws[d]; known.within(life, n.env.Now()) {
		return known.approvers
	}
	defer t.Lock(d.lock())()
	if known := book.draws[d]; known.within(life, n.env.Now()) { // made while we waited
		return known.approvers
	}
	return n.drawAnew(t, terms, d)
}

// renewDraw makes the next draw ahead of the clients that will need it, unless the last
// one is new or another task is at it. It is for a task whose client has its answer.
func (n *Node) renewDraw(t *Task, terms Terms, d drawing) {
	if n.cfg.Draw.PerClient {
		return // the next client has others
	}
	if known := n.approvalBook().draws[d]; known.within(drawFresh, n.env.Now()) || n.isLocked(d.lock()) {
		return
	}
	n.approversOf(t, terms, d, drawFresh)
}

// drawAnew makes a draw and keeps its result. It drops results that are of no more use.
func (n *Node) drawAnew(t *Task, terms Terms, d drawing) []Peer {
	approvers, wanted := n.drawEntrants(t, terms, d, n.budget(drawTimeouts*n.cfg.ServerTimeout))
	book, now := n.approvalBook(), n.env.Now()
	for other, old := range book.draws { // order-free: deletes only
		if !old.within(drawLife, now) {
			delete(book.draws, other)
		}
	}
	if book.draws == nil || len(book.draws) >= n.cfg.ApprovalLimits.Total {
		book.draws = make(map[drawing]*drawn)
	}
	book.draws[d] = &drawn{approvers: approvers, at: now, partial: len(approvers) < wanted}
	return approvers
}

// earlierMost bounds the approvers that an entry node names because a master says that
// the network has npm nodes: a liar must not make each approval cost the square root of a
// large network. It serves networks of up to 4,096 nodes.
const earlierMost = 64

// counts is Terms.counts in our network. One that draws by host has no npm nodes.
func (n *Node) counts(terms Terms) (count, most int) {
	count, most = terms.counts(n.NetworkSize())
	if n.cfg.Draw.ByHost {
		most = count
	}
	return count, most
}

// counts returns how many approvers a network of a size draws on the terms, and how many
// it must name for the verifiers of npm 0.3.10, which by default want more: the first so
// many are the same. Only the default count has two values.
func (t Terms) counts(size int) (count, most int) {
	count = t.Approvers.Of(size)
	return count, max(count, min(t.Approvers.Earlier().Of(size), earlierMost))
}
