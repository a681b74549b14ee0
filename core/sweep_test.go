package core_test

import (
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/behavior"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/core/state"
)

// A sweep of the book drops the addresses that neither the node nor its driver holds, and
// no other: none that is in any part of the node's state.
func TestSweepKeepsWhatTheNodeHolds(t *testing.T) {
	n := coretest.New(t, 0, 1)
	h := n.AddNode("10.0.0.1:4000", core.Config{Bootstrap: []core.Peer{peer.FromID(1), peer.FromID(2)}})
	n.Peer("10.0.0.2:4000")
	saved := state.State{
		Self: "10.0.0.1:4000", Root: "10.0.1.1:1", Backlink: "10.0.1.2:1",
		Slaves:    []state.Slave{{Address: "10.0.1.3:1", Joined: 1}},
		Masters:   []state.Master{{Address: "10.0.1.4:1", Size: 1, Seen: 1}},
		Fails:     []state.Fail{{Address: "10.0.1.5:1", Count: 1}},
		Delays:    []state.Delay{{Address: "10.0.1.6:1", Since: 1}},
		Scores:    []state.Score{{Address: "10.0.1.7:1", Action: "registration", Up: 1, Suspicion: 1, Since: 1, Used: 1}},
		Bans:      []state.Ban{{Address: "10.0.1.8:1", Since: 1, Until: n.Now() + time.Hour}},
		Approvals: []state.Approval{{Action: "client", Client: n.Client(1).IP, Key: "k"}},
		Uses:      []state.Use{{Key: "k", Host: "10.0.1.9:0"}},
		Keys:      []state.Key{{Key: "k", Approvers: []string{"10.0.1.10:1"}, Until: n.Now() + time.Hour}},
	}
	if err := h.Node.Restore(saved); err != nil {
		t.Fatal(err)
	}
	before := h.Node.State()
	kept := n.Peer("10.0.2.1:1")
	n.Peer("10.0.2.2:1")
	addresses := n.Book.Len()
	if got := h.Node.SweepBook(func(p core.Peer) bool { return p == kept }); got != 1 {
		t.Errorf("%d addresses are dropped, want 1 of %d", got, addresses)
	}
	for text, want := range map[string]bool{"10.0.2.1:1": true, "10.0.2.2:1": false, "10.0.0.2:4000": true} {
		if _, found := n.Book.Find(text); found != want {
			t.Errorf("%s is in the book: %t", text, found)
		}
	}
	if after := h.Node.State(); !sameState(before, after) {
		t.Errorf("the node remembered\n%+v, after the sweep\n%+v", before, after)
	}
}

// A sweep keeps the addresses of masters that introduced themselves.
func TestSweepKeepsWhatHasNoState(t *testing.T) {
	n := coretest.New(t, 0, 1)
	h := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, ManualSync: true})
	h.Start()
	slave, stranger := n.Play("", coretest.Answers{message.KindInterview: {Body: &message.Interview{}}}), n.Play("", coretest.Answers{})
	n.Ask(slave, h.Peer(), message.Request{Kind: message.KindRegister, Root: peer.FromID(1), Timeout: time.Second, Body: &message.RegisterRequest{Target: slave.Peer()}})
	n.Ask(stranger, h.Peer(), message.Request{Kind: message.KindStructure, Root: peer.FromID(1), Timeout: time.Second, Body: &message.Introduction{}})
	if got := h.Node.SweepBook(func(core.Peer) bool { return false }); got != 0 || h.Node.Heard() != 1 {
		t.Errorf("%d addresses are dropped, %d introductions remembered", got, h.Node.Heard())
	}
}

// A sweep while nothing is held drops all but the node's own address and its bootstrap
// nodes.
func TestSweepOfAYoungNode(t *testing.T) {
	n := coretest.New(t, 0, 1)
	h := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}})
	for i := range 20 {
		n.Play("", coretest.Answers{})
		if i == 0 {
			h.Node.Bans().Add(behavior.Ban{Peer: peer.FromID(2), Until: n.Now()})
		}
	}
	if got := h.Node.SweepBook(func(core.Peer) bool { return false }); got != 19 {
		t.Errorf("%d addresses are dropped, want all but two of 21", got)
	}
}
