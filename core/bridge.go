package core

import (
	"slices"

	"spreadable/core/message"
)

// When masters die, the groups that they had joined may end up as two networks. Masters
// look for others only among those that they know themselves, and these may all be dead.
// But other nodes know addresses in other groups (level.known). So a node that has lost its
// backlink, or most of its masters, keeps these as bridges. It asks each, until it has said
// that it is in the same network: most masters of either list are in the other. If it is
// not, the node introduces itself to a master of the other network, which asks it at its
// next sync and meets our masters.
//
// The list of known addresses changes with the places that a node is told of. Without a
// copy, a new address would displace the only one that leads across.
//
// The numbers below are no options: they bound what a loss costs to 64 requests in an hour,
// and leave each address time to notice the deaths itself.

// bridges are the addresses to ask.
type bridges struct {
	ends  []bridge
	since int32 // the round of the latest loss
}

// bridge is a node elsewhere that was known when masters died.
type bridge struct {
	peer  Peer
	asked int // how often
}

const (
	// bridgeAfter is for how many syncs after a loss no bridge is asked: lists must be rid
	// of the dead masters first, which two networks still have in common.
	bridgeAfter = 4
	// bridgeEvery is at how many syncs one of the bridges is asked, and maxCrossings how
	// often each, if it does not answer or is in another network.
	bridgeEvery, maxCrossings = 4, 8
	// maxBridges is how many a node keeps.
	maxBridges = 8
)

// keepBridges keeps the known addresses after a loss.
func (l *level) keepBridges() {
	br := &l.reserves().bridges
	br.since = l.rounds
	for _, p := range l.known {
		if !p.IsZero() && !slices.ContainsFunc(br.ends, func(x bridge) bool { return x.peer == p }) {
			br.ends = append(br.ends, bridge{p, 0})
		}
	}
	if more := len(br.ends) - maxBridges; more > 0 {
		br.ends = slices.Delete(br.ends, 0, more)
	}
}

// askBridge asks one of the bridges, in turn, at few syncs. The sync does not wait for the
// answer.
func (l *level) askBridge(b budget) {
	if l.reserve == nil || l.backlink.IsZero() {
		return
	}
	n, br := l.node, &l.reserve.bridges
	turn := int(l.rounds) + int(n.self.ID())
	if len(br.ends) == 0 || turn%bridgeEvery != 0 || l.rounds-br.since < bridgeAfter {
		return
	}
	i := turn / bridgeEvery % len(br.ends)
	p := br.ends[i].peer
	if br.ends[i].asked++; br.ends[i].asked >= maxCrossings {
		br.ends = slices.Delete(br.ends, i, i+1)
	}
	req := message.Request{Kind: message.KindStructure, Timeout: b.atMost(n.cfg.ServerTimeout)}
	n.inquire(p, req, &inquiry{l, p, n.life, true})
}

// cross takes the list of masters of a bridge.
func (l *level) cross(p Peer, theirs *message.Masters) {
	if l.sameNetwork(theirs) {
		br := &l.reserve.bridges
		br.ends = slices.DeleteFunc(br.ends, func(x bridge) bool { return x.peer == p })
	} else if i := l.unknownMaster(theirs); i >= 0 {
		n, to := l.node, theirs.List[i].Peer
		n.env.Note(Note{What: NoteNetworkMet, About: to})
		req := message.Request{Kind: message.KindStructure, Timeout: n.cfg.ServerTimeout, Body: introduction}
		n.inquire(to, req, &inquiry{l, to, n.life, false})
	}
}

// sameNetwork reports whether at least half of the masters of each list are in the other.
func (l *level) sameNetwork(theirs *message.Masters) bool {
	common := l.inBoth(l.masters, theirs)
	return 2*common >= len(theirs.List) && 2*common >= len(l.masters.List)
}

// unknownMaster is the index of a random master of a list that ours does not have, -1 if
// there is none.
func (l *level) unknownMaster(theirs *message.Masters) int {
	if len(theirs.List) == 0 || theirs == l.masters {
		return -1
	}
	start := l.node.env.Rand().IntN(len(theirs.List))
	for i := range theirs.List {
		at := (start + i) % len(theirs.List)
		if p := theirs.List[at].Peer; p != l.node.self && l.masterIndex(p) < 0 {
			return at
		}
	}
	return -1
}
