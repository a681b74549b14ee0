package core

import (
	"slices"
	"testing"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// provider is node 1 with five slaves and three other masters of five, and its ledger.
func provider(t *testing.T) (*Node, *still, *ledger) {
	t.Helper()
	n, env := alone(t, 5, 3)
	n.level1.backlink = peer.FromID(101)
	n.level1.ledger = n.level1.newLedger()
	return n, env, n.level1.ledger
}

const (
	hostA host = 1
	hostB host = 2
)

// pending is how many newcomers are on their way to a master, by its number.
func (lg *ledger) pending(id uint32) int { return lg.tallies[lg.at(peer.FromID(id))].pending }

// A newcomer counts where it was sent until its master lists it, or for two server
// timeouts.
func TestNewcomersCountWhereTheyWereSent(t *testing.T) {
	n, env, lg := provider(t)
	if lg.nodes != 20 || lg.masters != 4 {
		t.Fatalf("%d nodes at %d masters, want 20 at 4", lg.nodes, lg.masters)
	}
	lg.send(peer.FromID(60), peer.FromID(102), hostA, env.now)
	lg.send(peer.FromID(61), peer.FromID(70), hostB, env.now)
	if lg.nodes != 22 || lg.masters != 5 || lg.pending(102) != 1 || lg.pending(70) != 1 {
		t.Errorf("with two newcomers, one of which makes a master: %d nodes at %d masters", lg.nodes, lg.masters)
	}
	env.now += 2 * DefaultServerTimeout
	lg.refresh(&n.level1)
	if lg.nodes != 22 || lg.masters != 5 || len(lg.order) != 2 {
		t.Errorf("two server timeouts later: %d nodes at %d masters", lg.nodes, lg.masters)
	}
	lg.report(peer.FromID(102), []Peer{peer.FromID(60), peer.FromID(80)})
	if lg.nodes != 18 || lg.pending(102) != 0 || len(lg.sent) != 1 || len(lg.hosts) != 1 {
		t.Errorf("after the master has told of it and of another: %d nodes, %d on their way", lg.nodes, len(lg.sent))
	}
	lg.report(peer.FromID(103), nil)
	if lg.masters != 4 || lg.nodes != 13 {
		t.Errorf("a master without slaves leaves %d nodes at %d masters, want 13 at 4", lg.nodes, lg.masters)
	}
	env.now++
	lg.refresh(&n.level1)
	if lg.nodes != 20 || lg.masters != 4 || len(lg.sent) != 0 || len(lg.hosts) != 0 || lg.order != nil {
		t.Errorf("later than that: %d nodes at %d masters, %d on their way", lg.nodes, lg.masters, len(lg.sent))
	}
}

// Of the newcomers of one host as many count as the network takes of one, and one is
// remembered as a master to be.
func TestOneHostCountsUpToItsPlaces(t *testing.T) {
	for _, test := range []struct {
		size int // of a fourth master
		host host
		want int
	}{{0, hostA, 4}, {80, hostA, 4}} {
		_, env, lg := provider(t)
		lg.resize(peer.FromID(150), test.size)
		before := lg.nodes
		for i := range uint32(100) {
			lg.send(peer.FromID(1000+i), peer.FromID(101), test.host, env.now)
		}
		if got := lg.nodes - before; got != test.want || len(lg.recent) != 1 || len(lg.order) != test.want {
			t.Errorf("of 100 newcomers of host %v to a network of %d count %d, want %d", test.host, before, got, test.want)
		}
	}
}

// A master that dies while newcomers are on their way to it does not look like a new one
// with much room: it takes none, neither while it is silent nor when it has been given up.
func TestADeadMasterTakesNoNewcomers(t *testing.T) {
	n, env, lg := provider(t)
	l := &n.level1
	lg.bound(10)
	lg.send(peer.FromID(60), peer.FromID(101), hostA, env.now)
	l.silent(1)
	l.discountSilent()
	if spot := lg.at(peer.FromID(101)); lg.capacity.weights[spot] != 0 || lg.pending(101) != 0 || lg.masters != 3 {
		t.Errorf("a silent master takes %d newcomers, and %d are on their way", lg.capacity.weights[spot], lg.pending(101))
	}
	lg.send(peer.FromID(61), peer.FromID(101), hostB, env.now)
	l.removeMaster(peer.FromID(101), env.now)
	l.reserves().lost = []lost{{peer.FromID(101), env.now}}
	lg.refresh(l)
	if lg.masters != 3 || lg.nodes != 15 || len(lg.sent) != 0 {
		t.Errorf("without the dead master: %d nodes at %d masters, %d on their way, want 15 at 3 and none", lg.nodes, lg.masters, len(lg.sent))
	}
}

// Nor does one that gives up its slaves while newcomers are on their way to it.
func TestAMasterThatStepsDownTakesNoNewcomers(t *testing.T) {
	n, env, lg := provider(t)
	lg.bound(10)
	lg.send(peer.FromID(60), peer.FromID(103), hostA, env.now)
	lg.send(peer.FromID(61), peer.FromID(102), hostB, env.now)
	n.serveLeave(&message.Request{Kind: message.KindLeave, From: peer.FromID(103), Body: &message.LeaveRequest{}})
	if at := lg.at(peer.FromID(103)); lg.capacity.weights[at] != 0 || lg.masters != 3 || len(lg.sent) != 1 || lg.pending(102) != 1 {
		t.Errorf("a master that has stepped down takes %d newcomers, %d are on their way, %d of them to another",
			lg.capacity.weights[at], len(lg.sent), lg.pending(102))
	}
	lg.refresh(&n.level1)
	if lg.masters != 3 || lg.nodes != 16 {
		t.Errorf("without it: %d nodes at %d masters, want 16 at 3", lg.nodes, lg.masters)
	}
}

// A spot that two hosts' newcomers have come back from takes no more; one host alone
// cannot close it.
func TestASpotClosesAfterMissesOfTwoHosts(t *testing.T) {
	for _, test := range []struct {
		what   string
		hosts  []host
		closed bool
	}{
		{"one miss", []host{hostA}, false},
		{"two of one host", []host{hostA, hostA}, false},
		{"two of two hosts", []host{hostA, hostB}, true},
	} {
		_, env, lg := provider(t)
		lg.bound(10)
		spot := lg.at(peer.FromID(101))
		if got := lg.capacity.weights[spot]; got != 5 {
			t.Fatalf("a master of 5, which may have 10, takes %d more", got)
		}
		for i, host := range test.hosts {
			newcomer := peer.FromID(uint32(60 + i))
			lg.send(newcomer, peer.FromID(101), host, env.now)
			lg.missed(newcomer)
			lg.missed(newcomer) // it counts once for each time that it was sent
		}
		want := 5
		if test.closed {
			want = 0
		}
		if got := lg.capacity.weights[spot]; got != want || lg.pending(101) != 0 {
			t.Errorf("%s: the spot takes %d, want %d", test.what, got, want)
		}
	}
}

// A master takes as many as are missing to the limit; a node with a tally of 0 is no
// master and takes none.
func TestCapacityIsWhatIsMissing(t *testing.T) {
	_, _, lg := provider(t)
	lg.bound(7)
	if lg.capacity.total != 4*2 {
		t.Errorf("four masters of 5, which may have 7, take %d", lg.capacity.total)
	}
	lg.resize(peer.FromID(101), 9)
	lg.resize(peer.FromID(102), 0)
	if lg.capacity.total != 2*2 {
		t.Errorf("with one of 9 and one of none they take %d", lg.capacity.total)
	}
	lg.expect(peer.FromID(103), -3)
	if lg.pending(103) != 0 || lg.capacity.total != 2*2 {
		t.Errorf("fewer than none are on their way: %d", lg.pending(103))
	}
	if lg.bound(3); lg.capacity.total != 0 {
		t.Errorf("masters of 5, which may have 3, take %d", lg.capacity.total)
	}
}

// The recent newcomers are a ring of the latest 512, each once.
func TestRecentNewcomersAreARing(t *testing.T) {
	_, _, lg := provider(t)
	for i := range uint32(recentNewcomers + 2) {
		lg.remember(peer.FromID(1000+i), host(1000+i), 0)
		lg.remember(peer.FromID(1000+i), host(1000+i), 0)
	}
	if len(lg.recent) != 512 || slices.Contains(lg.recent, peer.FromID(1001)) || !slices.Contains(lg.recent, peer.FromID(1002)) {
		t.Errorf("of 514 newcomers %d are remembered", len(lg.recent))
	}
	for i := range uint32(recentNewcomers) {
		lg.remember(peer.FromID(5000+i), host(5000+i), 0)
	}
	if slices.ContainsFunc(lg.recent, func(p Peer) bool { return p.ID() < 5000 }) {
		t.Error("older newcomers are remembered in place of later ones")
	}
}

// A discovery asks the masters that the provider has made, and no others for its sake.
func TestMastersInTheMakingAreMet(t *testing.T) {
	n, env, lg := provider(t)
	lg.send(peer.FromID(60), peer.FromID(70), hostA, env.now)
	d := n.level1.beginDiscovery(n.budget(time.Second))
	if lg.meet(d); !slices.Equal(d.met, []acquaintance{{peer.FromID(70), -1, -1}}) {
		t.Errorf("met %v, want 70 alone", d.met)
	}
}

// Two masters with capacity come first, then a node that could become a master, then
// another master. Without capacity, and while there are fewer than three masters, nodes
// that could become masters come first. A newcomer without others but the provider goes
// to it.
func TestPlacesMixMastersAndNodesThatCouldBe(t *testing.T) {
	for _, test := range []struct {
		what  string
		sizes map[uint32]int // of the masters instead of five each
		self  int            // slaves of the provider
		want  string         // m for a master, s for a node that is none
	}{
		// 13 nodes, so up to 4
		{"four masters with capacity", map[uint32]int{101: 3, 102: 3, 103: 3}, 3, "mmsm"},
		// 12 nodes, so up to 4
		{"one with capacity", map[uint32]int{101: 4, 102: 3, 103: 0}, 4, "mss"},
		// see below
		{"none with capacity", map[uint32]int{101: 4, 102: 4, 103: 4}, 4, "sss"},
		{"two masters", map[uint32]int{101: 0, 102: 0, 103: 1}, 2, "ssmm"},
	} {
		for seed := range 20 {
			n, env := alone(t, test.self, 3)
			for range seed {
				env.random.Uint64()
			}
			l := &n.level1
			for id, size := range test.sizes {
				l.setMaster(peer.FromID(id), size, env.now)
			}
			l.backlink, l.ledger = peer.FromID(101), l.newLedger()
			if test.want == "sss" {
				for i := range l.ledger.tallies {
					// the only way to be full below the optimum
					l.ledger.tallies[i].misses = maxMisses
				}
			}
			places, _ := l.place(peer.FromID(160), Peer{})
			got := ""
			for _, p := range places {
				if p.ID() >= 101 || p == n.self {
					got += "m"
				} else {
					got += "s"
				}
			}
			if got != test.want {
				t.Fatalf("%s: %s, which are %v; want %s", test.what, got, places, test.want)
			}
			if l.ledger.sent[peer.FromID(160)].to != places[0] {
				t.Fatalf("%s: the newcomer counts at %d, not at its first place", test.what, l.ledger.sent[peer.FromID(160)].to.ID())
			}
		}
	}
	n, _ := alone(t, 0, 0)
	n.level1.ledger = n.level1.newLedger()
	if places, size := n.level1.place(peer.FromID(2), Peer{}); size != 2 || !slices.Equal(places, []Peer{n.self}) {
		t.Errorf("the second node of a network gets places %v in a network of %d", places, size)
	}
	n.level1.ledger.missed(peer.FromID(2))
	if places, _ := n.level1.place(peer.FromID(3), Peer{}); !slices.Equal(places, []Peer{n.self, peer.FromID(2)}) {
		t.Errorf("after the second node has come back, the third gets places %v", places)
	}
}

// No node is sent to itself, nor to a slave of its own.
func TestPlacesAreNotOnesOwn(t *testing.T) {
	for range 50 {
		n, _, _ := provider(t)
		places, size := n.level1.place(n.self, Peer{}) // for the provider itself
		for _, p := range places {
			if p == n.self || n.level1.hasSlave(p) {
				t.Fatalf("the provider would register at %d", p.ID())
			}
		}
		if size != 21 {
			t.Fatalf("the provider counts itself twice: %d", size)
		}
		n, _, _ = provider(t)
		for _, p := range first(n.level1.place(peer.FromID(101), Peer{})) {
			if p == n.self || p == peer.FromID(101) {
				t.Fatalf("the provider's backlink would register at %d", p.ID())
			}
		}
	}
	n, _, _ := provider(t)
	n.level1.backlink = Peer{}
	if _, size := n.level1.place(peer.FromID(60), Peer{}); size != 22 {
		t.Errorf("a provider without a backlink, in no list, makes a network of %d", size)
	}
	n, _, _ = provider(t)
	n.level1.backlink = Peer{}
	if _, size := n.level1.place(n.self, Peer{}); size != 21 {
		t.Errorf("the provider itself makes a network of %d", size)
	}
}

func first(places []Peer, _ int) []Peer { return places }

// An npm newcomer gets one place: the best, or, if it is a master, any.
func TestAnNpmNewcomerGetsOnePlace(t *testing.T) {
	for _, test := range []struct {
		what   string
		target uint32
		places bool
		want   []int // how many places it may get
		any    bool
	}{
		{"one of ours", 60, true, []int{maxPlaces}, false},
		{"an npm slave", 60, false, []int{1}, false},
		{"an npm master", 102, false, []int{1}, true},
	} {
		firsts := make(map[Peer]bool)
		for seed := range 40 {
			n, env := alone(t, 3, 3)
			for range seed {
				env.random.Uint64()
			}
			for id := range uint32(3) { // all four masters have capacity
				n.level1.setMaster(peer.FromID(101+id), 3, env.now)
			}
			n.level1.backlink = peer.FromID(101)
			target := peer.FromID(test.target)
			req := message.Request{From: target, Timeout: time.Second, Body: &message.ProvideRequest{Target: target, Places: test.places}}
			var p *message.Provision
			n.pool.run(n, func(t *Task) { // it answers without asking
				p, _ = message.As[message.Provision]((directed{}).provide(&n.level1, t))
				t.owing = false
			}, &req, 0)
			if !slices.Contains(test.want, len(p.Results)) {
				t.Fatalf("%s gets %d places", test.what, len(p.Results))
			}
			index, known := n.level1.ledger.index[p.Results[0].Address]
			firsts[p.Results[0].Address] = known && n.level1.ledger.tallies[index].size > 0
			if got := p.Results[0]; len(got.Spares) != 1 || got.Spares[0] != got.Address || got.NetworkSize != 13 || p.NetworkSize != 13 {
				t.Fatalf("%s gets the place %+v in a network of %d", test.what, got, p.NetworkSize)
			}
			if n.level1.ledger.nodes != 13 {
				t.Fatalf("%s counts %d times", test.what, n.level1.ledger.nodes-12)
			}
		}
		slaves := 0
		for p, master := range firsts {
			if !master && p.ID() < 100 {
				slaves++
			}
		}
		if test.any != (slaves > 0) {
			t.Errorf("%s is sent to %d that are no masters", test.what, slaves)
		}
	}
}

// A node gives up its ledger when it leaves its branch or sweeps its memory, maybe while a
// newcomer waits for a place: then it opens a new one.
func TestANewcomerThatWaitsNeedsNoLedger(t *testing.T) {
	n, _ := alone(t, 5, 3)
	l := &n.level1
	l.ledger = nil
	if places, size := l.place(peer.FromID(200), Peer{}); len(places) == 0 || size == 0 {
		t.Errorf("it gets places %d in a network of %d", places, size)
	}
}
