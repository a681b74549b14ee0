package core_test

import (
	"fmt"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/behavior"
	"spreadable/core/coretest"
	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// What becomes of a network when some of it hangs, comes late or comes all at once.

// A bootstrap node that takes requests and never answers does not use up the whole
// timeout budget of a node that looks for a new place: it asks a master that it knows, as
// it does when no bootstrap node is there.
func TestHungBootstrapIsNotTheEnd(t *testing.T) {
	n := settled(t, 12)
	n.Host(1).Hung = true
	n.Run(10 * time.Minute)
	for _, h := range n.Hosts()[1:] {
		if back := h.Node.Structure().Backlink; back.IsZero() || back.ID() == 1 {
			t.Errorf("node %s has backlink %d ten minutes after the bootstrap node hung", h.Name(), back.ID())
		}
	}
}

// A place that takes requests and never answers does not keep a newcomer from trying the
// next one.
func TestHungPlaceIsNotTheEnd(t *testing.T) {
	n := coretest.New(t, 25*time.Millisecond, 1)
	places := &message.Provision{NetworkSize: 3, Lifetime: time.Minute}
	for i := uint32(2); i <= 3; i++ {
		places.Results = append(places.Results, message.Place{Address: peer.FromID(i), NetworkSize: 3, Spares: []core.Peer{peer.FromID(i)}})
	}
	n.Play("", coretest.Answers{
		message.KindStatus: {Body: &message.Status{Root: peer.FromID(1), IsRegistered: true}}, message.KindProvide: {Body: places},
	})
	n.Play("", coretest.Answers{}).Hung = true
	n.Play("", coretest.Answers{message.KindRegister: {Body: &message.Registered{Size: 1}}})
	h := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, ManualSync: true})
	h.Start()
	h.Node.Sync()
	n.Settle()
	if back := h.Node.Structure().Backlink; back.ID() != 3 {
		t.Errorf("the newcomer has backlink %d; the first of its places hangs, the second is free", back.ID())
	}
}

// A full master stays full when many ask at once, in the time of one interview.
func TestCrowdsDoNotOverfillAMaster(t *testing.T) {
	n := settled(t, 37)
	var master *coretest.Host
	for _, h := range n.Live() {
		if len(h.Node.Structure().Slaves) > 0 {
			master = h
		}
	}
	before := len(master.Node.Structure().Slaves)
	for range 30 {
		h := n.Play("", coretest.Answers{message.KindInterview: {Body: &message.Interview{}}})
		h.Call(master.Peer(), message.Request{Kind: message.KindRegister, From: h.Peer(), Root: peer.FromID(1), Timeout: 10 * time.Second,
			Body: &message.RegisterRequest{Target: h.Peer()}}, coretest.SinkFunc(func(message.Response) {}), 0)
	}
	n.Run(time.Second)
	if after := len(master.Node.Structure().Slaves); after > before+5 {
		t.Errorf("a settled master with %d slaves has %d after thirty came at once", before, after)
	}
}

// A master that is full and says so does nothing wrong.
func TestRefusalsForLackOfCapacityAreNoFault(t *testing.T) {
	n := coretest.New(t, 25*time.Millisecond, 1)
	n.Play("", coretest.Answers{
		message.KindStatus:   {Body: &message.Status{Root: peer.FromID(1), IsRegistered: true}},
		message.KindProvide:  {Body: &message.Provision{NetworkSize: 3, Lifetime: time.Minute, Results: []message.Place{{Address: peer.FromID(1), NetworkSize: 3}}}},
		message.KindRegister: {Err: &message.Error{Code: message.CodeMasterFull}},
	})
	h := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, ManualSync: true})
	h.Start()
	for range 5 {
		h.Node.Sync()
		n.Settle()
	}
	if x := h.Node.Suspicion(behavior.Registration, peer.FromID(1)); x > 0 {
		t.Errorf("a full master has suspicion %v", x)
	}
}

// One slave that never answers costs its own answer, not those of all its master's
// slaves: the master gives up early enough for its own answer to be in time.
func TestOneHungSlaveCostsOneAnswer(t *testing.T) {
	for _, latency := range []time.Duration{25 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond} {
		n := grown(t, 9, latency, 0, 1, 160*time.Second)
		var hung *coretest.Host
		for _, h := range n.Live() {
			if len(h.Node.Structure().Slaves) == 0 {
				hung = h
			}
		}
		hung.Hung = true
		n.Client(1).Client.Ask(peer.FromID(1), 0, &message.QueryRequest{Name: "holders", Arg: 0}, func(a *message.QueryAnswer, err error) {
			if err != nil || a.Coverage.Answered != 8 {
				t.Errorf("at a latency of %v one hung slave leaves %+v, %v", latency, a, err)
			}
		})
		n.Settle()
	}
}

// A node that two masters list for a moment is drawn once: it has one voice.
func TestNoNodeIsDrawnTwice(t *testing.T) {
	n := coretest.New(t, 25*time.Millisecond, 1)
	ids := func(numbers ...uint32) (peers []core.Peer) {
		for _, i := range numbers {
			peers = append(peers, peer.FromID(i))
		}
		return peers
	}
	masters := &message.Masters{List: []message.Master{{Peer: peer.FromID(1), Size: 3}, {Peer: peer.FromID(3), Size: 3}}, Total: 6}
	n.Play("", coretest.Answers{
		message.KindPing: {}, message.KindStatus: {Body: &message.Status{Root: peer.FromID(1), IsRegistered: true}},
		message.KindProvide:   {Body: &message.Provision{NetworkSize: 1, Lifetime: time.Minute, Results: []message.Place{{Address: peer.FromID(1), NetworkSize: 1}}}},
		message.KindRegister:  {Body: &message.Registered{Size: 1}},
		message.KindStructure: {Body: &message.Structure{Address: peer.FromID(1), Slaves: ids(2, 3, 4), Masters: masters}},
		message.KindEntrants:  {Body: &message.Entrants{Slaves: ids(2, 3, 4)}},
	})
	count, err := draw.ParseCount("3")
	if err != nil {
		t.Fatal(err)
	}
	entry := n.AddNode("", core.Config{
		Bootstrap: ids(1), ManualSync: true, Registration: core.Original,
		Approvals: []core.ApprovalKind{core.NewClientApproval(core.Terms{Approvers: count, Period: time.Minute})},
	})
	for _, slaves := range [][]core.Peer{ids(2, 4, 5), nil, nil} {
		number := uint32(len(n.Hosts())) + 1
		n.Play("", coretest.Answers{message.KindPing: {}, message.KindStructure: {Body: &message.Structure{
			Address: peer.FromID(number), Backlink: peer.FromID(1), Slaves: slaves, Masters: masters,
		}}, message.KindEntrants: {Body: &message.Entrants{Slaves: slaves}}})
	}
	entry.Start()
	for range 2 {
		entry.Node.Sync()
		n.Settle()
	}
	for range 10 {
		n.Client(1).Client.Draw(entry.Peer(), 0, "client", func(k *message.ApprovalKey, err error) {
			if err != nil || len(k.Approvers) != 3 {
				t.Fatalf("draw %+v, %v", k, err)
			}
			seen := make(map[core.Peer]bool)
			for _, p := range k.Approvers {
				if seen[p] {
					t.Errorf("drawn %s", coretest.Numbers(k.Approvers))
				}
				seen[p] = true
			}
		})
		n.Settle()
		n.Run(time.Minute)
	}
}

// Two of three approvers are enough when the third has gone, also where no node is left
// to take its place.
func TestASmallNetworkApprovesWithoutOne(t *testing.T) {
	n := coretest.New(t, 25*time.Millisecond, 1)
	count, err := draw.ParseCount("3")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		n.AddNode("", core.Config{
			Bootstrap: []core.Peer{peer.FromID(1)},
			Approvals: []core.ApprovalKind{core.NewClientApproval(core.Terms{Approvers: count, Period: time.Hour})},
		}).Start()
	}
	n.Run(160 * time.Second)
	var key *message.ApprovalKey
	c := n.Client(1)
	c.Client.Draw(peer.FromID(1), 0, "client", func(k *message.ApprovalKey, _ error) { key = k })
	n.Settle()
	for _, p := range key.Approvers {
		n.Ask(c, p, message.Request{Kind: message.KindApprovalAdd, Timeout: time.Second,
			Body: &message.ApprovalAddRequest{Action: "client", Key: key.Key, StartedAt: key.StartedAt}})
	}
	n.Ask(c, peer.FromID(1), message.Request{Kind: message.KindApprovalQuestion, Timeout: 10 * time.Second,
		Body: &message.ApprovalQuestionRequest{Action: "client", Key: key.Key, Confirmed: key.Approvers}})
	for _, h := range n.Hosts()[1:] { // a slave of a node that stays
		if h.Node.Structure().Backlink != peer.FromID(1) {
			continue
		}
		h.Hung = true
		break
	}
	resp := n.Ask(c, peer.FromID(1), message.Request{Kind: message.KindAction, Timeout: 10 * time.Second, Body: &message.ActionRequest{Proof: &message.Proof{
		Action: "client", Key: key.Key, StartedAt: key.StartedAt, ClientIP: key.ClientIP, Approvers: key.Approvers, Answer: key.ClientIP.String(),
	}}})
	if resp.Err != nil {
		t.Errorf("with two of three approvers there: %v", coretest.Outcome(resp.Err))
	}
}

// Several bootstrap nodes that start together make one network, whichever of the others
// each of them asks first.
func TestSeveralBootstrapNodesMakeOneNetwork(t *testing.T) {
	for seed := range uint64(10) {
		n := coretest.New(t, 25*time.Millisecond, seed)
		several := []core.Peer{peer.FromID(1), peer.FromID(2), peer.FromID(3), peer.FromID(4)}
		for range 9 {
			n.AddNode("", core.Config{Bootstrap: several}).Start()
		}
		n.Run(40 * 16 * time.Second)
		if v := n.Violation(); v != "" {
			t.Errorf("seed %d: %s", seed, v)
		}
	}
}

// A bootstrap node that starts while the others are away, and is the first of them by
// address or the only one there, makes a network; the others join it when they come.
func TestBootstrapNodesComeOneByOne(t *testing.T) {
	for _, first := range []int{0, 1, 2} {
		n := coretest.New(t, 25*time.Millisecond, 1)
		several := []core.Peer{peer.FromID(1), peer.FromID(2), peer.FromID(3)}
		for range 6 {
			n.AddNode("", core.Config{Bootstrap: several})
		}
		for i := range n.Hosts() {
			n.Hosts()[(first+i)%len(n.Hosts())].Start()
			n.Run(5 * time.Minute)
		}
		n.Run(30 * 16 * time.Second)
		if v := n.Violation(); v != "" {
			t.Errorf("node %d first: %s", first+1, v)
		}
	}
}

// One IP has 65,535 ports, and its owner can ask for a place in the name of each. That
// neither closes the masters to others, nor makes a small network look large.
func TestOneHostDoesNotFillTheNetwork(t *testing.T) {
	for _, ports := range []int{2, 300} {
		n := settled(t, 37)
		masters := make(map[core.Peer]bool)
		for _, h := range n.Live() {
			if len(h.Node.Structure().Slaves) > 0 {
				masters[h.Peer()] = true
			}
		}
		var askers []*coretest.Host
		for i := range ports {
			askers = append(askers, n.Play(fmt.Sprintf("192.0.2.200:%d", i+1), coretest.Answers{}))
		}
		for i := range 300 {
			askPlace(n, askers[i%ports], askers[i%ports].Peer())
		}
		honest := n.Play("192.0.2.201:80", coretest.Answers{})
		p := askPlace(n, honest, honest.Peer())
		if first := firstPlace(p); !masters[first] {
			t.Errorf("%d ports of one IP made the next newcomer go to %d, which is no master", ports, first.ID())
		}
		if p.NetworkSize > 2*37 {
			t.Errorf("%d ports of one IP made a network of 37 look like %d", ports, p.NetworkSize)
		}
	}
}
