package core_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// drawnAt asks an entry node for the approvers of the current period.
func drawnAt(t *testing.T, n *coretest.Network, entry core.Peer) *message.ApprovalKey {
	t.Helper()
	key, err := message.As[message.ApprovalKey](n.Ask(n.Client(1), entry, message.Request{
		Kind: message.KindApprovalKey, Timeout: 10 * time.Second, Body: &message.ApprovalKeyRequest{Action: "client"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// first are the first count live nodes in the order of the original's draw, of all slaves
// of all nodes.
func first(n *coretest.Network, start time.Duration, count int) []core.Peer {
	ranking, seen := draw.New(start), make(map[core.Peer]bool)
	for _, h := range n.Hosts() {
		if !h.Up {
			continue
		}
		for _, s := range h.Node.Structure().Slaves {
			if !seen[s] && n.HostOf(s).Up {
				seen[s] = true
				ranking.Add(int32(s.ID()), n.Book.Text(s))
			}
		}
	}
	var list []core.Peer
	for _, i := range ranking.Next(count) {
		list = append(list, peer.FromID(uint32(i)))
	}
	return list
}

// Asking for entrants draws the approvers that a ranking of all nodes would.
func TestADrawOfEntrantsIsThatOfAllNodes(t *testing.T) {
	n := settled(t, 150)
	for i := range 20 {
		n.Run(5 * time.Minute)
		key := drawnAt(t, n, peer.FromID(uint32(1+7*i)))
		if want := first(n, key.StartedAt, len(key.Approvers)); len(want) != 3 || !slices.Equal(key.Approvers, want) {
			t.Errorf("draw %d named %v, want %v", i, key.Approvers, want)
		}
	}
}

// Where all but the masters have just died, the limit is doubled until enough are alive.
func TestTheLimitOfADrawIsDoubledWhileTooFewAreAlive(t *testing.T) {
	n := settled(t, 150)
	var masters []core.Peer
	for _, m := range n.Host(2).Node.Structure().Masters.List {
		masters = append(masters, m.Peer)
	}
	const count = 3
	survivors := func() (alive int) { // of those below the first limit
		all := first(n, draw.Start(n.Now(), 5*time.Minute), 4*count+10)
		return len(slices.DeleteFunc(all, func(p core.Peer) bool { return !slices.Contains(masters, p) }))
	}
	for survivors() >= count {
		n.Run(5 * time.Minute)
	}
	for _, h := range n.Hosts() {
		if h.Number != 2 && !slices.Contains(masters, h.Peer()) {
			h.Crash(false)
		}
	}
	asked := 0
	n.HostOf(masters[0]).Actor = coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		if req.Kind == message.KindEntrants {
			asked++
		}
		return message.Response{}, coretest.Pass
	})
	key := drawnAt(t, n, peer.FromID(2))
	if want := first(n, key.StartedAt, count); !slices.Equal(key.Approvers, want) {
		t.Errorf("named %v, want %v", key.Approvers, want)
	}
	if asked < 2 {
		t.Error("the limit was not doubled")
	}
}

// A master that names its slaves whatever the limit costs a draw no more than another,
// and is told of.
func TestAFloodOfEntrantsIsCut(t *testing.T) {
	n := settled(t, 40)
	liar, entry := masterOf(n), n.Host(1)
	var phantoms []core.Peer
	for i := range 3000 {
		phantoms = append(phantoms, n.Peer(fmt.Sprintf("198.18.%d.%d:80", i>>8, i&255)))
	}
	liar.Actor = coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		if req.Kind != message.KindEntrants {
			return message.Response{}, coretest.Pass
		}
		return message.Response{Body: &message.Entrants{Slaves: phantoms}}, coretest.Answer
	})
	if key := drawnAt(t, n, entry.Peer()); len(key.Approvers) != 2 {
		t.Errorf("%d approvers, want 2", len(key.Approvers))
	}
	if cut := entry.Node.Limits().EntrantsCut; cut == 0 {
		t.Error("no answer was cut")
	}
}
