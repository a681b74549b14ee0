package core_test

import (
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/core"
	"spreadable/core/behavior"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/core/state"
)

// mirror is what a store would hold: it sees nothing of a node but its changes.
type mirror struct {
	revision state.Revision
	saved    state.State
}

// follow applies what has changed since the last time.
func (m *mirror) follow(n *core.Node) {
	if m.saved.Self != "" && n.Revision() == m.revision {
		return
	}
	c := n.Changes(m.revision)
	m.revision = c.Revision
	if c.Whole {
		m.saved = c.State
		return
	}
	s := &m.saved
	for section, changed := range c.Sections {
		if !changed {
			continue
		}
		switch state.Section(section) {
		case state.SectionNetwork:
			s.Self, s.Root, s.RootChecked, s.SyncTotal, s.SyncCount = c.State.Self, c.State.Root, c.State.RootChecked, c.State.SyncTotal, c.State.SyncCount
		case state.SectionPlace:
			s.Backlink, s.Slaves = c.State.Backlink, c.State.Slaves
		case state.SectionMasters:
			s.Masters = c.State.Masters
		case state.SectionFails:
			s.Fails, s.Delays = c.State.Fails, c.State.Delays
		case state.SectionScores:
			s.Scores = c.State.Scores
		case state.SectionBans:
			s.Bans = c.State.Bans
		case state.SectionCandidates:
			s.Candidates = c.State.Candidates
		case state.SectionTree:
			s.Tree = c.State.Tree
		case state.SectionAges:
			s.Began, s.Ages = c.State.Began, c.State.Ages
		case state.SectionApprovals:
			m.approvals(c)
		}
	}
}

func (m *mirror) approvals(c *state.Changes) {
	s := &m.saved
	s.Approvals = slices.DeleteFunc(s.Approvals, func(row state.Approval) bool {
		renewed := slices.ContainsFunc(c.State.Approvals, func(r state.Approval) bool { return r.Key == row.Key })
		return renewed || slices.Contains(c.EndedApprovals, row.Key)
	})
	s.Uses = slices.DeleteFunc(s.Uses, func(use state.Use) bool {
		return slices.Contains(c.EndedApprovals, use.Key) || slices.Contains(c.EndedUses, use.Key)
	})
	s.Uses = append(s.Uses, c.State.Uses...)
	s.Approvals = append(s.Approvals, c.State.Approvals...)
	s.Keys = slices.DeleteFunc(s.Keys, func(row state.Key) bool {
		renewed := slices.ContainsFunc(c.State.Keys, func(r state.Key) bool { return r.Key == row.Key })
		return renewed || slices.Contains(c.EndedKeys, row.Key)
	})
	s.Keys = append(s.Keys, c.State.Keys...)
	s.SortApprovals()
}

// sameState compares states, nil and empty lists alike.
func sameState(a, b state.State) bool {
	return fmt.Sprintf("%+v", plain(a)) == fmt.Sprintf("%+v", plain(b))
}

// plain replaces what prints as a pointer.
func plain(s state.State) state.State {
	s.Approvals = slices.Clone(s.Approvals)
	for i := range s.Approvals {
		if info := s.Approvals[i].Info; info != nil {
			s.Approvals[i].Answer += "\x00" + *info
			s.Approvals[i].Info = nil
		}
	}
	return s
}

// busyNetwork is a network in which much of what a node remembers happens: restless
// hosts, liars, bans, approvals.
func busyNetwork(t *testing.T, rule core.Registration, seed uint64) *coretest.Network {
	n := coretest.New(t, 25*time.Millisecond, seed)
	for range 9 {
		n.AddNode("", busyConfig(rule))
	}
	for _, h := range n.Hosts() {
		h.Start()
	}
	return n
}

func busyConfig(rule core.Registration) core.Config {
	return core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, Registration: rule, MaxFails: 3}
}

// disturb lets one thing happen in a busy network.
func disturb(n *coretest.Network, kind, a, b int) {
	one, other := n.Hosts()[a%len(n.Hosts())], n.Hosts()[b%len(n.Hosts())]
	switch kind % 6 {
	case 0:
		one.Up = !one.Up || a == 0
	case 1:
		one.Node.Bans().Add(behavior.Ban{Peer: other.Peer(), Reason: "test", Since: n.Now(), Until: n.Now() + time.Minute})
	case 2:
		one.Node.Bans().Clear()
	case 3:
		one.Hung = !one.Hung && a != 0
	default:
		n.Client(1+b).Client.Approve(one.Peer(), 0, "client", func(q string) string { return q }, func(*message.ApprovalKey, error) {})
	}
}

// A store that follows a node's changes has its state, whatever happens: no change is
// missed.
func TestChangesAddUpToTheState(t *testing.T) {
	for _, rule := range []core.Registration{core.Directed, core.Original} {
		t.Run(rule.String(), func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				n := busyNetwork(t, rule, rapid.Uint64().Draw(rt, "seed"))
				mirrors := make([]mirror, len(n.Hosts()))
				for range rapid.IntRange(1, 12).Draw(rt, "disturbances") {
					disturb(n, rapid.IntRange(0, 5).Draw(rt, "kind"), rapid.IntRange(0, 8).Draw(rt, "one"), rapid.IntRange(0, 8).Draw(rt, "other"))
					limit := n.Now() + time.Duration(rapid.IntRange(1, 200).Draw(rt, "seconds"))*time.Second
					for n.Step(limit) {
						for i, h := range n.Hosts() {
							mirrors[i].follow(h.Node)
						}
					}
					n.Run(limit - n.Now())
					for i, h := range n.Hosts() {
						mirrors[i].follow(h.Node)
						if saved := h.Node.State(); !sameState(saved, mirrors[i].saved) {
							rt.Fatalf("node %s has\n%+v, its changes gave\n%+v", h.Name(), saved, mirrors[i].saved)
						}
					}
				}
			})
		})
	}
}

// Changes of one section alone, which other changes would hide in a busy network.
func TestSingleChangesAreSeen(t *testing.T) {
	h := lonely(t, 0)
	other := h.Network().Peer("10.0.0.2:4000")
	ban := behavior.Ban{Peer: other, Since: coretest.Begin, Until: coretest.Begin + time.Hour}
	var m mirror
	m.follow(h.Node)
	for _, c := range []struct {
		name string
		do   func()
	}{
		{"the first node names its network", h.Node.Start},
		{"a client asks to be vouched for", func() {
			body := &message.ApprovalAddRequest{Action: "client", Key: "key", StartedAt: coretest.Begin.Truncate(5 * time.Minute)}
			if resp, _ := h.Node.Serve(&message.Request{Kind: message.KindApprovalAdd, Client: netip.MustParseAddr("192.0.2.1"), Body: body}, 0); resp.Err != nil {
				t.Fatal(resp.Err)
			}
		}},
		{"a ban", func() { h.Node.Bans().Add(ban) }},
		{"its end", func() { h.Node.Bans().Remove(other) }},
	} {
		before := h.Node.State()
		c.do()
		if sameState(before, h.Node.State()) {
			t.Fatalf("%s changes nothing", c.name)
		}
		if m.follow(h.Node); !sameState(m.saved, h.Node.State()) {
			t.Errorf("%s is missed", c.name)
		}
	}
}

// reborn is a node with the state of h, in a process of its own: its peers have other
// numbers.
func reborn(t testing.TB, h *coretest.Host, c core.Config) (*coretest.Host, error) {
	n := h.Network()
	other := coretest.New(t, n.Low, n.Seed)
	other.Run(n.Now() - other.Now())
	for _, p := range slices.Backward(n.Hosts()) {
		if p != h {
			other.Peer(n.Book.Text(p.Peer()))
		}
	}
	c.Bootstrap = []core.Peer{peer.FromID(uint32(len(n.Hosts())))}
	again := other.AddNode(n.Book.Text(h.Peer()), c)
	return again, again.Node.Restore(h.Node.State())
}

// A restart changes nothing of what a node remembers.
func TestStateSurvivesARestart(t *testing.T) {
	for _, rule := range []core.Registration{core.Directed, core.Original} {
		n := busyNetwork(t, rule, 7)
		for i := range 40 {
			disturb(n, i*7, i*5, i*3)
			n.Run(20 * time.Second)
			for _, h := range n.Hosts() {
				again, err := reborn(t, h, busyConfig(rule))
				if err != nil {
					t.Fatal(err)
				}
				if before, after := h.Node.State(), again.Node.State(); !sameState(before, after) {
					t.Fatalf("%v: node %s had\n%+v, and has\n%+v", rule, h.Name(), before, after)
				}
			}
		}
	}
}

// A node that comes back with its state is a member at once, before it has asked any
// other node.
func TestRestoredNodeGoesOn(t *testing.T) {
	n := settled(t, 9)
	for _, h := range n.Hosts() {
		h.Crash(false)
		h.Boot(&h.Saved)
		if v := n.Violation(); v != "" {
			t.Fatalf("after the restart of node %s: %s", h.Name(), v)
		}
		n.Run(time.Minute)
	}
	if v := n.Violation(); v != "" {
		t.Error(v)
	}
}

// lonely returns a node of its own network, not started.
func lonely(t *testing.T, limit int) *coretest.Host {
	n := coretest.New(t, 0, 1)
	n.Book = peer.NewBook(limit)
	return n.AddNode("10.0.0.1:4000", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}})
}

func TestRestoreRefuses(t *testing.T) {
	const self = "10.0.0.1:4000"
	cases := map[string]struct {
		saved state.State
		want  string
	}{
		"a root that is no address":     {state.State{Self: self, Root: "nowhere"}, `root: address "nowhere": no port`},
		"a slave that is no address":    {state.State{Self: self, Slaves: []state.Slave{{Address: ""}}}, `slaves: address "": empty`},
		"a ban of no address":           {state.State{Self: self, Bans: []state.Ban{{Address: ":80"}}}, `bans: address ":80"`},
		"an approver without address":   {state.State{Self: self, Keys: []state.Key{{Key: "k", Approvers: []string{""}}}}, "keys: address"},
		"more approvals than are kept":  {state.State{Self: self, Approvals: make([]state.Approval, 100_001)}, "100001 approvals, want at most 100000"},
		"a text without end":            {state.State{Self: self, Keys: []state.Key{{Key: strings.Repeat("k", 1<<20+1)}}}, "keys: a text of 1048577 bytes"},
		"a list without end":            {state.State{Self: self, Keys: []state.Key{{Key: "k", Approvers: make([]string, 1<<20+1)}}}, "keys: a list of 1048577 addresses, want at most 1048576"},
		"too many slaves":               {state.State{Self: self, Slaves: make([]state.Slave, 1<<20+1)}, "1048577 slaves, want at most 1048576"},
		"an approval of a long answer":  {state.State{Self: self, Approvals: []state.Approval{{Answer: strings.Repeat("a", 1<<20+1)}}}, "approvals: a text of 1048577 bytes"},
		"a ban of a long reason":        {state.State{Self: self, Bans: []state.Ban{{Address: "10.0.0.2:1", Reason: strings.Repeat("r", 1<<20+1)}}}, "bans: a text of 1048577 bytes"},
		"more addresses than there fit": {state.State{Self: self, Fails: []state.Fail{{Address: "10.0.0.2:1", Count: 1}, {Address: "10.0.0.3:1", Count: 1}, {Address: "10.0.0.4:1", Count: 1}}}, "book of addresses is full"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			h := lonely(t, 3)
			err := h.Node.Restore(c.saved)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "restore: ") {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if s := h.Node.State(); !sameState(s, state.State{Self: self}) {
				t.Errorf("the node remembers %+v", s)
			}
		})
	}
	h := lonely(t, 3)
	h.Node.Start()
	if err := h.Node.Restore(state.State{}); err == nil {
		t.Error("a node that has started was restored")
	}
}

// What no history could have left is dropped, and the rest kept.
func TestRestoreDropsTheImpossible(t *testing.T) {
	const self, other, third = "10.0.0.1:4000", "10.0.0.2:4000", "10.0.0.3:4000"
	h := lonely(t, 0)
	v4in6 := netip.MustParseAddr("::ffff:192.0.2.1")
	future := coretest.Begin + time.Hour
	err := h.Node.Restore(state.State{
		Self: self, Root: other, RootChecked: future, SyncCount: -1, SyncTotal: time.Second, Backlink: self,
		Slaves:     []state.Slave{{Address: self, Joined: coretest.Begin}, {Address: other, Joined: future}, {Address: other, Joined: coretest.Begin}, {Address: third, Joined: -5}},
		Masters:    []state.Master{{Address: self, Size: 2, Seen: 0}, {Address: other, Size: 5, Seen: 0}, {Address: other, Size: 7, Seen: 0}},
		Fails:      []state.Fail{{Address: self, Count: 1}, {Address: other, Count: -1}, {Address: third, Count: math.MaxInt}},
		Scores:     []state.Score{{Address: other, Action: "unheardOf", Suspicion: 1}, {Address: self, Action: "registration", Suspicion: 1}, {Address: third, Action: "registration", Suspicion: math.NaN()}},
		Bans:       []state.Ban{{Address: self, Until: future}, {Address: third, Since: coretest.Begin, Until: future}},
		Candidates: []state.Candidate{{Action: "a", Address: other, Suspicion: 1, Excuse: 2}},
		Approvals: []state.Approval{
			{Action: "unoffered", Client: v4in6, Key: "a"},
			{Action: "client", Client: v4in6, Key: "b", Updated: coretest.Begin - 1},
			{Action: "client", Client: netip.MustParseAddr("192.0.2.9"), Key: "b", Updated: future},
			{Action: "client", Client: v4in6},
		},
		Uses: []state.Use{{Key: "a", Host: other}, {Key: "b", Host: other}, {Key: "b", Host: other}},
	})
	want := state.State{
		Self: self, Root: other, RootChecked: coretest.Begin,
		Slaves:    []state.Slave{{Address: other, Joined: coretest.Begin}, {Address: third, Joined: 0}},
		Masters:   []state.Master{{Address: self, Size: 2, Seen: 0}, {Address: other, Size: 5, Seen: 0}},
		Fails:     []state.Fail{{Address: third, Count: core.DefaultMaxFails}},
		Bans:      []state.Ban{{Address: third, Since: coretest.Begin, Until: future}},
		Approvals: []state.Approval{{Action: "client", Client: v4in6.Unmap(), Key: "b", Updated: coretest.Begin - 1}},
		Uses:      []state.Use{{Key: "b", Host: other}},
	}
	if err != nil || !sameState(h.Node.State(), want) {
		t.Errorf("got %v\n%+v, want\n%+v", err, h.Node.State(), want)
	}
	if size := h.Node.NetworkSize(); size != 7 {
		t.Errorf("the network has %d nodes, want the masters' sizes summed up: 7", size)
	}
}

// At another address a node keeps what it knows of the behaviour of others, and not its
// place in the network.
func TestStateOfAnotherAddress(t *testing.T) {
	h := lonely(t, 0)
	saved := state.State{
		Self: "10.0.0.9:4000", Root: "10.0.0.2:4000", Backlink: "10.0.0.2:4000",
		Slaves: []state.Slave{{Address: "10.0.0.3:4000", Joined: coretest.Begin}}, Masters: []state.Master{{Address: "10.0.0.2:4000", Size: 1, Seen: coretest.Begin}},
		Fails: []state.Fail{{Address: "10.0.0.3:4000", Count: 1}}, Keys: []state.Key{{Key: "k"}},
		Scores: []state.Score{{Address: "10.0.0.3:4000", Action: "registration", Up: 1, Suspicion: 1, Since: coretest.Begin, Used: coretest.Begin}},
		Bans:   []state.Ban{{Address: "10.0.0.2:4000", Since: coretest.Begin, Until: coretest.Begin + time.Hour}},
	}
	if err := h.Node.Restore(saved); err != nil {
		t.Fatal(err)
	}
	want := state.State{Self: "10.0.0.1:4000", Scores: saved.Scores, Bans: saved.Bans}
	if got := h.Node.State(); !sameState(got, want) {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
}

// Every field of the state belongs to a section, or it would not be written to disk.
func TestEverySectionIsExported(t *testing.T) {
	if fields := reflect.TypeFor[state.State]().NumField(); fields != 19 {
		t.Errorf("a state has %d fields: is each of them in a section, exported, restored, and in these tests?", fields)
	}
}
