package core_test

import (
	"fmt"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
)

// A slave whose backlink is silent leaves it after seven requests within 8 s of the first;
// one whose backlink refuses connections, at the second.
func TestASilentBacklinkIsLeft(t *testing.T) {
	for _, test := range []struct {
		what        string
		fail        func(*coretest.Host)
		requests    int
		least, most time.Duration
	}{
		{"silent", func(h *coretest.Host) { h.Hung = true }, 7, 7 * time.Second, 8 * time.Second},
		{"refusing", func(h *coretest.Host) { h.Up = false }, 2, 0, time.Second},
	} {
		n := settled(t, 16)
		node := plainSlave(t, n)
		backlink := node.Node.Structure().Backlink
		test.fail(n.HostOf(backlink))
		n.Trace = nil
		node.Node.Sync()
		began := n.Now()
		for node.Node.Structure().Backlink == backlink && n.Now() < began+time.Minute {
			n.Run(100 * time.Millisecond)
		}
		if took := n.Now() - began; took < test.least || took > test.most+100*time.Millisecond {
			t.Errorf("%s: the backlink is left after %v, want %v to %v", test.what, took, test.least, test.most)
		}
		requests := 0
		for _, r := range n.Trace {
			if r.From == node.Name() && r.To == backlink && r.Kind == message.KindStructure {
				requests++
			}
		}
		if requests != test.requests {
			t.Errorf("%s: %d requests to it, want %d", test.what, requests, test.requests)
		}
	}
}

// plainSlave is a node of a settled network that is no master.
func plainSlave(t *testing.T, n *coretest.Network) *coretest.Host {
	for _, h := range n.Live() {
		if len(h.Node.Structure().Slaves) == 0 {
			return h
		}
	}
	t.Fatal("all nodes are masters")
	return nil
}

// Any sign of life ends the probing: a backlink that hangs for five seconds now and then is
// kept.
func TestAnAnswerEndsTheProbing(t *testing.T) {
	n := settled(t, 16)
	node := plainSlave(t, n)
	backlink := node.Node.Structure().Backlink
	h := n.HostOf(backlink)
	for range 5 {
		h.Hung = true
		node.Node.Sync()
		n.Run(5 * time.Second)
		h.Revive()
		n.Run(155 * time.Second)
	}
	if got := node.Node.Structure().Backlink; got != backlink {
		t.Errorf("the backlink is %d, want %d as before", got.ID(), backlink.ID())
	}
	if node.Node.Failing() > 0 {
		t.Errorf("%d failures are remembered", node.Node.Failing())
	}
}

// A probe that failed on the own machine says nothing, and another is sent in its place.
func TestAProbeThatFailsHereIsNoSilence(t *testing.T) {
	n := settled(t, 16)
	node := plainSlave(t, n)
	backlink := n.HostOf(node.Node.Structure().Backlink)
	here := make(coretest.Answers)
	for kind := range message.NumKinds {
		here[kind] = message.Response{Err: fmt.Errorf("%w: no descriptors", message.ErrLocal)}
	}
	backlink.Hung = true
	node.Node.Sync()
	n.Run(2 * time.Second)
	backlink.Revive()
	backlink.Actor = here
	n.Run(40 * time.Second)
	if got := node.Node.Structure().Backlink; got != backlink.Peer() {
		t.Fatalf("the backlink is %d, want %d as before", got.ID(), backlink.Number)
	}
	backlink.Actor = nil
	n.Run(20 * time.Second)
	if node.Node.Failing() > 0 {
		t.Errorf("%d failures are remembered although the backlink answers", node.Node.Failing())
	}
}

// A newcomer may say that a master does not answer. The provider then asks the master, and
// keeps it if it does, however often it is told. It asks no more than once between two
// syncs, and meanwhile sends newcomers there.
func TestAWordAgainstAMasterIsNoFailure(t *testing.T) {
	n := settled(t, 16)
	provider := n.Host(1)
	liar := n.Play("203.0.113.1:1", coretest.ActorFunc(func(core.Peer, *message.Request) (message.Response, coretest.Reaction) {
		return message.Response{}, coretest.Ignore
	}))
	before := len(provider.Node.Structure().Masters.List)
	n.Trace = nil
	const rounds = 20
	for range rounds {
		for _, m := range provider.Node.Structure().Masters.List {
			liar.Call(provider.Peer(), message.Request{
				Kind: message.KindProvide, From: liar.Peer(), Root: provider.Node.NetworkRoot(), Timeout: time.Second,
				Body: &message.ProvideRequest{Target: liar.Peer(), Places: true, Lost: m.Peer},
			}, coretest.SinkFunc(func(message.Response) {}), 0)
		}
		n.Run(time.Second)
	}
	if got := len(provider.Node.Structure().Masters.List); got != before {
		t.Errorf("the provider knows %d masters, want %d", got, before)
	}
	requests := 0
	for _, r := range n.Trace {
		if r.From == provider.Name() && r.Kind == message.KindStructure {
			requests++
		}
	}
	if most := 2 * 2 * before; requests > most { // there are two syncs in that time
		t.Errorf("%d requests follow, want at most %d: of each sync, and one after it", requests, most)
	}
	newcomer := n.Play("203.0.113.2:1", coretest.Answers{})
	resp := n.Ask(newcomer, provider.Peer(), message.Request{
		Kind: message.KindProvide, Root: provider.Node.NetworkRoot(), Timeout: time.Second,
		Body: &message.ProvideRequest{Target: newcomer.Peer(), Places: true},
	})
	places, err := message.As[message.Provision](resp)
	if err != nil {
		t.Fatal(err)
	}
	if len(places.Results) == 0 || len(n.HostOf(places.Results[0].Address).Node.Structure().Slaves) == 0 {
		t.Errorf("the best place is no master: %v", places.Results)
	}
}

// A node without a place remembers only the first few strangers that ask it, and finds its
// network all the same.
func TestANodeAmongStrangersFindsItsNetwork(t *testing.T) {
	n := settled(t, 16)
	first := n.Host(1)
	first.Restart() // blank: only those that ask it can tell it of the network
	for i := range 50 {
		stranger := n.Play("203.0.113.1:"+string(rune('1'+i%9))+string(rune('0'+i/9))+"00", coretest.ActorFunc(
			func(core.Peer, *message.Request) (message.Response, coretest.Reaction) {
				return message.Response{}, coretest.Ignore
			}))
		stranger.Call(first.Peer(), message.Request{
			Kind: message.KindStructure, From: stranger.Peer(), Root: first.Peer(), Timeout: time.Second,
		}, coretest.SinkFunc(func(message.Response) {}), 0)
	}
	n.Run(10 * core.DefaultSyncInterval)
	if v := n.Violation(); v != "" {
		t.Error(v)
	}
}
