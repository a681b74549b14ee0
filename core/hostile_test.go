package core_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// What a hostile client or peer cannot do.

// settled returns a directed network of n nodes that has settled.
func settled(t *testing.T, nodes int) *coretest.Network {
	t.Helper()
	n := coretest.New(t, 25*time.Millisecond, 1)
	for range nodes {
		n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}}).Node.Offer(&coretest.Holder{Node: uint32(n.Book.Len())})
	}
	for _, h := range n.Hosts() {
		h.Start()
	}
	n.Run(160 * time.Second)
	if v := n.Violation(); v != "" {
		t.Fatal(v)
	}
	n.Trace = nil
	return n
}

// A client decides how much time it gives a node. However little that is, the node must
// not blame others for not answering within it.
func TestAnImpatientClientEvictsNoNode(t *testing.T) {
	for _, test := range []struct{ latency, timeout time.Duration }{
		{25 * time.Millisecond, 0},
		{25 * time.Millisecond, time.Millisecond},
		{25 * time.Millisecond, 121 * time.Millisecond},
		{25 * time.Millisecond, 150 * time.Millisecond},
		// more than a ping may take, less than masters need to ask their slaves
		{300 * time.Millisecond, 1200 * time.Millisecond},
	} {
		n := grown(t, 9, test.latency, 0, 1, 320*time.Second)
		if v := n.Violation(); v != "" {
			t.Fatal(v)
		}
		entry := n.Host(5)
		before := len(entry.Node.Structure().Masters.List)
		for range 30 {
			n.Client(1).Call(entry.Peer(), message.Request{
				Kind: message.KindQuery, Client: n.Client(1).IP, Timeout: test.timeout, Body: &message.QueryRequest{Name: "holders", Arg: 1},
			}, coretest.SinkFunc(func(message.Response) {}), 0)
		}
		n.Run(5 * time.Second)
		if after := len(entry.Node.Structure().Masters.List); after != before {
			t.Errorf("latency %v: after 30 searches with a timeout of %v a node knows %d of %d masters", test.latency, test.timeout, after, before)
		}
	}
}

// An entry node that reaches no approver must refuse, not find that none of none have
// agreed.
func TestNoApproversNoApproval(t *testing.T) {
	n := settled(t, 9)
	period := 5 * time.Minute
	proof := &message.Proof{Action: "client", Key: "none", StartedAt: n.Now().Truncate(period), ClientIP: n.Client(1).IP, Answer: "192.0.2.1"}
	resp := n.Ask(n.Client(1), peer.FromID(5), message.Request{
		Kind: message.KindAction, Timeout: 100 * time.Millisecond, Body: &message.ActionRequest{Proof: proof},
	})
	n.Run(time.Second)
	if resp.Err == nil {
		t.Error("a proof without approvers was taken")
	}
}

// A query is answered for the one level that its kind stands for. Another one would make
// masters ask masters for ever, or index a table from its end: it is malformed, and no
// node is asked.
func TestQueryLevelsAreBounded(t *testing.T) {
	n := settled(t, 9)
	for kind, good := range map[message.Kind]int{message.KindQueryMaster: 2, message.KindQueryButler: 1} {
		for _, level := range []int{-1 << 62, -1, 0, 1, 2, 3, 8, 1 << 62} {
			n.Trace = nil
			resp := n.Ask(n.Host(2), peer.FromID(5), message.Request{
				Kind: kind, Root: peer.FromID(1), Timeout: 5 * time.Second,
				Body: &message.QueryRequest{Name: "holders", Level: level, Arg: 1},
			})
			switch {
			case level == good && resp.Err != nil:
				t.Errorf("%v of level %d: %v", kind, level, resp.Err)
			case level != good && (resp.Err != message.ErrMalformed || asked(n.Trace) != 1):
				t.Errorf("%v of level %d: %s after %d queries", kind, level, coretest.Outcome(resp.Err), asked(n.Trace))
			}
		}
	}
}

// asked counts the queries of nodes in a trace.
func asked(trace []*coretest.Record) (queries int) {
	for _, r := range trace {
		if r.Kind == message.KindQueryMaster || r.Kind == message.KindQueryButler || r.Kind == message.KindQuerySlave {
			queries++
		}
	}
	return queries
}

// Requests between nodes need the network's root, also from a sender that names no
// address: in npm an absent root is a wrong one.
func TestNodeRequestsNeedTheRoot(t *testing.T) {
	n := settled(t, 9)
	for _, root := range []core.Peer{{}, peer.FromID(3)} {
		resp := n.Ask(n.Client(1), peer.FromID(5), message.Request{Kind: message.KindStructure, Root: root, Timeout: time.Second})
		if resp.Err != message.ErrWrongRoot {
			t.Errorf("a client that asks for the structure with root %d gets %v", root.ID(), coretest.Outcome(resp.Err))
		}
	}
}

// What a node keeps for approvals is gone when their time is over.
func TestApprovalsExpire(t *testing.T) {
	n := settled(t, 9)
	for i := range 20 {
		n.Client(i+1).Client.Approve(peer.FromID(2), 0, "client", func(q string) string { return q }, func(*message.ApprovalKey, error) {})
	}
	n.Run(16 * time.Minute)
	for _, h := range n.Hosts() {
		if c := h.Node.Approvals(); c.Clients > 0 || c.Keys > 0 {
			t.Errorf("node %s still keeps %d approvals and %d keys", h.Name(), c.Clients, c.Keys)
		}
	}
}

// askPlace asks node 1 where target could register.
func askPlace(n *coretest.Network, from *coretest.Host, target core.Peer) *message.Provision {
	resp := n.Ask(from, peer.FromID(1), message.Request{
		Kind: message.KindProvide, Root: peer.FromID(1), Timeout: 10 * time.Second, Body: &message.ProvideRequest{Target: target, Places: true},
	})
	p, _ := resp.Body.(*message.Provision)
	return p
}

// firstPlace is what the latest newcomer would do with the provision.
func firstPlace(p *message.Provision) core.Peer {
	if p == nil || len(p.Results) == 0 {
		return core.Peer{}
	}
	return p.Results[0].Address
}

// A peer that asks for a place again and again takes away no master's capacity.
func TestOneAskerDoesNotFillTheNetwork(t *testing.T) {
	n := settled(t, 37)
	newcomer := n.Play("", coretest.Answers{})
	masters := make(map[core.Peer]bool)
	for _, h := range n.Live() {
		if len(h.Node.Structure().Slaves) > 0 {
			masters[h.Peer()] = true
		}
	}
	if first := firstPlace(askPlace(n, newcomer, newcomer.Peer())); !masters[first] {
		t.Fatalf("the first place, %d, is no master", first.ID())
	}
	asker := n.Play("", coretest.Answers{})
	for range 60 {
		askPlace(n, asker, asker.Peer())
	}
	honest := n.Play("", coretest.Answers{})
	if first := firstPlace(askPlace(n, honest, honest.Peer())); !masters[first] {
		t.Errorf("after 60 questions of one peer, the next newcomer is sent to %d, which is no master", first.ID())
	}
}

// A peer that asks on behalf of addresses that it made up has no effect on where others
// are sent.
func TestForgedTargetsAttractNoNewcomers(t *testing.T) {
	n := settled(t, 30)
	asker := n.Play("", coretest.Answers{})
	forged := make(map[core.Peer]bool)
	for i := range 200 {
		p, err := n.Book.Intern(peer.MustParse(fmt.Sprintf("198.51.100.%d:80", i+1)))
		if err != nil {
			t.Fatal(err)
		}
		forged[p] = true
		askPlace(n, asker, p)
	}
	honest := n.Play("", coretest.Answers{})
	p := askPlace(n, honest, honest.Peer())
	for _, r := range p.Results {
		if forged[r.Address] {
			t.Errorf("a newcomer is sent to the forged address %d", r.Address.ID())
		}
	}
	if p.NetworkSize > 40 {
		t.Errorf("a network of 30 is told to have %d nodes", p.NetworkSize)
	}
}

// A slave that names thousands of masters does not make its own master ask them all.
func TestSearchForMastersIsBounded(t *testing.T) {
	n := settled(t, 30)
	var liar *coretest.Host
	for _, h := range n.Live() {
		if s := h.Node.Structure(); len(s.Slaves) == 0 {
			liar = h
		}
	}
	truth := liar.Node.Structure()
	list := append([]message.Master(nil), truth.Masters.List...)
	for i := range 3000 {
		p, err := n.Book.Intern(peer.MustParse(fmt.Sprintf("198.51.%d.%d:80", 100+i/250, i%250+1)))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, message.Master{Peer: p, Size: 1})
	}
	liar.Actor = coretest.Answers{message.KindStructure: {Body: &message.Structure{
		Address: liar.Peer(), Backlink: truth.Backlink, Slaves: []core.Peer{peer.FromID(2)}, Masters: &message.Masters{List: list, Total: 3030},
	}}}
	n.Trace = nil
	n.Run(17 * time.Second) // one sync of every node
	most, sent := 0, make(map[string]int)
	for _, r := range n.Trace {
		sent[r.From]++
		most = max(most, sent[r.From])
	}
	if most > 500 {
		t.Errorf("one lie made a node of a network of 30 send %d requests in a round", most)
	}
}

// Introductions of addresses without a node leave nothing behind.
func TestFalseIntroductionsLeaveNothing(t *testing.T) {
	n := settled(t, 30)
	var master *coretest.Host
	for _, h := range n.Live() {
		if len(h.Node.Structure().Slaves) > 0 {
			master = h
		}
	}
	for round := range 30 {
		for i := range 60 {
			p, err := n.Book.Intern(peer.MustParse(fmt.Sprintf("198.51.%d.%d:80", 100+round, i+1)))
			if err != nil {
				t.Fatal(err)
			}
			req := message.Request{Kind: message.KindStructure, From: p, Root: peer.FromID(1), Timeout: time.Second, Body: &message.Introduction{}}
			master.Node.Serve(&req, 0)
		}
		n.Run(16 * time.Second)
	}
	if failing := master.Node.Failing(); failing > 200 {
		t.Errorf("a master remembers the failures of %d peers that never were", failing)
	}
}

// A master remembers an introduction once, and not that of a master it knows: a peer that
// introduces itself over and over would push the others out.
func TestIntroductionsAreRememberedOnce(t *testing.T) {
	n := settled(t, 30)
	var masters []*coretest.Host
	for _, h := range n.Live() {
		if len(h.Node.Structure().Slaves) > 0 {
			masters = append(masters, h)
		}
	}
	stranger := n.Peer("198.51.100.1:80")
	for range 3 {
		for _, from := range []core.Peer{masters[1].Peer(), stranger} {
			req := message.Request{Kind: message.KindStructure, From: from, Root: peer.FromID(1), Timeout: time.Second, Body: &message.Introduction{}}
			masters[0].Node.Serve(&req, 0)
		}
	}
	if heard := masters[0].Node.Heard(); heard != 1 {
		t.Errorf("%d introductions are remembered, want that of the stranger alone", heard)
	}
}

// An introduction without an address, as a sender that hides it could send, is no
// introduction: there is no peer to ask.
func TestASenderWithoutAnAddressIsNotIntroduced(t *testing.T) {
	n := settled(t, 30)
	for _, h := range n.Live() {
		req := message.Request{Kind: message.KindStructure, Root: peer.FromID(1), Timeout: time.Second, Body: &message.Introduction{}}
		if resp, done := h.Node.Serve(&req, 0); !done || resp.Err != nil {
			t.Fatalf("the structure was refused to a sender without an address: %v", resp.Err)
		}
		if got := h.Node.Heard(); got > 0 {
			t.Fatalf("node %s will ask %d peers that have no address", h.Name(), got)
		}
	}
}

// The original knows no introductions: a node of its rule answers with its structure, and
// remembers nothing.
func TestTheOriginalRuleIgnoresIntroductions(t *testing.T) {
	n := coretest.New(t, oneWay, 1)
	h := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, Registration: core.Original})
	stranger := n.Peer("198.51.100.1:80")
	h.Start()
	n.Run(time.Second)
	req := message.Request{Kind: message.KindStructure, From: stranger, Root: h.Peer(), Timeout: time.Second, Body: &message.Introduction{}}
	if resp, done := h.Node.Serve(&req, 0); !done || resp.Body != any(h.Node.Structure()) || h.Node.Heard() != 0 {
		t.Errorf("answered %v with %v, and %d introductions are remembered", done, resp, h.Node.Heard())
	}
}

// A network that has shrunk a little keeps masters with one slave more than the optimum.
// That is within the rules, and no node may be banned for it, however long it lasts.
func TestSlackIsNoMisbehaviour(t *testing.T) {
	for _, nodes := range []int{9, 18, 19, 27, 30, 31, 40, 44} {
		n := settled(t, nodes)
		for i, h := range n.Hosts() {
			if i > 0 && i%4 == 0 {
				h.Up = false
			}
		}
		n.Run(4000 * time.Second)
		for _, h := range n.Live() {
			for _, b := range h.Node.Bans().All() {
				t.Fatalf("%d nodes less a quarter, %v later: node %s has banned %d for %s", nodes, n.Now()-coretest.Begin, h.Name(), b.Peer.ID(), b.Reason)
			}
		}
	}
}

// A newcomer whose bootstrap node was away for a moment finds its place soon after: it
// learns the root with the retry, not a whole interval later.
func TestRetryLearnsTheRoot(t *testing.T) {
	late := 0
	for seed := range uint64(10) {
		n := settled(t, 9)
		n.Seed = seed + 100
		newcomer := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}})
		n.Host(1).Up = false
		newcomer.Start()
		n.Run(1100 * time.Millisecond)
		n.Host(1).Up = true
		n.Run(2 * time.Second)
		if newcomer.Node.Structure().Backlink.IsZero() {
			late++
		}
	}
	if late > 2 {
		t.Errorf("%d of 10 newcomers are without a place two seconds after their bootstrap node came back", late)
	}
}

// Two nodes that name each other as bootstrap agree on a root: without one, nothing tells
// networks apart.
func TestTwoBootstrapNodesHaveARoot(t *testing.T) {
	n := coretest.New(t, 25*time.Millisecond, 1)
	both := []core.Peer{peer.FromID(1), peer.FromID(2)}
	for range 5 {
		n.AddNode("", core.Config{Bootstrap: both}).Start()
	}
	n.Run(80 * time.Second)
	for _, h := range n.Hosts() {
		if root := h.Node.NetworkRoot(); root.IsZero() || root != n.Hosts()[0].Node.NetworkRoot() {
			t.Errorf("node %s is in network %d, node 1 in %d", h.Name(), root.ID(), n.Hosts()[0].Node.NetworkRoot().ID())
		}
	}
}

// While its bootstrap node is away, or has no place for it, a newcomer asks again soon,
// but not more often the longer it lasts: some three times an interval, and once with its
// sync.
func TestRetriesDoNotPileUp(t *testing.T) {
	for _, test := range []struct {
		what string
		boot coretest.Answers
		up   bool
		kind message.Kind // that it asks each time
	}{
		{"away", nil, false, message.KindStatus},
		{"full", coretest.Answers{
			message.KindStatus:  {Body: &message.Status{Root: peer.FromID(1), IsRegistered: true}},
			message.KindProvide: {Body: &message.Provision{NetworkSize: 9, Lifetime: time.Minute}},
		}, true, message.KindProvide},
	} {
		n := coretest.New(t, 25*time.Millisecond, 1)
		n.Play("", test.boot).Up = test.up
		n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}}).Start()
		n.Run(10 * time.Minute)
		n.Trace = nil
		n.Run(160 * time.Second)
		asked := 0
		for _, r := range n.Trace {
			if r.Kind == test.kind {
				asked++
			}
		}
		if asked < 25 || asked > 50 {
			t.Errorf("where its bootstrap node is %s, a lonely node asks %d times in ten sync intervals", test.what, asked)
		}
	}
}

// An answer counts for the node that was asked, whatever address it names: a slave cannot
// tell its master the size of another node.
func TestAnswersSpeakForTheirSenderOnly(t *testing.T) {
	n := settled(t, 60)
	var master, victim, liar *coretest.Host
	for _, h := range n.Live() {
		if s := h.Node.Structure(); len(s.Slaves) == 0 {
			liar, master = h, n.Host(s.Backlink.ID())
		}
	}
	known := master.Node.Structure()
	for _, h := range n.Live() {
		near := h == master || h.Peer() == known.Backlink || slices.Contains(known.Slaves, h.Peer())
		if len(h.Node.Structure().Slaves) > 0 && !near {
			victim = h
		}
	}
	truth := liar.Node.Structure()
	crowd := make([]core.Peer, 100)
	for i := range crowd {
		crowd[i] = peer.FromID(uint32(i%60) + 1)
	}
	liar.Actor = coretest.Answers{message.KindStructure: {Body: &message.Structure{
		Address: victim.Peer(), Backlink: truth.Backlink, Slaves: crowd, Masters: truth.Masters,
	}}}
	n.Run(17 * time.Second)
	for _, m := range master.Node.Structure().Masters.List {
		if m.Peer == victim.Peer() && m.Size > 30 {
			t.Errorf("a slave made its master believe that %s has %d slaves", victim.Name(), m.Size)
		}
	}
}

// An npm master that sheds a slave tells its new size at once: the row of a plain slave
// takes one off the own size.
func TestOriginalTellsItsSizeAfterShedding(t *testing.T) {
	n := coretest.New(t, 25*time.Millisecond, 1)
	n.Play("", coretest.Answers{
		message.KindStatus:   {Body: &message.Status{Root: peer.FromID(1), IsRegistered: true}},
		message.KindProvide:  {Body: &message.Provision{NetworkSize: 1, Lifetime: time.Minute, Results: []message.Place{{Address: peer.FromID(1), NetworkSize: 1}}}},
		message.KindRegister: {Body: &message.Registered{Size: 1}},
		message.KindStructure: {Body: &message.Structure{Address: peer.FromID(1), Slaves: []core.Peer{peer.FromID(2)},
			Masters: &message.Masters{List: []message.Master{{Peer: peer.FromID(1), Size: 1}, {Peer: peer.FromID(2), Size: 4}}, Total: 5}}},
	})
	h := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, Registration: core.Original, ManualSync: true})
	h.Start()
	h.Node.Sync()
	n.Settle()
	for range 4 {
		s := n.Play("", coretest.Answers{message.KindInterview: {Body: &message.Interview{}},
			message.KindStructure: {Body: &message.Structure{Backlink: h.Peer(), Masters: &message.Masters{}}}})
		n.Ask(s, h.Peer(), message.Request{Kind: message.KindRegister, Root: peer.FromID(1), Timeout: time.Second, Body: &message.RegisterRequest{Target: s.Peer()}})
	}
	h.Node.Sync()
	n.Settle()
	s := h.Node.Structure()
	if len(s.Slaves) != 3 {
		t.Fatalf("%d slaves, want 3 of 5 nodes", len(s.Slaves))
	}
	for _, m := range s.Masters.List {
		if m.Peer == h.Peer() && int(m.Size) != len(s.Slaves) {
			t.Errorf("tells of %d slaves, and has %d", m.Size, len(s.Slaves))
		}
	}
}

// A newcomer that asks for a place several times, because the first ones did not work
// out, is one newcomer: after the provider's next sync as well.
func TestAskingAgainCountsOnce(t *testing.T) {
	n := settled(t, 37)
	asker := n.Play("", coretest.Answers{})
	for range 20 {
		askPlace(n, asker, asker.Peer())
	}
	n.Host(1).Node.Sync()
	n.Settle()
	other := n.Play("", coretest.Answers{})
	if p := askPlace(n, other, other.Peer()); p.NetworkSize > 39 {
		t.Errorf("with 37 nodes and two newcomers, the provider counts %d", p.NetworkSize)
	}
}

// A master that answers with new names each time, of nodes that do not exist, leaves no
// failures of them behind.
func TestMadeUpMastersLeaveNothing(t *testing.T) {
	n := coretest.New(t, 25*time.Millisecond, 1)
	one := peer.FromID(1)
	liar := n.Play("", coretest.Answers{
		message.KindStatus:   {Body: &message.Status{Root: one, IsRegistered: true}},
		message.KindProvide:  {Body: &message.Provision{NetworkSize: 1, Results: []message.Place{{Address: one, NetworkSize: 1, Spares: []core.Peer{one}}}}},
		message.KindRegister: {Body: &message.Registered{Size: 1}},
	})
	h := n.AddNode("", core.Config{Bootstrap: []core.Peer{one}, ManualSync: true})
	h.Node.Offer(&coretest.Holder{Node: h.Number})
	h.Start()
	for round := range 30 {
		list := []message.Master{{Peer: one, Size: 1}}
		for i := range 10 {
			p, err := n.Book.Intern(peer.MustParse(fmt.Sprintf("198.51.%d.%d:80", 100+round, i+1)))
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, message.Master{Peer: p, Size: 1})
		}
		liar.Actor.(coretest.Answers)[message.KindStructure] = message.Response{Body: &message.Structure{Address: one, Slaves: []core.Peer{h.Peer()}, Masters: &message.Masters{List: list, Total: 11}}}
		h.Node.Sync()
		n.Settle()
		n.Ask(n.Client(1), h.Peer(), message.Request{Kind: message.KindQuery, Timeout: 10 * time.Second, Body: &message.QueryRequest{Name: "holders", Arg: 1}})
	}
	if failing := h.Node.Failing(); failing > 40 {
		t.Errorf("a slave remembers the failures of %d masters that never were", failing)
	}
}

// One host with hundreds of ports does not become the master of all newcomers.
func TestOneHostDoesNotBecomeTheNextMasters(t *testing.T) {
	n := settled(t, 37)
	evil := make(map[core.Peer]bool)
	for port := range 600 {
		h := n.Play(fmt.Sprintf("198.51.100.1:%d", port+1), coretest.Answers{})
		evil[h.Peer()] = true
		askPlace(n, h, h.Peer())
	}
	proposed := 0
	for i := range 40 {
		honest := n.Play(fmt.Sprintf("192.0.2.%d:80", 100+i), coretest.Answers{})
		for _, r := range askPlace(n, honest, honest.Peer()).Results {
			if evil[r.Address] {
				proposed++
			}
		}
	}
	if proposed > 20 {
		t.Errorf("40 newcomers are sent to the ports of one host %d times", proposed)
	}
}

// Where a backlink and a slave that hang use up a whole sync, a master forgets no other
// master for lack of time to ask.
func TestNoTimeToAskForgetsNoMaster(t *testing.T) {
	n := coretest.New(t, 25*time.Millisecond, 1)
	for range 40 {
		n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, SyncInterval: 4 * time.Second, ServerTimeout: 2 * time.Second}).Start()
	}
	n.Run(80 * time.Second)
	if v := n.Violation(); v != "" {
		t.Fatal(v)
	}
	for _, h := range n.Live() {
		s := h.Node.Structure()
		if len(s.Slaves) == 0 || h.Number == 1 {
			continue
		}
		n.Host(s.Backlink.ID()).Hung, n.Host(s.Slaves[0].ID()).Hung = true, true
		n.Run(9 * time.Second)
		if now := len(h.Node.Structure().Masters.List); now < len(s.Masters.List)-2 {
			t.Errorf("of %d masters it knows %d", len(s.Masters.List), now)
		}
		return
	}
}
