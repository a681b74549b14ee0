package host

import (
	"slices"

	"spreadable/core"
)

// How an extension hears who joins and leaves. Masters know all nodes, because they ask
// each other for their slaves at every sync. Slaves know only masters, so a slave asks its
// backlink after each sync what has changed. None of this is sent unless an extension
// wants to know.

// Change says which nodes have joined and left the network, as far as this node knows.
type Change struct {
	Joined, Left []Peer
	// Unknown says that any other node may have, too: this one has another backlink than
	// before, has just started, or has missed too much.
	Unknown bool
}

// OnMembers calls a procedure after each sync that has news of the members of the whole
// network, in a task of its own. A node counts as having left when the masters have
// listed it no more for two syncs; so one that only moves from master to master has not.
// With several levels the news is of the own branch.
func (h *Host) OnMembers(heard func(t *Task, c Change)) {
	h.members.heard = append(h.members.heard, func(t *Task, c Change) {
		_ = h.perform(t, "hear of members", func(t *Task) { heard(t, c) }) // it is logged and counted
	})
}

// members is what a node knows of who joins and leaves. It is one for all extensions.
type members struct {
	node  *core.Node
	heard []func(t *Task, c Change)
	ask   Send[lastNews, news]

	// At a master.
	listed  map[Peer]listing
	epoch   uint64 // of listed, drawn at random; 0 for none
	edition uint64 // of listed, from 1
	changes []edition

	// At a slave: what it has last heard, and of which master.
	backlink Peer
	last     lastNews
}

// listing is when and by which master a member was last listed.
type listing struct {
	by     Peer
	absent int // syncs since then
}

// edition is one change of the list of members.
type edition struct {
	number       uint64
	joined, left []Peer
}

// keptEditions is how many changes a master remembers for slaves that have missed some.
// Absences is after how many syncs a member has left.
const (
	keptEditions = 16
	absences     = 2
	mostNews     = 1 << 14 // members named in one answer
)

// lastNews asks a master what has changed since.
type lastNews struct{ Epoch, Edition uint64 }

// news is its answer. Addresses are texts.
type news struct {
	Epoch, Edition uint64
	Joined, Left   []string
	Unknown        bool
}

// begin joins the node's syncs, if an extension wants news.
func (m *members) begin(w World) {
	if len(m.heard) == 0 {
		return
	}
	h := newHost(m.node, w, reserved)
	m.ask = Direct[lastNews, news]{
		Name:  "members",
		Serve: func(_ *Task, _ Peer, q *lastNews, _ *Pending) (*news, error) { return m.since(h, q), nil },
		Valid: func(_ *lastNews, a *news) error {
			if len(a.Joined)+len(a.Left) > mostNews {
				return ErrTooLong
			}
			return nil
		},
	}.Offer(h)
	m.node.Hold(m.visit)
	m.node.OnSync(func(t *Task) { m.synced(t, h) })
}

// visit names the peers that are kept between syncs.
func (m *members) visit(visit func(Peer)) {
	visit(m.backlink)
	for p, l := range m.listed { // order-free: visits for a set
		visit(p)
		visit(l.by)
	}
	for _, e := range m.changes {
		for _, p := range slices.Concat(e.joined, e.left) {
			visit(p)
		}
	}
}

// synced finds out what is new and tells the extensions.
func (m *members) synced(t *Task, h *Host) {
	var c Change
	if m.renew() {
		c = m.own()
	} else if !m.fetch(t, h, &c) {
		return
	}
	if len(c.Joined)+len(c.Left) == 0 && !c.Unknown {
		return
	}
	for _, heard := range m.heard {
		t.Fork(func(t *Task) { heard(t, c) })
	}
}

// renew compares the members now with those before, at a master.
func (m *members) renew() bool {
	now := make(map[Peer]Peer)
	var order []Peer
	silent := m.node.Roster(func(p, by Peer) {
		if _, known := now[p]; !known {
			now[p] = by
			order = append(order, p)
		}
	})
	if len(order) == 0 {
		m.listed, m.changes, m.epoch, m.edition = nil, nil, 0, 0
		return false
	}
	first := m.listed == nil
	if first {
		m.listed, m.epoch = make(map[Peer]listing), m.node.Rand().Uint64()|1
	}
	e := edition{number: m.edition + 1}
	for _, p := range order {
		if _, known := m.listed[p]; !known {
			e.joined = append(e.joined, p)
		}
		m.listed[p] = listing{by: now[p]}
	}
	for p, l := range m.listed { // order-free: sorted below
		if _, listed := now[p]; listed || slices.Contains(silent, l.by) {
			continue
		}
		if l.absent++; l.absent < absences {
			m.listed[p] = l
			continue
		}
		delete(m.listed, p)
		e.left = append(e.left, p)
	}
	slices.SortFunc(e.left, func(a, b Peer) int { return int(a.ID()) - int(b.ID()) })
	if len(e.joined)+len(e.left) > 0 {
		m.edition = e.number
		if !first {
			m.changes = append(m.changes, e)
			m.changes = m.changes[max(0, len(m.changes)-keptEditions):]
		}
	}
	return true
}

// own is the change since the last sync, at a master.
func (m *members) own() Change {
	c := Change{Unknown: true}
	if m.last.Epoch == m.epoch {
		c.Joined, c.Left, c.Unknown = m.between(m.last.Edition)
	}
	m.last, m.backlink = lastNews{m.epoch, m.edition}, Peer{}
	return c
}

// between sums up the changes after an edition; unknown if some are forgotten.
func (m *members) between(last uint64) (joined, left []Peer, unknown bool) {
	if last > m.edition || m.edition > last && (len(m.changes) == 0 || m.changes[0].number > last+1) {
		return nil, nil, true
	}
	for _, e := range m.changes {
		if e.number > last {
			joined, left = append(joined, e.joined...), append(left, e.left...)
		}
	}
	return joined, left, len(joined)+len(left) > mostNews
}

// since answers a slave.
func (m *members) since(h *Host, q *lastNews) *news {
	a := &news{Epoch: m.epoch, Edition: m.edition, Unknown: q.Epoch != m.epoch}
	if a.Unknown {
		return a
	}
	joined, left, unknown := m.between(q.Edition)
	if unknown {
		a.Unknown = true
		return a
	}
	for _, p := range joined {
		a.Joined = append(a.Joined, h.Address(p))
	}
	for _, p := range left {
		a.Left = append(a.Left, h.Address(p))
	}
	return a
}

// fetch asks the backlink; false if there is no answer.
func (m *members) fetch(t *Task, h *Host, c *Change) bool {
	b := m.node.Structure().Backlink
	if b.IsZero() {
		return false
	}
	if b != m.backlink {
		m.last = lastNews{}
	}
	a, err := m.ask(t, b, &lastNews{m.last.Epoch, m.last.Edition}, nil)
	if err != nil || a == nil || a.Epoch == 0 {
		return false
	}
	m.backlink, m.last = b, lastNews{a.Epoch, a.Edition}
	c.Unknown = a.Unknown
	c.Joined, c.Left = h.peers(a.Joined), h.peers(a.Left)
	return true
}

// peers are those of addresses, without what is none.
func (h *Host) peers(addresses []string) (list []Peer) {
	for _, a := range addresses {
		if p, err := h.Peer(a); err == nil {
			list = append(list, p)
		}
	}
	return list
}
