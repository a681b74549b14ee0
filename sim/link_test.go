package sim

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"spreadable/sim/result"
	"spreadable/sim/scenario"
	"spreadable/transport/inmem/link"
)

// linked is a scenario with all that may happen to messages.
const linked = `
name: linked
nodes: 150
duration: 5m
latency: {model: lognormal, mean: 40ms, stddev: 20ms, min: 2ms}
network: {up: 2Mbit/s, down: 20Mbit/s, loss: 2%, rto: 200ms, connection: each, tls: true, service: 1ms, service_model: exponential, queue: 50}
classes:
  server: {share: 20%}
  home: {share: 40%, loss: 1%}
  laggy: {share: 10%, service: 5ms}
  constrained: {share: 10%, nat: true}
workload: {searches: {count: 30, start: 3m, over: 1m}, approvals: {count: 20, start: 3m, over: 1m}}
`

func load(t *testing.T, text string, sets ...string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse("test.yaml", []byte(text), sets)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ran(t *testing.T, s *scenario.Scenario, workers int) *result.Run {
	t.Helper()
	r, err := Run(s, Options{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Whatever happens to messages, the run and what is counted do not depend on the workers.
func TestLinksGiveTheSameBitsForAllWorkers(t *testing.T) {
	for _, sets := range [][]string{
		nil,
		{"network.connection=reuse", "network.service_model=constant"},
		{"join.mode=spread", "join.over=100s", "join.bootstrap=3"},
	} {
		same(t, load(t, linked, sets...))
	}
	same(t, load(t, "name: datagrams\nnodes: 90\nduration: 3m\nnetwork: {loss: 5%, datagram: true}\nworkload: {searches: {count: 20, start: 2m}}\n"))
}

func same(t *testing.T, s *scenario.Scenario) {
	t.Helper()
	first := ran(t, s, 1).Summary.Timeless()
	want := fmt.Sprintf("%+v %+v", first.Fingerprint, shown(first.Network))
	for _, workers := range []int{2, 3, 8} {
		again := ran(t, s, workers).Summary.Timeless()
		if got := fmt.Sprintf("%+v %+v", again.Fingerprint, shown(again.Network)); got != want {
			t.Errorf("%s: %d workers give\n%s, one gives\n%s", s.Name, workers, got, want)
		}
	}
}

// shown is a section with the values behind its pointers.
func shown(n *result.Network) string {
	text := fmt.Sprint(n.Bytes)
	for _, count := range []*int64{n.Lost, n.Retransmissions, n.Handshakes, n.Refused, n.Abandoned, n.Unreachable} {
		if count != nil {
			text += fmt.Sprint(" ", *count)
		}
	}
	for _, use := range []*result.Use{n.Uplink, n.Downlink, n.Service} {
		if use != nil {
			text += fmt.Sprintf(" %+v", *use)
		}
	}
	return text
}

// The samples tell when things happened, and add up to the summary.
func TestSamplesOfALinkAddUp(t *testing.T) {
	r := ran(t, load(t, linked, "network.up=200kbit/s", "network.queue=1", "network.service=9ms"), 1)
	var lost, again, refused, abandoned int64
	for _, s := range r.Samples {
		lost, again, refused, abandoned = lost+*s.Lost, again+*s.Retransmissions, refused+*s.Refused, abandoned+*s.Abandoned
	}
	n := r.Summary.Network
	if lost != *n.Lost || again != *n.Retransmissions || refused != *n.Refused || abandoned != *n.Abandoned {
		t.Errorf("the samples add up to %d, %d, %d, %d, the summary has %s", lost, again, refused, abandoned, shown(n))
	}
	if again == 0 || refused == 0 || abandoned == 0 {
		t.Errorf("%d sent again, %d refused, %d abandoned: one does not happen", again, refused, abandoned)
	}
}

// What was measured and did not happen is a 0 in a sample, and what was not measured is
// nothing.
func TestSamplesTellNoneFromUnmeasured(t *testing.T) {
	r := ran(t, load(t, "name: queued\nnodes: 30\nduration: 2m\nnetwork: {loss: 2%, service: 1ms, queue: 1000}\n"), 1)
	for _, s := range r.Samples {
		if s.Refused == nil || *s.Refused != 0 || s.Lost == nil || s.Abandoned != nil {
			t.Errorf("at %v: refused %v, lost %v, abandoned %v", s.Time, s.Refused, s.Lost, s.Abandoned)
		}
	}
}

// The law of scenarios/laws/queue-dm1.yaml holds in a tenth of its time, less closely.
func TestAQueueOfSearchesWaitsAsTheorySays(t *testing.T) {
	s, err := scenario.Load("../scenarios/laws/queue-dm1.yaml", []string{
		"workload.searches.count=40000", "workload.searches.over=500s", "duration=600s", "expect.network.service.utilisation_max=> 0.6",
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = 16.927 // ms: see the file
	if got := ran(t, s, 1).Summary.Network.Service.WaitMS.Mean; math.Abs(got-want) > 0.1*want {
		t.Errorf("searches wait %v ms in the mean, want %v", got, want)
	}
}

// A network: without keys switches nothing on.
func TestAnEmptyNetworkCostsNothing(t *testing.T) {
	const plain = "name: plain\nnodes: 60\nduration: 2m\nworkload: {searches: {count: 5, start: 1m}}\n"
	a, b := ran(t, load(t, plain), 1), ran(t, load(t, plain+"network: {}\nclasses: {}\n"), 1)
	if a.Summary.Fingerprint != b.Summary.Fingerprint || b.Summary.Network != nil {
		t.Errorf("with empty groups the fingerprint is %s, without %s", b.Summary.Fingerprint, a.Summary.Fingerprint)
	}
	if w, err := newWorld(load(t, plain), 1); err != nil || w.link != nil {
		t.Errorf("without keys there is a link %v, %v", w.link, err)
	}
}

// Each class has its share of the nodes to the node, whichever they are, and the
// bootstrap nodes can be reached.
func TestClassesHaveTheirShares(t *testing.T) {
	const text = "name: classes\nnodes: 203\nduration: 1m\nclasses: {home: {share: 33.3%}, laggy: {share: 60%, nat: true}}\njoin: {bootstrap: 9}\n"
	orders := make(map[string]bool)
	for seed := range 20 {
		s := load(t, text, fmt.Sprintf("seed=%d", seed))
		of := classes(s, s.Nodes)
		counts := make(map[uint8]int)
		for _, class := range of {
			counts[class]++
		}
		if counts[1] != 68 || counts[2] != 121 || counts[0] != 14 {
			t.Errorf("of 203 nodes %v are of each class", counts)
		}
		if slices.Contains(of[:9], 2) {
			t.Errorf("seed %d: a bootstrap node cannot be reached: %v", seed, of[:9])
		}
		orders[fmt.Sprint(of)] = true
	}
	if len(orders) != 20 {
		t.Errorf("20 seeds give %d orders", len(orders))
	}
}

// What a class does not say is as its preset, and else as the network.
func TestAClassIsAPresetOverTheNetwork(t *testing.T) {
	s := load(t, "name: classes\nnodes: 20\nduration: 1m\nnetwork: {up: 3Mbit/s, loss: 2%, service: 4ms, queue: 9}\nclasses: {laggy: {share: 50%, delay: 80ms}}\n")
	kinds := hosts(s, s.Nodes).Kinds
	want := []link.Host{
		{Up: 3_000_000, Loss: 0.02, Service: s.Network.Service, Queue: 9},
		{Up: 5_000_000, Down: 50_000_000, Delay: s.Classes.Laggy.Delay, Loss: 0.02, Service: s.Network.Service, Queue: 9},
	}
	if !slices.Equal(kinds, want) {
		t.Errorf("the kinds of hosts are %+v, want %+v", kinds, want)
	}
}

// Where most nodes are behind a NAT, and ask for places for ever, the others find theirs all
// the same. With this seed one of them would otherwise be left out for ten rounds.
func TestTheManyOutsideLeaveTheOthersTheirPlaces(t *testing.T) {
	s := load(t, "name: nat\nnodes: 1000\nseed: 2\nduration: 256s\nlatency: {model: constant, mean: 25ms}\nclasses: {home: {share: 70%, nat: true}}\n")
	if c := ran(t, s, 1).Summary.Convergence; c.Rounds == nil || *c.Rounds > 11 {
		t.Errorf("the network settles as %+v, want after at most 11 rounds", c)
	}
}

// Nodes behind a NAT can ask and never get a place; the others are a whole network
// without them and ban none of them, and its searches and draws are those of its members.
func TestNodesThatCannotBeReachedAreNoMembers(t *testing.T) {
	s := load(t, "name: nat\nnodes: 60\nduration: 12m\nclasses: {home: {share: 25%, nat: true}}\nworkload: {searches: {count: 10, start: 11m}, approvals: {count: 10, start: 11m}}\n")
	r := ran(t, s, 1)
	hidden := 0
	for _, n := range r.Nodes {
		if n.Class == "home" {
			hidden++
		}
		if (n.Class == "home") != (n.Role == result.RoleNone) {
			t.Errorf("node %d of class %q is %s", n.Index, n.Class, n.Role)
		}
	}
	if hidden != 15 {
		t.Errorf("%d of 60 nodes are of a class of 25 %%", hidden)
	}
	c := r.Summary
	if *c.Convergence.ExactSize != 1 || *c.Convergence.Registered != 1 || *c.Convergence.Coverage != 1 {
		t.Errorf("the shares are %+v", c.Convergence)
	}
	if got, want := c.Structure.MastersExpected, math.Sqrt(45); got != want {
		t.Errorf("%v masters are expected, want those of 45 nodes, %v", got, want)
	}
	if c.Search.Complete != 10 || c.Approval.Granted != 10 || c.Behavior.Bans != 0 || *c.Network.Unreachable == 0 {
		t.Errorf("searches are %+v, approvals %+v, bans %d", c.Search, c.Approval, c.Behavior.Bans)
	}
}
