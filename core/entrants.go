package core

import (
	"net/netip"
	"time"

	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// A draw by threshold. All nodes take part in a draw, but only the first few of its order
// are drawn. So the node that draws asks the masters only for entrants, those of their
// slaves whose hash is below a limit (draw.Limit). Together they are the beginning of the
// order of all nodes, whatever each master lists. Npm masters are asked for all slaves.

// thresholdDraw is a draw under way.
type thresholdDraw struct {
	start   time.Duration // of the period
	byHost  *draw.Draw    // nil in the original's order
	limit   draw.Hash     // of the latest round
	hosts   bool          // of each host only one node
	npm     bool          // npm nodes are in the network
	answers map[Peer]bool // which entrants have answered a ping

	ips map[Peer]netip.Addr // by host: of addresses that are names, as masters say
}

// sequence is the order of a draw: Next gives the numbers of the next k peers, fewer when
// fewer are left, and Len is how many are left.
type sequence interface {
	Next(k int) []int
	Len() int
}

// drawEntrants draws approvers: of all slaves of all masters, which are all nodes, the
// first that answer a ping in the order of the draw, and of each host only one. It wants
// as many as npm 0.3.10 draws if a master lists npm nodes, or if a client names so many.
func (n *Node) drawEntrants(t *Task, terms Terms, what drawing, b budget) (approvers []Peer, wanted int) {
	wanted, most := n.counts(terms)
	if what.more {
		wanted = most
	}
	n.learnValue(t, what.start, b)
	d := thresholdDraw{
		start: what.start, limit: draw.Limit(n.groups(), wanted), answers: make(map[Peer]bool), byHost: n.drawByHost(what),
		hosts: n.perHost && !terms.Approvers.IsAuto() && !n.cfg.Draw.ByHost, // npm nodes, which draw so, know no hosts
	}
	for {
		entrants := n.entrants(t, &d, n.drawLevel(), wanted, b)
		if d.npm && d.byHost == nil {
			wanted = most
		}
		ranking := n.ranked(&d, entrants)
		n.learnGroups(&d, ranking.Len())
		approvers = n.firstAlive(t, &d, ranking, wanted, b)
		if len(approvers) == wanted || d.limit == draw.Unlimited() || b.left() <= 0 {
			return approvers, wanted
		}
		d.limit = d.limit.Doubled() // too few of these are alive
	}
}

// entrants asks the masters of a level for the nodes below the limit, those of level 1 for
// their slaves. One may be named twice: two masters may list it for a moment.
func (n *Node) entrants(t *Task, d *thresholdDraw, level, count int, b budget) (entrants []Peer) {
	masters, sizeOf := n.targets(level)
	var npm []Peer
	for i, resp := range t.Gather(masters, n.entrantsRequest(d, level, b)) {
		if e, err := message.As[message.Entrants](resp); err == nil {
			d.npm = d.npm || e.NpmSlaves
			d.learn(e)
			plausible := n.plausible(d, masters[i], sizeOf(i), e.Slaves, count)
			if level == 1 {
				n.level1.noteAnswer(masters[i], d.start, len(plausible) < len(e.Slaves))
			}
			entrants = append(entrants, plausible...)
		} else if refusal, ok := err.(*message.Error); ok && refusal.Code == message.CodeUnknownQuery {
			npm = append(npm, masters[i])
		}
	}
	if len(npm) > 0 && d.byHost == nil {
		d.npm = true
		entrants = append(entrants, n.npmEntrants(t, npm, b)...)
	}
	return entrants
}

// npmEntrants returns all slaves of npm masters, which do not know the request for some.
func (n *Node) npmEntrants(t *Task, masters []Peer, b budget) (entrants []Peer) {
	ask := message.Request{Kind: message.KindStructure, Timeout: b.atMost(n.cfg.ServerTimeout)}
	for _, resp := range t.Gather(masters, ask) {
		if s, err := message.As[message.Structure](resp); err == nil {
			entrants = append(entrants, s.Slaves...)
		}
	}
	return entrants
}

// plausible returns the lowest entrants of a master's answer, as many as one of its size
// can have (draw.Plausible). So a master whose slaves have chosen their addresses for this
// draw, or that does not heed the limit, costs no more than another. One cut is no blame
// (cuts.go).
func (n *Node) plausible(d *thresholdDraw, master Peer, size int, slaves []Peer, count int) []Peer {
	size = max(size, Optimum(n.level1.size(), levels)) // it may have grown since we looked
	most := draw.Plausible(size, d.limit, count)
	if len(slaves) <= most {
		return slaves
	}
	n.level1.guarded().EntrantsCut++
	n.env.Note(Note{What: NoteEntrantsCut, About: master})
	lowest := make([]Peer, 0, most)
	for _, i := range n.ranked(d, slaves).Next(most) {
		lowest = append(lowest, peer.FromID(uint32(i)))
	}
	return lowest
}

// ranked ranks entrants, each once, and leaves out what is above the limit.
func (n *Node) ranked(d *thresholdDraw, named []Peer) sequence {
	marks, entrants := &n.pool.marks, make([]Peer, 0, len(named))
	marks.reset()
	for _, p := range named {
		if !p.IsZero() && marks.put(p, 0) {
			entrants = append(entrants, p)
		}
	}
	if d.byHost != nil {
		return n.rankedByHost(d, entrants)
	}
	if d.hosts {
		entrants = n.onePerHost(entrants)
	}
	ranking := n.pool.hashes.Ranking(d.start)
	for _, p := range entrants {
		if text := n.cfg.Book.Text(p); ranking.Hash(int32(p.ID()), text).Compare(d.limit) <= 0 {
			ranking.Add(int32(p.ID()), text)
		}
	}
	return ranking
}

// firstAlive pings entrants in the order of the ranking, in batches with a reserve, until
// count have answered or the budget is spent. Those that were pinged in an earlier round
// are not pinged again.
func (n *Node) firstAlive(t *Task, d *thresholdDraw, ranking sequence, count int, b budget) []Peer {
	var alive []Peer
	for len(alive) < count && b.left() > 0 {
		var batch, unknown []Peer
		for _, i := range ranking.Next(draw.Batch(count-len(alive), count)) {
			p := peer.FromID(uint32(i))
			batch = append(batch, p)
			if _, known := d.answers[p]; !known {
				unknown = append(unknown, p)
			}
		}
		if len(batch) == 0 {
			break
		}
		ping := message.Request{Kind: message.KindPing, Timeout: b.atMost(n.cfg.PingTimeout)}
		for i, resp := range t.Gather(unknown, ping) {
			d.answers[unknown[i]] = resp.Err == nil && n.isWhereSaid(d, unknown[i])
		}
		for _, p := range batch {
			if d.answers[p] {
				alive = append(alive, p)
			}
		}
	}
	return alive[:min(count, len(alive))]
}

// servedDraw is the latest answer of a master to a draw. In a settled network all nodes
// that draw in a period ask for the same.
type servedDraw struct {
	asked            message.EntrantsRequest
	edition, masters uint32 // of the lists when it was answered
	answer           *message.Entrants
}

// serveEntrants names the slaves that come first in a draw.
func (n *Node) serveEntrants(req *message.Request) message.Response {
	asked, l := message.Asked[message.EntrantsRequest](req), &n.level1
	if asked == nil || !l.isMaster() { // not of this version, or without a slave to name
		return message.Response{Body: &message.Entrants{NpmSlaves: l.npmSlaves}}
	}
	l.structure() // which numbers the edition
	w := l.watched()
	if req.From != n.self {
		w.drawsServed++
	}
	if s := w.served; s == nil || !sameEntrants(s.asked, *asked) || s.edition != l.edition || s.masters != l.mastersRevision {
		w.served = &servedDraw{*asked, l.edition, l.mastersRevision, l.entrants(asked)}
	}
	return message.Response{Body: w.served.answer}
}

// DrawsServed is how many requests of other nodes for the entrants of a draw the node has
// answered as a master.
func (n *Node) DrawsServed() int {
	if n.level1.watch == nil {
		return 0
	}
	return int(n.level1.watch.drawsServed)
}

// entrants looks through the slaves for those that come first in a draw.
func (l *level) entrants(asked *message.EntrantsRequest) *message.Entrants {
	pool, book := l.node.pool, l.node.cfg.Book
	answer := &message.Entrants{NpmSlaves: l.npmSlaves}
	if asked.Draw != nil {
		l.entrantsByHost(answer, asked)
		return answer
	}
	ranking := pool.hashes.Ranking(asked.StartedAt)
	for _, s := range l.slaves {
		if ranking.Hash(int32(s.ID()), book.Text(s)).Compare(asked.Limit) <= 0 {
			answer.Slaves = append(answer.Slaves, s)
		}
	}
	if asked.Hosts && len(answer.Slaves) > 0 {
		answer.Slaves = l.standForHosts(answer.Slaves)
	}
	return answer
}

// sameEntrants reports whether two requests ask for the same.
func sameEntrants(a, b message.EntrantsRequest) bool {
	if a.Draw != nil && b.Draw != nil && *a.Draw == *b.Draw {
		b.Draw = a.Draw
	}
	return a == b
}
