package core_test

import (
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// grow returns a settled network of two levels.
func grow(t *testing.T, nodes int, seed uint64) *coretest.Network {
	t.Helper()
	return growTo(t, 2, nodes, seed)
}

// growTo is grow with another number of levels.
func growTo(t *testing.T, levels, nodes int, seed uint64) *coretest.Network {
	t.Helper()
	n := coretest.New(t, 25*time.Millisecond, seed)
	n.Untold = true
	n.Prepare = coretest.OfferHolder
	for range nodes {
		n.AddNode("", core.Config{Levels: levels, Bootstrap: []core.Peer{peer.FromID(1)}}).Start()
	}
	n.Run(20 * core.DefaultSyncInterval)
	if c := coverage(n); c != 1 {
		t.Fatalf("a search reaches %.3f of the nodes before any has died", c)
	}
	return n
}

// coverage is the part of the live nodes that a search reaches, on average over some entry
// nodes.
func coverage(n *coretest.Network) float64 {
	live, sum, entries := n.Live(), 0, 0
	for i := 0; i < len(live); i += len(live)/16 + 1 {
		entries++
		all := &message.QueryRequest{Name: "holders", Arg: 0} // each node holds the key 0
		n.Client(1).Client.Ask(live[i].Peer(), 0, all, func(a *message.QueryAnswer, err error) {
			if err == nil && a.Result != nil {
				sum += len(a.Result.([]int))
			}
		})
		n.Settle()
	}
	return float64(sum) / float64(entries*len(live))
}

// mends lets four rounds pass and checks that a search reaches all; after twenty more, that
// each node counts all.
func mends(t *testing.T, n *coretest.Network) {
	t.Helper()
	n.Run(4 * core.DefaultSyncInterval)
	if c := coverage(n); c < 0.99 {
		t.Errorf("seed %d: four rounds later a search reaches %.3f of the nodes", n.Seed, c)
	}
	n.Run(20 * core.DefaultSyncInterval)
	live := n.Live()
	for _, h := range live {
		if size := h.Node.NetworkSize(); size != len(live) {
			t.Errorf("%d counts %d of %d nodes", h.Number, size, len(live))
			return
		}
	}
}

// What is left of the branch forms several parts of one name, or finds other branches.
func TestABranchWhoseMastersAllDieIsFoundAgain(t *testing.T) {
	for seed := range uint64(3) {
		n := grow(t, 200, seed+1)
		branch := n.Live()[100].Node.Path()[0].Name
		for _, h := range n.Live() {
			if h.Node.Path()[0].Name == branch && len(h.Node.Structure().Slaves) > 0 {
				h.Up = false
			}
		}
		mends(t, n)
	}
}

// Each of the new heads knows the dead ones of the others only.
func TestBranchesWhoseHeadsDieTogetherMeetAgain(t *testing.T) {
	for seed := range uint64(3) {
		n := grow(t, 200, seed+1)
		heads := make(map[core.Peer]bool)
		for _, h := range n.Live() {
			heads[h.Node.Path()[0].Head] = true
		}
		left := (len(heads)*3 + 9) / 10
		for _, h := range n.Live() {
			if left > 0 && heads[h.Peer()] {
				h.Up = false
				left--
			}
		}
		mends(t, n)
	}
}
