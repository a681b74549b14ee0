package core

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strings"

	"spreadable/core/state"
)

// A node gives out its state, which must survive a restart: all of it (State), or what
// has changed (Changes). Restore, in restore.go, takes it back.

// Revision returns the state's revision now. It is cheap enough to ask after every step.
func (n *Node) Revision() state.Revision {
	r := state.Revision{
		state.SectionNetwork: n.networkRevision,
		state.SectionPlace:   n.level1.placeRevision,
		state.SectionMasters: n.level1.mastersRevision,
		state.SectionFails:   n.failsRevision,
		state.SectionScores:  n.scores.Revision(),
		state.SectionBans:    n.bans.Revision(),
	}
	if n.applications != nil {
		r[state.SectionCandidates] = n.applications.candidates.Revision()
	}
	if n.level1.watch != nil {
		r[state.SectionAges] = n.level1.watch.agesRevision
	}
	if n.approvals != nil {
		r[state.SectionApprovals], r[state.SectionChecks] = n.approvals.revision, n.approvals.checks
	}
	if tr := n.tree(); tr != nil {
		r[state.SectionTree] = tr.revision
	}
	if l := &n.level1; l.reserve != nil && l.reserve.leftAt != nil {
		for _, s := range placeSections {
			r[s] = l.reserve.leftAt[s]
		}
	}
	return r
}

// placeSections are the sections that say which place a node has. What leaving changes in
// them is not written down: a node that comes back begins with the place that it had.
var placeSections = [...]state.Section{state.SectionPlace, state.SectionMasters, state.SectionTree}

// Changes returns what has changed since the revision, which must be that of the last
// call of Changes. The first call gives everything. Between two calls a node keeps a
// journal of its approvals, so it can serve one store only.
func (n *Node) Changes(since state.Revision) *state.Changes {
	c := &state.Changes{Revision: n.Revision()}
	book := n.approvalBook()
	if book.journal == nil {
		c.Whole = true
		book.journal = newJournal()
	}
	for s := range state.NumSections {
		c.Sections[s] = c.Whole || c.Revision[s] != since[s]
		if c.Sections[s] && s != state.SectionApprovals {
			n.export(s, &c.State)
		}
	}
	switch {
	case c.Whole:
		n.export(state.SectionApprovals, &c.State)
	case c.Sections[state.SectionApprovals]:
		n.exportJournal(c)
	}
	return c
}

// State returns everything that must survive a restart.
func (n *Node) State() state.State {
	var all state.State
	for s := range state.NumSections {
		n.export(s, &all)
	}
	return all
}

// export fills in one section.
func (n *Node) export(s state.Section, to *state.State) {
	switch s {
	case state.SectionNetwork:
		to.Self, to.Root, to.RootChecked = n.text(n.self), n.text(n.root), n.rootChecked
		to.SyncTotal, to.SyncCount = n.syncs.sum, n.syncs.count
	case state.SectionPlace:
		to.Backlink = n.text(n.level1.backlink)
		for i, p := range n.level1.slaves {
			to.Slaves = append(to.Slaves, state.Slave{Address: n.text(p), Joined: n.level1.joined[i]})
		}
	case state.SectionMasters:
		for i, m := range n.level1.masters.List {
			to.Masters = append(to.Masters, state.Master{Address: n.text(m.Peer), Size: m.Size, Seen: n.level1.seenAt(i)})
		}
	case state.SectionFails:
		n.exportFails(to)
	case state.SectionScores:
		n.exportScores(to)
	case state.SectionBans:
		n.exportBans(to)
	case state.SectionCandidates:
		if n.applications != nil {
			for _, c := range n.applications.candidates.Rows() {
				to.Candidates = append(to.Candidates, state.Candidate{
					Action: c.Action, Address: n.text(c.Peer), Suspicion: c.Suspicion, Excuse: c.Excuse, Since: c.Since,
				})
			}
		}
	case state.SectionApprovals:
		n.exportApprovals(to)
	case state.SectionTree:
		n.exportTree(to)
	case state.SectionAges:
		n.exportAges(to)
	}
}

// text is the address of p, "" for the zero Peer.
func (n *Node) text(p Peer) string {
	if p.IsZero() {
		return ""
	}
	return n.cfg.Book.Text(p)
}

func (n *Node) texts(peers []Peer) []string {
	var texts []string
	for _, p := range peers {
		texts = append(texts, n.text(p))
	}
	return texts
}

// exportFails walks maps, so it sorts: equal nodes give equal states. The functions below
// sort for the same reason, because their rows come in the order of the peers' numbers.
func (n *Node) exportFails(to *state.State) {
	for p, f := range n.fails { // order-free: sorted below
		to.Fails = append(to.Fails, state.Fail{Address: n.text(p), Count: f.count})
	}
	slices.SortFunc(to.Fails, func(a, b state.Fail) int { return strings.Compare(a.Address, b.Address) })
	for p, since := range n.level1.delays() { // order-free: sorted below
		to.Delays = append(to.Delays, state.Delay{Address: n.text(p), Since: since})
	}
	slices.SortFunc(to.Delays, func(a, b state.Delay) int { return strings.Compare(a.Address, b.Address) })
}

func (n *Node) exportScores(to *state.State) {
	for _, r := range n.scores.Rows() {
		to.Scores = append(to.Scores, state.Score{
			Address: n.text(r.Peer), Action: r.Action.String(), Up: r.Up, Down: r.Down, Suspicion: r.Suspicion,
			Since: r.Since, Used: r.Used,
		})
	}
	slices.SortFunc(to.Scores, func(a, b state.Score) int {
		return cmp.Or(strings.Compare(a.Address, b.Address), strings.Compare(a.Action, b.Action))
	})
}

func (n *Node) exportAges(to *state.State) {
	if n.level1.watch == nil || n.level1.watch.ages == nil {
		return
	}
	to.Began = n.level1.watch.ages.began
	for group, s := range n.level1.watch.ages.groups { // order-free: sorted below
		to.Ages = append(to.Ages, state.Age{Group: hex.EncodeToString([]byte(group)), First: s.first})
	}
	slices.SortFunc(to.Ages, func(a, b state.Age) int { return strings.Compare(a.Group, b.Group) })
}

func (n *Node) exportBans(to *state.State) {
	for _, b := range n.bans.All() {
		to.Bans = append(to.Bans, state.Ban{
			Address: n.text(b.Peer), IP: b.IP, Reason: b.Reason, Since: b.Since, Until: b.Until,
		})
	}
	slices.SortFunc(to.Bans, func(a, b state.Ban) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), strings.Compare(a.Address, b.Address))
	})
}

func (n *Node) exportApprovals(to *state.State) {
	if n.approvals == nil {
		return
	}
	for _, e := range n.approvals.rows.entries { // order-free: sorted below
		to.Approvals = append(to.Approvals, approvalRow(&e.value))
		for host := range e.value.usedBy { // order-free: sorted below
			to.Uses = append(to.Uses, state.Use{Key: e.key, Host: host})
		}
	}
	for _, e := range n.approvals.issued.entries { // order-free: sorted below
		to.Keys = append(to.Keys, n.keyRow(e.key, &e.value))
	}
	to.SortApprovals()
}

// exportJournal fills in what of the approvals has changed, and begins a new journal.
func (n *Node) exportJournal(c *state.Changes) {
	book := n.approvals
	for key := range book.journal.rows { // order-free: sorted below
		if row := book.rows.get(key); row != nil {
			c.State.Approvals = append(c.State.Approvals, approvalRow(row))
		} else {
			c.EndedApprovals = append(c.EndedApprovals, key)
		}
	}
	for key := range book.journal.fresh { // order-free: sorted below
		c.EndedUses = append(c.EndedUses, key)
	}
	for _, use := range book.journal.uses {
		if row := book.rows.get(use.Key); row != nil && row.usedBy[use.Host] { // not over since
			c.State.Uses = append(c.State.Uses, use)
		}
	}
	for key := range book.journal.keys { // order-free: sorted below
		if issued := book.issued.get(key); issued != nil {
			c.State.Keys = append(c.State.Keys, n.keyRow(key, issued))
		} else {
			c.EndedKeys = append(c.EndedKeys, key)
		}
	}
	book.journal = newJournal()
	c.State.SortApprovals()
	slices.Sort(c.EndedApprovals)
	slices.Sort(c.EndedUses)
	slices.Sort(c.EndedKeys)
}

func approvalRow(a *approval) state.Approval {
	return state.Approval{
		Action: a.action, Client: a.client, Key: a.key, Info: a.info, StartedAt: a.startedAt, Updated: a.added, Answer: a.answer,
		Wrong: a.wrong, Right: a.right, Place: a.place, Count: a.count,
	}
}

func (n *Node) keyRow(key string, issued *issuedKey) state.Key {
	return state.Key{Key: key, Client: issued.client, Approvers: n.texts(issued.drawn), Until: issued.until}
}
