package invariant_test

import (
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/peer"
	"spreadable/sim/invariant"
)

// settled is a network of nine nodes after eight syncs, and its nodes.
func settled(t *testing.T) (*coretest.Network, []*core.Node) {
	t.Helper()
	n := coretest.New(t, 20*time.Millisecond, 1)
	for range 9 {
		n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}}).Start()
	}
	n.Run(8 * core.DefaultSyncInterval)
	nodes := nodesOf(n)
	if err := invariant.Settled(nodes); err != nil {
		t.Fatal(err)
	}
	return n, nodes
}

// nodesOf are the nodes of a network that are up.
func nodesOf(n *coretest.Network) (nodes []*core.Node) {
	for _, h := range n.Live() {
		nodes = append(nodes, h.Node)
	}
	return nodes
}

// The judge misses a node that is gone, and finds one that it does not know of.
func TestSettledCountsNodes(t *testing.T) {
	_, nodes := settled(t)
	for i := range nodes {
		if err := invariant.Settled(slices.Delete(slices.Clone(nodes), i, i+1)); err == nil {
			t.Errorf("without node %d all seems well", i+1)
		}
	}
	if err := invariant.Settled(nodes[:1]); err != nil {
		t.Errorf("one node alone: %v", err)
	}
}

// So it is in a tree, where the judge also finds each node that does not know its place yet.
func TestTreeCountsNodes(t *testing.T) {
	for levels := 2; levels <= 3; levels++ {
		n := coretest.New(t, 20*time.Millisecond, 1)
		for range 20 {
			n.AddNode("", core.Config{Levels: levels, Bootstrap: []core.Peer{peer.FromID(1)}}).Start()
		}
		n.Run(8 * time.Minute)
		nodes := nodesOf(n)
		if err := invariant.Tree(nodes); err != nil {
			t.Errorf("%d levels: %v", levels, err)
		}
		if err := invariant.Settled(nodes); err == nil {
			t.Errorf("%d levels are a settled network of one", levels)
		}
		for i := range nodes {
			if err := invariant.Tree(slices.Delete(slices.Clone(nodes), i, i+1)); err == nil {
				t.Errorf("%d levels: without node %d all seems well", levels, i+1)
			}
		}
		n.AddNode("", core.Config{Levels: levels, Bootstrap: []core.Peer{peer.FromID(1)}}).Start()
		if err := invariant.Tree(nodesOf(n)); err == nil {
			t.Errorf("%d levels: a node without a branch is well", levels)
		}
	}
}

func TestBalancedBoundsMastersAndSlaves(t *testing.T) {
	_, nodes := settled(t)
	if err := invariant.Balanced(nodes); err != nil {
		t.Error(err)
	}
	master := slices.IndexFunc(nodes, func(n *core.Node) bool { return len(n.Structure().Slaves) > 2 })
	if master < 0 {
		t.Fatal("no node of nine has three slaves")
	}
	if err := invariant.Balanced(nodes[master : master+1]); err == nil {
		t.Error("three slaves and more in a network of one are well")
	}
}

// Two networks that have never heard of each other are two.
func TestNetworksAreCounted(t *testing.T) {
	_, a := settled(t)
	if got := invariant.Networks(a); got != 1 {
		t.Errorf("%d networks, want 1", got)
	}
	n := coretest.New(t, 20*time.Millisecond, 1)
	for i := range 6 {
		n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(uint32(1 + i%2))}}).Start()
	}
	n.Run(8 * core.DefaultSyncInterval)
	var nodes []*core.Node
	for _, h := range n.Live() {
		nodes = append(nodes, h.Node)
	}
	if got := invariant.Networks(nodes); got != 2 {
		t.Errorf("%d networks, want 2", got)
	}
}

// A draw is the beginning of the ranking; where pings fail some may be passed over, but
// none may change places.
func TestDrawsFollowTheRanking(t *testing.T) {
	book := peer.NewBook(0)
	var all []core.Peer
	for _, address := range []string{"10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1", "10.0.0.4:1"} {
		p, err := book.Intern(peer.MustParse(address))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	rank := invariant.Ranking(book, all, time.Hour)
	swapped := []core.Peer{rank[1], rank[0]}
	for _, c := range []struct {
		drawn   []core.Peer
		mayFail bool
		want    bool
	}{
		{rank[:2], false, true}, {rank[1:3], false, false}, {rank[:1], false, false}, {rank[:3], false, false},
		{rank[1:3], true, true}, {rank[:1], true, true}, {swapped, true, false}, {rank[:3], true, false},
	} {
		if got := invariant.Follows(c.drawn, rank, 2, c.mayFail); got != c.want {
			t.Errorf("%v of %v, pings may fail %v: %v", c.drawn, rank, c.mayFail, got)
		}
	}
}

// Nodes that know each other are in one part, also over others, and if only one of two
// knows the other.
func TestPartsAreOfThoseThatKnowEachOther(t *testing.T) {
	_, nodes := settled(t)
	knows := map[int][]int{0: {1, 1}, 2: {1}, 3: {4, 99}}
	known := func(n *core.Node) (peers []core.Peer) {
		for _, i := range knows[slices.Index(nodes, n)] {
			if i < len(nodes) {
				peers = append(peers, nodes[i].Structure().Address)
			} else {
				peers = append(peers, peer.FromID(1000)) // dead
			}
		}
		return peers
	}
	parts := invariant.Parts(nodes, known)
	if len(parts) != len(nodes)-3 || !slices.Equal(parts[0], nodes[:3]) || !slices.Equal(parts[1], nodes[3:5]) {
		t.Errorf("%d nodes form %d parts: %v", len(nodes), len(parts), parts)
	}
}
