package core_test

import (
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// Approvals whose questions take time to make.

// costly is an approval of kind "client" that takes a second for each part.
type costly struct{ core.ClientApproval }

const price = time.Second

func (costly) Price() time.Duration { return price }

// vouching is a node of such approvals that vouches for client 1 under the key "k".
func vouching(t *testing.T) *coretest.Host {
	t.Helper()
	terms := core.DefaultTerms()
	n := coretest.New(t, oneWay, 1)
	h := n.AddNode("", core.Config{
		Bootstrap: []core.Peer{peer.FromID(1)}, ManualSync: true,
		Approvals:      []core.ApprovalKind{costly{core.NewClientApproval(terms)}},
		ApprovalLimits: core.ApprovalLimits{PerHost: 1},
	})
	n.Play("", coretest.Answers{})
	h.Start()
	h.Node.Sync() // learns its root: its own address
	n.Run(time.Second)
	resp := n.Ask(n.Client(1), h.Peer(), message.Request{Kind: message.KindApprovalAdd, Timeout: time.Second, Body: &message.ApprovalAddRequest{
		Action: "client", Key: "k", StartedAt: n.Now().Truncate(terms.Period),
	}})
	if resp.Err != nil {
		t.Fatal(resp.Err)
	}
	return h
}

// sentTo sends a request from another node. It returns where the answer will be, and
// where the time that it took will be.
func sentTo(h *coretest.Host, kind message.Kind, body any) (answer *message.Response, took *time.Duration) {
	n := h.Network()
	answer, took = new(message.Response), new(time.Duration)
	begin := n.Now()
	n.Host(2).Call(h.Peer(), message.Request{
		Kind: kind, From: peer.FromID(2), Root: h.Peer(), Timeout: 10 * time.Second, Body: body,
	}, coretest.SinkFunc(func(r message.Response) { *answer, *took = r, n.Now()-begin }), 0)
	return answer, took
}

var part = &message.ApprovalInfoRequest{Action: "client", Key: "k"}

// While an approver makes its part it answers others, and the part comes after its price.
func TestAPartDelaysNoOtherRequest(t *testing.T) {
	h := vouching(t)
	parts, took := sentTo(h, message.KindApprovalInfo, part)
	_, pinged := sentTo(h, message.KindPing, nil)
	_, looked := sentTo(h, message.KindStructure, nil)
	h.Network().Run(5 * time.Second)
	if info, err := message.As[message.ApprovalInfo](*parts); err != nil || info.Info == "" || *took != price+2*oneWay {
		t.Errorf("the part is %+v, %v, after %v", info, err, *took)
	}
	if *pinged != 2*oneWay || *looked != 2*oneWay {
		t.Errorf("meanwhile a ping took %v and a structure %v, want %v", *pinged, *looked, 2*oneWay)
	}
}

// The question costs the entry node as much for each part.
func TestAQuestionDelaysNoOtherRequest(t *testing.T) {
	h := vouching(t)
	n, begin := h.Network(), h.Network().Now()
	var took, pinged time.Duration
	n.Client(1).Client.Approve(h.Peer(), 0, "client", func(q string) string { return q }, func(_ *message.ApprovalKey, err error) {
		took = n.Now() - begin
		if err != nil {
			t.Error(err)
		}
	})
	h.At(begin+price+price/2, func() {
		n.Client(2).Call(h.Peer(), message.Request{Kind: message.KindPing, Timeout: time.Second}, coretest.SinkFunc(func(message.Response) {
			pinged = n.Now() - begin - price - price/2
		}), 0)
	})
	n.Run(20 * time.Second)
	if took < 2*price || took > 2*price+time.Second {
		t.Errorf("an approval by one node took %v, want the price of a part twice", took)
	}
	if pinged != 2*oneWay {
		t.Errorf("meanwhile a ping took %v, want %v", pinged, 2*oneWay)
	}
}

// A part for an approval that is gone by the time it is made is refused.
func TestAPartOfAnApprovalThatIsGone(t *testing.T) {
	h := vouching(t)
	n := h.Network()
	parts, _ := sentTo(h, message.KindApprovalInfo, part)
	n.Run(price / 2)
	resp := n.Ask(n.Client(1), h.Peer(), message.Request{Kind: message.KindApprovalAdd, Timeout: time.Second, Body: &message.ApprovalAddRequest{
		Action: "client", Key: "another", StartedAt: n.Now().Truncate(core.DefaultTerms().Period),
	}})
	if resp.Err != nil {
		t.Fatal(resp.Err)
	}
	n.Run(5 * time.Second)
	if !message.IsRefusal(parts.Err, message.CodeUnsuitableKey) {
		t.Errorf("the part of a key that the client has given up: %+v", *parts)
	}
}

// A node that is stopped while it makes a part gives none, and its next life knows of
// nothing.
func TestAPartOfANodeThatStops(t *testing.T) {
	for name, end := range map[string]func(h *coretest.Host){
		"stops":          func(h *coretest.Host) { h.Node.Stop() },
		"begins anew":    (*coretest.Host).Restart,
		"takes a breath": func(h *coretest.Host) { h.Hold(); h.Network().Run(3 * time.Second); h.Node.Stop(); h.Release() },
	} {
		h := vouching(t)
		parts, _ := sentTo(h, message.KindApprovalInfo, part)
		h.Network().Run(price / 2)
		end(h)
		h.Network().Run(15 * time.Second)
		if parts.Err == nil {
			t.Errorf("a node that %s gives the part %+v", name, parts.Body)
		}
	}
}
