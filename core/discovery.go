package core

import (
	"slices"
	"time"

	"spreadable/core/message"
)

// discovery is a master's walk over the graph of which master knows which. It asks every
// master that it meets, and meets every master that these name, until no new one turns
// up.
//
// Every master does this at every sync, and each of its √N answers lists all √N masters:
// as many names as the network has nodes. So a name costs one look at the marks. A list
// costs nothing if it was looked through at the last discovery, or if it names the same
// masters as another.
type discovery struct {
	level     *level
	budget    budget
	met       []Peer             // in the order of meeting
	known     []int              // parallel to met: index in our old list, or -1
	asked     int                // how many of met have been asked
	confirmed []message.Master   // those that answered with slaves
	lists     []*message.Masters // parallel to confirmed: the masters that each knows
	silent    []Peer             // no answer, or no time left to ask
	thorough  bool               // look through lists again that were seen before
	most      int                // how many to meet at most
	sets      [8]uint64          // digests of the latest lists of masters
	last      int                // index in sets of the latest
}

const (
	// maxWaves bounds the walk. Each wave reaches one step further in the graph. As every
	// master walks, the next syncs find what one sync has not reached.
	maxWaves = 8
	// maxMasters is the most masters of any network: those of a billion nodes.
	maxMasters = 32_000
	// thoroughEvery is how many syncs pass until a settled master looks through all lists
	// again.
	thoroughEvery = 64
)

// beginDiscovery starts a walk. Until the next wait the marks are the peers that it has
// met.
func (l *level) beginDiscovery(b budget) *discovery {
	d := &discovery{level: l, budget: b, thorough: l.view.changed || l.rounds%thoroughEvery == 0}
	d.met = make([]Peer, 0, len(l.masters.List)+8)
	d.most = maxMasters
	if l.view.settled() {
		// A network does not grow more than that between two syncs: the rest are lies.
		d.most = 4*len(l.masters.List) + 64
	}
	d.confirmed = make([]message.Master, 0, cap(d.met))
	d.lists = make([]*message.Masters, 0, cap(d.met))
	l.node.pool.marks.reset()
	l.node.pool.marks.put(l.node.self, 0)
	return d
}

// meet puts p on the list of those to ask, once.
func (d *discovery) meet(p Peer) { d.meetKnown(p, -1) }

func (d *discovery) meetKnown(p Peer, place int) {
	if len(d.met) < d.most && !p.IsZero() && d.level.node.pool.marks.put(p, 0) && d.level.node.allowed(p) {
		d.met, d.known = append(d.met, p), append(d.known, place)
	}
}

// skip leaves out a peer that has already said what we would ask.
func (d *discovery) skip(p Peer) { d.level.node.pool.marks.put(p, 0) }

// take uses an answer: its sender is a master if it has slaves, and the walk meets all
// masters that it knows. Place is the index of the sender in our old list, or -1.
func (d *discovery) take(p Peer, place int, answer *message.Structure) {
	d.level.recovered(p)
	if d.level.ledger != nil {
		d.level.ledger.report(p, answer.Slaves)
	}
	if len(answer.Slaves) > 0 {
		d.confirmed = append(d.confirmed, message.Master{Peer: p, Size: uint32(len(answer.Slaves))})
		d.lists = append(d.lists, answer.Masters)
	}
	if looked := d.level.looked; !d.thorough && place >= 0 && place < len(looked) && looked[place] == answer.Masters {
		return
	}
	d.level.judgeMaster(p, answer)
	list := answer.Masters.List
	// An honest list is not longer than that.
	if most := 2*Optimum(answer.Masters.Total, levels) + 8; len(list) > most {
		list = list[:most]
	} else if set := answer.Masters.Set(); set != 0 {
		if slices.Contains(d.sets[:], set) {
			return
		}
		d.last = (d.last + 1) % len(d.sets)
		d.sets[d.last] = set
	}
	for _, m := range list {
		d.meet(m.Peer)
	}
}

func (d *discovery) run(t *Task) {
	req := message.Request{Kind: message.KindStructure}
	if d.level.view.changed {
		req.Body = introduction
	}
	for wave := 0; wave < maxWaves && d.asked < len(d.met) && d.budget.left() > 0; wave++ {
		req.Timeout = d.budget.atMost(d.level.node.cfg.ServerTimeout)
		asked, known := d.met[d.asked:], d.known[d.asked:]
		d.asked = len(d.met)
		responses := t.Gather(asked, req)
		d.remark()
		for i, resp := range responses {
			if answer, err := message.As[message.Structure](resp); err == nil {
				d.take(asked[i], known[i], answer)
				d.level.satisfied(asked[i])
			} else {
				d.silent = append(d.silent, asked[i])
				if err != message.ErrTimeout || req.Timeout == d.level.node.cfg.ServerTimeout {
					d.level.disappointed(asked[i], err)
				}
			}
		}
	}
	d.silent = append(d.silent, d.met[d.asked:]...)
}

// remark restores the marks after a wait, in which other nodes have used them.
func (d *discovery) remark() {
	marks := &d.level.node.pool.marks
	marks.reset()
	marks.put(d.level.node.self, 0)
	for _, p := range d.met {
		marks.put(p, 0)
	}
	for _, m := range d.confirmed {
		marks.put(m.Peer, 0)
	}
}

// finish makes the new list of masters: the node itself, then those that it knew, in
// their order, then the new ones. A master that did not answer keeps its last size and
// the time when it was last seen.
func (d *discovery) finish() {
	l, n := d.level, d.level.node
	now := n.env.Now()
	places := &n.pool.marks // among the confirmed, from 1
	places.reset()
	for i, m := range d.confirmed {
		places.put(m.Peer, uint32(i)+1)
	}
	capacity := len(d.confirmed) + 1
	next := masterTable{
		make([]message.Master, 0, capacity), make([]time.Duration, 0, capacity), make([]*message.Masters, 0, capacity),
	}
	if l.isMaster() {
		next.add(message.Master{Peer: n.self, Size: uint32(len(l.slaves))}, now, nil)
	}
	for i, m := range l.masters.List {
		if at := places.take(m.Peer); at > 0 {
			next.add(d.confirmed[at-1], now, d.lists[at-1])
		} else if m.Peer != n.self && slices.Contains(d.silent, m.Peer) {
			next.add(m, l.seenAt(i), nil)
		}
	}
	for i, m := range d.confirmed {
		if places.take(m.Peer) > 0 {
			next.add(m, now, d.lists[i])
		}
	}
	l.setMasters(next.list, next.seen)
	l.looked = next.lists
}

// masterTable is a list of masters with what belongs to each entry.
type masterTable struct {
	list  []message.Master
	seen  []time.Duration
	lists []*message.Masters
}

func (t *masterTable) add(m message.Master, seen time.Duration, list *message.Masters) {
	t.list, t.seen, t.lists = append(t.list, m), append(t.seen, seen), append(t.lists, list)
}
