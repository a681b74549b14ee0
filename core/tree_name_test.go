package core_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// keepTheName runs the network for some syncs and checks after each that every honest node
// has the name of the network.
func keepTheName(t *testing.T, n *coretest.Network, what string, network core.Peer, syncs int) {
	t.Helper()
	for i := range syncs {
		n.Run(core.DefaultSyncInterval)
		renamed := 0
		for _, h := range n.Live() {
			if h.Node.Network() != network {
				renamed++
			}
		}
		if renamed > 0 {
			t.Errorf("%s: after %d syncs %d of %d honest nodes have another name for the network", what, i+1, renamed, len(n.Live()))
			return
		}
	}
}

// plainMaster is a master that heads no branch.
func plainMaster(t *testing.T, n *coretest.Network) *coretest.Host {
	t.Helper()
	for _, h := range n.Live() {
		if h.Number > 1 && len(h.Node.Structure().Slaves) > 1 && h.Node.Path()[0].Head != h.Peer() {
			return h
		}
	}
	t.Fatal("all masters are heads")
	return nil
}

// A head of any level, or a master, tells those that ask it another name of the network. No
// node takes it over, and those below the liar find another head or another backlink.
func TestNoNodeRenamesTheNetwork(t *testing.T) {
	for _, c := range []struct {
		who    string
		levels int
		liar   func(n *coretest.Network) *coretest.Host
	}{
		{"the head of a branch of two levels", 2, func(n *coretest.Network) *coretest.Host { return topHead(t, n, 1) }},
		{"the head of a branch of the top", 3, func(n *coretest.Network) *coretest.Host { return topHead(t, n, 2) }},
		{"the head of a branch below", 3, func(n *coretest.Network) *coretest.Host { h, _ := headBelow(t, n); return h }},
		{"a master", 2, func(n *coretest.Network) *coretest.Host { return plainMaster(t, n) }},
	} {
		n := growTo(t, c.levels, 60*(c.levels-1), 1)
		network, liar := n.Host(1).Node.Network(), c.liar(n)
		lieAbout(liar, func(said *message.Tree) { said.Network = liar.Peer() })
		keepTheName(t, n, c.who, network, 16)
		for _, h := range n.Live() {
			s := h.Node.Structure()
			if path := h.Node.Path(); path == nil || path[0].Head == liar.Peer() || s.Backlink == liar.Peer() && len(s.Slaves) == 0 {
				t.Errorf("%s: node %s still follows it", c.who, h.Name())
			}
		}
		if reached := coverage(n); reached < 1 {
			t.Errorf("%s: a search reaches %.3f of the nodes", c.who, reached)
		}
	}
}

// While the bootstrap node is gone, no other node can say what the network is called.
func TestNoNodeRenamesTheNetworkWithoutABootstrapNode(t *testing.T) {
	n := grow(t, 60, 1)
	network, liar := n.Host(1).Node.Network(), topHead(t, n, 1)
	n.Host(1).Up = false
	n.Run(8 * core.DefaultSyncInterval)
	lieAbout(liar, func(said *message.Tree) { said.Network = n.Peer("10.0.0.1:1") }) // the first by address
	keepTheName(t, n, "without a bootstrap node", network, 16)
	if c := coverage(n); c < 1 {
		t.Errorf("a search reaches %.3f of the nodes", c)
	}
}

// A stranger and two accomplices claim to be the larger part of a branch, and that its
// network has another name.
func TestAStrangerDoesNotRenameTheNetwork(t *testing.T) {
	n := grow(t, 60, 1)
	network, head := n.Host(1).Node.Network(), topHead(t, n, 1)
	liar, master, slave := n.Play("", nil), n.Play("", nil), n.Play("", nil)
	own := message.Branch{Name: head.Node.Path()[0].Name, Head: liar.Peer(), Size: 31}
	masters := &message.Masters{List: []message.Master{{Peer: liar.Peer(), Size: 22}, {Peer: master.Peer(), Size: 9}}, Total: 31}
	play := func(h *coretest.Host, backlink core.Peer, slaves ...core.Peer) {
		h.Actor = coretest.Answers{message.KindTree: {Body: &message.Tree{
			Network: liar.Peer(), Path: []message.Branch{own}, Lists: []*message.Branches{message.NewBranches([]message.Branch{own})},
			Place: &message.Structure{Address: h.Peer(), Backlink: backlink, Slaves: slaves, Masters: masters},
		}}}
	}
	play(liar, master.Peer(), slave.Peer())
	play(master, liar.Peer(), slave.Peer())
	play(slave, master.Peer())
	for range 8 {
		claims(n, liar, own, network)
		keepTheName(t, n, "a stranger", network, 1)
	}
}

// twoNetworks are two settled networks of which none names a bootstrap node of the other,
// and the first node of each.
func twoNetworks(t *testing.T, levels, nodes int) (n *coretest.Network, first, other *coretest.Host) {
	n = coretest.New(t, 25*time.Millisecond, 1)
	n.Untold = true
	n.Prepare = coretest.OfferHolder
	for i := range 2 * nodes {
		n.AddNode("", core.Config{Levels: levels, Bootstrap: []core.Peer{peer.FromID(uint32(1 + i/nodes*nodes))}}).Start()
	}
	n.Run(20 * core.DefaultSyncInterval)
	return n, n.Host(1), n.Host(uint32(1 + nodes))
}

// A head names the branches of another network as if they were of its own. The heads of the
// others do not list them, and send no newcomer there.
func TestALiarDoesNotMergeTwoNetworks(t *testing.T) {
	for _, levels := range []int{2, 3} {
		top := levels - 1
		n, first, other := twoNetworks(t, levels, 60*top)
		liar := topHead(t, n, top)
		foreign := other.Node.Branches()[top-1].List
		lieAbout(liar, func(said *message.Tree) {
			said.Lists = slices.Clone(said.Lists)
			said.Lists[top-1] = message.NewBranches(append(slices.Clone(said.Lists[top-1].List), foreign...))
		})
		for range 4 {
			for range 10 {
				n.AddNode("", core.Config{Levels: levels, Bootstrap: []core.Peer{first.Peer()}}).Start()
			}
			n.Run(4 * core.DefaultSyncInterval)
		}
		if size := first.Node.NetworkSize(); size > 60*top+40 {
			t.Errorf("%d levels: %d nodes are counted in a network of %d", levels, size, 60*top+40)
		}
		if astray := strays(n, first, other); astray > 0 {
			t.Errorf("%d levels: %d nodes are in a branch of another network", levels, astray)
		}
	}
}

// strays is how many nodes of the first network are in branches of the other one, or have
// its name.
func strays(n *coretest.Network, first, other *coretest.Host) (count int) {
	theirs := make(map[core.Peer]bool)
	for _, h := range n.Live() {
		if path := h.Node.Path(); path != nil && h.Config().Bootstrap[0] == other.Peer() {
			theirs[path[0].Name] = true
		}
	}
	for _, h := range n.Live() {
		path := h.Node.Path()
		if path != nil && h.Config().Bootstrap[0] == first.Peer() && (theirs[path[0].Name] || h.Node.Network() != first.Peer()) {
			count++
		}
	}
	return count
}

// sendAway lets a head of the top send newcomers to a branch of another network.
func sendAway(liar, other *coretest.Host) {
	liar.Actor = coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		if req.Kind != message.KindBranch {
			return message.Response{}, coretest.Pass
		}
		resp, _ := liar.Node.Serve(req, 0)
		if offer, err := message.As[message.BranchOffer](resp); err == nil {
			lie := *offer
			lie.Founder, lie.Siblings = false, other.Node.Branches()[max(1, message.Asked[message.BranchRequest](req).Level)-1]
			lie.Branch = lie.Siblings.List[0]
			resp.Body = &lie
		}
		return resp, coretest.Answer
	})
}

// astray lets newcomers come, ten in four syncs, and returns how many of them were in a
// branch of another network at most.
func astray(n *coretest.Network, levels int, first, other *coretest.Host) (most int) {
	for range 5 {
		for range 10 {
			n.AddNode("", core.Config{Levels: levels, Bootstrap: []core.Peer{first.Peer()}}).Start()
		}
		n.Run(4 * core.DefaultSyncInterval)
		most = max(most, strays(n, first, other))
	}
	return most
}

// A head of level 2 sends newcomers to a branch of another network. They keep the name of
// their own, and are back in it some syncs after the liar has ended.
func TestNewcomersSentToAnotherNetworkComeBack(t *testing.T) {
	n, first, other := twoNetworks(t, 3, 120)
	liar := topHead(t, n, 2)
	sendAway(liar, other)
	most := astray(n, 3, first, other)
	if most == 0 {
		t.Fatal("the liar has sent none")
	}
	liar.Actor = nil
	n.Run(32 * core.DefaultSyncInterval)
	if astray := strays(n, first, other); astray > 0 {
		t.Errorf("%d of %d nodes are still in a branch of another network", astray, most)
	}
}

// A head of level 3 sends newcomers to a head of another network, which they would have to
// ask for a branch. They see that it is of another one.
func TestNewcomersAskNoHeadOfAnotherNetwork(t *testing.T) {
	n, first, other := twoNetworks(t, 4, 150)
	sendAway(topHead(t, n, 3), other)
	if most := astray(n, 4, first, other); most > 0 {
		t.Errorf("%d newcomers are in a branch of another network", most)
	}
}

// Bootstrap nodes that could not hear each other have begun two networks. As soon as they
// can, these become one, with the name of the first of them; even if both are gone when only
// some of the nodes have learned of it.
func TestPartsComeToOneName(t *testing.T) {
	for _, gone := range []time.Duration{0, 3 * core.DefaultSyncInterval / 4, core.DefaultSyncInterval} {
		n := coretest.New(t, 25*time.Millisecond, 1)
		n.Untold = true
		n.Prepare = coretest.OfferHolder
		for range 40 {
			n.AddNode("", core.Config{Levels: 2, Bootstrap: []core.Peer{peer.FromID(1), peer.FromID(21)}})
		}
		n.Cut(21)
		for _, h := range n.Hosts() {
			h.Start()
		}
		n.Run(20 * core.DefaultSyncInterval)
		if a, b := n.Host(2).Node.Network(), n.Host(22).Node.Network(); a != peer.FromID(1) || b != peer.FromID(21) {
			t.Fatalf("the parts are called %d and %d before they meet", a.ID(), b.ID())
		}
		n.Heal()
		if n.Run(gone); gone > 0 {
			n.Host(1).Up, n.Host(21).Up = false, false
		}
		n.Run(40 * core.DefaultSyncInterval)
		keepTheName(t, n, fmt.Sprintf("bootstrap nodes gone after %v", gone), peer.FromID(1), 1)
		if c := coverage(n); c < 1 {
			t.Errorf("bootstrap nodes gone after %v: a search reaches %.3f of the nodes", gone, c)
		}
	}
}
