package core

import (
	"fmt"
	"maps"
	"slices"

	"spreadable/core/message"
)

// Any node can say that it heads a branch, and of how many nodes. So a head believes of a
// branch only what was confirmed: the head of the branch says so itself, another node of
// the branch knows it as a master there and counts about as many nodes, and of that node
// a slave is there. These are drawn at random, so a list padded with nodes that are not
// there fails. A claim is checked when a branch is new, has another head, or has grown by
// a quarter since it was confirmed; and each head checks one other at each sync. What
// fails does not count: a branch keeps the size and the head that were confirmed, and one
// of which nothing ever was goes after branchFails syncs. The branch of a lying head
// stays, because its nodes may be honest. They choose another head (tree_audit.go).
//
// All other nodes take the lists from their heads, as slaves do from their backlinks.

// branchClaim is what is said of a branch until it is confirmed.
type branchClaim struct {
	level   int
	branch  message.Branch
	said    *message.Tree // by its head
	witness Peer
	size    uint32        // how many slaves the head says that the witness has
	vouched *message.Tree // what the witness says
	slave   Peer          // of the witness; none if it has none
}

// confirmed is what was confirmed of a branch.
type confirmed struct {
	head Peer
	size int
}

// branchClaims are the claims that a head knows.
type branchClaims struct {
	open      []branchClaim // to be checked
	confirmed map[branchID]confirmed
	failed    map[branchID]bool // confirmed once, and not at the latest check
	checking  bool              // a task is at it
}

const (
	// witnessTries is how many witnesses are asked for a claim: an honest one may have just
	// died, or its answer may be lost. The last is a slave of the head, where there is one:
	// all other masters may have died. It confirms no more nodes than these slaves, and
	// does so whatever its own slave says: in a branch of three that may be the liar that
	// led it before.
	witnessTries = 3
	// checkRounds is how often claims are checked that come between two syncs.
	checkRounds = 2
)

// mostGrown is the size up to which a branch may grow without another check.
func mostGrown(size int) int { return size + size/4 + sizeSlack }

// hearClaim enters what is said of a branch of a level if that is confirmed, and else keeps
// it to be checked. It reports whether the claim is new.
func (tr *tree) hearClaim(level int, b message.Branch) bool {
	if b.Name.IsZero() || b.Head.IsZero() {
		return false
	}
	if b.Head == tr.node.self || b.Name == tr.path[level-1].Name && tr.isDeposed(b.Head) {
		return false
	}
	known, is := tr.claims.confirmed[branchID{level, b.Name}]
	if is && known.head == b.Head && int(b.Size) <= mostGrown(known.size) && branchIndex(tr.lists[level-1].List, b.Name) >= 0 {
		tr.enter(level, b)
		return false
	}
	for i := range tr.claims.open {
		if c := &tr.claims.open[i]; c.level == level && c.branch.Name == b.Name && c.branch.Head == b.Head {
			c.branch = b
			return false
		}
	}
	if len(tr.claims.open) >= 8*tr.node.cfg.ClaimChecks+2*len(tr.lists[level-1].List) {
		tr.leaveNames(1)
		return true
	}
	tr.claims.open = append(tr.claims.open, branchClaim{level: level, branch: b})
	return true
}

// leaveNames counts names of branches that are not looked at in this sync.
func (tr *tree) leaveNames(count int) {
	l := &tr.node.level1
	l.guarded().NamesLeft += uint64(count)
	tr.node.env.Note(Note{What: NoteNamesLeft, Text: fmt.Sprintf("%d of branches (option new_names)", count)})
}

// mayLead reports whether a node that says that it leads our branch of a level is one of
// those that can: a master of the branch, or above level 1 a head of a branch below.
func (tr *tree) mayLead(level int, p Peer) bool {
	if tr.isDeposed(p) {
		return false
	}
	if level == 1 {
		size, _ := tr.node.level1.masters.SizeOf(p)
		return size > 0
	}
	return slices.ContainsFunc(tr.lists[level-2].List, func(b message.Branch) bool { return b.Head == p })
}

// checkSoon checks what heads have told of themselves between two syncs: so a new head
// takes its place at once.
func (tr *tree) checkSoon() {
	if tr.claims.checking || len(tr.claims.open) == 0 {
		return
	}
	tr.claims.checking = true
	tr.node.pool.run(tr.node, checkBranches, nil, 0)
}

func checkBranches(t *Task) {
	n := t.node
	for range checkRounds { // of those that come meanwhile the rest waits for the sync
		t.Sleep(n.cfg.ProbeInterval)
		tr := n.tree()
		if tr == nil || !tr.placed() {
			break
		}
		b := n.budget(n.cfg.SyncInterval / 2)
		for level := 1; level <= tr.top() && tr.leads(level); level++ {
			tr.checkClaims(t, level, b)
		}
		if len(tr.claims.open) == 0 {
			break
		}
	}
	if tr := n.tree(); tr != nil {
		tr.claims.checking = false
	}
}

// recheck opens the claim of one of the siblings, drawn at random.
func (tr *tree) recheck(level int) {
	list := tr.lists[level-1].List
	if len(list) < 2 {
		return
	}
	if b := list[tr.node.env.Rand().IntN(len(list))]; b.Name != tr.path[level-1].Name {
		tr.claims.open = append(tr.claims.open, branchClaim{level: level, branch: b})
	}
}

// checkClaims checks the open claims of a level, all at the same time, and enters those
// that hold.
func (tr *tree) checkClaims(t *Task, level int, b budget) {
	var claims, rest []branchClaim
	for _, c := range tr.claims.open {
		if c.level == level && len(claims) < 8*tr.node.cfg.ClaimChecks && tr.fails[branchID{level, c.branch.Name}] < goneFor {
			claims = append(claims, c)
		} else if c.level != level && tr.leads(c.level) {
			rest = append(rest, c)
		}
	}
	tr.claims.open = rest
	if len(claims) == 0 {
		return
	}
	claims = tr.askClaimants(t, level, claims, b)
	for try := range witnessTries {
		var open []branchClaim
		for _, c := range tr.askForClaims(t, level, claims, try == witnessTries-1, b) {
			if !tr.leads(level) {
				return
			}
			if c.holds() {
				tr.accept(t, c, b)
			} else {
				open = append(open, c)
			}
		}
		claims = open
	}
	for _, c := range claims {
		tr.doubtBranch(c)
	}
}

// askClaimants asks the heads themselves and returns the claims that they confirm.
func (tr *tree) askClaimants(t *Task, level int, claims []branchClaim, b budget) (kept []branchClaim) {
	heads := make([]Peer, len(claims))
	for i, c := range claims {
		heads[i] = c.branch.Head
	}
	answers := tr.gatherPlaces(t, heads, message.TreeRequest{Level: level, Branch: tr.path[level-1], Place: true}, b)
	for i, c := range claims {
		said := answers[i]
		if said == nil {
			continue // hear counts the silence of those that we list
		}
		theirs := said.Path[level-1]
		if theirs.Name == c.branch.Name && headOf(said.Path, level) == c.branch.Head && tr.sameParent(level, said) {
			c.branch, c.said = theirs, said
			kept = append(kept, c)
		}
	}
	return kept
}

// gatherPlaces asks nodes for their places, with the lists of level 1; nil for none.
func (tr *tree) gatherPlaces(t *Task, peers []Peer, req message.TreeRequest, b budget) []*message.Tree {
	places := make([]*message.Tree, len(peers))
	for i, resp := range t.Gather(peers, message.Request{
		Kind: message.KindTree, Timeout: b.atMost(tr.node.cfg.ServerTimeout), Body: &req,
	}) {
		if said := tr.ours(tr.wholeTree(resp)); said != nil && said.Place != nil {
			places[i] = said
		}
	}
	return places
}

// askForClaims asks a witness for each claim, and then a slave of that.
func (tr *tree) askForClaims(t *Task, level int, claims []branchClaim, last bool, b budget) []branchClaim {
	witnesses, slaves := make([]Peer, len(claims)), make([]Peer, len(claims))
	for i := range claims {
		c := &claims[i]
		c.chooseWitness(tr, last)
		witnesses[i] = c.witness
	}
	for i, said := range tr.gatherKnown(t, witnesses, b) {
		c := &claims[i]
		c.vouched, c.slave = said, Peer{}
		if said != nil && len(said.Place.Slaves) > 0 {
			c.slave = said.Place.Slaves[tr.node.env.Rand().IntN(len(said.Place.Slaves))]
			slaves[i] = c.slave
		}
	}
	for i, said := range tr.gatherKnown(t, slaves, b) {
		c := &claims[i]
		if c.slave.IsZero() {
			continue
		}
		there := said != nil && said.Path[0].Name == c.vouched.Path[0].Name &&
			(said.Place.Backlink == c.witness || said.Place.Backlink.IsZero())
		switch {
		case there:
		case last && c.vouched.Place.Backlink == c.branch.Head:
			c.size = 0 // it confirms the slaves of the head alone
		default:
			c.vouched = nil
		}
	}
	return claims
}

// gatherKnown is gatherPlaces for a list in which some peers are none.
func (tr *tree) gatherKnown(t *Task, peers []Peer, b budget) []*message.Tree {
	places := make([]*message.Tree, len(peers))
	var asked []Peer
	for _, p := range peers {
		if !p.IsZero() {
			asked = append(asked, p)
		}
	}
	answers := tr.gatherPlaces(t, asked, message.TreeRequest{Place: true}, b)
	for i, p := range peers {
		if !p.IsZero() {
			places[i], answers = answers[0], answers[1:]
		}
	}
	return places
}

// chooseWitness draws another node of the branch from what the head says: above level 1
// the head of a branch below, else a master, else a slave of the head, which the last
// witness is in any case. It is none if the head is alone.
func (c *branchClaim) chooseWitness(tr *tree, last bool) {
	var choice []Peer
	former := Peer{} // the head before, which may have died
	if i := branchIndex(tr.lists[c.level-1].List, c.branch.Name); i >= 0 {
		former = tr.lists[c.level-1].List[i].Head
	}
	add := func(p Peer) {
		if p != c.branch.Head && p != former && p != tr.node.self {
			choice = append(choice, p)
		}
	}
	if last = last && len(c.said.Place.Slaves) > 0; last {
		for _, p := range c.said.Place.Slaves {
			add(p)
		}
	}
	if c.level > 1 && !last {
		for _, b := range c.said.Lists[c.level-2].List {
			add(b.Head)
		}
	}
	if len(choice) == 0 {
		for _, m := range c.said.Place.Masters.List {
			add(m.Peer)
		}
	}
	if len(choice) == 0 {
		for _, p := range c.said.Place.Slaves {
			add(p)
		}
	}
	c.witness, c.size = Peer{}, 0
	if len(choice) > 0 {
		c.witness = choice[tr.node.env.Rand().IntN(len(choice))]
		size, _ := c.said.Place.Masters.SizeOf(c.witness)
		c.size = uint32(size)
	}
}

// counted is how many nodes a node counts in its branch of a level.
func counted(said *message.Tree, level int) int {
	if level > 1 {
		return said.Lists[level-2].Total
	}
	return said.Place.Size()
}

// holds reports whether the witness confirms the claim.
func (c *branchClaim) holds() bool {
	claimed := int(c.branch.Size)
	if len(c.said.Place.Slaves) == 0 && len(c.said.Place.Masters.List) > 0 {
		return false // it is no master, so those of the branch choose another head
	}
	if c.witness.IsZero() { // a founder to which no other node has come
		return claimed <= 1+sizeSlack
	}
	w := c.vouched
	if w == nil || w.Path[c.level-1].Name != c.branch.Name {
		return false
	}
	knows := w.Path[c.level-1].Head == c.branch.Head || w.Place.Backlink == c.branch.Head
	if size, _ := w.Place.Masters.SizeOf(c.branch.Head); size > 0 {
		knows = true
	}
	if c.size == 0 && w.Place.Backlink == c.branch.Head {
		c.branch.Size = min(c.branch.Size, uint32(mostGrown(1+len(c.said.Place.Slaves))))
		return true
	}
	return knows && claimed <= mostGrown(counted(c.said, c.level)) && claimed <= 2*counted(w, c.level)+sizeSlack &&
		int(c.size) <= 2*len(w.Place.Slaves)+sizeSlack
}

// accept enters a claim that holds, unless another head of the branch lives that has more
// nodes. Of two masters of one branch that lead it the first by address stays.
func (tr *tree) accept(t *Task, c branchClaim, b budget) {
	level, id := c.level, branchID{c.level, c.branch.Name}
	if c.branch.Name == tr.path[level-1].Name {
		tr.cede(t, c, b)
		return
	}
	if i := branchIndex(tr.lists[level-1].List, c.branch.Name); i >= 0 && tr.lists[level-1].List[i].Head != c.branch.Head {
		former := tr.lists[level-1].List[i]
		said := tr.askTree(t, former.Head, message.TreeRequest{Place: true}, b)
		if !tr.leads(level) {
			return
		}
		lives := said != nil && said.Path[level-1].Name == former.Name && said.Path[level-1].Head == former.Head
		if lives && !tr.prefers(c, former, said) {
			return
		}
	}
	if tr.claims.confirmed == nil {
		tr.claims.confirmed = make(map[branchID]confirmed)
	}
	tr.claims.confirmed[id] = confirmed{c.branch.Head, int(c.branch.Size)}
	delete(tr.fails, id)
	delete(tr.claims.failed, id)
	tr.enter(level, c.branch)
}

// prefers reports whether a claim counts against the living head of the same branch: if it
// is of a clearly larger part; of two parts of like size if it is that of the first head by
// address, if the other head has claimed what was not confirmed, or if one of its own
// masters follows the new one. It does not if its witness follows the other.
func (tr *tree) prefers(c branchClaim, former message.Branch, said *message.Tree) bool {
	claimed, known := int(c.branch.Size), int(former.Size)
	if c.level > 1 || claimed > mostGrown(known) || mostGrown(claimed) < known {
		return tr.yields(c.level, former, c.branch)
	}
	if c.vouched != nil && c.vouched.Path[c.level-1].Head == former.Head {
		return false
	}
	if c.level == 1 && said.Place != nil && c.vouched != nil && c.vouched.Path[0].Head == c.branch.Head {
		head, _ := said.Place.Masters.SizeOf(c.branch.Head)
		if follows, _ := said.Place.Masters.SizeOf(c.witness); head > 0 && follows > 0 {
			return true
		}
	}
	return tr.claims.failed[branchID{c.level, former.Name}] || tr.yields(c.level, former, c.branch)
}

// yields reports whether of two parts of a branch the other's head leads it: that of the
// clearly larger part, or of two of like size the first by address. Above level 1 sizes are
// sums that are some syncs old, so there a part of less than half counts as small.
func (tr *tree) yields(level int, own, other message.Branch) bool {
	switch {
	case level > 1:
		return mostGrown(2*int(other.Size)) >= int(own.Size) && tr.node.cfg.Book.Less(other.Head, own.Head)
	case int(other.Size) > mostGrown(int(own.Size)):
		return true
	case mostGrown(int(other.Size)) < int(own.Size):
		return false
	}
	return tr.node.cfg.Book.Less(other.Head, own.Head)
}

// cede lets another part of our own branch lead it.
func (tr *tree) cede(t *Task, c branchClaim, b budget) {
	n, own := tr.node, tr.path[c.level-1]
	if !tr.leads(c.level) || !tr.yields(c.level, own, c.branch) {
		return
	}
	if c.level == 1 {
		n.cfg.rule.hear(&n.level1, c.branch.Head)
	}
	tr.adopt(c.said, c.level)
	if c.level > 1 { // it lists our branch below at once
		tr.askTree(t, c.branch.Head, message.TreeRequest{Level: c.level - 1, Branch: tr.path[c.level-2]}, b)
	}
}

// doubtBranch is called when a claim was not confirmed. One of a branch of which nothing
// was ever confirmed counts as silence does.
func (tr *tree) doubtBranch(c branchClaim) {
	n := tr.node
	text := fmt.Sprintf("it claims to head %d nodes, which a node there does not confirm", c.branch.Size)
	n.env.Note(Note{What: NoteBranchDoubted, About: c.branch.Head, Text: text})
	n.level1.guarded().BranchesDoubted++
	id := branchID{c.level, c.branch.Name}
	if known, is := tr.claims.confirmed[id]; is && known.head == c.branch.Head {
		if tr.claims.failed == nil {
			tr.claims.failed = make(map[branchID]bool)
		}
		tr.claims.failed[id] = true
		return
	}
	i := branchIndex(tr.lists[c.level-1].List, c.branch.Name)
	if i >= 0 && tr.lists[c.level-1].List[i].Head == c.branch.Head {
		tr.hear(c.level, c.branch.Name, nil)
	}
}

// forgetClaims forgets what was confirmed of branches of a level that are gone.
func (tr *tree) forgetClaims(level int) {
	gone := func(id branchID) bool {
		return id.level == level && branchIndex(tr.lists[level-1].List, id.name) < 0
	}
	maps.DeleteFunc(tr.claims.confirmed, func(id branchID, _ confirmed) bool { return gone(id) })
	maps.DeleteFunc(tr.claims.failed, func(id branchID, _ bool) bool { return gone(id) })
}
