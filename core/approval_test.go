package core_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// The question of kind client is the address that the client comes from, and so is the
// answer, in any way of writing it.
func TestClientApprovalAsksForTheIP(t *testing.T) {
	kind := core.NewClientApproval(core.DefaultTerms())
	if kind.Name() != "client" || kind.Terms() != core.DefaultTerms() {
		t.Errorf("it is %s on the terms %+v", kind.Name(), kind.Terms())
	}
	if !kind.Accepts(nil) || kind.Accepts(new(string)) {
		t.Error("a client asks nothing of the question, not even nothing in writing")
	}
	if kind.Fits(nil, "") || !kind.Fits(nil, "192.0.2.1") {
		t.Error("a part is any text but none")
	}
	for ip, others := range map[string][]string{
		"192.0.2.1": {"192.0.2.1", "::ffff:192.0.2.1", "0000:0000:0000:0000:0000:ffff:c000:0201"},
		"2001:db8::1": {
			"2001:db8::1", "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:DB8:0::1",
			"2001:db8::7:1", // a temporary address of the same /64
		},
	} {
		client := netip.MustParseAddr(ip)
		question, err := kind.Compose(client, nil, nil)
		if question != ip || err != nil {
			t.Errorf("the client at %s is asked %q: %v", ip, question, err)
		}
		part, expected := kind.Issue(client, nil, nil)
		if part != expected {
			t.Errorf("an approver says %q and expects %q", part, expected)
		}
		for _, answer := range others {
			if !kind.Check(answer, expected, 0, 1) || !kind.AcceptsAnswer(answer) {
				t.Errorf("%s is not taken for the IP %s", answer, ip)
			}
		}
		for _, other := range []string{"192.0.2.2", "2001:db8:0:1::1"} {
			if kind.Check(other, expected, 0, 1) {
				t.Errorf("%s is taken for %s", other, ip)
			}
		}
	}
	for _, nonsense := range []string{"", "nonsense", "192.0.2.1:80"} {
		if kind.Check(nonsense, "192.0.2.1", 0, 1) || kind.Check("192.0.2.1", nonsense, 0, 1) || kind.AcceptsAnswer(nonsense) {
			t.Errorf("%q is taken for an IP", nonsense)
		}
	}
}

// serve asks a node at once, as a transport does.
func serve(h *coretest.Host, kind message.Kind, client string, body any) error {
	resp, _ := h.Node.Serve(&message.Request{Kind: kind, Client: netip.MustParseAddr(client), Timeout: time.Second, Body: body}, 0)
	return resp.Err
}

// An approval ends with the period after that of its key, however much it is used, and
// cannot be prolonged.
func TestApprovalEndsWithItsPeriod(t *testing.T) {
	w := newTown(t)
	key := w.draw("client")
	at := w.vouch("client", key)
	approver := w.HostOf(at)
	askers := w.Hosts()
	check := func(i int) error {
		_ = w.part(w.stranger, at, "client", key)
		return w.asNode(askers[i%9], at, message.KindApprovalCheck, goodCheck(key))
	}
	ends := key.StartedAt + 10*time.Minute
	for i := 0; w.Now() < ends-time.Minute; i++ {
		if err := check(i); err != nil {
			t.Fatalf("%v before its end: %v", ends-w.Now(), err)
		}
		w.Run(time.Minute)
	}
	w.Run(ends - w.Now())
	if err := check(1); !message.IsRefusal(err, message.CodeUnsuitableKey) {
		t.Errorf("at its end: %s", coretest.Outcome(err))
	}
	for _, start := range []time.Duration{key.StartedAt, w.Now().Truncate(5 * time.Minute)} {
		err := w.asClient(w.visitor, at, message.KindApprovalAdd, &message.ApprovalAddRequest{Action: "client", Key: key.Key, StartedAt: start})
		if err == nil {
			t.Errorf("it is vouched for once more, from %v", start)
		}
	}
	w.Run(time.Minute)
	if c := approver.Node.Approvals(); c.Clients != 0 {
		t.Errorf("a minute later %d approvals are kept", c.Clients)
	}
}

// A client that asks an approver again under the same key, as npm entry nodes make it do,
// gets another question: the answer to the last one counts no more.
func TestVouchingAgainStartsAnew(t *testing.T) {
	w := newTown(t)
	key := w.draw("client")
	at := w.vouch("client", key)
	part := func(k string) error {
		return w.asNode(w.stranger, at, message.KindApprovalInfo, &message.ApprovalInfoRequest{Action: "client", Key: k})
	}
	check := func(k string) error {
		body := goodCheck(key)
		body.Key = k
		return w.asNode(w.member(), at, message.KindApprovalCheck, body)
	}
	add := func(from *coretest.Host, k string) error {
		return w.asClient(from, at, message.KindApprovalAdd, &message.ApprovalAddRequest{Action: "client", Key: k, StartedAt: key.StartedAt})
	}
	steps := []struct {
		what string
		err  error
		want string
	}{
		{"the part of the question", part(key.Key), "ok"},
		{"the first check", check(key.Key), "ok"},
		{"the second check", check(key.Key), message.CodeUnsuitableKey},
		{"vouching again", add(w.visitor, key.Key), "ok"},
		{"a check of the answer settled before", check(key.Key), message.CodeUnsuitableKey},
		{"another part", part(key.Key), "ok"},
		{"a check after that", check(key.Key), "ok"},
		{"vouching under another key", add(w.visitor, "another"), "ok"},
		{"a check under it, without a part", check("another"), message.CodeUnsuitableKey},
		{"the part under the other key", part("another"), "ok"},
		{"a check after that", check("another"), "ok"},
		{"another client under the old key", add(w.Client(2), key.Key), message.CodeUnsuitableKey},
		{"the client under the old key", add(w.visitor, key.Key), "ok"},
		{"no key", add(w.visitor, ""), message.CodeUnsuitableKey},
	}
	for _, s := range steps {
		if got := coretest.Outcome(s.err); got != s.want {
			t.Errorf("%s: %s, want %s", s.what, got, s.want)
		}
	}
}

// Clients behind one NAT have one IP. Each has approvals of its own, whichever entry node
// it asks, and in whatever order they go on.
func TestClientsBehindOneNATKeepApart(t *testing.T) {
	w := newTown(t)
	const clients = 12
	keys := make([]*message.ApprovalKey, clients)
	for i := range keys {
		keys[i] = w.draw("client")
		w.vouch("client", keys[i])
	}
	for i, key := range keys {
		if err := w.question("client", key, func(*message.ApprovalQuestionRequest) {}); err != nil {
			t.Errorf("client %d gets no question: %v", i, err)
		}
	}
	for i, key := range keys {
		for node := uint32(1); node <= 9; node++ {
			if err := w.act(node, key, key.ClientIP.String()); err != nil {
				t.Errorf("client %d, at node %d: %v", i, node, err)
			}
		}
	}
}

// act shows an approval to a node.
func (w *town) act(node uint32, key *message.ApprovalKey, answer string) error {
	return w.asClient(w.visitor, peer.FromID(node), message.KindAction, &message.ActionRequest{Proof: &message.Proof{
		Action: "client", Key: key.Key, StartedAt: key.StartedAt, ClientIP: key.ClientIP, Approvers: key.Approvers, Answer: answer,
	}})
}

// A client that has changed its entry node between the key and the question is served,
// and so is one whose period has ended meanwhile.
func TestAnotherEntryNodeMakesTheQuestion(t *testing.T) {
	for _, later := range []time.Duration{0, 5 * time.Minute} {
		w := newTown(t)
		key := w.draw("client")
		w.vouch("client", key)
		w.Run(later)
		body := &message.ApprovalQuestionRequest{Action: "client", Key: key.Key, Confirmed: key.Approvers}
		if err := w.asClient(w.visitor, peer.FromID(8), message.KindApprovalQuestion, body); err != nil {
			t.Errorf("%v later, no question: %v", later, err)
		}
		if err := w.act(7, key, key.ClientIP.String()); err != nil {
			t.Errorf("%v later, no action: %v", later, err)
		}
		body.Confirmed = []core.Peer{peer.FromID(8), w.stranger.Peer(), w.newcomer().Peer()}
		if err := w.asClient(w.visitor, peer.FromID(8), message.KindApprovalQuestion, body); !message.IsRefusal(err, message.CodeTooFewDecisions) {
			t.Errorf("nodes that were not drawn are asked: %s", coretest.Outcome(err))
		}
	}
}

// A node whose wall clock was fast gives and checks approvals at once when it is right
// again, although its own time goes on from where it was.
func TestAFastClockThatIsSetRight(t *testing.T) {
	w := newTown(t)
	for _, h := range w.Hosts()[:9] {
		h.Ahead = time.Hour
	}
	late := w.draw("client")
	at := w.HostOf(w.vouch("client", late))
	if c := at.Node.Approvals(); c.Clients != 1 {
		t.Fatalf("with all clocks ahead, %d clients are vouched for", c.Clients)
	}
	for _, h := range w.Hosts()[:9] {
		h.Ahead = 0
	}
	w.visitor.Client.Approve(entry, 0, "client", func(q string) string { return q }, func(_ *message.ApprovalKey, err error) {
		if err != nil {
			t.Errorf("with all clocks right: %v", err)
		}
	})
	w.Settle()
	w.Run(time.Minute)
	for _, h := range w.Hosts()[:9] {
		for _, row := range h.Node.State().Approvals {
			if row.StartedAt > w.Now() {
				t.Errorf("node %s keeps an approval of the future", h.Name())
			}
		}
		for _, key := range h.Node.State().Keys {
			if key.Until > w.Now()+10*time.Minute {
				t.Errorf("node %s keeps a key of the future", h.Name())
			}
		}
	}
}

// npm makes a node say what one of npm says of its place.
func npm(h *coretest.Host) {
	h.Actor = coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		switch req.Kind {
		case message.KindEntrants: // which it does not know
			return message.Refuse(message.CodeUnknownQuery), coretest.Answer
		case message.KindStructure:
		default:
			return message.Response{}, coretest.Pass
		}
		s := *h.Node.Structure()
		s.Npm, s.NpmSlaves = true, false
		return message.Response{Body: &s}, coretest.Answer
	})
}

// Where a node of npm is about, entry nodes name as many approvers as npm 0.3.10 demands,
// and the verifiers of ours take these as well as those of our own default. When it is
// gone, they name as many as before.
func TestDefaultsOfBothKindsOfNodes(t *testing.T) {
	for nodes, c := range map[int]struct{ ours, npms int }{5: {2, 3}, 12: {2, 4}, 20: {2, 5}} {
		n := settled(t, nodes)
		npm(n.Host(4))
		n.Run(80 * time.Second)
		drawn := func(entry uint32) (key *message.ApprovalKey) {
			n.Client(1).Client.Approve(peer.FromID(entry), 0, "client", func(q string) string { return q }, func(k *message.ApprovalKey, err error) {
				if err != nil {
					t.Errorf("%d nodes, entry node %d: %v", nodes, entry, err)
				}
				key = k
			})
			n.Settle()
			return key
		}
		for _, entry := range []uint32{1, 5} {
			key := drawn(entry)
			if len(key.Approvers) != c.npms {
				t.Errorf("%d nodes, one of npm: %d approvers, want %d", nodes, len(key.Approvers), c.npms)
			}
			for at := uint32(1); at <= uint32(nodes); at++ {
				if at == entry {
					continue
				}
				err := n.Ask(n.Client(1), peer.FromID(at), message.Request{Kind: message.KindAction, Timeout: 10 * time.Second, Body: &message.ActionRequest{Proof: &message.Proof{
					Action: "client", Key: key.Key, StartedAt: key.StartedAt, ClientIP: key.ClientIP, Approvers: key.Approvers, Answer: key.ClientIP.String(),
				}}}).Err
				if err != nil {
					t.Errorf("%d nodes, entry %d, verifier %d: %v", nodes, entry, at, err)
				}
			}
		}
		n.Host(4).Actor = nil
		n.Run(80 * time.Second)
		if key := drawn(1); len(key.Approvers) != c.ours {
			t.Errorf("%d nodes, none of npm any more: %d approvers, want %d", nodes, len(key.Approvers), c.ours)
		}
	}
}

// A master tells whether a slave of its is a node of npm, also while that does not answer.
func TestAMasterTellsOfSlavesOfNpm(t *testing.T) {
	n := settled(t, 16)
	slave := plainSlave(t, n)
	master := n.HostOf(slave.Node.Structure().Backlink)
	for _, step := range []struct {
		what   string
		change func()
		want   bool
	}{
		{"none", func() {}, false},
		{"one", func() { npm(slave) }, true},
		{"one that is silent", func() { slave.Hung = true }, true},
		{"one that is none any more", func() { slave.Hung, slave.Actor = false, nil }, false},
	} {
		step.change()
		master.Node.Sync()
		n.Run(3 * time.Second)
		if s := master.Node.Structure(); s.NpmSlaves != step.want || !slices.Contains(s.Slaves, slave.Peer()) {
			t.Errorf("%s: its master tells of npm: %v, want %v, and lists %v", step.what, s.NpmSlaves, step.want, s.Slaves)
		}
	}
}
