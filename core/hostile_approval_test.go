package core_test

import (
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// sternApproval is a second kind, on the terms of the first: its approvers are the same
// nodes.
type sternApproval struct{ core.ClientApproval }

func (sternApproval) Name() string { return "stern" }

// An approval of one kind is none of another, even if the same nodes have given it: they
// look at what it was given for.
func TestAnApprovalIsForItsActionOnly(t *testing.T) {
	n := coretest.New(t, 25*time.Millisecond, 1)
	easy := core.NewClientApproval(core.Terms{Period: time.Hour})
	for range 9 {
		n.AddNode("", core.Config{
			Bootstrap: []core.Peer{peer.FromID(1)},
			Approvals: []core.ApprovalKind{easy, sternApproval{easy}},
		}).Start()
	}
	n.Run(160 * time.Second)
	c := n.Client(1)
	var key *message.ApprovalKey
	c.Client.Approve(peer.FromID(1), 0, "client", func(question string) string { return question }, func(k *message.ApprovalKey, err error) {
		if err != nil {
			t.Fatal(err)
		}
		key = k
	})
	n.Settle()
	for i, action := range []string{"stern", "client"} {
		err := n.Ask(c, peer.FromID(uint32(2+i)), message.Request{Kind: message.KindAction, Timeout: 10 * time.Second, Body: &message.ActionRequest{Proof: &message.Proof{
			Action: action, Key: key.Key, StartedAt: key.StartedAt, ClientIP: key.ClientIP, Approvers: key.Approvers, Answer: key.ClientIP.String(),
		}}}).Err
		if granted := err == nil; granted != (action == "client") {
			t.Errorf("an approval of kind client, shown for %s: %v", action, coretest.Outcome(err))
		}
	}
}

// A client's key cannot be worked out from what is public and taken to the approvers
// first. A client that asks again gets the same key.
func TestKeysCannotBeForetold(t *testing.T) {
	n := settled(t, 9)
	c := n.Client(1)
	var keys []*message.ApprovalKey
	for range 2 {
		c.Client.Draw(peer.FromID(1), 0, "client", func(k *message.ApprovalKey, _ error) { keys = append(keys, k) })
		n.Settle()
	}
	if keys[0].Key != keys[1].Key {
		t.Errorf("asked twice, the keys are %s and %s", keys[0].Key, keys[1].Key)
	}
	var approvers []string
	for _, p := range keys[0].Approvers {
		approvers = append(approvers, n.Book.Text(p))
	}
	if keys[0].Key == draw.Key(keys[0].ClientIP.String(), "client", keys[0].StartedAt, n.Book.Text(peer.FromID(1)), approvers) {
		t.Error("the key is made of public facts only")
	}
}
