package core_test

import (
	"fmt"
	"slices"
	"testing"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/peer"
	"spreadable/core/state"
)

// The mirror of a store has the tree at the end of every step, whatever happens in it.
func TestChangesOfTheTreeAddUp(t *testing.T) {
	n := grow(t, 60, 1)
	mirrors := make([]mirror, len(n.Hosts()))
	head := n.Live()[30].Node.Path()[0].Head
	for round := range 12 {
		if round == 2 {
			n.Hosts()[head.ID()-1].Up = false
		}
		limit := n.Now() + core.DefaultSyncInterval
		for n.Step(limit) {
			for i, h := range n.Hosts() {
				mirrors[i].follow(h.Node)
			}
		}
		n.Run(limit - n.Now())
		for i, h := range n.Hosts() {
			mirrors[i].follow(h.Node)
			if saved := h.Node.State(); !sameState(saved, mirrors[i].saved) {
				t.Fatalf("node %s has\n%+v, its changes gave\n%+v", h.Name(), saved, mirrors[i].saved)
			}
		}
	}
}

// A node that comes back with its state is in its branch at once: before it has asked any
// other node it knows all branches, and the network keeps the shape that it had.
func TestTheTreeSurvivesRestarts(t *testing.T) {
	n := grow(t, 60, 1)
	place := func(h *coretest.Host) string {
		return fmt.Sprint(h.Node.Path(), h.Node.NetworkSize(), h.Node.Structure().Backlink)
	}
	for _, h := range n.Hosts() {
		before := place(h)
		h.Crash(false)
		h.Boot(&h.Saved)
		if after := place(h); after != before {
			t.Errorf("node %s was at %s, and is at %s", h.Name(), before, after)
		}
	}
	n.Run(3 * core.DefaultSyncInterval)
	for _, h := range n.Hosts() {
		if size := h.Node.NetworkSize(); size != 60 {
			t.Errorf("node %s counts %d of 60 nodes", h.Name(), size)
		}
	}
	if c := coverage(n); c != 1 {
		t.Errorf("a search reaches %.3f of the nodes", c)
	}
}

// All nodes can come back at the same time.
func TestTheTreeSurvivesARestartOfAll(t *testing.T) {
	n := grow(t, 60, 2)
	for _, h := range n.Hosts() {
		h.Crash(false)
	}
	n.Run(core.DefaultSyncInterval)
	for _, h := range n.Hosts() {
		h.Boot(&h.Saved)
	}
	mends(t, n)
}

// branchState is the state of a node of a network of two levels.
func branchState(self string) state.State {
	own := state.Branch{Name: "10.0.1.1:1", Head: "10.0.1.2:1", Size: 4}
	return state.State{
		Self: self, Root: own.Name, Backlink: "10.0.1.3:1",
		Tree: state.Tree{Network: "10.0.1.4:1", Path: []state.Branch{own}, Lists: [][]state.Branch{{own, {Name: "10.0.1.5:1", Head: "10.0.1.6:1", Size: 7}}}},
	}
}

func lonelyInTree(t *testing.T, levels int) *coretest.Host {
	n := coretest.New(t, 0, 1)
	return n.AddNode("10.0.0.1:4000", core.Config{Levels: levels, Bootstrap: []core.Peer{peer.FromID(1)}})
}

// In a network of another number of levels the place means nothing. What is known of the
// behaviour of peers stays.
func TestStateOfAnotherNumberOfLevels(t *testing.T) {
	const self = "10.0.0.1:4000"
	fails := []state.Fail{{Address: "10.0.2.1:1", Count: 1}}
	flat := state.State{Self: self, Root: "10.0.1.1:1", Backlink: "10.0.1.3:1"}
	for levels, saved := range map[int]state.State{1: branchState(self), 2: flat, 3: branchState(self)} {
		saved.Fails = fails
		h := lonelyInTree(t, levels)
		if err := h.Node.Restore(saved); err != nil {
			t.Fatal(err)
		}
		if got, want := h.Node.State(), (state.State{Self: self, Fails: fails}); !sameState(got, want) {
			t.Errorf("%d levels: got\n%+v, want\n%+v", levels, got, want)
		}
	}
}

// Of a state that no history could have left the possible part is kept.
func TestRestoredBranchesAreWhole(t *testing.T) {
	const self = "10.0.0.1:4000"
	saved := branchState(self)
	twice := saved.Tree.Lists[0][1]
	saved.Tree.Lists[0] = []state.Branch{twice, twice}
	h := lonelyInTree(t, 2)
	if err := h.Node.Restore(saved); err != nil {
		t.Fatal(err)
	}
	want := branchState(self)
	slices.Reverse(want.Tree.Lists[0]) // the own branch comes last
	if got := h.Node.State(); !sameState(got, want) {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
	if size := h.Node.NetworkSize(); size != 11 {
		t.Errorf("the network has %d nodes, want the sum of its branches, 11", size)
	}
}

func TestRestoreRefusesBranchesOfNoAddress(t *testing.T) {
	const self = "10.0.0.1:4000"
	for name, spoil := range map[string]func(*state.Tree){
		"the network":     func(s *state.Tree) { s.Network = "" },
		"a head":          func(s *state.Tree) { s.Path[0].Head = "nowhere" },
		"a sibling":       func(s *state.Tree) { s.Lists[0][1].Name = ":80" },
		"too many of all": func(s *state.Tree) { s.Lists[0] = make([]state.Branch, 1<<20) },
	} {
		saved := branchState(self)
		spoil(&saved.Tree)
		h := lonelyInTree(t, 2)
		if err := h.Node.Restore(saved); err == nil {
			t.Errorf("%s is restored", name)
		}
		if got := h.Node.State(); !sameState(got, state.State{Self: self}) {
			t.Errorf("%s: the node remembers %+v", name, got)
		}
	}
}

// A sweep of the book keeps all addresses of the tree.
func TestSweepKeepsTheTree(t *testing.T) {
	h := lonelyInTree(t, 2)
	if err := h.Node.Restore(branchState("10.0.0.1:4000")); err != nil {
		t.Fatal(err)
	}
	before := h.Node.State()
	h.Network().Peer("10.0.3.1:1")
	if got := h.Node.SweepBook(func(core.Peer) bool { return false }); got != 1 {
		t.Errorf("%d addresses are dropped, want 1", got)
	}
	if after := h.Node.State(); !sameState(before, after) {
		t.Errorf("the node remembered\n%+v, after the sweep\n%+v", before, after)
	}
}
