package core_test

import (
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// A newcomer that asks twice at once is interviewed twice, and listed once.
func TestANewcomerIsListedOnce(t *testing.T) {
	n := coretest.New(t, 25*time.Millisecond, 1)
	h := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, ManualSync: true})
	h.Start()
	newcomer := n.Play("", coretest.Answers{message.KindInterview: {Body: &message.Interview{}}})
	var sizes []int
	for range 2 {
		newcomer.Call(h.Peer(), message.Request{
			Kind: message.KindRegister, From: newcomer.Peer(), Root: peer.FromID(1), Timeout: time.Second, Body: &message.RegisterRequest{Target: newcomer.Peer()},
		}, coretest.SinkFunc(func(r message.Response) {
			if registered, err := message.As[message.Registered](r); err == nil {
				sizes = append(sizes, registered.Size)
			}
		}), 0)
	}
	n.Settle()
	if slaves := h.Node.Structure().Slaves; len(slaves) != 1 || !slices.Equal(sizes, []int{1, 1}) {
		t.Errorf("slaves %v, and the newcomer is told sizes %v", slaves, sizes)
	}
}

// A backlink that was left while it was asked is not heard any more.
func TestAFormerBacklinkIsNotHeard(t *testing.T) {
	n := coretest.New(t, 25*time.Millisecond, 1)
	one := peer.FromID(1)
	n.Play("", coretest.Answers{
		message.KindStatus:   {Body: &message.Status{Root: one, IsRegistered: true}},
		message.KindProvide:  {Body: &message.Provision{NetworkSize: 1, Results: []message.Place{{Address: one, NetworkSize: 1, Spares: []core.Peer{one}}}}},
		message.KindRegister: {Body: &message.Registered{Size: 1}},
		message.KindStructure: {Body: &message.Structure{Address: one, Slaves: []core.Peer{peer.FromID(2)},
			Masters: message.NewMasters([]message.Master{{Peer: one, Size: 7}, {Peer: peer.FromID(3), Size: 2}})}},
	})
	for _, leaves := range []bool{false, true} {
		h := n.AddNode("", core.Config{Bootstrap: []core.Peer{one}, ManualSync: true})
		n.Host(1).Actor.(coretest.Answers)[message.KindStructure].Body.(*message.Structure).Slaves[0] = h.Peer()
		h.Start()
		h.Node.Sync()
		n.Settle()
		h.Node.Sync()
		n.Run(30 * time.Millisecond) // the backlink has been asked
		if leaves {
			h.Node.Ban(one, time.Hour, "a test")
		}
		n.Settle()
		if s := h.Node.Structure(); s.Backlink.IsZero() != leaves || leaves == (len(s.Masters.List) == 2) {
			t.Errorf("left %v: backlink %d, masters %v", leaves, s.Backlink.ID(), s.Masters.List)
		}
	}
}

// chained is a network of one real node, 2, which is a master, and of hosts that each know the
// next one as a master: from its backlink, host 1, on to host 3 and up.
func chained(t *testing.T, hosts int) (*coretest.Network, *coretest.Host) {
	t.Helper()
	n := coretest.New(t, 25*time.Millisecond, 1)
	one := peer.FromID(1)
	knows := func(slave, next uint32) message.Response {
		return message.Response{Body: &message.Structure{
			Slaves: []core.Peer{peer.FromID(slave)}, Backlink: peer.FromID(2), Masters: message.NewMasters([]message.Master{{Peer: peer.FromID(next), Size: 1}}),
		}}
	}
	n.Play("", coretest.Answers{
		message.KindStatus:    {Body: &message.Status{Root: one, IsRegistered: true}},
		message.KindProvide:   {Body: &message.Provision{NetworkSize: 1, Results: []message.Place{{Address: one, NetworkSize: 1, Spares: []core.Peer{one}}}}},
		message.KindRegister:  {Body: &message.Registered{Size: 1}},
		message.KindStructure: knows(2, 3),
	})
	h := n.AddNode("", core.Config{Bootstrap: []core.Peer{one}, ManualSync: true})
	for i := range uint32(hosts) {
		n.Play("", coretest.Answers{message.KindStructure: knows(uint32(hosts)+3, i+4), message.KindInterview: {Body: &message.Interview{}}})
	}
	if hosts > 0 { // the one slave of all, which has not heard of its registration yet
		n.Play("", coretest.Answers{message.KindStructure: {Body: &message.Structure{Masters: &message.Masters{}}}})
	}
	h.Start()
	h.Node.Sync()
	n.Settle()
	slave := n.Play("", coretest.Answers{message.KindInterview: {Body: &message.Interview{}}, message.KindStructure: {Body: &message.Structure{Backlink: h.Peer(), Masters: &message.Masters{}}}})
	resp := n.Ask(slave, h.Peer(), message.Request{Kind: message.KindRegister, Root: one, Timeout: time.Second, Body: &message.RegisterRequest{Target: slave.Peer()}})
	if resp.Err != nil {
		t.Fatal(resp.Err)
	}
	n.Trace = nil
	return n, h
}

// A master that looks for others goes eight steps from those it knows in one sync; the next
// sync goes on from there.
func TestAWalkTakesEightSteps(t *testing.T) {
	n, h := chained(t, 20)
	for _, last := range []uint32{10, 17} { // 3 is one step away, and later all that are known
		h.Node.Sync()
		n.Settle()
		furthest := uint32(0)
		for _, r := range n.Trace {
			if r.From == "2" && r.Kind == message.KindStructure && r.To.ID() < 23 {
				furthest = max(furthest, r.To.ID())
			}
		}
		if furthest != last {
			t.Errorf("the walk ends at host %d, want %d", furthest, last)
		}
	}
}

// An introduction is asked once: if nothing comes of it, it is forgotten.
func TestIntroductionsAreAskedOnce(t *testing.T) {
	n, h := chained(t, 0)
	stranger := n.Play("", coretest.Answers{message.KindStructure: {Body: &message.Structure{Masters: &message.Masters{}}}})
	n.Ask(stranger, h.Peer(), message.Request{Kind: message.KindStructure, Root: peer.FromID(1), Timeout: time.Second, Body: &message.Introduction{}})
	if h.Node.Heard() != 1 {
		t.Fatal("the introduction is not remembered")
	}
	for range 3 {
		h.Node.Sync()
		n.Settle()
	}
	asked := 0
	for _, r := range n.Trace {
		if r.To == stranger.Peer() {
			asked++
		}
	}
	if asked != 1 || h.Node.Heard() != 0 {
		t.Errorf("the stranger is asked %d times, and %d introductions are remembered", asked, h.Node.Heard())
	}
}

// A backlink that drops a node counts two, and each sync in which one keeps it takes one back.
func TestDroppingBacklinksAreForgiven(t *testing.T) {
	n, h := chained(t, 0)
	lists := n.Host(1).Actor.(coretest.Answers)[message.KindStructure].Body.(*message.Structure).Slaves
	var counts []int
	for _, listed := range []bool{true, false, true, false, true, true, true, true, true} {
		lists[0] = n.Peer("10.0.0.77:4000")
		if listed {
			lists[0] = h.Peer()
		}
		h.Node.Sync()
		n.Settle()
		counts = append(counts, h.Node.Dropped())
	}
	if want := []int{0, 2, 1, 3, 2, 1, 0, 0, 0}; !slices.Equal(counts, want) {
		t.Errorf("counts %v, want %v", counts, want)
	}
}
