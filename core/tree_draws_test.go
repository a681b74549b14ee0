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

// At two levels, too, the approvers are the first nodes of all in the order of the draw,
// whatever branch the entry node is in.
func TestADrawReachesAllBranches(t *testing.T) {
	n := grow(t, 200, 1)
	for i := range 10 {
		n.Run(5 * time.Minute)
		key := drawnAt(t, n, peer.FromID(uint32(1+19*i)))
		if want := first(n, key.StartedAt, len(key.Approvers)); len(want) != 3 || !slices.Equal(key.Approvers, want) {
			t.Errorf("draw %d named %v, want %v", i, key.Approvers, want)
		}
	}
}

// A client is approved through any entry node: the approvers of other branches answer it.
func TestApprovalsReachAllBranches(t *testing.T) {
	n := grow(t, 200, 2)
	for i := range 8 {
		err, done := error(nil), false
		entry := peer.FromID(uint32(1 + 23*i))
		n.Client(i+1).Client.Approve(entry, 0, "client", func(q string) string { return q }, func(_ *message.ApprovalKey, e error) { err, done = e, true })
		n.Run(10 * time.Second)
		if !done || err != nil {
			t.Errorf("at node %d: %t, %v", entry.ID(), done, err)
		}
	}
}

// Whatever is in no branch learns nothing from an approver, even if it says that it is
// where a member is. Members of other branches may check.
func TestOnlyMembersOfABranchMayCheck(t *testing.T) {
	n := grow(t, 60, 1)
	entry, client := n.Host(1), n.Client(1)
	key := drawnAt(t, n, entry.Peer())
	ask := func(to core.Peer, kind message.Kind, body any) {
		if resp := n.Ask(client, to, message.Request{Kind: kind, Timeout: 10 * time.Second, Body: body}); resp.Err != nil {
			t.Fatal(resp.Err)
		}
	}
	for _, p := range key.Approvers {
		ask(p, message.KindApprovalAdd, &message.ApprovalAddRequest{Action: "client", Key: key.Key, StartedAt: key.StartedAt})
	}
	ask(entry.Peer(), message.KindApprovalQuestion, &message.ApprovalQuestionRequest{Action: "client", Key: key.Key, Confirmed: key.Approvers})
	approver := n.HostOf(key.Approvers[0])
	var member *coretest.Host // of another branch than the approver's
	for _, h := range n.Hosts() {
		if h.Node.Path()[0].Name != approver.Node.Path()[0].Name && h != entry && len(h.Node.Structure().Slaves) == 0 {
			member = h
			break
		}
	}
	place := *n.Ask(entry, member.Peer(), message.Request{
		Kind: message.KindTree, Root: entry.Node.Network(), Timeout: time.Second, Body: &message.TreeRequest{Place: true},
	}).Body.(*message.Tree)
	liar := n.Play("", coretest.Answers{message.KindTree: {Body: &place}})
	check := func(from *coretest.Host) error {
		return n.Ask(from, approver.Peer(), message.Request{
			Kind: message.KindApprovalCheck, Root: entry.Node.Network(), Timeout: time.Second,
			Body: &message.ApprovalCheckRequest{
				Action: "client", Key: key.Key, Answer: key.ClientIP.String(), Approvers: key.Approvers, ClientIP: key.ClientIP,
			},
		}).Err
	}
	if err := check(liar); !message.IsRefusal(err, message.CodeUnsuitableKey) {
		t.Errorf("a stranger with the place of a member: %s", coretest.Outcome(err))
	}
	if err := check(member); err != nil {
		t.Errorf("a member of another branch: %s", coretest.Outcome(err))
	}
}
