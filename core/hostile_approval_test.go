package core_test

import (
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// sternApproval is a second kind, on the terms of the first: its approvers are the same nodes.
type sternApproval struct{ core.ClientApproval }

func (sternApproval) Name() string { return "stern" }

// An approval of one kind is none of another, though the same nodes have given it: they look at what it was given for.
func TestAnApprovalIsForItsActionOnly(t *testing.T) {
	n := newNetwork(t, 25*time.Millisecond, 1)
	easy := core.NewClientApproval(core.Terms{Period: time.Hour})
	for range 9 {
		n.start(n.addNode(t, "", core.Config{
			Bootstrap: []core.Peer{peer.FromID(1)},
			Approvals: []core.ApprovalKind{easy, sternApproval{easy}},
		}))
	}
	n.run(160 * time.Second)
	c := n.client(1)
	var key *message.ApprovalKey
	c.client.Approve(peer.FromID(1), 0, "client", func(question string) string { return question }, func(k *message.ApprovalKey, err error) {
		if err != nil {
			t.Fatal(err)
		}
		key = k
	})
	n.settle()
	for i, action := range []string{"stern", "client"} {
		err := n.ask(c, peer.FromID(uint32(2+i)), message.Request{Kind: message.KindAction, Timeout: 10 * time.Second, Body: &message.ActionRequest{Proof: &message.Proof{
			Action: action, Key: key.Key, StartedAt: key.StartedAt, ClientIP: key.ClientIP, Approvers: key.Approvers, Answer: key.ClientIP.String(),
		}}}).Err
		if granted := err == nil; granted != (action == "client") {
			t.Errorf("an approval of kind client, shown for %s: %v", action, outcome(err))
		}
	}
}

// Nobody can work out a client's key from what is public and take it to the approvers first; the client that asks again is
// given the same.
func TestKeysCannotBeForetold(t *testing.T) {
	n := settled(t, 9)
	c := n.client(1)
	var keys []*message.ApprovalKey
	for range 2 {
		c.client.Draw(peer.FromID(1), 0, "client", func(k *message.ApprovalKey, _ error) { keys = append(keys, k) })
		n.settle()
	}
	if keys[0].Key != keys[1].Key {
		t.Errorf("asked twice, the keys are %s and %s", keys[0].Key, keys[1].Key)
	}
	var approvers []string
	for _, p := range keys[0].Approvers {
		approvers = append(approvers, n.book.Text(p))
	}
	if keys[0].Key == draw.Key(keys[0].ClientIP.String(), "client", keys[0].StartedAt, n.book.Text(peer.FromID(1)), approvers) {
		t.Error("the key is made of public facts only")
	}
}
