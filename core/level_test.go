package core

import (
	"testing"
	"time"

	"spreadable/core/behavior"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// A sync lifetime is as many failures as break a peer, in each of as many intervals as a
// master has slaves.
func TestTheOriginalLifetimeGrowsWithTheNetwork(t *testing.T) {
	c := &Config{SyncInterval: time.Second, MaxFails: 10}
	if got := (original{}).lifetime(c, 100); got != 110*time.Second {
		t.Errorf("100 nodes have a lifetime of %v, want 110 s", got)
	}
}

// Under the directed rule no time depends on a size, which is what others claim.
func TestTheDirectedLifetimeDoesNotDependOnTheSize(t *testing.T) {
	c := &Config{SyncInterval: time.Second, MaxFails: 10}
	for _, size := range []int{1, 2, 40, 3040, 1_000_000} {
		if got := (directed{}).lifetime(c, size); got != 20*time.Second {
			t.Errorf("a network of %d has a lifetime of %v, want 20 s", size, got)
		}
	}
}

// A node judges by silence only after a lifetime of its own; a root counts as confirmed
// for as long.
func TestAgeAgainstTheLifetime(t *testing.T) {
	n, env := alone(t, 0, 3)
	life := n.lifetime()
	for age, want := range map[time.Duration]bool{life: false, life + 1: true} {
		n.started = env.now - age
		if n.isNormalized() != want {
			t.Errorf("%v after its start, at a lifetime of %v, a node is normalized: %v", age, life, !want)
		}
	}
	for _, test := range []struct {
		root    uint32
		checked time.Duration
		want    bool
	}{{1, env.now - life, false}, {1, env.now - life + 1, true}, {0, env.now, false}, {1, 0, false}} {
		n.root, n.rootChecked = peer.FromID(test.root), test.checked
		if n.rootFresh() != test.want {
			t.Errorf("a root %d confirmed at %v is fresh at %v: %v", test.root, test.checked, env.now, !test.want)
		}
	}
	n.rootChecked, n.level1.masters = 0, noMasters
	env.now = 5 * time.Second // soon after the epoch
	if n.rootFresh() {
		t.Error("a root that was never confirmed is fresh")
	}
}

// A backlink is to list us, and to know us as the master we are. If it vouches for what it
// says, its own size is to be the number of its slaves.
func TestBacklinksAreJudged(t *testing.T) {
	const backlink = 101
	up := func(slaves int, masters ...message.Master) *message.Structure {
		s := &message.Structure{Slaves: []Peer{peer.FromID(1)}, Masters: message.NewMasters(masters), MaxAge: 1000}
		for i := range slaves - 1 {
			s.Slaves = append(s.Slaves, peer.FromID(uint32(150+i)))
		}
		return s
	}
	own := func(size uint32) message.Master { return message.Master{Peer: peer.FromID(1), Size: size} }
	its := func(size uint32) message.Master { return message.Master{Peer: peer.FromID(backlink), Size: size} }
	unlisted := up(3, its(3), own(2))
	unlisted.Slaves[0] = peer.FromID(3)
	inexact := up(3, its(2), own(2))
	inexact.MaxAge = 0
	for _, test := range []struct {
		what                  string
		slaves                int // ours
		up                    *message.Structure
		masters, sizes, lists float64
	}{
		{"all is true", 2, up(3, its(3), own(2)), 0, 0, 0},
		{"a plain slave is in no list", 0, up(3, its(3)), 0, 0, 0},
		{"our size is another", 2, up(3, its(3), own(3)), 1, 0, 0},
		{"we are not listed as a master", 2, up(3, its(3)), 1, 0, 0},
		{"its own size is another", 2, up(3, its(2), own(2)), 0, 1, 0},
		{"its own size is another, and it does not vouch for it", 2, inexact, 0, 0, 0},
		{"it is not in its own list", 0, up(3, message.Master{Peer: peer.FromID(102), Size: 5}), 0, 1, 0},
		// of 4 nodes the optimum is 3; but nodes leave, and the rest may be too many
		{"more slaves than it needs", 0, up(9, its(9)), 0, 0, 0},
		{"it does not list us", 2, unlisted, 0, 0, 1},
	} {
		n, _ := alone(t, test.slaves, 0)
		n.level1.watch = nil // we always had so many
		b := peer.FromID(backlink)
		n.level1.judgeUp(b, test.up)
		for action, want := range map[behavior.Action]float64{
			behavior.BacklinkMasters: test.masters, behavior.BacklinkNetworkSize: test.sizes, behavior.BacklinkSlaves: test.lists,
		} {
			if got := n.scores.Suspicion(action, b); got != want {
				t.Errorf("%s: %s is %g, want %g", test.what, action, got, want)
			}
		}
		n.level1.judgeUp(b, up(3, its(3), own(uint32(test.slaves))))
		if n.scores.Len() > 0 {
			t.Errorf("%s: a true answer later, %v remains", test.what, n.scores.Rows())
		}
	}
}

// A slave is to name us as its backlink. If it vouches for what it says, it is to know us
// with a size that we have, or lately had.
func TestSlavesAreJudged(t *testing.T) {
	for _, test := range []struct {
		what          string
		backlink      uint32
		size          uint32 // ours in its list; 0 is not in it
		age           uint32
		masters, link float64
	}{
		{"all is true", 1, 2, 40_000, 0, 0},
		{"another backlink", 9, 3, 40_000, 0, 1},
		{"another size", 1, 3, 40_000, 1, 0},
		{"another size, for which it does not vouch", 1, 3, 0, 0, 0},
		{"another size, but it syncs seldom", 1, 3, 60_000, 0, 0},
		{"no such master", 1, 0, 40_000, 1, 0},
	} {
		n, _ := alone(t, 2, 0)
		n.level1.watch = nil // we always had so many
		s := peer.FromID(2)
		down := &message.Structure{
			Backlink: peer.FromID(test.backlink), Masters: message.NewMasters(nil), MaxAge: test.age,
		}
		if test.size > 0 {
			down.Masters = message.NewMasters([]message.Master{{Peer: n.self, Size: test.size}})
		}
		if got := n.level1.judgeDown(s, down); got != (test.backlink == 1) {
			t.Errorf("%s: it names us as its backlink: %v", test.what, got)
		}
		for action, want := range map[behavior.Action]float64{behavior.SlaveMasters: test.masters, behavior.SlaveBacklink: test.link} {
			if got := n.scores.Suspicion(action, s); got != want {
				t.Errorf("%s: %s is %g, want %g", test.what, action, got, want)
			}
		}
	}
}

// A slave may know a size that we had before a restart. Once what it says can be no older
// than our start, it is held against it.
func TestNoSlaveIsBlamedForASizeFromBeforeARestart(t *testing.T) {
	n, env := alone(t, 2, 0)
	age := n.cfg.staleness()
	s, down := peer.FromID(2), &message.Structure{
		Backlink: n.self, MaxAge: uint32(age.Milliseconds()),
		Masters: message.NewMasters([]message.Master{{Peer: n.self, Size: 5}}),
	}
	for _, test := range []struct {
		up   time.Duration
		want float64
	}{{0, 0}, {age - 1, 0}, {age, 1}} {
		n.started = env.now - test.up
		n.level1.judgeDown(s, down)
		if got := n.scores.Suspicion(behavior.SlaveMasters, s); got != test.want {
			t.Errorf("%v after our start, a size of before makes a suspicion of %g, want %g", test.up, got, test.want)
		}
	}
}

// Wherever we stand among a backlink's slaves, we are listed; and the place is
// remembered.
func TestWeAreListedWhereverWeStand(t *testing.T) {
	n, _ := alone(t, 0, 0)
	l := &n.level1
	slaves := func(ids ...uint32) (peers []Peer) {
		for _, id := range ids {
			peers = append(peers, peer.FromID(id))
		}
		return peers
	}
	for _, test := range []struct {
		ids  []uint32
		want bool
		slot uint32
	}{
		{[]uint32{5, 6, 1}, true, 2}, {[]uint32{5, 6, 1}, true, 2}, {[]uint32{1, 5}, true, 0}, {[]uint32{5, 1}, true, 1},
		{[]uint32{5}, false, 0}, {nil, false, 0}, {[]uint32{5, 6, 7, 1, 1}, true, 3}, {[]uint32{1, 5, 6}, true, 0},
	} {
		if got := l.isListed(slaves(test.ids...)); got != test.want || l.slot != test.slot {
			t.Errorf("in %v: listed %v, at %d", test.ids, got, l.slot)
		}
	}
}

// A node becomes no slave of itself, nor, in a network of more than two, of its own
// slave.
func TestWhoseSlaveANodeMayBecome(t *testing.T) {
	n, _ := alone(t, 1, 0)
	for _, test := range []struct {
		p    uint32
		size int
		want bool
	}{{1, 2, false}, {1, 9, false}, {2, 2, true}, {2, 3, false}, {3, 3, true}} {
		if got := n.level1.eligible(peer.FromID(test.p), test.size); got != test.want {
			t.Errorf("in a network of %d, 1 may become the slave of %d: %v", test.size, test.p, got)
		}
	}
}

// The original's bootstrap address is any of those that are not one's own, if there are
// such.
func TestTheFirstBootstrapAddressIsAnothers(t *testing.T) {
	n, _ := alone(t, 0, 0)
	if got := n.level1.firstBootstrap(); got != n.self {
		t.Errorf("of its own address alone a node picks %d", got.ID())
	}
	n.cfg.Bootstrap = []Peer{peer.FromID(7), n.self, peer.FromID(8)}
	picked := make(map[uint32]bool)
	for range 50 {
		picked[n.level1.firstBootstrap().ID()] = true
	}
	if len(picked) != 2 || !picked[7] || !picked[8] {
		t.Errorf("of 7, itself and 8 it picks %v", picked)
	}
}

// A master counts a new slave in its own entry at once; a node that is in no list stays
// out of it until its next sync.
func TestANewSlaveCountsAtOnce(t *testing.T) {
	n, env := alone(t, 2, 1)
	l := &n.level1
	l.addSlave(peer.FromID(9), env.now)
	if l.bumpOwnSize(); l.masters.List[0] != (message.Master{Peer: n.self, Size: 3}) {
		t.Errorf("masters %v", l.masters.List)
	}
	n, env = alone(t, 0, 1)
	n.level1.addSlave(peer.FromID(9), env.now)
	if n.level1.bumpOwnSize(); n.level1.masterIndex(n.self) >= 0 {
		t.Errorf("masters %v", n.level1.masters.List)
	}
}

// A peer may be backlink, slave and master at a time. When it loses one role, it keeps the
// others, and a slave less is told at once, even if the slave is a master too.
func TestRolesOfAPeerAreApart(t *testing.T) {
	n, env := alone(t, 2, 0) // its slaves are 2 and 3
	l := &n.level1
	both := peer.FromID(2)
	l.setMaster(both, 4, env.now)
	l.setBacklink(both)
	l.setBacklink(peer.FromID(9))
	if !l.hasSlave(both) || l.masterIndex(both) < 0 {
		t.Errorf("with another backlink, the old one is forgotten: slaves %v, masters %v", l.slaves, l.masters.List)
	}
	l.removeSlave(both)
	l.bumpOwnSize()
	if got := l.masters.List; got[l.masterIndex(n.self)].Size != 1 || l.masterIndex(both) < 0 {
		t.Errorf("without the slave, masters are %v", got)
	}
}
