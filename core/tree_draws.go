package core

import (
	"net/netip"
	"slices"
	"time"

	"spreadable/core/message"
)

// Draws of approvers in a network of several levels. They are drawn from all branches: the
// node that draws asks the heads of the top, each of these the heads below, and the heads
// of level 1 their masters, as in any other draw (entrants.go). All answers together are
// the beginning of the order of all nodes, whatever the branches are.

// drawLevel is the level of the masters that a draw asks.
func (n *Node) drawLevel() int {
	if n.inTree() {
		return n.Levels()
	}
	return 1
}

// entrantsRequest asks the masters of a level for entrants. Each level gets less time, so
// that a partial answer is in time.
func (n *Node) entrantsRequest(d *thresholdDraw, level int, b budget) message.Request {
	body := &message.EntrantsRequest{StartedAt: d.start, Limit: d.limit, Hosts: d.hosts, Draw: d.byHost}
	kind := message.KindEntrants
	if level > 1 {
		kind, body.Level = message.KindBranchEntrants, level
	}
	return message.Request{Kind: kind, Timeout: b.atMost(time.Duration(level) * n.cfg.ServerTimeout), Body: body}
}

// servedBranch is the latest answer of a head to a draw, which all nodes that draw at the
// same time ask for.
type servedBranch struct {
	asked  message.EntrantsRequest
	at     time.Duration
	answer *message.Entrants
}

// serveBranchEntrants names the nodes of a branch that come first in a draw.
func serveBranchEntrants(t *Task) {
	n, asked := t.node, message.Asked[message.EntrantsRequest](&t.req)
	if asked == nil || asked.Level < 2 || asked.Level > n.Levels() || !n.inTree() {
		t.reply(message.Response{Err: message.ErrWrongRoot})
		return
	}
	tr, now := n.tree(), n.env.Now()
	if s := tr.served; s != nil && now-s.at < drawFresh && sameEntrants(s.asked, *asked) {
		t.reply(message.Response{Body: s.answer})
		return
	}
	d := thresholdDraw{start: asked.StartedAt, limit: asked.Limit, hosts: asked.Hosts, byHost: asked.Draw}
	answer := &message.Entrants{Slaves: n.entrants(t, &d, asked.Level-1, earlierMost, t.requestBudget())}
	if len(d.ips) > 0 {
		answer.IPs = make([]netip.Addr, len(answer.Slaves))
		for i, p := range answer.Slaves {
			answer.IPs[i] = d.ips[p]
		}
	}
	tr.served = &servedBranch{*asked, now, answer}
	t.reply(message.Response{Body: answer})
}

// isInTree is isListed in a network of several levels: p says which branches it belongs to
// and which backlink lists it there. Each head says whether the branch below is in its own,
// the last one whether the backlink is a master, and that whether it lists p.
func (t *Task) isInTree(p Peer, b budget) (listed, answered bool) {
	tr := t.node.tree()
	own := t.placeOf(p, b)
	if own == nil {
		return false, false
	}
	backlink, list := own.Place.Backlink, tr.lists[tr.top()-1].List
	if backlink.IsZero() || backlink == t.node.self {
		return false, true
	}
	for level := tr.top(); level >= 1; level-- {
		i := branchIndex(list, own.Path[level-1].Name)
		if i < 0 {
			return false, true
		}
		head := t.placeOf(list[i].Head, b)
		switch {
		case head == nil:
			return false, false
		case level > 1:
			list = head.Lists[level-2].List
		default:
			if size, _ := head.Place.Masters.SizeOf(backlink); size == 0 {
				return false, true
			}
		}
	}
	up := t.placeOf(backlink, b)
	return up != nil && slices.Contains(up.Place.Slaves, p), up != nil
}

// placeOf asks a node for its place in the tree, with its lists of level 1, a second time
// if the first answer gets lost; nil if there is none.
func (t *Task) placeOf(p Peer, b budget) *message.Tree {
	tr := t.node.tree()
	for range 2 {
		said := tr.askTree(t, p, message.TreeRequest{Place: true}, b)
		if said != nil && said.Place != nil {
			return said
		}
	}
	return nil
}
