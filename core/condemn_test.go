package core_test

import (
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/behavior"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// How far a ban reaches that a node decides on by itself.

// A liar names a server that is no node and shares its host with an honest one. The honest
// node must not be banned with it.
func TestNamingAServerDoesNotBanTheNodeBesideIt(t *testing.T) {
	n := coretest.New(t, oneWay, 1)
	rules := behavior.Rules()
	rules[behavior.ResponseSchema].BanDelay = time.Second
	master := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, Behavior: &rules})
	honest := n.AddNode("10.9.9.9:4000", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}})
	server := n.Play("10.9.9.9:80", coretest.ActorFunc(func(core.Peer, *message.Request) (message.Response, coretest.Reaction) {
		return noStructure, coretest.Answer
	}))
	var liar *coretest.Host
	liar = n.Play("", coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		switch req.Kind {
		case message.KindStructure:
			list := []message.Master{{Peer: master.Peer(), Size: 2}, {Peer: liar.Peer(), Size: 2}, {Peer: server.Peer(), Size: 1}}
			return message.Response{Body: &message.Structure{
				Backlink: master.Peer(), Slaves: []core.Peer{server.Peer()}, Masters: message.NewMasters(list),
			}}, coretest.Answer
		case message.KindInterview:
			return message.Response{Body: &message.Interview{}}, coretest.Answer
		}
		return message.Refuse(message.CodeMasterFull), coretest.Answer
	}))
	master.Start()
	n.Run(20 * time.Second)
	honest.Start()
	n.Run(time.Minute)
	register := message.Request{
		Kind: message.KindRegister, Root: master.Peer(), Timeout: time.Second, Body: &message.RegisterRequest{Target: liar.Peer()},
	}
	introduction := message.Request{
		Kind: message.KindStructure, Root: master.Peer(), Timeout: time.Second, Body: &message.Introduction{},
	}
	for end := n.Now() + time.Hour; n.Now() < end; n.Run(5 * time.Second) {
		n.Ask(liar, master.Peer(), register)
		n.Ask(liar, master.Peer(), introduction)
		if ban, banned := master.Node.Bans().Get(server.Peer()); banned {
			if ban.IP.IsValid() || ban.Reason != "responseSchema" {
				t.Errorf("the server's ban is %+v, want one of its address only", ban)
			}
			break
		}
	}
	if _, banned := master.Node.Bans().Banned(honest.Peer(), n.Book.IP(honest.Peer()), false); banned {
		t.Error("the node beside it is banned too")
	}
}

// What a peer has sent from its address is the proof that its host stands behind it.
func TestAPeerThatSpokeIsBannedWithItsHost(t *testing.T) {
	for _, spoke := range []bool{false, true} {
		n := coretest.New(t, oneWay, 1)
		rules := behavior.Rules()
		rules[behavior.ResponseSchema].BanDelay = time.Second
		h := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, Behavior: &rules})
		other := n.Play("", coretest.Answers{message.KindStructure: noStructure})
		h.Start()
		n.Run(20 * time.Second)
		h.Config().Bootstrap = append(h.Config().Bootstrap, other.Peer()) // strangers are not scored
		for i := range 13 {
			h.Node.Go(func(t *core.Task) {
				t.Call(other.Peer(), message.Request{Kind: message.KindStructure, Timeout: time.Second})
			})
			n.Run(time.Second)
			if spoke && i == 5 {
				if resp := n.Ask(other, h.Peer(), message.Request{Kind: message.KindStructure, Root: h.Peer(), Timeout: time.Second}); resp.Err != nil {
					t.Fatal(resp.Err)
				}
			}
		}
		n.Run(20 * time.Second)
		ban, banned := h.Node.Bans().Get(other.Peer())
		if !banned || ban.IP.IsValid() != spoke {
			t.Errorf("spoke %t: banned %t, with the IP %v", spoke, banned, ban.IP)
		}
	}
}
