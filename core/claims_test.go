package core

import (
	"slices"
	"testing"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// listing is what a master tells that lists these peers.
func listing(ids ...uint32) *message.Structure {
	s := &message.Structure{Masters: noMasters}
	for _, id := range ids {
		s.Slaves = append(s.Slaves, peer.FromID(id))
	}
	return s
}

// A slave that only we have banned cannot be asked by us. That says nothing against its
// master: it counts as the slaves do that can be asked, and alone it counts.
func TestBannedSlavesDoNotDiscreditTheirMaster(t *testing.T) {
	n, _ := alone(t, 0, 1)
	for id := uint32(50); id < 54; id++ {
		n.Ban(peer.FromID(id), time.Hour, "test")
	}
	for _, test := range []struct {
		what          string
		claim         *message.Structure
		asked, agree  int
		confirmed     int
		holds, barred bool
	}{
		{"only banned slaves", listing(50, 51), 0, 0, 2, true, true},
		{"two that confirm, two banned ones", listing(50, 51, 60, 61), 2, 2, 4, true, true},
		{"two that deny, two banned ones", listing(50, 51, 60, 61), 2, 0, 0, false, true},
		{"two that confirm", listing(60, 61), 2, 2, 2, true, false},
		{"none that confirms", listing(60, 61), 2, 0, 0, false, false},
	} {
		c := n.newClaim(peer.FromID(101), test.claim, listing(), 100)
		c.sample, c.there = c.slaves, test.agree
		if len(c.slaves) != test.asked || c.confirmed() != test.confirmed || c.holds() != test.holds || (c.barred > 0) != test.barred {
			t.Errorf("%s: %d can be asked, %d of them confirm, so %d count", test.what, len(c.slaves), test.agree, c.confirmed())
		}
	}
}

// A master that is doubted is no place for newcomers. A doubt that is not renewed, because
// the node is no longer met as a master, keeps newcomers away no longer.
func TestADoubtedMasterIsNoPlace(t *testing.T) {
	n, _ := alone(t, 1, 2)
	l, master := &n.level1, peer.FromID(101)
	c := n.newClaim(master, listing(60, 61, 62), listing(), 1) // more than it may have
	c.sample = c.slaves
	l.resolve(c)
	if !l.avoids(master) || l.avoids(peer.FromID(102)) {
		t.Error("a doubted master is a place for newcomers, or one that is not doubted is none")
	}
	weak := n.newClaim(peer.FromID(103), listing(60, 61, 62), listing(), 100) // not too large
	weak.sample = weak.slaves
	l.resolve(weak)
	if limits := n.Limits(); limits.Doubts != 1 || limits.Doubted != 1 || len(l.guard.doubts) != 2 {
		t.Errorf("%+v for one master that is doubted, and one that may still be", limits)
	}
	l.rounds += 2
	if l.avoids(master) {
		t.Error("a node is avoided that has not been doubted for two syncs")
	}
	if got := l.unchecked(message.Master{Peer: master, Size: 3}); got != 0 {
		t.Errorf("%d slaves of it count, want none until it is checked", got)
	}
}

// Of masters that claim more than before as many are checked as the option says, and of
// those that claim too much as many as maxOdd. A claim at the limit is not too much. In a
// calm network new masters beyond the option count as those that claim too much. Where no
// list has changed, one is checked in every recheckEvery syncs.
func TestSoManyClaimsAreChecked(t *testing.T) {
	const few = DefaultClaimChecks
	for _, test := range []struct{ rounds, usual, grown, odd, calm, want int }{
		{0, 0, few, 0, 0, few},
		{0, 50, few + 9, 0, 0, few},
		{0, 0, 3, maxOdd, 0, 3 + maxOdd},
		{0, 0, 3, maxOdd + 9, 0, 3 + maxOdd},
		{0, 20, 0, 1, 0, 1},
		{recheckEvery - 2, 20, 0, 0, 0, 0},
		{recheckEvery - 1, 20, 0, 0, 0, 1}, // the turn of node 1
		{recheckEvery - 1, 20, 2, 0, 0, 2},
		{recheckEvery, 20, 0, 0, 0, 0},
		{0, 50, few + 9, 0, 1, few},
		{0, 50, few + 9, 0, 2, few + 9},
		{0, 50, few + maxOdd + 9, 0, 2, few + maxOdd},
	} {
		n, _ := alone(t, 0, test.usual)
		l := &n.level1
		l.rounds, l.view.calm = int32(test.rounds), uint8(test.calm)
		most := max(n.cfg.rule.mostSlaves(Optimum(l.size(), levels)), 2*(test.usual+test.grown+test.odd)+8)
		large := listing()
		for id := range uint32(most + 1) {
			large.Slaves = append(large.Slaves, peer.FromID(5000+id))
		}
		usual := &message.Structure{Masters: noMasters, Slaves: large.Slaves[:most]}
		d := &discovery{level: l, confirmed: slices.Clone(l.masters.List)}
		for i := range test.usual {
			l.looked, d.told = append(l.looked, usual), append(d.told, usual)
			d.places = append(d.places, int32(i))
		}
		for i := range test.grown + test.odd {
			claim := usual
			if i >= test.grown {
				claim = large
			}
			d.confirmed = append(d.confirmed, message.Master{Peer: peer.FromID(uint32(1000 + i)), Size: 1})
			d.told, d.places = append(d.told, claim), append(d.places, -1)
		}
		if got := len(d.chooseClaims()); got != test.want {
			t.Errorf("%+v: %d are checked", test, got)
		}
	}
}

// What a new master claims counts at once where a network changes a lot, and only when it
// is confirmed where it is calm, or where several claims have failed: liars can keep a
// network from being calm.
func TestNewMastersCountWhenConfirmed(t *testing.T) {
	for _, test := range []struct{ calm, doubts, want int }{
		{0, 0, 2}, {1, 0, 2}, {2, 0, 0}, {0, alarming - 1, 2}, {0, alarming, 0},
	} {
		n, _ := alone(t, 0, 9)
		n.level1.view.calm = uint8(test.calm)
		for i := range test.doubts {
			n.level1.guarded().doubts[peer.FromID(uint32(200+i))] = doubt{}
		}
		c := n.newClaim(peer.FromID(101), listing(60, 61), nil, 100)
		c.sample = c.slaves // of which none confirms it
		n.level1.resolve(c)
		if c.credit != test.want {
			t.Errorf("%+v: %d slaves count", test, c.credit)
		}
	}
}
