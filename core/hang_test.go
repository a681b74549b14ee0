package core_test

import (
	"fmt"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/behavior"
	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// What becomes of a network when some of it hangs, comes late or comes all at once.

// A bootstrap node that takes requests and never answers does not use up all the patience of a node that looks for a new
// place: it asks a master that it knows, as it does when nobody is there.
func TestHungBootstrapIsNotTheEnd(t *testing.T) {
	n := settled(t, 12)
	n.hosts[1].hung = true
	n.run(10 * time.Minute)
	for _, h := range n.order[1:] {
		if back := h.node.Structure().Backlink; back.IsZero() || back.ID() == 1 {
			t.Errorf("node %s has backlink %d ten minutes after the bootstrap node hung", h.name(), back.ID())
		}
	}
}

// A place that takes requests and never answers does not keep a newcomer from trying the next one.
func TestHungPlaceIsNotTheEnd(t *testing.T) {
	n := newNetwork(t, 25*time.Millisecond, 1)
	places := &message.Provision{NetworkSize: 3, Lifetime: time.Minute}
	for i := uint32(2); i <= 3; i++ {
		places.Results = append(places.Results, message.Place{Address: peer.FromID(i), NetworkSize: 3, Spares: []core.Peer{peer.FromID(i)}})
	}
	n.add(t, "", map[message.Kind]message.Response{
		message.KindStatus: {Body: &message.Status{Root: peer.FromID(1), IsRegistered: true}}, message.KindProvide: {Body: places},
	})
	n.add(t, "", map[message.Kind]message.Response{}).hung = true
	n.add(t, "", map[message.Kind]message.Response{message.KindRegister: {Body: &message.Registered{Size: 1}}})
	h := n.addNode(t, "", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, ManualSync: true})
	n.start(h)
	h.node.Sync()
	n.settle()
	if back := h.node.Structure().Backlink; back.ID() != 3 {
		t.Errorf("the newcomer has backlink %d; the first of its places hangs, the second is free", back.ID())
	}
}

// A full master stays full when many ask at once, in the time of one interview.
func TestCrowdsDoNotOverfillAMaster(t *testing.T) {
	n := settled(t, 37)
	var master *host
	for _, h := range n.live() {
		if len(h.node.Structure().Slaves) > 0 {
			master = h
		}
	}
	before := len(master.node.Structure().Slaves)
	for range 30 {
		h := n.add(t, "", map[message.Kind]message.Response{message.KindInterview: {Body: &message.Interview{}}})
		h.Call(master.peer(), message.Request{Kind: message.KindRegister, From: h.peer(), Root: peer.FromID(1), Timeout: 10 * time.Second,
			Body: &message.RegisterRequest{Target: h.peer()}}, sinkFunc(func(message.Response) {}), 0)
	}
	n.run(time.Second)
	if after := len(master.node.Structure().Slaves); after > before+5 {
		t.Errorf("a settled master with %d slaves has %d after thirty came at once", before, after)
	}
}

// A master that is full and says so does nothing wrong.
func TestRefusalsForWantOfRoomAreNoFault(t *testing.T) {
	n := newNetwork(t, 25*time.Millisecond, 1)
	n.add(t, "", map[message.Kind]message.Response{
		message.KindStatus:   {Body: &message.Status{Root: peer.FromID(1), IsRegistered: true}},
		message.KindProvide:  {Body: &message.Provision{NetworkSize: 3, Lifetime: time.Minute, Results: []message.Place{{Address: peer.FromID(1), NetworkSize: 3}}}},
		message.KindRegister: {Err: &message.Error{Code: message.CodeMasterFull}},
	})
	h := n.addNode(t, "", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, ManualSync: true})
	n.start(h)
	for range 5 {
		h.node.Sync()
		n.settle()
	}
	if x := h.node.Suspicion(behavior.Registration, peer.FromID(1)); x > 0 {
		t.Errorf("a full master has suspicion %v", x)
	}
}

// One slave that never answers costs its own answer, not those of all its master's slaves: the master gives up early
// enough for its own answer to be in time.
func TestOneHungSlaveCostsOneAnswer(t *testing.T) {
	for _, latency := range []time.Duration{25 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond} {
		n := grown(t, 9, latency, 0, 1, 160*time.Second)
		var hung *host
		for _, h := range n.live() {
			if len(h.node.Structure().Slaves) == 0 {
				hung = h
			}
		}
		hung.hung = true
		n.client(1).client.Ask(peer.FromID(1), 0, &message.QueryRequest{Name: "holders", Arg: 0}, func(a *message.QueryAnswer, err error) {
			if err != nil || a.Coverage.Answered != 8 {
				t.Errorf("at a latency of %v one hung slave leaves %+v, %v", latency, a, err)
			}
		})
		n.settle()
	}
}

// A node that two masters list for a moment is drawn once: it has one voice.
func TestNobodyIsDrawnTwice(t *testing.T) {
	n := newNetwork(t, 25*time.Millisecond, 1)
	ids := func(numbers ...uint32) (peers []core.Peer) {
		for _, i := range numbers {
			peers = append(peers, peer.FromID(i))
		}
		return peers
	}
	masters := &message.Masters{List: []message.Master{{Peer: peer.FromID(1), Size: 3}, {Peer: peer.FromID(3), Size: 3}}, Total: 6}
	n.add(t, "", map[message.Kind]message.Response{
		message.KindPing: {}, message.KindStatus: {Body: &message.Status{Root: peer.FromID(1), IsRegistered: true}},
		message.KindProvide:   {Body: &message.Provision{NetworkSize: 1, Lifetime: time.Minute, Results: []message.Place{{Address: peer.FromID(1), NetworkSize: 1}}}},
		message.KindRegister:  {Body: &message.Registered{Size: 1}},
		message.KindStructure: {Body: &message.Structure{Address: peer.FromID(1), Slaves: ids(2, 3, 4), Masters: masters}},
	})
	count, err := draw.ParseCount("3")
	if err != nil {
		t.Fatal(err)
	}
	entry := n.addNode(t, "", core.Config{
		Bootstrap: ids(1), ManualSync: true, Registration: core.Original,
		Approvals: []core.ApprovalKind{core.NewClientApproval(core.Terms{Approvers: count, Period: time.Minute})},
	})
	for _, slaves := range [][]core.Peer{ids(2, 4, 5), nil, nil} {
		number := uint32(len(n.order)) + 1
		n.add(t, "", map[message.Kind]message.Response{message.KindPing: {}, message.KindStructure: {Body: &message.Structure{
			Address: peer.FromID(number), Backlink: peer.FromID(1), Slaves: slaves, Masters: masters,
		}}})
	}
	n.start(entry)
	for range 2 {
		entry.node.Sync()
		n.settle()
	}
	for range 10 {
		n.client(1).client.Draw(entry.peer(), 0, "client", func(k *message.ApprovalKey, err error) {
			if err != nil || len(k.Approvers) != 3 {
				t.Fatalf("draw %+v, %v", k, err)
			}
			seen := make(map[core.Peer]bool)
			for _, p := range k.Approvers {
				if seen[p] {
					t.Errorf("drawn %s", numbers(k.Approvers))
				}
				seen[p] = true
			}
		})
		n.settle()
		n.run(time.Minute)
	}
}

// Two of three approvers are enough when the third has gone, also where nobody is left to take its place.
func TestASmallNetworkApprovesWithoutOne(t *testing.T) {
	n := newNetwork(t, 25*time.Millisecond, 1)
	count, err := draw.ParseCount("3")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		n.start(n.addNode(t, "", core.Config{
			Bootstrap: []core.Peer{peer.FromID(1)},
			Approvals: []core.ApprovalKind{core.NewClientApproval(core.Terms{Approvers: count, Period: time.Hour})},
		}))
	}
	n.run(160 * time.Second)
	var key *message.ApprovalKey
	c := n.client(1)
	c.client.Draw(peer.FromID(1), 0, "client", func(k *message.ApprovalKey, _ error) { key = k })
	n.settle()
	for _, p := range key.Approvers {
		n.ask(c, p, message.Request{Kind: message.KindApprovalAdd, Timeout: time.Second,
			Body: &message.ApprovalAddRequest{Action: "client", Key: key.Key, StartedAt: key.StartedAt}})
	}
	n.ask(c, peer.FromID(1), message.Request{Kind: message.KindApprovalQuestion, Timeout: 10 * time.Second,
		Body: &message.ApprovalQuestionRequest{Action: "client", Key: key.Key, Confirmed: key.Approvers}})
	for _, h := range n.order[1:] { // whoever is a slave of somebody who stays
		if h.node.Structure().Backlink != peer.FromID(1) {
			continue
		}
		h.hung = true
		break
	}
	resp := n.ask(c, peer.FromID(1), message.Request{Kind: message.KindAction, Timeout: 10 * time.Second, Body: &message.ActionRequest{Proof: &message.Proof{
		Action: "client", Key: key.Key, StartedAt: key.StartedAt, ClientIP: key.ClientIP, Approvers: key.Approvers, Answer: key.ClientIP.String(),
	}}})
	if resp.Err != nil {
		t.Errorf("with two of three approvers there: %v", outcome(resp.Err))
	}
}

// Several bootstrap nodes that start together make one network, whomever of the others each of them asks first.
func TestSeveralBootstrapNodesMakeOneNetwork(t *testing.T) {
	for seed := range uint64(10) {
		n := newNetwork(t, 25*time.Millisecond, seed)
		several := []core.Peer{peer.FromID(1), peer.FromID(2), peer.FromID(3), peer.FromID(4)}
		for range 9 {
			n.start(n.addNode(t, "", core.Config{Bootstrap: several}))
		}
		n.run(40 * 16 * time.Second)
		if v := n.violation(); v != "" {
			t.Errorf("seed %d: %s", seed, v)
		}
	}
}

// A bootstrap node that starts while the others are away, and is the first of them by address or the only one there,
// makes a network; the others join it when they come.
func TestBootstrapNodesComeOneByOne(t *testing.T) {
	for _, first := range []int{0, 1, 2} {
		n := newNetwork(t, 25*time.Millisecond, 1)
		several := []core.Peer{peer.FromID(1), peer.FromID(2), peer.FromID(3)}
		for range 6 {
			n.addNode(t, "", core.Config{Bootstrap: several})
		}
		for i := range n.order {
			n.start(n.order[(first+i)%len(n.order)])
			n.run(5 * time.Minute)
		}
		n.run(30 * 16 * time.Second)
		if v := n.violation(); v != "" {
			t.Errorf("node %d first: %s", first+1, v)
		}
	}
}

// Whoever owns one IP owns 65,535 ports, and can ask for a place in the name of each. That neither closes the masters to
// others, nor makes a small network look large.
func TestOneHostDoesNotFillTheNetwork(t *testing.T) {
	for _, ports := range []int{2, 300} {
		n := settled(t, 37)
		masters := make(map[core.Peer]bool)
		for _, h := range n.live() {
			if len(h.node.Structure().Slaves) > 0 {
				masters[h.peer()] = true
			}
		}
		var askers []*host
		for i := range ports {
			askers = append(askers, n.add(t, fmt.Sprintf("192.0.2.200:%d", i+1), map[message.Kind]message.Response{}))
		}
		for i := range 300 {
			askPlace(n, askers[i%ports], askers[i%ports].peer())
		}
		honest := n.add(t, "192.0.2.201:80", map[message.Kind]message.Response{})
		p := askPlace(n, honest, honest.peer())
		if first := firstPlace(p); !masters[first] {
			t.Errorf("%d ports of one IP made the next newcomer go to %d, which is no master", ports, first.ID())
		}
		if p.NetworkSize > 2*37 {
			t.Errorf("%d ports of one IP made a network of 37 look like %d", ports, p.NetworkSize)
		}
	}
}
