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

// Holes of the original protocol that no other test tries. docs/security.md lists all.

// A host has one check of an answer, whatever comes of it: right, wrong, of a shape that the
// kind of approval cannot read, or among approvers that give us no part. In the original the
// last two did not count.
func TestAUselessCheckCounts(t *testing.T) {
	type check struct {
		answer    string
		approvers []core.Peer
	}
	for what, useless := range map[string]func(right byte, drawn []core.Peer) check{
		"nothing":       func(_ byte, drawn []core.Peer) check { return check{"", drawn} },
		"no digits":     func(_ byte, drawn []core.Peer) check { return check{"???", drawn} },
		"another digit": func(right byte, drawn []core.Peer) check { return check{string(rune('0'+'9'-right)) + "--", drawn} },
		"without us":    func(right byte, drawn []core.Peer) check { return check{string(rune(right)) + "--", drawn[1:]} },
		"of nobody":     func(right byte, _ []core.Peer) check { return check{string(rune(right)) + "--", nil} },
		"in other order": func(right byte, drawn []core.Peer) check {
			return check{string(rune(right)) + "--", []core.Peer{drawn[1], drawn[0], drawn[2]}}
		},
	} {
		w := puzzles(t, 9)
		key := w.puzzle()
		at := key.Approvers[0]
		expected := w.HostOf(at).Node.State().Approvals[0].Answer
		askers := slices.DeleteFunc(slices.Clone(w.Hosts()[:9]), func(h *coretest.Host) bool { return h.Peer() == at })
		good := check{expected + "--", key.Approvers}
		for _, step := range []struct {
			asker int
			check check
			want  string
		}{
			{0, good, "ok"}, // so that a wrong one does not end the question
			{1, useless(expected[0], key.Approvers), message.CodeWrongAnswer},
			{1, good, message.CodeUnsuitableKey},
			{2, good, "ok"},
		} {
			got := coretest.Outcome(w.asNode(askers[step.asker], at, message.KindApprovalCheck, &message.ApprovalCheckRequest{
				Action: "digits", Key: key.Key, Answer: step.check.answer, Approvers: step.check.approvers, ClientIP: key.ClientIP,
			}))
			if got != step.want {
				t.Errorf("%s: asker %d says %v: %s, want %s", what, step.asker, step.check, got, step.want)
			}
		}
	}
}

// Newcomers that register at one master at the same moment are told different sizes: the
// last one is told the number of slaves that the master has.
func TestSizesOfCrowdsDiffer(t *testing.T) {
	for _, rule := range []core.Registration{core.Directed, core.Original} {
		n := coretest.New(t, 25*time.Millisecond, 1)
		master := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, Registration: rule, ManualSync: true})
		master.Start()
		master.Node.Sync()
		n.Settle()
		var sizes []int
		for range 5 {
			newcomer := n.Play("", coretest.Answers{message.KindInterview: {Body: &message.Interview{}}})
			req := registration(master, newcomer.Peer())
			req.From = newcomer.Peer()
			newcomer.Call(master.Peer(), req, coretest.SinkFunc(func(r message.Response) {
				answer, err := message.As[message.Registered](r)
				if err != nil {
					t.Fatal(err)
				}
				sizes = append(sizes, answer.Size)
			}), 0)
		}
		n.Settle()
		if slices.Sort(sizes); !slices.Equal(sizes, []int{1, 2, 3, 4, 5}) {
			t.Errorf("%v: five newcomers are told the sizes %v", rule, sizes)
		}
	}
}

// A sync that takes longer than the interval is not joined by the next: while a node waits
// for its backlink, it asks nothing a second time.
func TestSyncsDoNotOverlap(t *testing.T) {
	for _, rule := range []core.Registration{core.Directed, core.Original} {
		n := coretest.New(t, 25*time.Millisecond, 1)
		for range 2 {
			n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, Registration: rule, ManualSync: true}).Start()
		}
		for range 3 {
			for _, h := range n.Hosts() {
				h.Node.Sync()
				n.Settle()
			}
		}
		asked := func(times int) (count int) {
			n.Trace = nil
			for range times {
				n.Host(2).Node.Sync()
			}
			n.Settle()
			for _, r := range n.Trace {
				if r.From == n.Host(2).Name() {
					count++
				}
			}
			return count
		}
		once := asked(1)
		if thrice := asked(3); once == 0 || thrice != once {
			t.Errorf("%v: a sync asks %d times, three begun at once %d times", rule, once, thrice)
		}
	}
}

// While the bootstrap node is down, a node keeps the name of its network, also on disk. The
// original wrote the bootstrap address over it, here node 2 instead of node 1.
func TestTheRootOutlivesTheBootstrapNode(t *testing.T) {
	for _, rule := range []core.Registration{core.Directed, core.Original} {
		n := coretest.New(t, 25*time.Millisecond, 1)
		for i := range uint32(5) {
			h := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(max(1, min(i, 2)))}, Registration: rule})
			h.Start()
		}
		n.Run(10 * time.Minute)
		n.Host(2).Crash(true)
		n.Run(20 * time.Minute)
		last := n.Host(5)
		last.Crash(false)
		last.Boot(&last.Saved)
		n.Run(20 * time.Minute)
		if got, want := last.Node.State().Root, n.Book.Text(peer.FromID(1)); got != want {
			t.Errorf("%v: the root is %q, want %q", rule, got, want)
		}
	}
}

// A master that refuses to show its structure is in no list after a while, whatever else it
// answers: its slaves have left it, and the other masters have forgotten it.
func TestMastersThatRefuseAreForgotten(t *testing.T) {
	for _, rule := range []core.Registration{core.Directed, core.Original} {
		n := coretest.New(t, 25*time.Millisecond, 1)
		for range 20 {
			n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, Registration: rule}).Start()
		}
		n.Run(20 * time.Minute)
		var captor *coretest.Host
		for _, h := range n.Hosts()[1:] {
			if len(h.Node.Structure().Slaves) > 0 {
				captor = h
			}
		}
		captor.Actor = coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
			if req.Kind == message.KindStructure {
				return message.Response{Err: &message.Error{Code: "BUSY"}}, coretest.Answer
			}
			return message.Response{}, coretest.Pass
		})
		n.Run(20 * time.Minute)
		for _, h := range n.Hosts() {
			s := h.Node.Structure()
			lists := slices.ContainsFunc(s.Masters.List, func(m message.Master) bool { return m.Peer == captor.Peer() })
			if h != captor && (lists || s.Backlink == captor.Peer()) {
				t.Errorf("%v: node %s still has the captor %s: backlink %d, masters %v", rule, h.Name(), captor.Name(), s.Backlink.ID(), s.Masters.List)
			}
		}
	}
}
