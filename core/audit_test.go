package core

import (
	"testing"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// A slave leaves a master that answers searches for fewer nodes than it claims, after five
// of them at different syncs. An unknown query, a lost answer and half of the nodes are no
// reason.
func TestAMasterThatLeavesOutNodesLosesItsSlaves(t *testing.T) {
	answered := func(nodes int) message.Response {
		return message.Response{Body: &message.QueryAnswer{Coverage: message.Coverage{Asked: 1, Answered: nodes}}}
	}
	for _, test := range []struct {
		what  string
		resp  message.Response
		syncs int
	}{
		{"one of nine nodes", answered(1), 5},
		{"a refusal", message.Response{Err: &message.Error{Code: "NO"}}, 5},
		{"half of the nodes", answered(5), 0},
		{"an unknown query", message.Refuse(message.CodeUnknownQuery), 0},
		{"a lost answer", message.Response{Err: message.ErrTimeout}, 0},
	} {
		n, _ := alone(t, 0, 2)
		l := &n.level1
		backlink := l.masters.List[0].Peer
		l.setBacklink(backlink)
		left := 0
		for sync := 1; sync <= 20 && left == 0; sync++ {
			l.rounds++
			for range 3 {
				l.rateSearch(backlink, test.resp, 9)
			}
			l.satisfied(backlink) // it answers for its structure all the time
			if l.backlink.IsZero() {
				left = sync
			}
		}
		if left != test.syncs {
			t.Errorf("%s: the slave leaves after %d syncs, want %d", test.what, left, test.syncs)
		}
	}
}

// The witness is another master each time, never the backlink or the node itself.
func TestWitnessesTakeTurns(t *testing.T) {
	n, _ := alone(t, 1, 3)
	l := &n.level1
	l.setBacklink(l.masters.List[1].Peer)
	drawn := map[Peer]bool{}
	for range 8 {
		l.rounds++
		drawn[l.witness()] = true
	}
	if len(drawn) != 2 || drawn[n.self] || drawn[l.backlink] || drawn[Peer{}] {
		t.Errorf("witnesses %v", drawn)
	}
}

// When the list of masters changes, another master is asked about the backlink again, also
// by a node that has banned others and so keeps a list of its own.
func TestAnotherListIsAuditedAgain(t *testing.T) {
	list := func(from, count uint32) *message.Masters {
		var masters []message.Master
		for id := from; id < from+count; id++ {
			masters = append(masters, message.Master{Peer: peer.FromID(id), Size: 5})
		}
		return message.NewMasters(masters)
	}
	for _, bans := range []bool{false, true} {
		n, _ := alone(t, 0, 0)
		if bans {
			n.Ban(peer.FromID(150), time.Hour, "test")
		}
		l := &n.level1
		first := list(101, 5)
		l.adoptAllowed(first)
		l.audited = true
		if l.adoptAllowed(first); !l.audited {
			t.Errorf("with bans %t the same list is audited again", bans)
		}
		if l.adoptAllowed(list(101, 1)); l.audited {
			t.Errorf("with bans %t a list that has lost its masters is not audited again", bans)
		}
	}
}

// A backlink that lists a node and refuses to confirm that is asked once more, and left if it
// refuses again.
func TestABacklinkThatRefusesToConfirmIsLeft(t *testing.T) {
	for refusals, left := range []bool{false, false, true, true} {
		n, env := alone(t, 0, 1)
		l, world := &n.level1, &refusing{still: env, refusals: refusals}
		n.env = world
		l.setBacklink(peer.FromID(101))
		for l.rounds = 0; (l.rounds+int32(n.self.ID()))%auditEvery != auditEvery/2; l.rounds++ {
		}
		up := &message.Structure{Address: l.backlink, Masters: l.masters, Slaves: []Peer{n.self}}
		l.audited = true
		n.pool.run(n, func(t *Task) { l.audit(t, up, n.budget(time.Second), l.masters, false) }, nil, 0)
		if l.backlink.IsZero() != left || world.asked != min(refusals+1, 2) {
			t.Errorf("after %d refusals the backlink is %d, asked %d times", refusals, l.backlink.ID(), world.asked)
		}
	}
}

// refusing is a world in which the first registrations are refused.
type refusing struct {
	*still
	refusals, asked int
}

func (w *refusing) Call(_ Peer, req message.Request, sink Sink, tag uint32) {
	if req.Kind != message.KindRegister {
		sink.Answer(tag, message.Response{Err: message.ErrTimeout})
		return
	}
	if w.asked++; w.asked <= w.refusals {
		sink.Answer(tag, message.Refuse(message.CodeMasterFull))
		return
	}
	sink.Answer(tag, message.Response{Body: &message.Registered{Size: 1}})
}

// A witness speaks for a backlink that it knows with about as many slaves as the backlink
// tells of, and whose network is about as large and has mostly the same masters.
func TestAWitnessComparesNetworks(t *testing.T) {
	masters := func(sizes map[uint32]uint32) *message.Masters {
		m := &message.Masters{}
		for id := uint32(1); id < 60; id++ {
			if size := sizes[id]; size > 0 {
				m.List, m.Total = append(m.List, message.Master{Peer: peer.FromID(id), Size: size}), m.Total+int(size)
			}
		}
		return m
	}
	crowd := func(from, count uint32) map[uint32]uint32 {
		sizes := map[uint32]uint32{2: 6}
		for id := from; id < from+count; id++ {
			sizes[id] = 6
		}
		return sizes
	}
	n, _ := alone(t, 0, 0)
	l := &n.level1
	l.setBacklink(peer.FromID(2))
	up := func(m *message.Masters, slaves int) *message.Structure {
		return &message.Structure{Masters: m, Slaves: make([]Peer, slaves)}
	}
	witness := up(masters(crowd(10, 8)), 6)
	for _, test := range []struct {
		what string
		up   *message.Structure
		want int
	}{
		{"the same", up(masters(crowd(10, 8)), 6), -1},
		{"one master more", up(masters(crowd(10, 9)), 7), -1},
		{"forty more slaves", up(masters(crowd(10, 8)), 46), 1},
		{"other masters", up(masters(crowd(30, 8)), 6), 1},
		{"most masters left out", up(masters(crowd(10, 1)), 6), 1},
		{"thirty more masters", up(masters(crowd(10, 38)), 6), 1},
	} {
		if got := l.verdict(witness, test.up); got != test.want {
			t.Errorf("%s: the verdict is %d, want %d", test.what, got, test.want)
		}
	}
	l.setBacklink(peer.FromID(3))
	if got := l.verdict(witness, up(masters(crowd(10, 8)), 6)); got != 1 {
		t.Errorf("an unknown backlink: the verdict is %d, want 1", got)
	}
}

// A list is strange if most masters of the one before are gone, not if it has grown, as
// after a partition.
func TestAListWithoutTheMastersBeforeIsStrange(t *testing.T) {
	list := func(from, count uint32) *message.Masters {
		m := &message.Masters{}
		for id := from; id < from+count; id++ {
			m.List = append(m.List, message.Master{Peer: peer.FromID(id), Size: 6})
		}
		return m
	}
	before := list(10, 20)
	for _, test := range []struct {
		what  string
		after *message.Masters
		want  bool
	}{
		{"the same", before, false},
		{"an equal one", list(10, 20), false},
		{"twice as many more", list(10, 60), false},
		{"nine of twenty left", list(10, 9), false},
		{"eight of twenty left", list(10, 8), true},
		{"others", list(100, 20), true},
		{"none", list(0, 0), true},
	} {
		n, _ := alone(t, 0, 0)
		n.level1.masters = test.after
		if got := n.level1.hasLostMasters(before); got != test.want {
			t.Errorf("%s: strange is %t", test.what, got)
		}
	}
}

// A backlink's claim is strange if it has more than twice the slaves that a master has in a
// network of the size before, or that there were masters, and not for a slave more.
func TestAClaimOfFarTooManySlavesIsStrange(t *testing.T) {
	n, _ := alone(t, 0, 0)
	n.level1.backlink = peer.FromID(100)
	for _, test := range []struct{ masters, size, most int }{
		{10, 20, 32}, // of 200 nodes: an optimum of 15, and its slack of 1
		{20, 5, 46},  // masters, and their slack of 3
	} {
		before := &message.Masters{}
		for id := range test.masters {
			before.List = append(before.List, message.Master{Peer: peer.FromID(uint32(100 + id)), Size: uint32(test.size)})
			before.Total += test.size
		}
		up := &message.Structure{Slaves: make([]Peer, test.most)}
		if n.level1.claimsTooMuch(up, before) {
			t.Errorf("%d slaves are strange among %d masters", test.most, test.masters)
		}
		if up.Slaves = append(up.Slaves, Peer{}); !n.level1.claimsTooMuch(up, before) {
			t.Errorf("%d slaves are not strange among %d masters", test.most+1, test.masters)
		}
	}
}

// inBranches is node 1 as one of many in branches of nine nodes that others head: node 2
// that of level 1, 3 that above it, and so on.
func inBranches(t *testing.T, levels int) *tree {
	t.Helper()
	n, _ := alone(t, 8, 0)
	n.cfg.Levels = levels
	n.plantTree(0)
	tr := n.tree()
	for level := range tr.top() {
		own := message.Branch{Name: peer.FromID(1), Head: peer.FromID(uint32(level + 2)), Size: 9}
		tr.path = append(tr.path, own)
		tr.lists = append(tr.lists, message.NewBranches([]message.Branch{own, {Name: peer.FromID(101), Head: peer.FromID(101), Size: 31}}))
	}
	return tr
}

// Of the searches of one sync that reach less than half of a branch one counts against its
// head, and one that reaches half of it, or of another head, clears or changes nothing.
func TestAHeadIsRatedByOneSearchASync(t *testing.T) {
	tr := inBranches(t, 2)
	head := tr.path[0].Head
	rate := func(head Peer, answered int) int {
		tr.rateHead(1, head, message.Response{Body: &message.QueryAnswer{Coverage: message.Coverage{Asked: 1, Answered: answered}}})
		return tr.auditOf(1).short
	}
	for round := 1; round <= 3; round++ {
		tr.node.level1.rounds++
		for range 3 {
			if got := rate(head, 1); got != round {
				t.Errorf("after %d syncs %d searches count", round, got)
			}
		}
	}
	tr.node.level1.rounds++
	tr.rateHead(1, head, message.Response{Err: message.ErrTimeout})
	if got := rate(peer.FromID(101), 8); got != 3 {
		t.Errorf("after a search without an answer, and one of another head, %d count", got)
	}
	if got := rate(head, 4); got != 0 {
		t.Errorf("after a search that reached half %d count", got)
	}
}

// A head is not charged with the searches that the head before it has missed.
func TestANewHeadBeginsWithoutGuilt(t *testing.T) {
	tr := inBranches(t, 2)
	for range shortSearches {
		tr.node.level1.rounds++
		tr.rateHead(1, tr.path[0].Head, message.Response{Body: &message.QueryAnswer{Coverage: message.Coverage{Asked: 1, Answered: 1}}})
	}
	if got := tr.auditOf(1).short; got != shortSearches {
		t.Fatalf("%d searches count against the head, want %d", got, shortSearches)
	}
	tr.path[0].Head = peer.FromID(7)
	if got := tr.auditOf(1).short; got != 0 {
		t.Errorf("%d searches count against the next head", got)
	}
}

// The head of a branch is told that searches miss it under one head above, and under the
// next one it is to blame, however often it goes on to another. A search that comes ends it.
func TestAHeadIsToldOnceThatSearchesMissItsBranch(t *testing.T) {
	tr := inBranches(t, 3)
	tr.node.root, tr.node.level1.slaves = tr.path[0].Name, []Peer{peer.FromID(50)}
	miss := func(count int) {
		for range count {
			tr.node.level1.rounds++
			tr.reached = tr.node.env.Now()
			tr.rateSearch(tr.node.env.Now())
		}
	}
	tr.auditOf(1).asked = -1
	expect := func(when string, misses bool, short int) {
		t.Helper()
		if got := tr.misses(1); got != misses || tr.auditOf(1).short != short {
			t.Errorf("%s: told %v after %d searches, want %v after %d", when, got, tr.auditOf(1).short, misses, short)
		}
	}
	miss(shortSearches - 1)
	expect("at first", false, shortSearches-1)
	miss(1)
	expect("under the first head", true, shortSearches)
	for i := range shortSearches {
		tr.path[1].Head = peer.FromID(uint32(60 + i))
		miss(1)
		expect("under the next ones", false, i+1)
	}
	tr.auditOf(1).asked = tr.node.env.Now()
	miss(1)
	expect("after a search that has come", false, 0)
	tr.auditOf(1).asked = -1
	miss(shortSearches)
	expect("later", true, shortSearches)
}

// At each level of branches nodes move out of one that closes: in a sync interval an eighth
// of the network, which is here one of the branch's nine nodes.
func TestNodesMoveOutOfClosingBranchesOfAnyLevel(t *testing.T) {
	for level := 1; level < MaxLevels; level++ {
		tr := inBranches(t, MaxLevels)
		if got := tr.movers(); got != 0 {
			t.Errorf("no branch closes, and a share of %v moves", got)
		}
		tr.path[level-1].Closing, tr.lists[level-1].List[0].Closing = true, true
		if got, want := tr.movers(), 1./9; got != want {
			t.Errorf("the branch of level %d closes, and a share of %v moves, want %v", level, got, want)
		}
	}
}

// A node that has left a backlink on purpose, or banned it, checks the next one at once, and
// leaves it after half as many doubts. One that has lost its backlink otherwise begins without
// any.
func TestANodeThatLeftALiarDoubtsTheNextMaster(t *testing.T) {
	for _, test := range []struct {
		what string
		end  func(l *level, backlink Peer)
		want uint8
	}{
		{"left on purpose", func(l *level, backlink Peer) { l.leave(backlink, "test") }, wary},
		{"banned", func(l *level, backlink Peer) { l.node.Ban(backlink, time.Hour, "test") }, wary},
		{"lost", func(l *level, _ Peer) { l.loseBacklink() }, 0},
	} {
		n, _ := alone(t, 0, 2)
		l := &n.level1
		first, next := l.masters.List[0].Peer, l.masters.List[1].Peer
		l.setBacklink(first)
		l.doubts = 1
		test.end(l, first)
		l.setBacklink(next)
		if l.backlink != next || l.doubts != test.want {
			t.Errorf("%s: the next backlink meets %d doubts, want %d", test.what, l.doubts, test.want)
		}
	}
}
