package core_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// grown is a directed network of nodes that start within a time, after a while.
func grown(t testing.TB, nodes int, latency, spread time.Duration, seed uint64, after time.Duration) *coretest.Network {
	n := coretest.New(t, latency, seed)
	for i := range nodes {
		h := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}})
		h.Node.Offer(&coretest.Holder{Node: h.Number})
		h.At(coretest.Begin+spread*time.Duration(i)/time.Duration(nodes), h.Start)
	}
	n.Run(spread + after)
	return n
}

// Whatever the size, the latency, the seed and the time in which its nodes start, a
// network settles within ten sync intervals of the last start, and then stays as it is:
// every node has one backlink, which lists it, and knows all masters with their true
// sizes.
func TestNetworksSettleAndStaySettled(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		nodes := rapid.IntRange(2, 40).Draw(r, "nodes")
		latency := time.Duration(rapid.IntRange(1, 200).Draw(r, "latency")) * time.Millisecond
		spread := time.Duration(rapid.IntRange(0, 120).Draw(r, "spread")) * time.Second
		n := grown(t, nodes, latency, spread, rapid.Uint64().Draw(r, "seed"), 10*16*time.Second)
		n.Notes = nil
		for round := range 20 {
			if v := n.Violation(); v != "" {
				r.Fatalf("%d rounds after it should have settled: %s", round, v)
			}
			n.Run(16 * time.Second)
		}
		if len(n.Notes) > 0 {
			r.Fatalf("a settled network is not at rest: %s", n.Notes[0])
		}
	})
}

// A network that loses nodes settles again when it has forgotten them. That takes eleven
// failures of each, at a rhythm of one or more an interval, and some time to rearrange
// the nodes that are left.
func TestNetworksMendThemselves(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		nodes := rapid.IntRange(4, 30).Draw(r, "nodes")
		n := grown(t, nodes, 25*time.Millisecond, 0, rapid.Uint64().Draw(r, "seed"), 160*time.Second)
		lost := rapid.SliceOfNDistinct(rapid.IntRange(2, nodes), 1, max(1, nodes/4), rapid.ID).Draw(r, "lost")
		for _, i := range lost {
			n.Host(uint32(i)).Up = false
		}
		n.Run(40 * 16 * time.Second)
		if v := n.Violation(); v != "" {
			r.Fatalf("%d nodes without %v: %s", nodes, lost, v)
		}
	})
}

// hops is how many a search through the entry takes in a settled network, the client's
// included: a way through another master is three, through the entry itself two, and a
// node alone is asked by the client only.
func hops(entry *coretest.Host) int {
	masters := entry.Node.Structure().Masters.List
	switch {
	case len(masters) == 0:
		return 1
	case len(masters) == 1 && masters[0].Peer == entry.Peer():
		return 2
	}
	return 3
}

// In a settled network every node answers a search in the same way, from all nodes, each
// once.
func TestEveryEntryReachesEveryNodeOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		nodes := rapid.IntRange(1, 30).Draw(r, "nodes")
		n := grown(t, nodes, 25*time.Millisecond, 0, rapid.Uint64().Draw(r, "seed"), 160*time.Second)
		key := rapid.IntRange(0, 60).Draw(r, "key")
		var holders []int
		for i := 1; i <= nodes; i++ {
			if key%i == 0 {
				holders = append(holders, i)
			}
		}
		entry := peer.FromID(uint32(rapid.IntRange(1, nodes).Draw(r, "entry")))
		n.Client(1).Client.Ask(entry, 0, &message.QueryRequest{Name: "holders", Arg: key}, func(a *message.QueryAnswer, err error) {
			got, _ := a.Result.([]int)
			if err != nil || !slices.Equal(got, holders) || a.Coverage != (message.Coverage{Asked: nodes, Answered: nodes}) || a.Cost.Hops != hops(n.HostOf(entry)) {
				r.Fatalf("key %d of %d nodes: got %+v, %v, want %v", key, nodes, a, err, holders)
			}
		})
		n.Settle()
	})
}

// When nothing is under way any more no task is left in the middle of a procedure,
// whatever became of the requests.
func TestNoTaskIsLeftBehind(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		nodes := rapid.IntRange(2, 12).Draw(r, "nodes")
		n := grown(t, nodes, 25*time.Millisecond, 0, rapid.Uint64().Draw(r, "seed"), 100*time.Second)
		for range rapid.IntRange(1, 10).Draw(r, "operations") {
			h := n.Host(uint32(rapid.IntRange(1, nodes).Draw(r, "node")))
			switch rapid.IntRange(0, 4).Draw(r, "what") {
			case 0:
				h.Up = !h.Up
			case 1:
				h.Hung = !h.Hung
			case 2:
				n.Client(1).Client.Ask(h.Peer(), 0, &message.QueryRequest{Name: "holders", Arg: 1}, func(*message.QueryAnswer, error) {})
			case 3:
				n.Client(1).Client.Approve(h.Peer(), 0, "client", strings.Clone, func(*message.ApprovalKey, error) {})
			case 4:
				n.Run(time.Duration(rapid.IntRange(1, 3000).Draw(r, "ms")) * time.Millisecond)
			}
		}
		for _, h := range n.Hosts() {
			h.Up, h.Hung = true, false
		}
		n.Run(time.Minute) // tasks that wait for a draw go on by timers
		for _, h := range n.Hosts() {
			// No timer goes off any more; requests on their way still get their answers.
			h.Up = false
		}
		n.Run(2 * time.Minute)
		if n.Pending() > 0 || !n.Idle() {
			r.Fatalf("%d requests are left, all procedures at their end: %v", n.Pending(), n.Idle())
		}
	})
}

// Nodes of the original rule among a few of ours find their place, too. They step down
// where there is one master more than the optimum, which our nodes accept: without
// maxDrops every tenth of these networks would send a node of ours to such a master again
// and again. And a provider of ours must not send one of them to a slave of its own for
// ever.
func TestNodesOfTheOriginalRuleFitIn(t *testing.T) {
	// o is a node of ours, n is one of npm's rule.
	for pattern, spacing := range map[string]time.Duration{
		"ooonn": 3 * time.Second, "oonnn": 3 * time.Second, "ooooon": 3 * time.Second, "ooonnn": 3 * time.Second,
		"onono": time.Second / 10,
	} {
		for seed := range uint64(100) {
			n := coretest.New(t, 25*time.Millisecond, seed)
			for i, kind := range pattern {
				rule := core.Directed
				if kind == 'n' {
					rule = core.Original
				}
				h := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, Registration: rule})
				h.At(coretest.Begin+spacing*time.Duration(i), h.Start)
			}
			n.Run(40 * 16 * time.Second)
			if v := n.Violation(); v != "" {
				t.Errorf("%s, seed %d: after 40 rounds %s", pattern, seed, v)
			}
		}
	}
}
