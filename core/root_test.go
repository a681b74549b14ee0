package core_test

import (
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// Two bootstrap nodes that could not hear each other at the start have named two networks.
// They agree on the root that comes first, whichever asks first, and do not exchange them.
func TestTwoRootsBecomeOne(t *testing.T) {
	n := coretest.New(t, 25*time.Millisecond, 1)
	both := []core.Peer{peer.FromID(1), peer.FromID(2)}
	silent := coretest.ActorFunc(func(core.Peer, *message.Request) (message.Response, coretest.Reaction) {
		return message.Response{}, coretest.Ignore
	})
	for range 2 {
		h := n.AddNode("", core.Config{Bootstrap: both})
		h.Actor = silent
		h.Start()
	}
	n.Run(time.Minute)
	for i, h := range n.Hosts() {
		if h.Node.NetworkRoot() != both[i] {
			t.Fatal("the nodes have not named two networks")
		}
		h.Actor = nil
	}
	n.Run(15 * time.Minute)
	for _, h := range n.Hosts() {
		if root := h.Node.NetworkRoot(); root != both[0] {
			t.Errorf("node %s is in network %d, want 1", h.Name(), root.ID())
		}
	}
}

// One lost answer of the first bootstrap node does not lead a node into the network that
// the second one has named: it asks once more. If the first stays silent, it goes.
func TestOneLostAnswerChangesNoRoot(t *testing.T) {
	for _, test := range []struct {
		lost int    // answers of the first bootstrap node, one after the other
		root uint32 // the network of the third node afterwards
	}{{1, 1}, {2, 2}} {
		n := coretest.New(t, 25*time.Millisecond, 1)
		both := []core.Peer{peer.FromID(1), peer.FromID(2)}
		n.AddNode("", core.Config{Bootstrap: both[:1]}).Start()
		second := n.AddNode("", core.Config{Bootstrap: both[1:]})
		second.Start()
		third := n.AddNode("", core.Config{Bootstrap: both})
		third.Start()
		n.Run(time.Minute)
		if root := third.Node.NetworkRoot(); root != both[0] {
			t.Fatalf("the third node is in network %d, want 1", root.ID())
		}
		lost := test.lost
		n.Hosts()[0].Actor = coretest.ActorFunc(func(from core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
			if from == peer.FromID(3) && req.Kind == message.KindStatus && lost > 0 {
				lost--
				return message.Response{}, coretest.Ignore
			}
			return message.Response{}, coretest.Pass
		})
		for range 100 {
			n.Run(5 * time.Second)
			if lost == 0 {
				break
			}
		}
		n.Run(10 * time.Second)
		if root := third.Node.NetworkRoot(); lost != 0 || root != peer.FromID(test.root) {
			t.Errorf("after %d lost answers the third node is in network %d, want %d", test.lost-lost, root.ID(), test.root)
		}
	}
}
