package core

import (
	"fmt"
	"slices"
	"testing"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// aloneInTree is node 1 of a network of two levels, at one moment. Of the branches it is in
// the first; a branch is named after its head.
func aloneInTree(t *testing.T, levels int, branches ...message.Branch) (*tree, *still) {
	t.Helper()
	n, env := alone(t, 0, 0)
	n.cfg.Levels = levels
	n.plantTree(0)
	tr := n.tree()
	n.root, tr.levels = branches[0].Name, 2
	for range tr.top() {
		tr.path = append(tr.path, branches[0])
		tr.lists = append(tr.lists, message.NewBranches(branches))
	}
	if !tr.placed() {
		t.Fatal("the node has no place")
	}
	return tr, env
}

func branchOf(head, size uint32) message.Branch {
	return message.Branch{Name: peer.FromID(head), Head: peer.FromID(head), Size: size}
}

// A node that no master of its branch lists leaves it after four attempts to register, or
// two if its head is silent, or eight if it knows no other branch: its head may be in one. It
// does not if it has a backlink.
func TestANodeWithoutAPlaceLeavesItsBranch(t *testing.T) {
	for _, test := range []struct {
		what     string
		branches int
		set      func(tr *tree)
		tries    int // 0 for never
	}{
		{"a head that answers", 2, func(*tree) {}, strayTries},
		{"a silent head", 2, func(tr *tree) { tr.node.fails = map[Peer]failing{peer.FromID(101): {count: 1}} }, strayTries / 2},
		{"a head that was lost", 2, func(tr *tree) { tr.node.level1.keepLost(peer.FromID(101)) }, strayTries / 2},
		{"no other branch that it knows", 1, func(*tree) {}, 2 * strayTries},
		{"a backlink", 2, func(tr *tree) { tr.node.level1.setBacklink(peer.FromID(102)) }, 0},
	} {
		tr, _ := aloneInTree(t, 2, []message.Branch{branchOf(101, 9), branchOf(111, 9)}[:test.branches]...)
		test.set(tr)
		left := 0
		for tries := range 20 {
			tr.node.level1.tries = int32(tries)
			if tr.leaveLost(); !tr.placed() {
				left = tries
				break
			}
		}
		if left != test.tries {
			t.Errorf("%s: it leaves after %d attempts, want %d", test.what, left, test.tries)
		}
	}
}

// The only node of a branch waits for others for lonelyFor syncs, and for one longer if its
// address comes before those of all heads that it knows.
func TestTheOnlyNodeOfABranchWaits(t *testing.T) {
	for other, patience := range map[string]int{"10.0.1.1:4000": lonelyFor, "10.0.200.1:4000": lonelyFor + 1} {
		tr, _ := aloneInTree(t, 2, branchOf(1, 1))
		head, err := tr.node.cfg.Book.Intern(peer.MustParse(other))
		if err != nil {
			t.Fatal(err)
		}
		tr.enter(1, message.Branch{Name: head, Head: head, Size: 9})
		for sync := 1; sync <= patience; sync++ {
			if tr.leaveLonely() {
				t.Fatalf("beside %s it leaves at sync %d", other, sync)
			}
		}
		l := &tr.node.level1
		l.rounds = 1
		l.setBacklink(peer.FromID(102))
		if tr.leaveLonely() || tr.lonely != patience {
			t.Errorf("beside %s: while there is one other node it is alone for %d syncs, want %d", other, tr.lonely, patience)
		}
		if l.rounds = lonelyKept; tr.leaveLonely() || tr.lonely != patience-1 {
			t.Errorf("beside %s: after more syncs with one other node it is alone for %d, want %d", other, tr.lonely, patience-1)
		}
		l.setMaster(peer.FromID(102), 3, 0)
		if tr.leaveLonely() || tr.lonely != 0 {
			t.Errorf("beside %s: a node with two others counts as alone", other)
		}
		l.setBacklink(Peer{})
		l.setMasters(nil, nil)
		for range patience {
			tr.leaveLonely()
		}
		if !tr.leaveLonely() || tr.placed() || !tr.alone {
			t.Errorf("beside %s it does not leave when it has been alone for longer", other)
		}
	}
}

// A node leaves a branch in which there is only one other node, and that takes it as a slave
// and does not list it. It stays where there are more, or no other branch, or where that has
// happened once.
func TestANodeLeavesTheOnlyOtherThatDropsIt(t *testing.T) {
	for _, test := range []struct {
		what           string
		dropped        int32
		slaves, others int
		leaves         bool
	}{
		{"twice", 4, 1, 1, true},
		{"once", 2, 1, 1, false},
		{"with another slave", 4, 2, 1, false},
		{"without another branch", 4, 1, 0, false},
	} {
		tr, _ := aloneInTree(t, 2, []message.Branch{branchOf(1, 2), branchOf(111, 9)}[:1+test.others]...)
		l := &tr.node.level1
		for i := range test.slaves {
			l.addSlave(peer.FromID(uint32(i)+2), 0)
		}
		l.setMaster(tr.node.self, test.slaves, 0)
		l.setMaster(peer.FromID(2), 1, 0)
		l.setBacklink(peer.FromID(2))
		l.dropped = test.dropped
		if got := tr.leaveLonely(); got != test.leaves || tr.placed() == got {
			t.Errorf("%s: it leaves: %v, want %v", test.what, got, test.leaves)
		}
	}
}

// Of the branches that another node lists those are new that we neither list nor have taken
// off the list lately.
func TestBranchesOfOthersAreNewOnce(t *testing.T) {
	tr, _ := aloneInTree(t, 2, branchOf(1, 9), branchOf(111, 9))
	tr.fails = map[branchID]int{{1, peer.FromID(112)}: goneFor}
	said := &message.Tree{Lists: []*message.Branches{{List: []message.Branch{
		branchOf(1, 9), branchOf(111, 99), branchOf(112, 9), branchOf(113, 9), {Name: peer.FromID(114)}, {Head: peer.FromID(115)},
	}}}}
	for range 2 {
		tr.enterNew(1, said)
	}
	var heard []uint32
	for _, c := range tr.claims.open {
		heard = append(heard, c.branch.Name.ID())
	}
	if !slices.Equal(heard, []uint32{113}) {
		t.Errorf("it hears of %d, want 113 alone", heard)
	}
}

// Newcomers count in the branch to which they were sent until its size has grown by them,
// or for six sync intervals. Each counts once, however often it asks.
func TestNewcomersCountInTheirBranch(t *testing.T) {
	tr, env := aloneInTree(t, 2, branchOf(1, 40), branchOf(111, 50))
	tr.node.started = 1 // not in the beginning
	size := func(newcomer uint32) (size int) {
		return tr.offer(peer.FromID(newcomer), message.BranchRequest{Level: 1, Alone: true}).NetworkSize
	}
	for i, want := range []int{91, 92, 93, 94, 94} {
		if got := size([]uint32{150, 151, 152, 152, 150}[i]); got != want {
			t.Errorf("question %d: with those on their way and the newcomer there are %d nodes, want %d", i, got, want)
		}
	}
	env.now += pendingFor*tr.node.cfg.SyncInterval + 1
	if got := size(153); got != 40+50+1 {
		t.Errorf("when those on their way are out of date there are %d nodes", got)
	}
	tr.lists[0] = message.NewBranches([]message.Branch{branchOf(1, 41), branchOf(111, 50)})
	if got := size(154); got != 41+50+1 {
		t.Errorf("when the newcomer is there and another comes there are %d nodes", got)
	}
	env.now += pendingFor*tr.node.cfg.SyncInterval + 1
	if got := size(155); got != 41+50+1 || len(tr.ledgers[0].coming) != 1 || len(tr.ledgers[0].hosts) != 1 {
		t.Errorf("long after it there are %d nodes, and %d newcomers of %d hosts are remembered", got, len(tr.ledgers[0].coming), len(tr.ledgers[0].hosts))
	}
}

// A newcomer that comes back is sent to another branch, and founds one where none is left.
// One that shall found none is sent to the same again.
func TestABranchThatTookNobodyIsNotOfferedAgain(t *testing.T) {
	tr, _ := aloneInTree(t, 2, branchOf(1, 5), branchOf(111, 7))
	tr.node.started = 1
	for i, want := range []uint32{1, 111, 150} {
		offer := tr.offer(peer.FromID(150), message.BranchRequest{Level: 1})
		if offer.Branch.Name.ID() != want || offer.Founder != (want == 150) {
			t.Errorf("question %d: it is sent to branch %d, want %d", i, offer.Branch.Name.ID(), want)
		}
	}
	tr, _ = aloneInTree(t, 2, branchOf(1, 5), branchOf(111, 7))
	tr.node.started = 1
	for i, want := range []uint32{1, 111, 1} {
		if offer := tr.offer(peer.FromID(151), message.BranchRequest{Level: 1, Alone: true}); offer.Branch.Name.ID() != want || offer.Founder {
			t.Errorf("question %d: one that shall found none is sent to branch %d, want %d", i, offer.Branch.Name.ID(), want)
		}
	}
}

// Of one host as many newcomers count as the network takes of it, however many of its ports
// ask: else one machine could keep all others out of a branch.
func TestOneHostDoesNotFillABranch(t *testing.T) {
	book := peer.NewBook(0)
	intern := func(format string, number int) Peer {
		p, err := book.Intern(peer.MustParse(fmt.Sprintf(format, number)))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	branches := []message.Branch{{Name: intern("10.0.0.%d:1", 1), Size: 40}, {Name: intern("10.0.0.%d:1", 2), Size: 50}}
	for i := range branches {
		branches[i].Head = branches[i].Name
	}
	tr, _ := aloneInTree(t, 2, branches...)
	n := tr.node
	cfg := *n.cfg
	n.cfg, cfg.Book, n.perHost, n.started = &cfg, book, true, 1
	count := func(newcomer Peer) int {
		return tr.offer(newcomer, message.BranchRequest{Level: 1, Alone: true}).NetworkSize
	}
	for port := range 100 {
		if got := count(intern("198.51.100.1:%d", port+1)); got > 90+DefaultHostPlaces+1 {
			t.Fatalf("with %d ports of one host there are %d nodes", port, got)
		}
	}
	count(intern("198.51.100.%d:1", 2))
	if got := count(intern("198.51.100.%d:1", 3)); got != 90+DefaultHostPlaces+2 {
		t.Errorf("with a newcomer of another host there are %d nodes", got)
	}
}

// Nodes of closing branches move as fast as the network bears: an eighth of it at a time.
// Where the network decides its levels that is no more than half of what is open, and at
// least a few.
func TestClosingBranchesMoveAsFastAsTheNetworkBears(t *testing.T) {
	closing := branchOf(111, 20)
	closing.Closing = true
	large := branchOf(112, 300)
	large.Closing = true
	for _, test := range []struct {
		levels   int
		branches []message.Branch
		want     float64
	}{
		{2, []message.Branch{branchOf(1, 80)}, 80. / 8},
		{2, []message.Branch{branchOf(1, 80), closing}, 100. / 8 / 20},
		{2, []message.Branch{branchOf(1, 80), closing, large}, 400. / 8 / 320},
		{message.AutoLevels, []message.Branch{branchOf(1, 80), closing}, 100. / 8 / 20},
		{message.AutoLevels, []message.Branch{branchOf(1, 20), large}, 20. / 2 / 300},
		{message.AutoLevels, []message.Branch{branchOf(1, 2), large}, 4. / 300},
	} {
		tr, _ := aloneInTree(t, test.levels, test.branches...)
		if got := tr.closers(1); got != test.want {
			t.Errorf("levels %d, %d branches: %v moves, want %v", test.levels, len(test.branches), got, test.want)
		}
	}
}

// A branch claims too much to be taken over unseen from a quarter and some more on.
func TestBranchesMayGrowUnchecked(t *testing.T) {
	for size, want := range map[int]int{0: sizeSlack, 3: 3 + sizeSlack, 4: 5 + sizeSlack, 100: 125 + sizeSlack} {
		if got := mostGrown(size); got != want {
			t.Errorf("from %d to %d, want %d", size, got, want)
		}
	}
}

// A network comes to rest: nodes leave a branch only if it has a quarter and a few nodes too
// many, or where another has begun and lacks some. They say so before.
func TestABranchGivesNodesOnlyToOneThatLacksThem(t *testing.T) {
	for _, test := range []struct {
		own, other uint32
		gives      bool
	}{
		{9, 9, false}, {12, 9, false}, {12, 3, true}, {30, 9, true}, {9, 2, false},
	} {
		tr, _ := aloneInTree(t, 2, branchOf(1, test.own), branchOf(111, test.other))
		if got := tr.node.Reshapes(); got != test.gives || tr.movers() > 0 != test.gives {
			t.Errorf("a branch of %d beside one of %d nodes: its nodes are to move: %v, want %v", test.own, test.other, got, test.gives)
		}
	}
}

// A node leaves a branch that the heads of others do not list, when a slave has asked three
// of them or a head all of them at 24 syncs, and never one that is listed meanwhile.
func TestANodeLeavesABranchThatIsNotListed(t *testing.T) {
	for _, asks := range []struct{ every, most int }{{listedEvery, 3}, {1, 24}} {
		tr, _ := aloneInTree(t, 2, branchOf(101, 2), branchOf(102, 9))
		for range 2 {
			for range asks.most - 1 {
				tr.noteListed(false, asks.every)
			}
			if !tr.placed() {
				t.Fatalf("the node left before %d times %d syncs", asks.most, asks.every)
			}
			tr.noteListed(true, asks.every)
		}
		for range asks.most {
			if tr.placed() {
				tr.noteListed(false, asks.every)
			}
		}
		if tr.placed() {
			t.Errorf("the node stays after %d times %d syncs", asks.most, asks.every)
		}
	}
}
