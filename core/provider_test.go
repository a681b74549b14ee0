package core_test

import (
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/peer"
)

// A node of the original rule takes the first of several bootstrap nodes that answers, and
// one that its owner gives it while it runs.
func TestAnOriginalNodeFindsABootstrapNodeThatAnswers(t *testing.T) {
	for seed := range uint64(6) {
		n := coretest.New(t, oneWay, seed)
		first := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, Registration: core.Original})
		first.Start()
		n.Run(40 * time.Second)
		dead := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(2)}}).Peer() // never started
		late := n.AddNode("", core.Config{Bootstrap: []core.Peer{dead, first.Peer()}, Registration: core.Original})
		late.Start()
		lost := n.AddNode("", core.Config{Bootstrap: []core.Peer{dead}, Registration: core.Original})
		lost.Start()
		n.Run(3 * time.Minute)
		if late.Node.Structure().Backlink.IsZero() {
			t.Errorf("seed %d: with two bootstrap nodes, one of them dead, a node does not register", seed)
		}
		if !lost.Node.Structure().Backlink.IsZero() {
			t.Fatal("a node registers without a bootstrap node")
		}
		lost.Config().Bootstrap = []core.Peer{first.Peer()}
		// three nodes of this rule register and lose each other for ever, as npm's do
		for range 20 {
			if n.Run(10 * time.Second); !lost.Node.Structure().Backlink.IsZero() {
				break
			}
		}
		if lost.Node.Structure().Backlink.IsZero() {
			t.Errorf("seed %d: with another bootstrap node a node does not register", seed)
		}
	}
}
