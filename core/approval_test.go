package core_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/core/state"
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
		"192.0.2.1":   {"192.0.2.1", "::ffff:192.0.2.1", "0000:0000:0000:0000:0000:ffff:c000:0201"},
		"2001:db8::1": {"2001:db8::1", "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:DB8:0::1"},
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
		if kind.Check("192.0.2.2", expected, 0, 1) {
			t.Errorf("another IP is taken for %s", ip)
		}
	}
	for _, nonsense := range []string{"", "nonsense", "192.0.2.1:80"} {
		if kind.Check(nonsense, "192.0.2.1", 0, 1) || kind.Check("192.0.2.1", nonsense, 0, 1) || kind.AcceptsAnswer(nonsense) {
			t.Errorf("%q is taken for an IP", nonsense)
		}
	}
}

// An approver vouches for a hundred thousand clients at a time. Those it vouches for
// already are served when it is full, and new ones when the period is over.
func TestApproverVouchesForSoManyClients(t *testing.T) {
	const most = 100_000
	client := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}) }
	saved := state.State{Self: "10.0.0.1:4000"}
	for i := range most - 1 {
		id := state.ApprovalID{Action: "client", Client: client(i)}
		saved.Approvals = append(saved.Approvals, state.Approval{ApprovalID: id, Key: fmt.Sprint("key ", i), Updated: coretest.Begin})
	}
	n := coretest.New(t, 0, 1)
	h := n.AddNode("10.0.0.1:4000", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, ManualSync: true})
	if err := h.Node.Restore(saved); err != nil {
		t.Fatal(err)
	}
	h.Start()
	start := coretest.Begin.Truncate(5 * time.Minute)
	vouch := func(i int, start time.Duration) error {
		resp, _ := h.Node.Serve(&message.Request{
			Kind: message.KindApprovalAdd, Client: client(i),
			Body: &message.ApprovalAddRequest{Action: "client", Key: fmt.Sprint("key ", i), StartedAt: start},
		}, 0)
		return resp.Err
	}
	if err := vouch(most-1, start); err != nil {
		t.Errorf("client %d is refused: %v", most, err)
	}
	if err := vouch(most, start); !message.IsRefusal(err, message.CodeUnsuitableKey) {
		t.Errorf("one client more: %s", coretest.Outcome(err))
	}
	if err := vouch(7, start); err != nil {
		t.Errorf("a client that it vouches for asks again: %v", err)
	}
	n.Run(10 * time.Minute)
	h.Node.Sync()
	n.Settle()
	if err := vouch(most, start+10*time.Minute); err != nil {
		t.Errorf("one client more, in another period: %v", err)
	}
}

// An entry node remembers as many draws, and gives out keys beyond that as well.
func TestEntryNodeRemembersSoManyDraws(t *testing.T) {
	saved := state.State{Self: "10.0.0.1:4000"}
	for i := range 99_999 {
		saved.Keys = append(saved.Keys, state.Key{Key: fmt.Sprint("key ", i), Until: coretest.Begin + time.Hour})
	}
	h := lonely(t, 0)
	if err := h.Node.Restore(saved); err != nil {
		t.Fatal(err)
	}
	h.Start()
	for i, want := range []int{100_000, 100_000} {
		req := message.Request{Kind: message.KindApprovalKey, Timeout: time.Second, Body: &message.ApprovalKeyRequest{Action: "client"}}
		if err := h.Network().Ask(h.Network().Client(i+1), h.Peer(), req).Err; err != nil {
			t.Fatal(err)
		}
		if _, keys := h.Node.Approvals(); keys != want {
			t.Errorf("after %d draws more it remembers %d, want %d", i+1, keys, want)
		}
	}
}

// An approval lives as long as it is used, and no longer than a period after that.
func TestApprovalLivesAPeriodAfterItsUse(t *testing.T) {
	w := newTown(t)
	key := w.draw("client")
	at := w.vouch("client", key)
	approver := w.HostOf(at)
	rows := func() int { rows, _ := approver.Node.Approvals(); return rows }
	w.Run(4 * time.Minute)
	if err := w.asNode(w.stranger, at, message.KindApprovalInfo, &message.ApprovalInfoRequest{Action: "client", Key: key.Key}); err != nil {
		t.Fatalf("four minutes later: %v", err)
	}
	w.Run(4 * time.Minute)
	if rows() != 1 {
		t.Error("four minutes after its last use, the approval is forgotten")
	}
	if err := w.asNode(w.stranger, at, message.KindApprovalCheck, goodCheck(key)); err != nil {
		t.Fatalf("eight minutes later: %v", err)
	}
	w.Run(4 * time.Minute)
	if rows() != 1 {
		t.Error("four minutes after the check, the approval is forgotten")
	}
	w.Run(2 * time.Minute)
	if rows() != 0 {
		t.Error("six minutes after its last use, the approval is remembered")
	}
}

// A client that asks an approver again starts anew: nodes that have checked its answer
// may check it again, under another key the old part of the question counts no more, and
// the old key is free.
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
		return w.asNode(w.stranger, at, message.KindApprovalCheck, body)
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
		{"a check after that, of the answer settled before", check(key.Key), "ok"},
		{"vouching under another key", add(w.visitor, "another"), "ok"},
		{"a check under the old key", check(key.Key), message.CodeUnsuitableKey},
		{"a check under the new one, without a part", check("another"), message.CodeUnsuitableKey},
		{"the part under the new key", part("another"), "ok"},
		{"a check after that", check("another"), "ok"},
		{"another client under the old key", add(w.Client(2), key.Key), "ok"},
		{"the client under the old key, another's now", add(w.visitor, key.Key), message.CodeUnsuitableKey},
		{"the new key, after that", part("another"), "ok"},
	}
	for _, s := range steps {
		if got := coretest.Outcome(s.err); got != s.want {
			t.Errorf("%s: %s, want %s", s.what, got, s.want)
		}
	}
}
