package core_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// valueAt is the value of a turn that a node tells.
func valueAt(n *coretest.Network, h *coretest.Host, turn time.Duration) message.Secret {
	b, err := message.As[message.Beacon](n.Ask(h, h.Peer(), message.Request{
		Kind: message.KindBeacon, Root: h.Node.Network(), From: h.Peer(), Timeout: time.Second, Body: &message.BeaconRequest{Turn: turn},
	}))
	if err != nil {
		return message.Secret{}
	}
	return b.Value
}

// valuesOf are the different values of a turn that those have that make them: the masters,
// in a network of several levels the heads of the top.
func valuesOf(n *coretest.Network, turn time.Duration) map[message.Secret]int {
	values := make(map[message.Secret]int)
	for _, h := range n.Hosts() {
		if h.Config() != nil && h.Up && makes(h) {
			values[valueAt(n, h, turn)]++
		}
	}
	return values
}

// makes reports whether a node makes values.
func makes(h *coretest.Host) bool {
	if path := h.Node.Path(); len(path) > 0 {
		return path[len(path)-1].Head == h.Peer()
	}
	return len(h.Node.Structure().Slaves) > 0
}

// nextTurn runs to the middle of the next turn, and returns its start.
func nextTurn(n *coretest.Network) time.Duration {
	const turn = 5 * time.Minute
	n.Run(draw.Start(n.Now(), turn) + turn*3/2 - n.Now())
	return draw.Start(n.Now(), turn)
}

// The masters make a value for each turn, all the same one, and another one each time; it
// is the salt of all that draw.
func TestMastersMakeOneSaltForEachTurn(t *testing.T) {
	n := drawingNetwork(t, 60, byHost(t, "network", "reveal"))
	nextTurn(n)
	seen := make(map[message.Secret]bool)
	for range 5 {
		turn := nextTurn(n)
		values := valuesOf(n, turn)
		for v := range values {
			if len(values) != 1 || v == (message.Secret{}) || seen[v] {
				t.Errorf("turn %v has the values %x", turn, values)
			}
			seen[v] = true
		}
		one := keyFor(t, n, 1, 5)
		for _, entry := range []uint32{9, 23, 41} {
			if other := keyFor(t, n, 1, entry); !slices.Equal(one, other) {
				t.Errorf("node %d draws %v, node 5 %v", entry, other, one)
			}
		}
		start := draw.Start(n.Now(), 5*time.Minute)
		if slices.Equal(one, unsalted(n, start)) {
			t.Error("the draw is that without a salt")
		}
	}
}

// With several levels the heads of the top make the salt, and all nodes draw with it, in
// whatever branch they are, after heads have died while they revealed, too.
func TestHeadsMakeOneSaltForAllBranches(t *testing.T) {
	for levels, makers := range map[int]int{2: 4, 3: 3} { // order-free: a network each
		n := startDrawingAt(t, levels, 120, byHost(t, "network", "reveal"))
		n.Run(5 * time.Minute)
		for round := range 4 {
			if round == 2 {
				n.Run(draw.Start(n.Now(), 5*time.Minute) + 5*time.Minute*22/16 - n.Now()) // in mid-reveal
				for _, h := range n.Hosts() {
					if h.Number > 1 && makes(h) {
						h.Crash(false)
						break
					}
				}
			}
			turn := nextTurn(n)
			values := valuesOf(n, turn)
			if len(values) != 1 || values[message.Secret{}] > 0 {
				t.Errorf("%d levels, round %d: turn %v has the values %x", levels, round, turn, values)
			}
			for _, count := range values {
				if count < makers {
					t.Errorf("%d levels: %d heads make values, want %d", levels, count, makers)
				}
			}
			var live []uint32
			for _, h := range n.Live() {
				if h.Config() != nil {
					live = append(live, h.Peer().ID())
				}
			}
			one := keyFor(t, n, 1, live[0])
			for i := 1; i < len(live); i += 17 {
				if other := keyFor(t, n, 1, live[i]); !slices.Equal(one, other) {
					t.Errorf("%d levels, round %d: node %d draws %v, node %d %v", levels, round, live[i], other, live[0], one)
				}
			}
			if slices.Equal(one, unsalted(n, draw.Start(n.Now(), 5*time.Minute))) {
				t.Errorf("%d levels: the draw is that without a salt", levels)
			}
		}
	}
}

// unsalted are the approvers that a draw without a salt would name.
func unsalted(n *coretest.Network, start time.Duration) (names []core.Peer) {
	var all []draw.Entrant
	var peers []core.Peer
	for _, h := range n.Hosts() {
		if h.Config() != nil {
			a := n.Book.Address(h.Peer())
			all, peers = append(all, draw.Entrant{Address: a.String(), IP: a.IP()}), append(peers, h.Peer())
		}
	}
	d := draw.Draw{Action: "client", Start: start}
	d.Group, _ = draw.ParseGroup("ip")
	for _, k := range draw.Shortlist(draw.ByHost(d), all, draw.Unlimited())[:2] {
		names = append(names, peers[k])
	}
	return names
}

// A master that tells each other master something else splits nothing: what fewer than two
// thirds echo does not count, and the masters agree in the end.
func TestAMasterThatRevealsToSomeOnlySplitsNothing(t *testing.T) {
	n := drawingNetwork(t, 60, byHost(t, "network", "reveal"))
	nextTurn(n)
	liar := masterOf(n)
	for _, m := range n.Host(1).Node.Structure().Masters.List { // half of them never hear its reveal
		h := n.HostOf(m.Peer)
		if m.Peer == liar.Peer() || m.Peer.ID()%2 == 0 {
			continue
		}
		h.Actor = coretest.ActorFunc(func(from core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
			b, _ := req.Body.(*message.BeaconRequest)
			if req.Kind != message.KindBeacon || from != liar.Peer() || b.Reveal == (message.Secret{}) {
				return message.Response{}, coretest.Pass
			}
			return message.Response{Body: &message.Beacon{}}, coretest.Answer
		})
	}
	withheld := false
	for range 3 {
		values := valuesOf(n, nextTurn(n))
		if len(values) != 1 {
			t.Errorf("the masters have %d values", len(values))
		}
	}
	for _, note := range n.Notes {
		withheld = withheld || strings.Contains(note, core.NoteWithheld.String())
	}
	if !withheld {
		t.Error("no note tells that a part was withheld")
	}
}

// A flood of parts of strangers, or of one master, changes nothing and fills no memory.
func TestOnlyMastersTakePartInASalt(t *testing.T) {
	n := drawingNetwork(t, 60, byHost(t, "network", "reveal"))
	nextTurn(n)
	const length = 5 * time.Minute
	n.Run(draw.Start(n.Now(), length) + length + length/10 - n.Now()) // commits are under way
	turn := draw.Start(n.Now(), length) + length
	master := masterOf(n)
	stranger := n.Play("", coretest.Answers{})
	for i := range 1000 {
		for _, b := range []*message.BeaconRequest{
			{Turn: turn, Commit: message.Secret{byte(i), byte(i >> 8), 1}},
			{Turn: turn, Reveal: message.Secret{byte(i), byte(i >> 8), 1}},
			{Turn: turn, Echo: []message.Reveal{{Peer: peer.FromID(1), Value: message.Secret{byte(i), 1}}}},
			{Turn: turn + time.Duration(i)*length, Commit: message.Secret{1}},
		} {
			n.Ask(stranger, master.Peer(), message.Request{Kind: message.KindBeacon, Root: master.Node.NetworkRoot(), From: stranger.Peer(), Timeout: time.Second, Body: b})
		}
	}
	if values := valuesOf(n, nextTurn(n)); len(values) != 1 || values[message.Secret{}] > 0 {
		t.Errorf("the masters have the values %x", values)
	}
}

// A network that cannot make salts in time is refused.
func TestASaltThatIsRevealedNeedsTime(t *testing.T) {
	n := coretest.New(t, time.Millisecond, 1)
	c := core.Config{
		Book: n.Book, Bootstrap: []core.Peer{peer.FromID(1)}, Draw: byHost(t, "network", "reveal"),
		Approvals: []core.ApprovalKind{core.NewClientApproval(core.Terms{Period: 10 * time.Second})},
	}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "salt reveal needs a period of approvals of at least 16 server timeouts, 32s: it is 10s") {
		t.Errorf("it is refused with %v", err)
	}
	c.Approvals, c.Levels = nil, message.AutoLevels
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "salt reveal needs a fixed number of levels, not auto") {
		t.Errorf("it is refused with %v", err)
	}
}

// A maker of salts that commits and does not reveal, to none or to half of the others, is
// found out by all that make them, in networks of several levels too. They agree on a salt
// without it, and all branches draw with that.
func TestAMakerThatWithholdsIsFoundOut(t *testing.T) {
	for _, c := range []struct {
		levels int
		to     string
	}{{1, "all"}, {1, "half"}, {2, "all"}, {2, "half"}, {3, "all"}} { // half of 3 makers are too many
		n := startDrawingAt(t, c.levels, 120, byHost(t, "network", "reveal"))
		n.Run(5 * time.Minute)
		nextTurn(n)
		var makers []*coretest.Host
		for _, h := range n.Hosts() {
			if h.Config() != nil && makes(h) {
				makers = append(makers, h)
			}
		}
		before := withheldAt(makers)
		if slices.Max(before) > 0 {
			t.Fatalf("%d levels: all reveal, and parts are missed: %v", c.levels, before)
		}
		liar, others := makers[len(makers)-1], makers[:len(makers)-1]
		for i, h := range others {
			if c.to == "half" && i%2 == 0 {
				continue
			}
			h.Actor = coretest.ActorFunc(func(from core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
				b, _ := req.Body.(*message.BeaconRequest)
				if b == nil || from != liar.Peer() || b.Reveal == (message.Secret{}) {
					return message.Response{}, coretest.Pass
				}
				return message.Response{Body: &message.Beacon{}}, coretest.Answer // it was not told
			})
		}
		nextTurn(n) // of which the parts were revealed before
		turn := nextTurn(n)
		if values := valuesOf(n, turn); len(values) != 1 || values[message.Secret{}] > 0 {
			t.Errorf("%d levels, withheld from %s: turn %v has the values %x", c.levels, c.to, turn, values)
		}
		for i, count := range withheldAt(others) {
			if count == 0 {
				t.Errorf("%d levels, withheld from %s: maker %s of %d does not miss a part", c.levels, c.to, others[i].Name(), len(makers))
			}
		}
		one := keyFor(t, n, 1, 1)
		for _, entry := range []uint32{23, 61, 117} {
			if other := keyFor(t, n, 1, entry); !slices.Equal(one, other) {
				t.Errorf("%d levels, withheld from %s: node %d draws %v, node 1 %v", c.levels, c.to, entry, other, one)
			}
		}
	}
}

// withheldAt is how many parts of salts each of the hosts has missed.
func withheldAt(hosts []*coretest.Host) (counts []uint64) {
	for _, h := range hosts {
		counts = append(counts, h.Node.Limits().Withheld)
	}
	return counts
}
