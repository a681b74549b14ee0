package core

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"spreadable/core/message"
)

// What the nodes of a branch can see of its head. The list of the top says how many nodes
// the head claims, and all nodes of the branch know its masters, each of which counts its
// slaves. An entry node sees how many of them a search through the head has reached. So a
// head that claims too much, or keeps its branch out of searches, is seen by all of them.
// A slave can only note it: a third node cannot check it. A master that sees it in
// branchFails syncs in a row takes it for a head that does not answer, and the masters
// choose another.
//
// A head of level 2 or more is watched in the same way by the heads of the branches below,
// which know each other, and each other's sizes, without it.
//
// An entry node asks the heads of the top only. With three levels or more it does not see
// what heads further down answer. But it is behind such a head itself if it is a master or
// a head: its own searches should come back to it. If they do not, though the head of the
// top has answered for its branch, one of the two keeps them out, and no node can tell which:
// the head between them does not pass searches on, or the one above does not give it any.
// So the node tells the head between them (message.TreeRequest.Missed), and an honest one
// takes its branch to another parent. A head that stays, or through which searches do not
// come from there either, is replaced.

// headAudit is what a node has seen of the head of its branch of a level.
type headAudit struct {
	of       Peer  // the head
	doubts   int   // syncs in a row in which the head claimed too much, or hid the branch
	short    int   // searches in a row that reached less than half of the branch
	searched int32 // the sync of the latest of them
	under    Peer  // of a head that entry nodes do not ask: the head above it at that time
	moved    bool  // some have failed under another head above, too

	asked    time.Duration // when it last asked us, for a search
	misnames bool          // it gives the network another name (tree_name.go)
}

// auditOf is what the node has seen of the head of its branch of a level. What it has seen
// of the head before does not count.
func (tr *tree) auditOf(level int) *headAudit {
	a := &tr.audit
	if level > 1 {
		if tr.upper == nil {
			tr.upper = make([]headAudit, tr.top()-1)
		}
		a = &tr.upper[level-2]
	}
	if head := tr.path[level-1].Head; a.of != head {
		*a = headAudit{of: head}
	}
	return a
}

// counted is how many nodes the own branch of a level has, by what its members list.
func (tr *tree) counted(level int) int {
	if level == 1 {
		return tr.node.level1.size()
	}
	return tr.lists[level-2].Total
}

// watches reports whether the node is one of those that choose the head of its branch of a
// level, or at level 1 a slave.
func (tr *tree) watches(level int) bool { return level == 1 || tr.leads(level-1) }

// auditBranch compares what the head of the own branch of a level claims with what its
// members count. It reports whether another should lead the branch.
func (tr *tree) auditBranch(level int) bool {
	n := tr.node
	own := tr.path[level-1]
	if own.Head == n.self || tr.isDeposed(own.Head) || !n.level1.view.settled() {
		return false // of one that is not asked, only old claims are known
	}
	seen, counted := tr.auditOf(level), tr.counted(level)
	if tr.between(level) {
		seen.follow(tr.path[level].Head)
	}
	switch {
	case seen.misnames:
		seen.misnames = false // until it is asked again
		n.env.Note(Note{What: NoteBranchDoubted, About: own.Head, Text: "it gives the network another name than the bootstrap nodes"})
	case int(own.Size) > counted+counted/4+slack(counted):
		n.env.Note(Note{What: NoteBranchDoubted, About: own.Head, Text: fmt.Sprintf("it claims %d nodes, its masters list %d", own.Size, counted)})
	case seen.short >= shortSearches && tr.between(level):
		n.env.Note(Note{What: NoteBranchDoubted, About: own.Head, Text: "searches do not come to us through it"})
	case seen.short >= shortSearches:
		n.env.Note(Note{What: NoteBranchDoubted, About: own.Head, Text: fmt.Sprintf("searches through it reach less than half of %d nodes", counted)})
	default:
		seen.doubts = 0
		return false
	}
	if seen.doubts++; seen.doubts < branchFails {
		return false
	}
	*seen, tr.deposed, tr.since = headAudit{}, own.Head, tr.node.level1.rounds
	return true
}

// deposedFor is for how many syncs a node does not follow a head that it has deposed. The
// other members have found out as much by then, and follow another. If not, the node was
// wrong, and would never learn what the head tells.
const deposedFor = 4 * branchFails

func (tr *tree) isDeposed(p Peer) bool {
	return p == tr.deposed && tr.node.level1.rounds-tr.since < deposedFor
}

// rateHead is called with what the head of a branch of a level has answered to a search.
// Only the own ones are rated, and of each one search a sync.
func (tr *tree) rateHead(level int, head Peer, resp message.Response) {
	tr.noteReached(level, head, resp)
	if level > tr.top() || head != tr.path[level-1].Head || !tr.watches(level) {
		return
	}
	answer, err := message.As[message.QueryAnswer](resp)
	refusal, refused := err.(*message.Error)
	if err == nil || err == message.ErrWrongRoot || refused && refusal.Code != message.CodeUnknownQuery { // silence is noticed at the next sync
		good := err == nil && 2*answer.Coverage.Answered >= tr.counted(level)
		tr.auditOf(level).rate(good, tr.node.level1.rounds)
	}
}

// noteReached notes that the head of our branch of the top has answered for most of it.
func (tr *tree) noteReached(level int, head Peer, resp message.Response) {
	if level != tr.node.searchLevel()-1 || level > tr.top() || head != tr.path[level-1].Head {
		return
	}
	if answer, err := message.As[message.QueryAnswer](resp); err == nil && 2*answer.Coverage.Answered >= int(tr.path[level-1].Size) {
		tr.reached = tr.node.env.Now()
	}
}

// rate counts a search that was good or not, of those that were not one a sync.
func (a *headAudit) rate(good bool, round int32) {
	switch {
	case good:
		a.short, a.moved = 0, false
	case a.short == 0 || a.searched != round:
		a.short, a.searched = a.short+1, round
	}
}

// askedBy is called when another node asks us for a search, as a node of a level below it.
func (tr *tree) askedBy(head Peer, level int) {
	if tr.placed() && level <= tr.top() && head == tr.path[level-1].Head && tr.watches(level) {
		tr.auditOf(level).asked = tr.node.env.Now()
	}
}

// rateSearch is called after a search of our own that began at a time. It rates the head
// that should have asked us, if an entry node does not ask it itself.
func (tr *tree) rateSearch(began time.Duration) {
	n := tr.node
	if !tr.placed() || !n.level1.isMaster() || tr.reached < began {
		return
	}
	for level := 1; tr.between(level); level++ {
		if head := tr.path[level-1].Head; head != n.self && tr.watches(level) {
			a := tr.auditOf(level)
			a.follow(tr.path[level].Head)
			a.rate(a.asked >= began, n.level1.rounds)
		}
	}
}

// between reports whether entry nodes do not ask the heads of a level: others are above
// them.
func (tr *tree) between(level int) bool { return level < tr.node.searchLevel()-1 }

// follow begins anew under another head above, once until a search has come: a head cannot
// keep us from counting by going from one to the next.
func (a *headAudit) follow(above Peer) {
	if a.under != above && a.short > 0 && !a.moved {
		a.short, a.doubts, a.moved = 0, 0, true
	}
	a.under = above
}

// misses reports whether to tell the head of the own branch of a level that searches do
// not come to us.
func (tr *tree) misses(level int) bool {
	seen := tr.auditOf(level)
	return tr.between(level) && seen.short >= shortSearches && !seen.moved
}

// heedEvery is for how many syncs a head does not listen again to the same node that misses
// searches: so a liar cannot drive a branch around.
const heedEvery = 64

// hearMissed is called when a node below misses searches through us, the head of its branch
// of a level.
func (tr *tree) hearMissed(level int, from Peer) {
	if !tr.leads(level) || tr.leads(level+1) || !tr.mayLead(level, from) {
		return
	}
	round := tr.node.level1.rounds
	if last, heard := tr.heeded[from]; heard && round-last < heedEvery || round < tr.restless {
		return
	}
	if tr.heeded == nil {
		tr.heeded = make(map[Peer]int32)
	}
	maps.DeleteFunc(tr.heeded, func(_ Peer, last int32) bool { return round-last >= heedEvery })
	tr.heeded[from], tr.leftOut = round, level
}

// changeParent takes the own branch of a level, which its parent's head leaves out of
// searches, to another parent. What fails is tried again at the next sync.
func (tr *tree) changeParent(t *Task, level int, b budget) {
	n, own, parent := tr.node, tr.path[level-1], tr.path[level].Name
	others := slices.DeleteFunc(slices.Clone(tr.lists[level].List), func(p message.Branch) bool { return p.Name == parent || p.Closing })
	if len(others) == 0 {
		return
	}
	next := others[n.env.Rand().IntN(len(others))]
	said := tr.askTree(t, next.Head, message.TreeRequest{Level: level, Branch: own}, b)
	if said == nil || said.Path[level].Name != next.Name || !tr.leads(level) || tr.path[level].Name != parent {
		return
	}
	tr.leftOut, tr.restless = 0, n.level1.rounds+shortSearches
	tr.adopt(said, level+1)
	tr.setList(level, said.Lists[level-1])
	tr.enter(level, tr.path[level-1])
	n.env.Note(Note{What: NoteReshaped, About: own.Name, Text: fmt.Sprintf("it goes to another parent: searches through the head above do not come to its %d nodes", own.Size)})
}

// sameParent reports whether a node's branch of a level has the same parent as ours.
func (tr *tree) sameParent(level int, said *message.Tree) bool {
	return level == tr.top() || said.Path[level].Name == tr.path[level].Name
}
