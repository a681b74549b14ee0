package core_test

import (
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// A provider that names a size no network has gets no place taken, and no node down.
func TestNegativeNetworkSizes(t *testing.T) {
	for _, rule := range []core.Registration{core.Original, core.Directed} {
		n := coretest.New(t, 25*time.Millisecond, 1)
		one := peer.FromID(1)
		n.Play("", coretest.Answers{
			message.KindStatus:    {Body: &message.Status{Root: one, IsRegistered: true, NetworkSize: -5}},
			message.KindProvide:   {Body: &message.Provision{NetworkSize: -5, Results: []message.Place{{Address: one, NetworkSize: -5}}}},
			message.KindRegister:  {Body: &message.Registered{Size: -5}},
			message.KindStructure: {Body: &message.Structure{Address: one, Slaves: []core.Peer{peer.FromID(2)}, Masters: &message.Masters{Total: -5}}},
		})
		h := n.AddNode("", core.Config{Bootstrap: []core.Peer{one}, Registration: rule, ManualSync: true})
		h.Start()
		for range 3 {
			h.Node.Sync()
			n.Settle()
		}
	}
}

// Lists with a zero Peer, as a gap in a message could be read, stop no node.
func TestListsWithAZeroPeer(t *testing.T) {
	n := settled(t, 9)
	none := core.Peer{}
	for _, h := range n.Live() {
		if s := h.Node.Structure(); len(s.Slaves) > 0 && h.Number != 1 {
			h.Actor = coretest.Answers{message.KindStructure: {Body: &message.Structure{
				Address: h.Peer(), Slaves: append([]core.Peer{none}, s.Slaves...),
				Masters: &message.Masters{List: append([]message.Master{{Peer: none, Size: 1}}, s.Masters.List...), Total: s.Masters.Total + 1},
			}}}
		}
	}
	n.Run(40 * time.Second)
	for _, h := range n.Live() {
		n.Client(1).Client.Draw(h.Peer(), 0, "client", func(*message.ApprovalKey, error) {})
		n.Client(1).Client.Ask(h.Peer(), 0, &message.QueryRequest{Name: "holders", Arg: 1}, func(*message.QueryAnswer, error) {})
	}
	n.Settle()
	for _, r := range n.Trace {
		if r.To == none {
			t.Fatalf("node %s asks no peer: %s", r.From, r.Kind)
		}
	}
}

// A node that registers before a sync of the master, and then names another backlink, can
// change the master's size a few times; then it has to wait for some intervals.
func TestANodeThatTogglesHasToWait(t *testing.T) {
	n := coretest.New(t, 25*time.Millisecond, 1)
	master := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, ManualSync: true})
	master.Start()
	toggler := n.Play("", nil)
	toggler.Actor = coretest.Answers{
		message.KindInterview: {Body: &message.Interview{}},
		message.KindStructure: {Body: &message.Structure{Address: toggler.Peer(), Backlink: toggler.Peer(), Masters: &message.Masters{}}},
	}
	listed, refused := 0, 0
	for range 40 {
		req := registration(master, toggler.Peer())
		req.From = toggler.Peer()
		toggler.Call(master.Peer(), req, coretest.SinkFunc(func(r message.Response) {
			switch outcome := coretest.Outcome(r.Err); outcome {
			case "ok":
				listed++
			case message.CodeMasterFull:
				refused++
			default:
				t.Errorf("it is answered %s", outcome)
			}
		}), 0)
		n.Settle()
		master.Node.Sync()
		n.Run(16 * time.Second)
	}
	if listed < 3 || listed > 8 || listed+refused != 40 {
		t.Errorf("it is listed in %d of 40 intervals, and refused in %d", listed, refused)
	}
}
