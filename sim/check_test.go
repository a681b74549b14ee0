package sim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/state"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// settledWorld is a network of 30 nodes after 15 sync intervals, with an approval in the
// eleventh and one in the thirteenth, and a search.
func settledWorld(t *testing.T, sets ...string) *world {
	t.Helper()
	s, err := scenario.Parse("check.yaml", []byte(`
name: check
nodes: 30
duration: 320s
join: {mode: spread, over: 16s}
approval: {approvers: "4", period: 20s}
workload: {approvals: {count: 2, start: 170s, over: 60s, entries: 2}, searches: {count: 1, start: 210s}}
`), sets)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWorld(s, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.net.Close)
	return w
}

// remember lets node i start again with another memory than its own.
func (w *world) remember(t *testing.T, i int, change func(*state.State)) {
	t.Helper()
	n := w.node(i)
	s := n.State()
	change(&s)
	config, err := w.config()
	if err != nil {
		t.Fatal(err)
	}
	self := n.Structure().Address
	n.Stop()
	n.Init(config, w.net.Host(i), new(core.Pool), self)
	if err := n.Restore(s); err != nil {
		t.Fatal(err)
	}
}

// In a settled network the checker finds nothing; each kind of fault it finds, and says
// at which node.
func TestTheCheckerFindsEachFault(t *testing.T) {
	var masters []int // of an untouched world, which are those of each of these
	whole := settledWorld(t)
	whole.kernel.RunUntil(240 * time.Second)
	if err := newChecker(whole).check(); err != nil {
		t.Fatal(err)
	}
	for i := range whole.nodes {
		if len(whole.node(i).Structure().Slaves) > 0 {
			masters = append(masters, i)
		}
	}
	slave := 0
	for slices.Contains(masters, slave) {
		slave++
	}
	lister := whole.node(0).Structure().Backlink.ID() - 1
	another := masters[slices.IndexFunc(masters, func(i int) bool { return i != 0 && i != int(lister) })]
	text := func(i int) string { return whole.book.Text(peerOf(i)) }
	for _, test := range []struct {
		node   int
		change func(*state.State)
		want   string
	}{
		{slave, func(s *state.State) { s.Backlink = "" }, "has no backlink"},
		{int(lister), func(s *state.State) {
			s.Slaves = slices.DeleteFunc(s.Slaves, func(s state.Slave) bool { return s.Address == text(0) })
		}, "node 0 (10.0.0.1:4000) is listed by 0 masters instead of one"},
		{another, func(s *state.State) {
			s.Slaves = append(s.Slaves, state.Slave{Address: text(0), Joined: 1})
		}, "node 0 (10.0.0.1:4000) is listed by 2 masters instead of one"},
		{slave, func(s *state.State) {
			for _, m := range masters {
				if text(m) != s.Backlink {
					s.Backlink = text(m)
					return
				}
			}
		}, "is not listed by its backlink"},
		{slave, func(s *state.State) { s.Masters[0].Size++ }, "counts 31 nodes instead of 30"},
		{slave, func(s *state.State) { s.Masters[0].Size--; s.Masters[1].Size++ }, "has master"},
		{slave, func(s *state.State) {
			last := len(s.Masters) - 1
			s.Masters[0].Size += s.Masters[last].Size
			s.Masters = s.Masters[:last]
		}, "masters instead of"},
		{slave, func(s *state.State) { s.Masters[0].Address = text(slave) }, "has master"},
	} {
		w := settledWorld(t)
		w.kernel.RunUntil(240 * time.Second)
		w.remember(t, test.node, test.change)
		if err := newChecker(w).check(); err == nil || !strings.Contains(err.Error(), test.want) ||
			!strings.HasPrefix(err.Error(), "invariant violated: node ") {
			t.Errorf("the checker says %v, want: %s", err, test.want)
		}
	}
}

// A list that names one master twice, in the place of another of the same size, is wrong,
// though its length, each size in it and their sum are right. No node takes such a list
// from a peer or from its state, so it is forged here.
func TestTheCheckerFindsAMasterListedTwice(t *testing.T) {
	w := settledWorld(t)
	w.kernel.RunUntil(240 * time.Second)
	masters := w.node(0).Structure().Masters.List
	for i, m := range masters[1:] {
		if m.Size == masters[i].Size {
			masters[i] = m
			if err := newChecker(w).check(); err == nil || !strings.Contains(err.Error(), "has master "+w.book.Text(m.Peer)) {
				t.Errorf("the checker says %v", err)
			}
			return
		}
	}
	t.Fatal("no two masters have the same size")
}

// From ten intervals after the last start on a network is checked, and not before. Alone,
// a node has nothing to be checked.
func TestCheckingBeginsTenIntervalsAfterTheLastStart(t *testing.T) {
	w := settledWorld(t)
	w.kernel.RunUntil(170 * time.Second)
	w.remember(t, 7, func(s *state.State) { s.Backlink = "" })
	c := newChecker(w)
	if from := c.settledFrom(); from != 176*time.Second {
		t.Fatalf("checked from %v on", from)
	}
	if err := c.check(); err != nil {
		t.Errorf("before its time: %v", err)
	}
	w.kernel.RunUntil(176 * time.Second)
	if err := c.check(); err == nil {
		t.Error("at its time nothing is found")
	}
	alone := settledWorld(t, "nodes=1", "workload.approvals.entries=1")
	alone.kernel.RunUntil(300 * time.Second)
	if err := newChecker(alone).check(); err != nil {
		t.Errorf("one node alone: %v", err)
	}
}

// A draw must be the beginning of the order that the addresses of all nodes and the
// period give, and be complete. Each is checked once, and none that is earlier than the
// settling.
func TestTheCheckerJudgesDraws(t *testing.T) {
	swap := func(d *message.ApprovalKey) {
		d.Approvers = slices.Clone(d.Approvers)
		d.Approvers[0], d.Approvers[1] = d.Approvers[1], d.Approvers[0]
	}
	for _, test := range []struct {
		what      string
		operation int // the second approval is 2: searches come first
		entry     int
		change    func(*message.ApprovalKey)
		found     bool
	}{
		{"two in another order", 2, 0, swap, true},
		{"of the second entry node", 2, 1, swap, true},
		{"one too few", 2, 0, func(d *message.ApprovalKey) { d.Approvers = d.Approvers[:3] }, true},
		{"another period", 2, 0, func(d *message.ApprovalKey) { d.StartedAt += 20 * time.Second }, true},
		{"before the settling", 1, 0, swap, false},
		{"nothing", 2, 0, func(*message.ApprovalKey) {}, false},
	} {
		w := settledWorld(t)
		w.kernel.RunUntil(240 * time.Second)
		op := &w.clients.operations[test.operation]
		if op.row.Kind != result.KindApproval || op.draws[test.entry] == nil {
			t.Fatalf("operation %d is %+v", test.operation, op)
		}
		test.change(op.draws[test.entry])
		c := newChecker(w)
		if err := c.check(); (err != nil) != test.found ||
			err != nil && !strings.Contains(err.Error(), "approval 1 drew nodes") {
			t.Errorf("%s: the checker says %v", test.what, err)
		}
		if !test.found {
			if c.next != len(w.clients.operations) {
				t.Errorf("%s: it has looked at %d operations of %d", test.what, c.next, len(w.clients.operations))
			}
			swap(w.clients.operations[2].draws[0])
			if err := c.check(); err != nil {
				t.Errorf("%s: a draw is checked twice: %v", test.what, err)
			}
		}
	}
	w := settledWorld(t)
	w.kernel.RunUntil(199 * time.Second) // the second approval starts at 200 s
	c := newChecker(w)
	if err := c.check(); err != nil || c.next != 0 { // the search, at 210 s, stands first
		t.Errorf("%v; an operation that has not started is passed over: %d", err, c.next)
	}
}

// Where pings may be lost, approvers may be passed over, but not come in another order.
func TestSilentApproversMayBePassedOver(t *testing.T) {
	for _, test := range []struct {
		what        string
		drawn       []int // places in the ranking
		exact, lost bool  // right where no ping is lost, and where some may be
	}{
		{"the first four", []int{0, 1, 2, 3}, true, true},
		{"one passed over", []int{0, 2, 3, 4}, false, true},
		{"another order", []int{0, 2, 1, 3}, false, false},
		{"one twice", []int{0, 1, 1, 2}, false, false},
		{"too few", []int{0, 1, 2}, false, false},
		{"too many", []int{0, 1, 2, 3, 4}, false, false},
	} {
		for _, lost := range []bool{false, true} {
			latency := []string{"latency.model=uniform", "latency.min=1ms", "latency.max=500ms"}
			if lost {
				latency[2] = "latency.max=500001us" // there and back, more than a second
			}
			w := settledWorld(t, latency...)
			if w.pingsMayFail() != lost {
				t.Fatalf("%s: pings may fail: %v", latency, !lost)
			}
			c := newChecker(w)
			ranking := c.ranking(0)
			for len(ranking) < 20 { // only those that are up at the start stand in it
				ranking = append(ranking, peerOf(len(ranking)))
			}
			var drawn []core.Peer
			for _, place := range test.drawn {
				drawn = append(drawn, ranking[place])
			}
			want := test.exact
			if lost {
				want = test.lost
			}
			if got := c.follows(drawn, ranking, len(ranking)); got != want {
				t.Errorf("%s, pings may fail %v: right %v", test.what, lost, got)
			}
		}
	}
}
