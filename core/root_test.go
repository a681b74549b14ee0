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
