package core

import (
	"spreadable/core/message"
)

// When all masters of a branch die, what is left of it can find together in several parts.
// They have the same name, but each has a head of its own, and the heads of other branches
// list the one that asked them last. The same happens when two masters take over at the
// same time. So a head looks for its own branch in what others list.

// memberEvery is at how many syncs a head asks another member of its branch.
const memberEvery = 4

// A head can also keep its branch apart: other heads do not list it, because what it claims
// was not confirmed, but it tells its own nodes nothing of that. So these ask the heads of
// other branches now and then. And an honest head may have nobody who confirms what it says:
// the only other node of its branch can be a liar. It sees that when it asks the other heads.

const (
	// listedEvery is at how many syncs, on average, a node asks whether its branch is listed.
	listedEvery = 8
	// unlistedMost is in how many syncs in a row it must not be until the node leaves it, one
	// that asks at few of them counting each for as many: of the heads that it asks one may
	// lie. A head asks all others at each sync.
	unlistedMost = 3 * listedEvery
)

// checkListed asks the head of another branch of the top, at few syncs, whether it lists
// the own one.
func (tr *tree) checkListed(t *Task, b budget) {
	n, top := tr.node, tr.top()
	if n.env.Rand().IntN(listedEvery) != 0 {
		return
	}
	own, others := tr.path[top-1], []Peer(nil)
	for _, s := range tr.lists[top-1].List {
		if s.Name != own.Name && s.Head != own.Head {
			others = append(others, s.Head)
		}
	}
	if len(others) == 0 {
		return
	}
	said := tr.askTree(t, others[n.env.Rand().IntN(len(others))], message.TreeRequest{}, b)
	if said == nil || !tr.placed() || tr.path[top-1].Name != own.Name {
		return
	}
	tr.noteListed(branchIndex(said.Lists[top-1].List, own.Name) >= 0, listedEvery)
}

// noteListed is told whether other heads of the top list the own branch, as seen for so many
// syncs. The node leaves one that they do not list for long.
func (tr *tree) noteListed(listed bool, syncs int) {
	if listed {
		tr.unlisted = 0
		return
	}
	if tr.unlisted += syncs; tr.unlisted < unlistedMost {
		return
	}
	head := tr.path[tr.top()-1].Head
	tr.node.env.Note(Note{What: NoteBranchDoubted, About: head, Text: "the heads of other branches do not list its branch"})
	tr.leave(false)
}

// rivalIn returns the other head that a list names for the own branch; zero if there is
// none.
func (tr *tree) rivalIn(level int, said *message.Tree) Peer {
	list := said.Lists[level-1].List
	i := branchIndex(list, tr.path[level-1].Name)
	if i < 0 || list[i].Head == tr.node.self {
		return Peer{}
	}
	return list[i].Head
}

// askMember asks one of those that can lead the own branch of a level, at few syncs, which
// head it follows. No sibling may be left that could name the other one.
func (tr *tree) askMember(t *Task, level int, b budget) {
	members := tr.members(level, Peer{})
	if int(tr.node.level1.rounds)%memberEvery != 0 || len(members) == 0 {
		return
	}
	name := tr.path[level-1].Name
	said := tr.askTree(t, members[tr.node.env.Rand().IntN(len(members))], message.TreeRequest{}, b)
	if said == nil || !tr.leads(level) || said.Path[level-1].Name != name || tr.path[level-1].Name != name {
		return
	}
	if head := said.Path[level-1].Head; head != tr.node.self {
		tr.meetRival(t, level, head, b)
	}
}

// meetTwin looks for a branch of the own name under another parent. Two nodes can found one
// name under two parents: the founder leaves, and is sent elsewhere, while others still come
// to the branch that it has left. No sibling of either knows the other. So a head below the
// top asks a head of another branch of the top, at few syncs.
func (tr *tree) meetTwin(t *Task, level int, b budget) {
	n, top := tr.node, tr.top()
	if level == top || int(n.level1.rounds)%memberEvery != 0 {
		return
	}
	var others []Peer
	for _, s := range tr.lists[top-1].List {
		if s.Name != tr.path[top-1].Name {
			others = append(others, s.Head)
		}
	}
	if len(others) == 0 {
		return
	}
	said := tr.askTree(t, others[n.env.Rand().IntN(len(others))], message.TreeRequest{}, b)
	if said != nil && tr.leads(level) && !tr.sameParent(level, said) {
		tr.meetRival(t, level, tr.rivalIn(level, said), b)
	}
}

// meetRival joins the part of the own branch that another head leads, if that one lives.
// The first of the two by address remains the head, and the masters of both parts meet.
func (tr *tree) meetRival(t *Task, level int, rival Peer, b budget) {
	n := tr.node
	if rival.IsZero() || !tr.leads(level) {
		return
	}
	own := tr.path[level-1]
	said := tr.askTree(t, rival, message.TreeRequest{Level: level, Branch: own}, b)
	if said == nil || !tr.leads(level) || said.Path[level-1].Name != own.Name || tr.path[level-1].Name != own.Name {
		return
	}
	if level == 1 {
		n.cfg.rule.hear(&n.level1, rival)
	} else {
		tr.enterNew(level-1, said)
		tr.checkClaims(t, level-1, b)
		if !tr.leads(level) {
			return
		}
	}
	if headOf(said.Path, level) != rival {
		return
	}
	if !tr.mayLead(level, rival) {
		tr.hearClaim(level, said.Path[level-1]) // it is another part, if it is one
		tr.checkClaims(t, level, b)
	} else if n.cfg.Book.Less(rival, n.self) {
		tr.adopt(said, level)
		if level > 1 { // it lists our branch below at once
			tr.askTree(t, rival, message.TreeRequest{Level: level - 1, Branch: tr.path[level-2]}, b)
		}
	}
}

// enterNew adds the branches of a level that another node lists and we do not. Those that
// were taken off the list lately are not believed.
func (tr *tree) enterNew(level int, said *message.Tree) {
	for _, b := range said.Lists[level-1].List {
		if branchIndex(tr.lists[level-1].List, b.Name) < 0 && tr.fails[branchID{level, b.Name}] == 0 {
			tr.hearClaim(level, b)
		}
	}
}
