package core

import (
	"net/netip"
	"slices"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// Who may ask an approver whether an answer is right. The right answer of each approver
// is a part of the whole, so whatever gets many tries at one approver finds the whole
// answer part by part, without a look at the question.

// membership is what a node has found out of another that checks answers.
type membership struct {
	member bool
	until  time.Duration // by the wall clock: then it is asked again
}

// hostText is the host that p counts for, as text; see Config.Hosts.
func (n *Node) hostText(p Peer) string {
	if p.IsZero() {
		return ""
	}
	book := n.cfg.Book
	return n.cfg.Hosts.For(book.Address(n.self)).Of(book.Address(p), book.IP(p)).String()
}

// sameHost reports whether two IPs of a client are one host: an IPv4, or the addresses of
// an IPv6 /64, of which systems take another every few hours.
func sameHost(a, b netip.Addr) bool {
	host := peer.OfHost(a)
	return !host.IsZero() && host == peer.OfHost(b)
}

// mayCheck reports whether a node may ask us whether a client's answer is right. The
// client's own host may not, and of other hosts only members of the network.
func (t *Task) mayCheck(from Peer, host string, client netip.Addr, terms Terms, b budget) bool {
	n := t.node
	if from.IsZero() {
		return false
	}
	if from == n.self {
		return true
	}
	return host != peer.OfHost(client).String() && t.isMember(from, terms, b)
}

// isMember reports whether p is a member of the network: one of our lists has it, or its
// backlink, a node of our lists, says that it is its slave. Both are asked once a period,
// and those that give no answer once in a sync interval.
func (t *Task) isMember(p Peer, terms Terms, b budget) bool {
	n := t.node
	if n.trusted(p) || n.level1.has(p) {
		return true
	}
	book, wall := n.approvalBook(), n.env.Wall()
	if known, ok := book.askers[p]; ok && wall < known.until && known.until <= wall+terms.Period {
		return known.member
	}
	find := t.isListed
	if n.inTree() {
		find = t.isInTree
	}
	member, answered := find(p, b)
	until := wall + n.cfg.SyncInterval
	if answered {
		until = wall.Truncate(terms.Period) + terms.Period
	}
	book.learnAsker(p, membership{member, until}, n.cfg.ApprovalLimits.Total)
	return member
}

// isListed asks p for its backlink, and that whether it lists p.
func (t *Task) isListed(p Peer, b budget) (listed, answered bool) {
	n := t.node
	own := t.structureOf(p, b)
	if own == nil {
		return false, false
	}
	if own.Backlink.IsZero() || own.Backlink == n.self || !n.level1.has(own.Backlink) {
		return false, true
	}
	up := t.structureOf(own.Backlink, b)
	return up != nil && slices.Contains(up.Slaves, p), up != nil
}

// structureOf asks a peer for its structure, a second time if the first answer gets lost;
// nil if there is none.
func (t *Task) structureOf(p Peer, b budget) *message.Structure {
	for range 2 {
		resp := t.Call(p, message.Request{Kind: message.KindStructure, Timeout: b.atMost(t.node.cfg.PingTimeout)})
		if s, err := message.As[message.Structure](resp); err == nil {
			return s
		}
	}
	return nil
}

// learnAsker remembers a membership. With no space left it forgets all: each costs two
// requests to find out again.
func (a *approvals) learnAsker(p Peer, s membership, most int) {
	if a.askers == nil || len(a.askers) >= most {
		a.askers = make(map[Peer]membership)
	}
	a.askers[p] = s
}

// forgetAskers drops what has to be found out again.
func (a *approvals) forgetAskers(wall time.Duration) {
	for p, s := range a.askers { // order-free: deletes only
		if s.until <= wall {
			delete(a.askers, p)
		}
	}
}
