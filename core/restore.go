package core

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"spreadable/core/behavior"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/core/state"
)

const (
	// maxRows bounds each list of a state that is restored: far beyond what any network
	// needs, and below what could exhaust the memory.
	maxRows = 1 << 20
	// maxRowText bounds each text in it, in bytes; an address is bounded more tightly by
	// its own rules.
	maxRowText = 1 << 20
)

// Restore gives a node its state back. It must be called between Init and Start.
//
// A text that is no address, a list or text beyond its bound, or a full address book is
// an error; then the node is as it was after Init. What no history of this node could
// have left is dropped: a node as its own slave or backlink, second rows for one peer,
// numbers below what can be counted, approvals of kinds that are no longer offered. Times
// in the future count as now: the clock has been set back.
//
// The state of another address, which the node had before or which is another node's, is
// restored in part: bans, scores and candidates. All else belongs to an address: the
// place in the network, approvals and failures. What was saved in a network of another
// number of levels is restored without the place.
func (n *Node) Restore(s state.State) error {
	if n.started > 0 {
		return errors.New("restore: the node has started")
	}
	if s.Self != n.text(n.self) {
		s = state.State{Scores: s.Scores, Bans: s.Bans, Candidates: s.Candidates}
	}
	if !n.fitsTree(&s) {
		s.Root, s.RootChecked, s.Tree, s.Backlink, s.Slaves, s.Masters = "", 0, state.Tree{}, "", nil, nil
	}
	if err := checkSizes(&s); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	r := restorer{node: n, now: n.env.Now()}
	r.network(&s)
	r.tree(&s)
	r.place(&s)
	r.masters(&s)
	r.failures(&s)
	r.behaviour(&s)
	r.approvals(&s)
	r.ages(&s)
	if r.err != nil {
		n.forgetAll()
		return fmt.Errorf("restore: %w", r.err)
	}
	return nil
}

// forgetAll makes n what it was after Init.
func (n *Node) forgetAll() {
	queries := n.queries
	n.Init(n.cfg, n.env, n.pool, n.self)
	n.queries = queries
}

// checkSizes reports a list that is too long.
func checkSizes(s *state.State) error {
	for _, list := range []struct {
		name       string
		rows, most int
	}{
		{"slaves", len(s.Slaves), maxRows}, {"masters", len(s.Masters), maxRows}, {"fails", len(s.Fails), maxRows},
		{"delays", len(s.Delays), maxRows}, {"scores", len(s.Scores), maxRows}, {"bans", len(s.Bans), maxRows},
		{"candidates", len(s.Candidates), maxRows}, {"approvals", len(s.Approvals), maxApprovals},
		{"keys", len(s.Keys), maxApprovals}, {"branches", countBranches(&s.Tree), maxRows},
		{"ages", len(s.Ages), maxRows},
	} {
		if list.rows > list.most {
			return fmt.Errorf("%d %s, want at most %d", list.rows, list.name, list.most)
		}
	}
	return nil
}

// restorer fills in a node's state. The first error stays, and what comes after it does
// not matter.
type restorer struct {
	node *Node
	now  time.Duration
	err  error
}

func (r *restorer) fail(section string, err error) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: %w", section, err)
	}
}

// peer interns an address that must be one.
func (r *restorer) peer(section, text string) Peer { return r.intern(section, text, peer.Parse) }

// offender interns the address of a node or a host.
func (r *restorer) offender(section, text string) Peer {
	return r.intern(section, text, peer.ParseOffender)
}

func (r *restorer) intern(section, text string, parse func(string) (peer.Address, error)) Peer {
	if r.err != nil {
		return Peer{}
	}
	address, err := parse(text)
	if err != nil {
		r.fail(section, err)
		return Peer{}
	}
	p, err := r.node.cfg.Book.Intern(address)
	if err != nil {
		r.fail(section, err)
	}
	return p
}

// optional interns an address, or takes "" for the zero Peer.
func (r *restorer) optional(section, text string) Peer {
	if text == "" {
		return Peer{}
	}
	return r.peer(section, text)
}

// peers interns a list of addresses with one of the two above.
func (r *restorer) peers(section string, texts []string, one func(section, text string) Peer) []Peer {
	if len(texts) > maxRows {
		r.fail(section, fmt.Errorf("a list of %d addresses, want at most %d", len(texts), maxRows))
		return nil
	}
	var peers []Peer
	for _, text := range texts {
		peers = append(peers, one(section, text))
	}
	return peers
}

// texts checks that texts are not too long.
func (r *restorer) texts(section string, texts ...string) {
	for _, text := range texts {
		if len(text) > maxRowText {
			r.fail(section, fmt.Errorf("a text of %d bytes, want at most %d", len(text), maxRowText))
		}
	}
}

// past is a time that must not lie ahead.
func (r *restorer) past(t time.Duration) time.Duration { return min(max(t, 0), r.now) }

// others collects the peers of rows, without the node itself and second rows for one
// peer.
type others struct{ seen map[Peer]bool }

// first reports whether p is another peer than self, and no row before has named it.
func (o *others) first(p, self Peer) bool {
	if p.IsZero() || p == self || o.seen[p] {
		return false
	}
	if o.seen == nil {
		o.seen = make(map[Peer]bool)
	}
	o.seen[p] = true
	return true
}

func (r *restorer) network(s *state.State) {
	n := r.node
	if root := r.optional("root", s.Root); !root.IsZero() {
		n.root, n.rootChecked = root, r.past(s.RootChecked)
		n.networkRevision++
	}
	if s.SyncCount > 0 && s.SyncTotal >= 0 {
		n.syncs = syncTimes{sum: s.SyncTotal, count: s.SyncCount}
	}
}

func (r *restorer) place(s *state.State) {
	n := r.node
	if p := r.optional("backlink", s.Backlink); p != n.self {
		n.level1.setBacklink(p)
	}
	var slaves others
	for _, row := range s.Slaves {
		if p := r.peer("slaves", row.Address); slaves.first(p, n.self) {
			n.level1.addSlave(p, r.past(row.Joined))
		}
	}
}

func (r *restorer) masters(s *state.State) {
	var masters others
	var table masterTable
	adopted := true // no row has a time: the list was taken over from the backlink
	for _, row := range s.Masters {
		// the node itself may be one
		if p := r.peer("masters", row.Address); masters.first(p, Peer{}) {
			table.add(message.Master{Peer: p, Size: row.Size}, r.past(row.Seen), nil)
			adopted = adopted && row.Seen <= 0
		}
	}
	if adopted {
		table.seen = nil
	}
	r.node.level1.setMasters(table.list, table.seen)
}

func (r *restorer) failures(s *state.State) {
	n := r.node
	var fails, delays others
	for _, row := range s.Fails {
		if p := r.peer("fails", row.Address); fails.first(p, n.self) && row.Count > 0 {
			if n.fails == nil {
				n.fails = make(map[Peer]failing)
			}
			n.fails[p] = failing{count: min(row.Count, n.cfg.MaxFails)} // one more, and it is forgotten
		}
	}
	for _, row := range s.Delays {
		// a provider lists the node itself, too
		if p := r.peer("delays", row.Address); delays.first(p, Peer{}) {
			n.level1.table().delays[p] = r.past(row.Since)
		}
	}
	n.failsRevision++
}

// behaviour leaves it to package behavior to drop what no history could have left.
func (r *restorer) behaviour(s *state.State) {
	n := r.node
	var scores []behavior.Row
	for _, row := range s.Scores {
		if p := r.offender("scores", row.Address); p != n.self {
			scores = append(scores, behavior.Row{
				Peer: p, Action: actionNamed(row.Action), Up: row.Up, Down: row.Down, Suspicion: row.Suspicion,
				Since: r.past(row.Since), Used: r.past(row.Used),
			})
		}
	}
	n.scores.Restore(scores)
	var bans []behavior.Ban
	for _, row := range s.Bans {
		r.texts("bans", row.Reason)
		if p := r.offender("bans", row.Address); p != n.self {
			bans = append(bans, behavior.Ban{
				Peer: p, IP: row.IP, Reason: row.Reason, Since: r.past(row.Since), Until: row.Until,
			})
		}
	}
	n.bans.Restore(bans)
	var candidates []behavior.Candidate
	for _, row := range s.Candidates {
		r.texts("candidates", row.Action)
		candidates = append(candidates, behavior.Candidate{
			Action: row.Action, Peer: r.peer("candidates", row.Address), Suspicion: row.Suspicion, Excuse: row.Excuse,
			Since: r.past(row.Since),
		})
	}
	if len(candidates) > 0 {
		n.extra().candidates.Restore(candidates)
	}
}

func (r *restorer) approvals(s *state.State) {
	n := r.node
	// the limits drop the oldest
	rows := slices.SortedStableFunc(slices.Values(s.Approvals), func(a, b state.Approval) int { return cmp.Compare(a.Updated, b.Updated) })
	for _, row := range rows {
		r.approval(row)
	}
	for _, use := range s.Uses {
		r.texts("uses", use.Key, use.Host)
		if row := n.approvalBook().rows.get(use.Key); row != nil && r.err == nil {
			n.approvals.noteUse(row, use.Host)
		}
	}
	for _, row := range s.Keys {
		r.texts("keys", row.Key)
		drawn := r.peers("keys", row.Approvers, r.peer)
		if n.approvalBook().issued.get(row.Key) == nil {
			n.approvals.issue(row.Key, issuedKey{row.Client.Unmap(), drawn, row.Until})
		}
	}
}

// approval restores one row, unless its kind is not offered, or a row before has the same
// key.
func (r *restorer) approval(row state.Approval) {
	n := r.node
	r.texts("approvals", row.Action, row.Key, row.Answer)
	if row.Info != nil {
		r.texts("approvals", *row.Info)
	}
	book := n.approvalBook()
	if kind, _ := n.approvalKind(row.Action); kind == nil || row.Key == "" || book.rows.get(row.Key) != nil {
		return
	}
	book.enter(approval{
		key: row.Key, action: row.Action, client: row.Client.Unmap(), info: row.Info, startedAt: row.StartedAt,
		added: r.past(row.Updated), answer: row.Answer, wrong: max(0, row.Wrong), right: row.Right, place: row.Place, count: max(0, row.Count),
	})
	if row.Right {
		book.rows.use(row.Key)
	}
}

// ages restores how long hosts have been in the network. All count as there now: one that
// has gone meanwhile is forgotten as if it went now.
func (r *restorer) ages(s *state.State) {
	n := r.node
	if n.cfg.Draw.MinAge == 0 || s.Began <= 0 || len(s.Ages) == 0 {
		return
	}
	a, wall := n.level1.aged(), n.env.Wall()
	a.began, a.young = min(s.Began, wall), ageLooks
	for _, row := range s.Ages {
		group, err := hex.DecodeString(row.Group)
		if err != nil {
			r.fail("ages", err)
			return
		}
		a.groups[string(group)] = sighting{min(max(row.First, 0), wall), wall}
	}
}

// actionNamed returns the kind of behaviour of a name; NumActions when there is none.
func actionNamed(name string) behavior.Action {
	a := behavior.Action(0)
	for a < behavior.NumActions && a.String() != name {
		a++
	}
	return a
}
