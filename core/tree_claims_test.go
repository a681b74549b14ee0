package core_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
)

// headsOf are the heads of the branches, as the nodes take them for that.
func headsOf(n *coretest.Network) map[core.Peer]core.Peer {
	heads := make(map[core.Peer]core.Peer)
	for _, h := range n.Live() {
		if path := h.Node.Path(); path != nil && path[0].Head == h.Peer() {
			heads[path[0].Name] = h.Peer()
		}
	}
	return heads
}

// largest is how many nodes the node counts that counts most.
func largest(n *coretest.Network) (size int) {
	for _, h := range n.Live() {
		size = max(size, h.Node.NetworkSize())
	}
	return size
}

// claims makes a host say to all heads, once in a second, that it heads a branch.
func claims(n *coretest.Network, liar *coretest.Host, b message.Branch, network core.Peer) {
	for _, head := range headsOf(n) {
		n.Ask(liar, head, message.Request{
			Kind: message.KindTree, Root: network, Timeout: time.Second, Body: &message.TreeRequest{Level: 1, Branch: b},
		})
	}
}

// liarPlace is what a liar says of its place, whoever asks: it heads a branch of so many
// nodes, under masters that are named.
func liarPlace(n *coretest.Network, self core.Peer, b message.Branch, masters []core.Peer) *message.Tree {
	list := &message.Masters{}
	for _, m := range masters {
		list.List = append(list.List, message.Master{Peer: m, Size: b.Size / uint32(len(masters))})
		list.Total += int(b.Size) / len(masters)
	}
	return &message.Tree{
		Network: n.Host(1).Node.Network(), Path: []message.Branch{b}, Lists: []*message.Branches{message.NewBranches([]message.Branch{b})},
		Place: &message.Structure{Address: self, Backlink: masters[0], Masters: list},
	}
}

// A liar says that it has founded a branch of a million nodes. No node counts them, whether
// it names no other node, phantoms, or accomplices that say the same.
func TestANewBranchCountsOnlyWhatItsNodesConfirm(t *testing.T) {
	for _, c := range []string{"alone", "with phantoms", "with an accomplice and phantoms"} {
		n := grow(t, 60, 1)
		n.Untold = false
		network := n.Host(1).Node.Network()
		liar := n.Play("", nil)
		own := message.Branch{Name: liar.Peer(), Head: liar.Peer(), Size: 1_000_000}
		masters := []core.Peer{liar.Peer()}
		switch c {
		case "with phantoms":
			masters = append(masters, phantoms(n, 30)...)
		case "with an accomplice and phantoms":
			accomplice := n.Play("", nil)
			masters = append(append(masters, accomplice.Peer()), phantoms(n, 30)...)
			accomplice.Actor = coretest.Answers{message.KindTree: {Body: liarPlace(n, accomplice.Peer(), own, masters)}}
		}
		liar.Actor = coretest.Answers{message.KindTree: {Body: liarPlace(n, liar.Peer(), own, masters)}}
		for range 12 {
			claims(n, liar, own, network)
			n.Run(core.DefaultSyncInterval)
			if size := largest(n); size > 2*60 {
				t.Errorf("%s: a node counts %d of 60 nodes", c, size)
				break
			}
		}
		doubted := uint64(0)
		for _, h := range n.Live() {
			doubted += h.Node.Limits().BranchesDoubted
		}
		if doubted == 0 {
			t.Errorf("%s: no claim was doubted", c)
		}
		if !slices.ContainsFunc(n.Notes, func(note string) bool { return strings.Contains(note, "it claims to head 1000000 nodes") }) {
			t.Errorf("%s: no note tells of it", c)
		}
	}
}

// A liar says that it heads the branch of others. Searches go to its head as before.
func TestABranchIsNotTakenOverFromOutside(t *testing.T) {
	n := grow(t, 60, 1)
	network, heads := n.Host(1).Node.Network(), headsOf(n)
	liar := n.Play("10.0.0.0:1", nil) // the first of all by address
	for name, head := range heads {
		own := message.Branch{Name: name, Head: liar.Peer(), Size: 30}
		liar.Actor = coretest.Answers{message.KindTree: {Body: liarPlace(n, liar.Peer(), own, append([]core.Peer{liar.Peer()}, phantoms(n, 3)...))}}
		for range 4 {
			claims(n, liar, own, network)
			n.Run(core.DefaultSyncInterval)
		}
		for _, h := range n.Live() {
			for _, b := range h.Node.Branches()[0].List {
				if b.Head == liar.Peer() {
					t.Fatalf("node %s takes the liar for the head of branch %d, which %d heads", h.Name(), name.ID(), head.ID())
				}
			}
		}
	}
}

// lieAbout lets a head change what it says of its own branch.
func lieAbout(head *coretest.Host, change func(*message.Tree)) {
	head.Actor = coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		if req.Kind != message.KindTree {
			return message.Response{}, coretest.Pass
		}
		resp, _ := head.Node.Serve(req, 0)
		said, err := message.As[message.Tree](resp)
		if err != nil {
			return resp, coretest.Answer
		}
		lie := *said
		change(&lie)
		return message.Response{Body: &lie}, coretest.Answer
	})
}

// A head says that its branch is a hundred times as large, at either level. Other heads
// count what was confirmed, and the members of the branch choose another head. None of its
// honest nodes is lost to searches for long.
func TestALyingHeadIsReplaced(t *testing.T) {
	for _, levels := range []int{2, 3} {
		top := levels - 1
		n := growTo(t, levels, 60*top, 1)
		liar := topHead(t, n, top)
		name := liar.Node.Path()[top-1].Name
		lieAbout(liar, func(said *message.Tree) {
			said.Path = append([]message.Branch(nil), said.Path...)
			said.Path[top-1].Size *= 100
			list := append([]message.Branch(nil), said.Lists[top-1].List...)
			for i := range list {
				if list[i].Name == name {
					list[i].Size *= 100
				}
			}
			said.Lists = append([]*message.Branches(nil), said.Lists...)
			said.Lists[top-1] = message.NewBranches(list)
		})
		for range 32 {
			n.Run(core.DefaultSyncInterval)
			if size := n.Host(1).Node.NetworkSize(); size > 2*60*top {
				t.Fatalf("%d levels: a node of another branch counts %d of %d nodes", levels, size, 60*top)
			}
		}
		if c := coverage(n); c < 0.97 {
			t.Errorf("%d levels: a search reaches %.3f of the nodes", levels, c)
		}
		for _, b := range n.Host(1).Node.Branches()[top-1].List {
			if b.Name == name && b.Head == liar.Peer() {
				t.Errorf("%d levels: the liar is still the head of its branch", levels)
			}
		}
	}
}

// topHead is the head of another branch of the top than the first node's.
func topHead(t *testing.T, n *coretest.Network, top int) *coretest.Host {
	t.Helper()
	for _, h := range n.Live() {
		if own := h.Node.Path()[top-1]; own.Head == h.Peer() && own.Name != n.Host(1).Node.Path()[top-1].Name {
			return h
		}
	}
	t.Fatalf("there is one branch of level %d", top)
	return nil
}

// A head keeps its branch out of searches, at either level: it answers for no node, or says
// that the network is another one. Its members, which are entry nodes of searches now and
// then, choose another.
func TestAHidingHeadIsReplaced(t *testing.T) {
	answers := []message.Response{{Body: &message.QueryAnswer{}}, {Err: message.ErrWrongRoot}}
	for i := range 2 * len(answers) {
		levels, answer := 2+i/2, answers[i%2]
		top := levels - 1
		n := growTo(t, levels, 60*top, 1)
		liar := topHead(t, n, top)
		name := liar.Node.Path()[top-1].Name
		liar.Actor = coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
			if req.Kind != message.KindQueryMaster || message.Asked[message.QueryRequest](req).Level != levels {
				return message.Response{}, coretest.Pass
			}
			return answer, coretest.Answer
		})
		for range 16 {
			n.Run(core.DefaultSyncInterval)
			for _, h := range n.Live() {
				path := h.Node.Path()
				member := len(h.Node.Structure().Slaves) > 0 && (top == 1 || path[0].Head == h.Peer())
				if h != liar && member && path[top-1].Name == name {
					n.Client(1).Client.Ask(h.Peer(), 0, &message.QueryRequest{Name: "holders", Arg: 0}, func(*message.QueryAnswer, error) {})
				}
			}
			n.Settle()
		}
		n.Run(3 * core.DefaultSyncInterval)
		if c := coverage(n); c < 0.97 {
			t.Errorf("%d levels, error %v: a search reaches %.3f of the nodes", levels, answer.Err, c)
		}
	}
}

// A head of level 2 leaves one of its branches out of searches, so those of its masters do
// not come back to them; another does so in what it tells of its branches and their sizes,
// too. The head of that branch is honest and remains it.
func TestAHeadOfTheTopGetsNoOtherReplaced(t *testing.T) {
	for seed := range uint64(3) {
		n := growTo(t, 3, 200, seed+1)
		victim, liar := headBelow(t, n)
		name := victim.Node.Path()[0].Name
		victim.Actor = coretest.ActorFunc(func(from core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
			if from != liar.Peer() || req.Kind != message.KindQueryMaster {
				return message.Response{}, coretest.Pass
			}
			return message.Response{Body: &message.QueryAnswer{}}, coretest.Answer // it was not asked
		})
		if seed > 0 {
			lieAbout(liar, func(said *message.Tree) {
				size := said.Lists[0].Total
				said.Lists, said.Path = slices.Clone(said.Lists), slices.Clone(said.Path)
				said.Lists[0] = message.NewBranches(slices.DeleteFunc(slices.Clone(said.Lists[0].List), func(b message.Branch) bool { return b.Name == name }))
				said.Path[1].Size -= uint32(size - said.Lists[0].Total)
			})
		}
		for range 40 {
			n.Run(core.DefaultSyncInterval)
			for _, h := range n.Live() {
				if h.Node.Path()[0].Name == name && len(h.Node.Structure().Slaves) > 0 {
					n.Client(1).Client.Ask(h.Peer(), 0, &message.QueryRequest{Name: "holders", Arg: 0}, func(*message.QueryAnswer, error) {})
				}
			}
			n.Settle()
			for _, h := range n.Live() {
				if own := h.Node.Path()[0]; own.Name == name && own.Head != victim.Peer() {
					t.Fatalf("seed %d: node %s takes %d for the head of the branch, which %d leads and another leaves out", seed+1, h.Name(), own.Head.ID(), victim.Peer().ID())
				}
			}
		}
		n.Run(3 * core.DefaultSyncInterval)
		if c := coverage(n); c < 1 {
			t.Errorf("seed %d: a search reaches %.3f of the nodes", seed+1, c)
		}
	}
}

// headBelow is the head of a branch with other masters, and the head of another branch above
// it.
func headBelow(t *testing.T, n *coretest.Network) (head, above *coretest.Host) {
	t.Helper()
	for _, h := range n.Live() {
		path := h.Node.Path()
		if path[0].Head == h.Peer() && path[1].Head != h.Peer() && len(h.Node.Structure().Masters.List) > 2 {
			return h, n.HostOf(path[1].Head)
		}
	}
	t.Fatal("all branches have the heads of those above")
	return nil, nil
}

// A master of a branch may say to its head, or to any other node of it, that it leads the
// branch. The head asks it, and others ask their head: nobody follows it for its word.
func TestOneRequestMakesNoHead(t *testing.T) {
	n := grow(t, 120, 3)
	liars := 0
	for _, m := range n.Live() {
		own := m.Node.Path()[0]
		if own.Head == m.Peer() || len(m.Node.Structure().Slaves) == 0 {
			continue
		}
		liars++
		claim := message.Branch{Name: own.Name, Head: m.Peer(), Size: own.Size}
		for _, h := range n.Live() {
			if h == m || h.Node.Path()[0].Name != own.Name {
				continue
			}
			m.Call(h.Peer(), message.Request{
				Kind: message.KindTree, From: m.Peer(), Root: h.Node.Network(), Timeout: time.Second,
				Body: &message.TreeRequest{Level: 1, Branch: claim},
			}, coretest.SinkFunc(func(message.Response) {}), 0)
		}
		for range 4 {
			n.Run(core.DefaultSyncInterval / 16)
			for _, h := range n.Live() {
				if now := h.Node.Path()[0]; now.Head == m.Peer() {
					t.Fatalf("%d takes %d for the head of branch %d, which is %d", h.Number, m.Number, now.Name.ID(), own.Head.ID())
				}
			}
		}
	}
	if liars < 10 {
		t.Errorf("only %d masters have tried", liars)
	}
}
