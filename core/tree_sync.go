package core

import (
	"maps"
	"slices"

	"spreadable/core/message"
)

// How the tree is renewed, at the end of every sync. The heads of branches with the same
// parent ask each other, as masters do. The masters of a branch ask its head, and all
// other nodes their backlink. So what a head learns is known everywhere one sync after the
// masters know it.

const (
	// branchFails is after how many silent syncs a branch is taken off the list. If its
	// head is dead another takes over in less.
	branchFails = 4
	// closingFails is that number for a branch that is closing: its last node has moved.
	closingFails = 2
	// treeWaves bounds the walk of a head to the heads that others name.
	treeWaves = 3
	// goneFor is for how many syncs a branch that was taken off the list is not believed
	// to exist because others still name it.
	goneFor = 3 * branchFails
)

// syncTree is the part of a sync cycle that is about branches.
func (n *Node) syncTree(t *Task) {
	tr := n.tree()
	if tr == nil || !tr.placed() {
		return
	}
	b := n.budget(n.cfg.SyncInterval / 2)
	if tr.leaveLonely() {
		return
	}
	if !n.level1.backlink.IsZero() {
		tr.alone = false
	}
	tr.count()
	if !n.level1.isMaster() {
		tr.believe(t, b)
	}
	if !tr.placed() {
		return
	}
	if !tr.leads(1) && !n.level1.isMaster() {
		tr.forgetHeads(1)
		tr.auditBranch(1)
		tr.checkListed(t, b)
		return
	}
	// the heads above first: who answers slowly below must not leave them too little time
	led := tr.askAbove(t, b)
	for level := 1; level <= led && tr.leads(level); level++ {
		if tr.leftOut == level {
			tr.changeParent(t, level, b)
		}
		if tr.leads(level) {
			tr.meetBranches(t, level, b)
		}
	}
	if tr.placed() && tr.leads(tr.top()) {
		tr.meetNetwork(t, b)
	}
	if tr.placed() {
		tr.decideLevels()
	}
}

// askAbove asks for news at the lowest level whose branch another node leads. It returns the
// highest level that we lead, which may be more than before if that head does not answer.
func (tr *tree) askAbove(t *Task, b budget) (led int) {
	for level := 1; level <= tr.top() && tr.placed(); level++ {
		if !tr.leads(level) {
			tr.askHead(t, level, b)
		}
		if tr.placed() && tr.auditBranch(level) {
			tr.elect(t, level, tr.path[level-1].Head, false, b)
		}
		if !tr.placed() || !tr.leads(level) {
			tr.forgetHeads(level)
			return level - 1
		}
	}
	return tr.top()
}

// meetBranches asks the heads of other branches of a level that we lead, and looks for
// another part of the own.
func (tr *tree) meetBranches(t *Task, level int, b budget) {
	tr.meetSiblings(t, level, b)
	if tr.leads(level) {
		tr.askMember(t, level, b)
	}
	if tr.leads(level) {
		tr.meetTwin(t, level, b)
	}
	tr.count()
	tr.weighBranch(level)
}

// count brings the sizes of the branches that the node leads up to date: of level 1 by the
// lists of the masters, above by the sum of the branches below.
func (tr *tree) count() {
	size := tr.node.level1.size()
	for level := 1; level <= tr.top() && tr.leads(level); level++ {
		own := tr.path[level-1]
		own.Size = uint32(size)
		tr.setBranch(level, own)
		size = tr.lists[level-1].Total
	}
}

// believe takes over what the backlink says. A head without slaves is no master any more.
// It remains the head only while its backlink says so.
func (tr *tree) believe(t *Task, b budget) {
	backlink := tr.node.level1.backlink
	if backlink.IsZero() {
		return
	}
	said := tr.askAnyTree(t, backlink, message.TreeRequest{}, b)
	if said == nil || !tr.placed() {
		return
	}
	ours := tr.agreesOnName(t, said, b)
	if !tr.placed() {
		return
	}
	ours = ours && said.Path[0].Name == tr.path[0].Name
	if tr.node.level1.backlink == backlink {
		tr.backlinkNames(ours)
	}
	if ours && tr.placed() && said.Path[0].Head != tr.node.self {
		tr.adopt(said, 1)
	}
}

// askTree asks a node of our network for its place in the tree; nil without a whole answer.
func (tr *tree) askTree(t *Task, p Peer, req message.TreeRequest, b budget) *message.Tree {
	return tr.ours(tr.askAnyTree(t, p, req, b))
}

// askAnyTree is askTree for a node that may be of another network.
func (tr *tree) askAnyTree(t *Task, p Peer, req message.TreeRequest, b budget) *message.Tree {
	resp := t.Call(p, message.Request{Kind: message.KindTree, Timeout: b.atMost(tr.node.cfg.ServerTimeout), Body: &req})
	return tr.wholeTree(resp)
}

// wholeTree is a place in our tree, with a branch at each level; nil for anything else.
func (tr *tree) wholeTree(resp message.Response) *message.Tree {
	said, err := message.As[message.Tree](resp)
	if err != nil || len(said.Path) != tr.top() || len(said.Lists) != tr.top() {
		return nil
	}
	if !wholePath(said.Path) || said.Network.IsZero() {
		return nil
	}
	return said
}

func wholePath(path []message.Branch) bool {
	return !slices.ContainsFunc(path, func(b message.Branch) bool { return b.Name.IsZero() || b.Head.IsZero() })
}

// askHead takes over what the head of the branch of a level says. If it does not answer,
// twice, or leads another branch, another takes over. One that names another head is no
// proof that this one leads: each could name the other, and all would wait for both. So the
// node asks that one. Above level 1 the node asks as the head of a branch below, and says
// so: else a new head of the upper branch would not learn of branches that its own list
// lacks.
func (tr *tree) askHead(t *Task, level int, b budget) {
	name, former := tr.path[level-1].Name, tr.path[level-1].Head
	req := message.TreeRequest{}
	if level > 1 {
		req = message.TreeRequest{Level: level - 1, Branch: tr.path[level-2]}
	}
	req.Missed = tr.misses(level)
	head, named := former, false // the one to ask; whether another named it
	tries := 0
	for tries < 2 {
		if tr.isDeposed(head) || level == 1 && tr.settles() && !tr.mayLead(1, head) {
			break // it has no slaves any more
		}
		said := tr.askAnyTree(t, head, req, b)
		if said != nil && !tr.headAgreesOnName(t, level, head, said, b) {
			return // what it says is of no use, and it is not dead
		}
		if !tr.placed() || tr.path[level-1].Name != name {
			return // the branch has changed meanwhile
		}
		if said == nil || said.Path[level-1].Name != name {
			tries++
			continue
		}
		leader := said.Path[level-1].Head
		if leader != head && leader != tr.node.self && !named {
			head, named = leader, true
			continue
		}
		if leader != head || level > 1 && said.Path[level-2].Head != head {
			break // it does not lead the branch, or no branch below, and so is no member
		}
		tr.adopt(said, level)
		if level > 1 {
			tr.meetRival(t, level-1, tr.rivalIn(level-1, said), b)
		}
		return
	}
	tr.elect(t, level, former, tries > 0, b)
}

// elect finds a new head for the branch of a level: one that says so itself; else the node,
// if another member takes it for the head; else of those that answer the first by address.
// A head that was silent is asked once more meanwhile: a request can be lost. A node that
// finds most masters in another network has come to a branch of that, and leaves it.
func (tr *tree) elect(t *Task, level int, former Peer, silent bool, b budget) {
	n, name := tr.node, tr.path[level-1].Name
	members := tr.members(level, former)
	if silent && !tr.isDeposed(former) {
		members = append(members, former)
	}
	responses := t.Gather(members, message.Request{
		Kind: message.KindTree, Timeout: b.atMost(n.cfg.ServerTimeout), Body: &message.TreeRequest{},
	})
	if !tr.placed() || tr.path[level-1].Name != name {
		return
	}
	next, named, ours, others := n.self, false, 1, 0
	for i, resp := range responses {
		said := tr.wholeTree(resp)
		if said != nil && said.Network != tr.network {
			others++
		}
		if said = tr.ours(said); said == nil || said.Path[level-1].Name != name {
			continue
		}
		ours++
		if headOf(said.Path, level) == members[i] {
			tr.adopt(said, level)
			return
		}
		named = named || said.Path[level-1].Head == n.self
		if members[i] != former && n.cfg.Book.Less(members[i], next) {
			next = members[i]
		}
	}
	if level == 1 && others > ours {
		tr.leave(false)
	} else if next == n.self || named {
		own := tr.path[level-1]
		own.Head = n.self
		tr.setBranch(level, own)
		n.env.Note(Note{What: NoteBranchLed, About: name})
	}
}

// members are those that can lead the branch of a level: of level 1 its masters, above the
// heads of the branches below.
func (tr *tree) members(level int, but Peer) (members []Peer) {
	add := func(p Peer) {
		if p != tr.node.self && p != but {
			members = append(members, p)
		}
	}
	if level == 1 {
		for _, m := range tr.node.level1.masters.List {
			add(m.Peer)
		}
		return members
	}
	for _, b := range tr.lists[level-2].List {
		add(b.Head)
	}
	return members
}

// meetSiblings asks the heads of the other branches of a level, tells them about the own
// branch, and meets those that they name.
func (tr *tree) meetSiblings(t *Task, level int, b budget) {
	n := tr.node
	tr.age(level)
	tr.dropFormer(level)
	tr.forgetClaims(level)
	tr.recheck(level)
	met, rival, own := map[Peer]bool{n.self: true}, Peer{}, tr.path[level-1].Name
	answered, listed := false, false
	for range treeWaves {
		var names, heads []Peer
		for _, s := range tr.lists[level-1].List {
			if s.Name != tr.path[level-1].Name && !met[s.Head] {
				met[s.Head] = true
				names, heads = append(names, s.Name), append(heads, s.Head)
			}
		}
		if b.left() <= 0 {
			break
		}
		if len(heads) == 0 {
			tr.checkClaims(t, level, b) // of those that we do not list, who have told us of theirs
			break
		}
		responses := t.Gather(heads, message.Request{
			Kind: message.KindTree, Timeout: b.atMost(n.cfg.ServerTimeout),
			Body: &message.TreeRequest{Level: level, Branch: tr.path[level-1]},
		})
		if !tr.leads(level) {
			return
		}
		for _, silent := range []bool{true, false} { // first those that others may know better
			for i, resp := range responses {
				said := tr.ours(tr.wholeTree(resp))
				if (said == nil) != silent {
					continue
				}
				tr.hear(level, names[i], said)
				if said == nil {
					continue
				}
				answered = true
				listed = listed || branchIndex(said.Lists[level-1].List, own) >= 0
				if rival.IsZero() {
					rival = tr.rivalIn(level, said)
				}
			}
		}
		tr.checkClaims(t, level, b)
		if !tr.leads(level) {
			return
		}
	}
	tr.meetRival(t, level, rival, b)
	if level == tr.top() && tr.leads(level) && answered {
		tr.noteListed(listed, 1)
	}
}

// dropFormer takes branches off the list that the node led before: it would not ask itself.
func (tr *tree) dropFormer(level int) {
	for _, s := range tr.lists[level-1].List {
		if s.Head == tr.node.self && s.Name != tr.path[level-1].Name {
			tr.drop(level, s.Name)
		}
	}
}

// age counts down for how long branches that are gone are not believed. One that is listed
// again is not gone.
func (tr *tree) age(level int) {
	for id := range tr.fails { // order-free: each by itself
		if id.level != level {
			continue
		}
		if branchIndex(tr.lists[level-1].List, id.name) >= 0 {
			if tr.fails[id] > branchFails {
				delete(tr.fails, id)
			}
			continue
		}
		if tr.fails[id]--; tr.fails[id] <= 0 {
			delete(tr.fails, id)
		}
	}
}

// forgetHeads forgets what the node has seen as a head, from a level on that it leads no
// longer: the silence and the claims of other heads, and that branches were too many.
func (tr *tree) forgetHeads(from int) {
	clear(tr.shape.surplus[from-1:])
	maps.DeleteFunc(tr.fails, func(id branchID, _ int) bool { return id.level >= from })
	maps.DeleteFunc(tr.claims.confirmed, func(id branchID, _ confirmed) bool { return id.level >= from })
}

// hear takes what the head of another branch has answered, nil for nothing.
func (tr *tree) hear(level int, name Peer, said *message.Tree) {
	id := branchID{level, name}
	if said == nil {
		if tr.fails == nil {
			tr.fails = make(map[branchID]int)
		}
		limit := branchFails
		if i := branchIndex(tr.lists[level-1].List, name); i >= 0 && tr.lists[level-1].List[i].Closing {
			limit = closingFails
		}
		if tr.fails[id]++; tr.fails[id] >= limit {
			if i := branchIndex(tr.lists[level-1].List, name); i >= 0 {
				tr.keepStray(tr.lists[level-1].List[i].Head)
			}
			tr.drop(level, name)
			tr.gone(id)
		}
		return
	}
	theirs := said.Path[level-1]
	if theirs.Name != name || !tr.sameParent(level, said) { // it has left that branch, or taken it elsewhere
		tr.drop(level, name)
	} else {
		if is, known := tr.claims.confirmed[id]; known && is.head == theirs.Head {
			delete(tr.fails, id)
		}
		tr.hearClaim(level, theirs)
	}
	tr.dropOthersOf(level, theirs)
	if theirs.Name != tr.path[level-1].Name && tr.sameParent(level, said) {
		tr.hearOf(level, said)
	}
}

// dropOthersOf takes all branches off the list that a head has led before the one that it
// leads now. Nobody would ask it about them, as it answers for the other already.
func (tr *tree) dropOthersOf(level int, led message.Branch) {
	for _, b := range tr.lists[level-1].List {
		if b.Head == led.Head && b.Name != led.Name {
			tr.drop(level, b.Name)
			tr.gone(branchID{level, b.Name})
		}
	}
}

// gone keeps others from bringing a branch back for a while.
func (tr *tree) gone(id branchID) {
	if tr.fails == nil {
		tr.fails = make(map[branchID]int)
	}
	tr.fails[id] = goneFor
}

// hearOf takes what the head of another branch says of third ones. It may name as many new
// ones as Config.NewNames, and one for each that we know.
func (tr *tree) hearOf(level int, said *message.Tree) {
	left := tr.node.cfg.NewNames + len(tr.lists[level-1].List)
	for k, b := range said.Lists[level-1].List {
		if b.Name == tr.path[level-1].Name {
			continue
		}
		list := tr.lists[level-1].List
		i, fails := branchIndex(list, b.Name), tr.fails[branchID{level, b.Name}]
		// a branch that we do not know, or one of which only we do not know the new head
		if i < 0 && fails == 0 || i >= 0 && fails > 0 && list[i].Head != b.Head {
			if left--; left < 0 {
				tr.leaveNames(len(said.Lists[level-1].List) - k)
				return
			}
			tr.hearClaim(level, b)
		}
	}
}
