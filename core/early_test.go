package core

import (
	"slices"
	"testing"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// following is a provider of a network that follows its size, with eight masters of five
// nodes each.
func following(t *testing.T) (*Node, *still) {
	n, env := alone(t, 5, 7)
	n.cfg.Levels = message.AutoLevels
	n.plantTree(0)
	n.level1.backlink = peer.FromID(101)
	n.level1.ledger = n.level1.newLedger()
	return n, env
}

// admit places so many newcomers, from a number on.
func (l *level) admit(first, count uint32) {
	for i := range count {
		l.place(peer.FromID(first+i), Peer{})
	}
}

// A provider of a network that follows its size makes masters while the others still take
// nodes, and gives them four nodes each as long as these do.
func TestMastersAreMadeBeforeTheyAreNeeded(t *testing.T) {
	n, env := following(t)
	l := &n.level1
	lg := l.ledger
	for i := uint32(20); lg.masters == 8; i++ {
		l.admit(i, 1)
		if i == 100 {
			t.Fatal("80 newcomers to 40 nodes make no master")
		}
	}
	var known int
	for i := range lg.tallies[:8] {
		known += lg.limit - lg.tallies[i].count()
	}
	if known < 4 || len(lg.young) != 1 {
		t.Errorf("with the first of %d new masters the others take %d more nodes, want 4 or more", len(lg.young), known)
	}
	l.admit(110, 12)
	for i := range lg.tallies[8:] {
		if young := &lg.tallies[8+i]; young.count() > youngMost && lg.capacity.total > 0 {
			t.Errorf("a new master has %d nodes, while others take %d", young.count(), lg.capacity.total)
		}
	}
	env.now += youngFor*n.cfg.SyncInterval + 1
	lg.refresh(l)
	if len(lg.young) != 0 {
		t.Errorf("%d masters are young after %d sync intervals", len(lg.young), youngFor)
	}
}

// Newcomers that are more than the known masters take go to the young ones: no more
// masters are made than a slightly larger network wants.
func TestACrowdMakesNoMoreMastersThanTheNetworkWants(t *testing.T) {
	n, _ := following(t)
	l := &n.level1
	l.admit(20, 80)
	if lg, most := l.ledger, Optimum(120+120/earlyShare, levels); lg.masters > most {
		t.Errorf("80 newcomers to 40 nodes make %d masters, want %d at most", lg.masters, most)
	}
}

// A master that is made in the place of a dead one gets few nodes while the others have
// room. Without room the oldest of the young ones fills up, and no other.
func TestTheOldestYoungMasterFillsFirst(t *testing.T) {
	n, env := alone(t, 5, 8)
	l := &n.level1
	l.setBacklink(peer.FromID(101))
	l.settle()
	l.silent(1)
	l.removeMaster(peer.FromID(102), env.now)
	l.ledger = l.newLedger()
	lg := l.ledger
	var made []Peer // in the order of making
	for i := range uint32(30) {
		env.now += time.Second / 8
		l.admit(200+i, 1)
		for p := range lg.young {
			if !slices.Contains(made, p) {
				made = append(made, p)
			}
			if count := lg.tallies[lg.at(p)].count(); count > youngMost {
				t.Fatalf("a young master has %d nodes, want %d at most", count, youngMost)
			}
		}
		if len(lg.young) < len(made) && lg.young[made[0]] > 0 {
			t.Fatal("the oldest of two young masters is young still, and the other is not")
		}
	}
	if len(made) != 2 || len(lg.young) != 1 {
		t.Errorf("%d masters are made, and %d are young in the end, want 2 and 1", len(made), len(lg.young))
	}
}

// Of many masters that are too many, a few step down at a time in a network that follows
// its size: else all of their slaves would look for places at once.
func TestFewMastersStepDownAtATime(t *testing.T) {
	n, _ := following(t)
	l := &n.level1
	for i := range uint32(40) {
		l.setMaster(peer.FromID(120+i), 1, 0)
	}
	if got := l.spared(10); got != len(l.masters.List)-1-len(l.masters.List)/downShare {
		t.Errorf("of %d masters those from rank %d on step down", len(l.masters.List), got)
	}
	n.cfg.Levels, n.treeIndex = 1, 0
	if got := l.spared(10); got != 10 {
		t.Errorf("in a network of one level those from rank %d on step down, want 10", got)
	}
	l.reserves().lost = []lost{{peer.FromID(102), n.env.Now()}}
	if got := l.spared(48); got != 50 {
		t.Errorf("after a loss those from rank %d on step down, want 50: half of the slack of 4 stays", got)
	}
}
