package core

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"spreadable/core/behavior"
)

// What a node must remember over a restart, as plain values that mean the same in every process: addresses are texts,
// times are durations since the Unix epoch. State and Changes give it out, Restore (restore.go) takes it back. What is
// not here is gone with the process on purpose: procedures under way, a provider's short memory of whom it sent where,
// introductions, and how steady the view of the network was, which has to be found out anew after any pause.

// State is all that a node must remember, in eight sections. Lists have one order for one memory, so that equal memories
// give equal states, except where the order itself is remembered.
type State struct {
	// SectionNetwork.
	Self        string        // the node whose memory this is
	Root        string        // the network's name; empty while unknown
	RootChecked time.Duration // when the bootstrap node last confirmed it
	SyncTotal   time.Duration // sum of the durations of the latest syncs,
	SyncCount   int           // and how many they are

	// SectionPlace.
	Backlink string // empty while not registered
	Slaves   []SlaveRow

	// SectionMasters.
	Masters []MasterRow

	// SectionFails.
	Fails  []FailRow
	Delays []DelayRow

	// SectionScores, SectionBans, SectionCandidates.
	Scores     []ScoreRow
	Bans       []BanRow
	Candidates []CandidateRow

	// SectionApprovals: as approver, and as entry node.
	Approvals []ApprovalRow
	Keys      []KeyRow
}

// SlaveRow is one slave. The rows stand in the order of arrival.
type SlaveRow struct {
	Address string
	Joined  time.Duration
}

// MasterRow is one master that the node knows, in the order of its list. Seen is 0 in a list taken from the backlink.
type MasterRow struct {
	Address string
	Size    uint32 // its slaves
	Seen    time.Duration
}

// FailRow is a peer with so many failed requests in a row.
type FailRow struct {
	Address string
	Count   int
}

// DelayRow is a master that reported another network size, and since when; known to the original rule only.
type DelayRow struct {
	Address string
	Since   time.Duration
}

// ScoreRow is a behavior.Row. Action is its name.
type ScoreRow struct {
	Address, Action string
	Up, Down        uint32
	Suspicion       float64
	Since, Used     time.Duration
}

// BanRow is a behavior.Ban.
type BanRow struct {
	Address      string
	IP           netip.Addr // of its host; the zero Addr when unknown
	Reason       string
	Since, Until time.Duration
}

// CandidateRow is a behavior.Candidate, in the order of first wins.
type CandidateRow struct {
	Action, Address   string
	Suspicion, Excuse float64
	Since             time.Duration
}

// ApprovalID names an approval: an approver keeps one for each action and client.
type ApprovalID struct {
	Action string
	Client netip.Addr
}

// ApprovalRow is an approval that the node vouches for.
type ApprovalRow struct {
	ApprovalID
	Key       string
	Info      *string // what the client wanted of the question
	StartedAt time.Duration
	Updated   time.Duration
	Answer    string   // that is expected
	UsedBy    []string // the nodes that have asked whether the answer was right
}

// KeyRow is a draw that the node has made as an entry node.
type KeyRow struct {
	Key       string
	Approvers []string
	Until     time.Duration // end of its validity
}

// Section is a part of the state that changes, and is stored, as one.
type Section uint8

// The sections of a State.
const (
	SectionNetwork    Section = iota // root and syncs: once in a sync
	SectionPlace                     // backlink and slaves
	SectionMasters                   // masters
	SectionFails                     // failures of peers: whenever one fails, and nobody is told
	SectionScores                    // suspicions
	SectionBans                      // bans
	SectionCandidates                // who won too often
	SectionApprovals                 // approvals and draws, row by row
	NumSections
)

// Revision tells whether a section has changed: another number, another content. Numbers wrap around, and mean nothing in
// another process.
type Revision [NumSections]uint32

// Revision returns the state's revision now. It is cheap enough to ask after every step.
func (n *Node) Revision() Revision {
	r := Revision{
		SectionNetwork: n.networkRevision,
		SectionPlace:   n.placeRevision,
		SectionMasters: n.mastersRevision,
		SectionFails:   n.failsRevision,
		SectionScores:  n.scores.Revision(),
		SectionBans:    n.bans.Revision(),
	}
	if n.candidates != nil {
		r[SectionCandidates] = n.candidates.Revision()
	}
	if n.approvals != nil {
		r[SectionApprovals] = n.approvals.revision
	}
	return r
}

// Changes is what a store has to write to have the state of a later moment.
type Changes struct {
	Revision Revision          // of that moment
	Sections [NumSections]bool // those that changed; the others are empty in State
	Whole    bool              // everything: what the store has besides is outdated
	State    State             // of SectionApprovals only the rows that are new or changed

	EndedApprovals []ApprovalID // no longer there
	EndedKeys      []string
}

// Changes returns what has changed since the revision, which must be that of the last Changes; the first one gives
// everything. Between two, a node keeps a journal of its approvals: so only one store can be served.
func (n *Node) Changes(since Revision) *Changes {
	c := &Changes{Revision: n.Revision()}
	book := n.approvalBook()
	if book.journal == nil {
		c.Whole = true
		book.journal = newJournal()
	}
	for s := range NumSections {
		c.Sections[s] = c.Whole || c.Revision[s] != since[s]
		if c.Sections[s] && s != SectionApprovals {
			n.export(s, &c.State)
		}
	}
	switch {
	case c.Whole:
		n.export(SectionApprovals, &c.State)
	case c.Sections[SectionApprovals]:
		n.exportJournal(c)
	}
	return c
}

// State returns everything that the node must remember.
func (n *Node) State() State {
	var state State
	for s := range NumSections {
		n.export(s, &state)
	}
	return state
}

// export fills in one section.
func (n *Node) export(s Section, to *State) {
	switch s {
	case SectionNetwork:
		to.Self, to.Root, to.RootChecked = n.text(n.self), n.text(n.root), n.rootChecked
		to.SyncTotal, to.SyncCount = n.syncs.sum, n.syncs.count
	case SectionPlace:
		to.Backlink = n.text(n.backlink)
		for i, p := range n.slaves {
			to.Slaves = append(to.Slaves, SlaveRow{n.text(p), n.joined[i]})
		}
	case SectionMasters:
		for i, m := range n.masters.List {
			to.Masters = append(to.Masters, MasterRow{n.text(m.Peer), m.Size, n.seenAt(i)})
		}
	case SectionFails:
		n.exportFails(to)
	case SectionScores:
		n.exportScores(to)
	case SectionBans:
		n.exportBans(to)
	case SectionCandidates:
		if n.candidates != nil {
			for _, c := range n.candidates.Rows() {
				to.Candidates = append(to.Candidates, CandidateRow{c.Action, n.text(c.Who), c.Suspicion, c.Excuse, c.Since})
			}
		}
	case SectionApprovals:
		n.exportApprovals(to)
	}
}

// text is the address of p, "" for nobody.
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

// exportFails walks maps, so it sorts: one memory, one state. The same goes for the others below, whose rows stand in the
// order of peers' numbers.
func (n *Node) exportFails(to *State) {
	for p, count := range n.fails {
		to.Fails = append(to.Fails, FailRow{n.text(p), count})
	}
	slices.SortFunc(to.Fails, func(a, b FailRow) int { return strings.Compare(a.Address, b.Address) })
	for p, since := range n.delays {
		to.Delays = append(to.Delays, DelayRow{n.text(p), since})
	}
	slices.SortFunc(to.Delays, func(a, b DelayRow) int { return strings.Compare(a.Address, b.Address) })
}

func (n *Node) exportScores(to *State) {
	for _, r := range n.scores.Rows() {
		to.Scores = append(to.Scores, ScoreRow{n.text(r.Who), r.Action.String(), r.Up, r.Down, r.Suspicion, r.Since, r.Used})
	}
	slices.SortFunc(to.Scores, func(a, b ScoreRow) int {
		return cmp.Or(strings.Compare(a.Address, b.Address), strings.Compare(a.Action, b.Action))
	})
}

func (n *Node) exportBans(to *State) {
	for _, b := range n.bans.All() {
		to.Bans = append(to.Bans, BanRow{n.text(b.Who), b.IP, b.Reason, b.Since, b.Until})
	}
	slices.SortFunc(to.Bans, func(a, b BanRow) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), strings.Compare(a.Address, b.Address))
	})
}

func (n *Node) exportApprovals(to *State) {
	if n.approvals == nil {
		return
	}
	for _, row := range n.approvals.rows {
		to.Approvals = append(to.Approvals, n.approvalRow(row))
	}
	for key, issued := range n.approvals.issued {
		to.Keys = append(to.Keys, n.keyRow(key, issued))
	}
	to.sortApprovals()
}

// exportJournal fills in what of the approvals has changed, and begins a new journal.
func (n *Node) exportJournal(c *Changes) {
	book := n.approvals
	for id := range book.journal.rows {
		if row := book.rows[id]; row != nil {
			c.State.Approvals = append(c.State.Approvals, n.approvalRow(row))
		} else {
			c.EndedApprovals = append(c.EndedApprovals, ApprovalID{id.action, id.client})
		}
	}
	for key := range book.journal.keys {
		if issued, ok := book.issued[key]; ok {
			c.State.Keys = append(c.State.Keys, n.keyRow(key, issued))
		} else {
			c.EndedKeys = append(c.EndedKeys, key)
		}
	}
	book.journal = newJournal()
	c.State.sortApprovals()
	slices.SortFunc(c.EndedApprovals, ApprovalID.compare)
	slices.Sort(c.EndedKeys)
}

func (n *Node) approvalRow(a *approval) ApprovalRow {
	return ApprovalRow{
		ApprovalID: ApprovalID{a.id.action, a.id.client}, Key: a.key, Info: a.info, StartedAt: a.startedAt,
		Updated: a.updated, Answer: a.answer, UsedBy: n.texts(a.usedBy),
	}
}

func (n *Node) keyRow(key string, issued issuedKey) KeyRow {
	return KeyRow{key, n.texts(issued.drawn), issued.until}
}

func (s *State) sortApprovals() {
	slices.SortFunc(s.Approvals, func(a, b ApprovalRow) int { return a.compare(b.ApprovalID) })
	slices.SortFunc(s.Keys, func(a, b KeyRow) int { return strings.Compare(a.Key, b.Key) })
}

func (id ApprovalID) compare(other ApprovalID) int {
	return cmp.Or(strings.Compare(id.Action, other.Action), id.Client.Compare(other.Client))
}

// actionNamed returns the kind of behaviour of a name; NumActions when there is none.
func actionNamed(name string) behavior.Action {
	a := behavior.Action(0)
	for a < behavior.NumActions && a.String() != name {
		a++
	}
	return a
}
