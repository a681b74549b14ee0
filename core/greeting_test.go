package core_test

import (
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// A newcomer of a settled network knows all masters as soon as it is registered. Its next
// sync, at which it would learn them, is a quarter of an interval away at least.
func TestANewcomerKnowsAllMastersAtOnce(t *testing.T) {
	n := settled(t, 30)
	h := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}})
	h.Start()
	n.Run(2 * time.Second)
	place := h.Node.Structure()
	if place.Backlink.IsZero() || len(place.Masters.List) != len(n.Host(1).Node.Structure().Masters.List) {
		t.Errorf("the backlink is %d, and it knows %d masters", place.Backlink.ID(), len(place.Masters.List))
	}
}

// child is a slave that says so whenever it is asked.
func child(n *coretest.Network, backlink core.Peer) *coretest.Host {
	answers := coretest.Answers{}
	h := n.Play("", answers)
	answers[message.KindInterview] = message.Response{Body: &message.Interview{Address: h.Peer()}}
	answers[message.KindStructure] = message.Response{
		Body: &message.Structure{Address: h.Peer(), Backlink: backlink, Masters: &message.Masters{}},
	}
	return h
}

func register(t *testing.T, n *coretest.Network, from *coretest.Host, at core.Peer) {
	t.Helper()
	resp := n.Ask(from, at, message.Request{
		Kind: message.KindRegister, From: from.Peer(), Root: n.Host(1).Node.NetworkRoot(), Timeout: 3 * time.Second,
		Body: &message.RegisterRequest{Target: from.Peer(), NetworkSize: 30},
	})
	if resp.Err != nil {
		t.Fatal(resp.Err)
	}
}

// A node that has become a master is known to nearly all others within four seconds. By
// their syncs alone it would be known to some after half an interval, and to the last of
// them after two.
func TestAYoungMasterIsKnownSoon(t *testing.T) {
	n := settled(t, 30)
	young := plainSlave(t, n)
	register(t, n, child(n, young.Peer()), young.Peer())
	n.Run(4 * time.Second)
	know, masters := 0, 0
	for _, h := range n.Live() {
		place := h.Node.Structure()
		if len(place.Slaves) == 0 || h == young {
			continue
		}
		masters++
		if size, known := place.Masters.SizeOf(young.Peer()); known && size == 1 {
			know++
		}
	}
	if 4*know < 3*masters {
		t.Errorf("%d of %d masters know it", know, masters)
	}
}

// A slave that names another backlink when it is asked makes its master ask no others.
func TestAFalseSlaveCausesNoGreetings(t *testing.T) {
	n := settled(t, 30)
	young := plainSlave(t, n)
	register(t, n, child(n, peer.FromID(1)), young.Peer())
	n.Run(2 * time.Second)
	asked := 0
	for _, r := range n.Trace {
		if r.From == young.Name() && r.Kind == message.KindStructure {
			asked++
		}
	}
	if asked == 0 || asked > 3 {
		t.Errorf("it asked %d nodes for a structure, want its backlink and its slave", asked)
	}
}
