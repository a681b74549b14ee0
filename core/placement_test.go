package core

import (
	"slices"
	"testing"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// silent makes so many of the masters 101 and up ones that do not answer.
func (l *level) silent(masters int) {
	for i := range masters {
		w := l.startProbing(peer.FromID(uint32(i) + 101))
		w.failed = 2
	}
}

// A master waits with all corrections while many of the masters that it knows are silent:
// most of what seems too much is dead. One of a few, or a few of many, do not stop it.
func TestNothingIsNormalizedWhileManyMastersAreSilent(t *testing.T) {
	for _, test := range []struct {
		masters, silent int
		want            bool
	}{{8, 0, true}, {8, 1, true}, {8, 2, false}, {80, 4, true}, {80, 5, false}} {
		n, _ := alone(t, 5, test.masters)
		l := &n.level1
		l.settle()
		l.silent(test.silent)
		if got := l.mayNormalize(); got != test.want {
			t.Errorf("with %d of %d masters silent it may normalize: %v", test.silent, test.masters, got)
		}
	}
}

// Where a master dies now and then, a bootstrap node makes another in its place at once,
// and its slaves are spread over all that are left. Where many die, it fills few, for fewer
// nodes.
func TestPlacesAfterDeaths(t *testing.T) {
	for _, test := range []struct {
		silent int
		most   int // slaves that a master may have by the ledger
		first  uint32
	}{
		// 30 slaves of six masters and a newcomer: the optimum is 6. Without one master of
		// five it is the same, and 16 nodes of which a quarter may be dead want 4.
		{0, 6, 0}, {1, 6, 60}, {3, 4, 60},
	} {
		n, _ := alone(t, 5, 5)
		l := &n.level1
		l.setBacklink(peer.FromID(101))
		l.settle()
		l.ledger = l.newLedger()
		l.ledger.remember(peer.FromID(60), n.hostOf(peer.FromID(60)), n.env.Now()-time.Second)
		l.silent(test.silent)
		places, _ := l.place(peer.FromID(50), Peer{})
		if l.ledger.limit != test.most {
			t.Errorf("with %d masters silent the ledger fills masters to %d, want %d", test.silent, l.ledger.limit, test.most)
		}
		if len(places) == 0 || test.first > 0 && places[0] != peer.FromID(test.first) {
			t.Errorf("with %d masters silent the places are %v, want %d first", test.silent, places, test.first)
		}
	}
}

// Where nodes come and go, nearly all that a provider remembers may be dead. Slaves that a
// master has just named come before them.
func TestSlavesJustNamedComeBeforeOldNewcomers(t *testing.T) {
	n, _ := alone(t, 1, 1)
	l := &n.level1
	l.settle()
	l.ledger = l.newLedger()
	for i := range uint32(60) {
		l.ledger.remember(peer.FromID(1000+i), n.hostOf(peer.FromID(1000+i)), 0)
	}
	l.keepLost(peer.FromID(1000))
	named := []peer.Peer{peer.FromID(50), peer.FromID(51)}
	places, _ := l.place(n.self, Peer{}, named...)
	if len(places) < 2 || !slices.Contains(named, places[0]) || !slices.Contains(named, places[1]) {
		t.Errorf("places are %v, want %v first", places, named)
	}
}

// A provider in a calm network sends nobody to a master that names other masters than it
// does, or none. While the network grows, lists may differ.
func TestAMasterThatNamesOthersIsNoPlace(t *testing.T) {
	n, _ := alone(t, 5, 9)
	l := &n.level1
	liar, other := peer.FromID(101), &message.Masters{}
	for id := range uint32(30) {
		other.List = append(other.List, message.Master{Peer: peer.FromID(200 + id), Size: 3})
	}
	told := func(named *message.Masters) {
		l.looked = make([]*message.Structure, len(l.masters.List))
		for i, m := range l.masters.List {
			l.looked[i] = &message.Structure{Address: m.Peer, Masters: l.masters}
			if m.Peer == liar && named == nil {
				l.looked[i] = nil // it has not said which
			} else if m.Peer == liar {
				l.looked[i].Masters = named
			}
		}
	}
	for _, test := range []struct {
		what  string
		named *message.Masters
		calm  uint8
		want  bool
	}{
		{"others", other, 2, false}, {"others, in a network that grows", other, 1, true}, {"ours", l.masters, 2, true},
		{"none", nil, 2, false},
	} {
		l.view.calm = test.calm
		told(test.named)
		l.ledger = l.newLedger()
		drawn := false
		for newcomer := range uint32(40) {
			places, _ := l.place(peer.FromID(50+newcomer), Peer{})
			drawn = drawn || slices.Contains(places, liar)
		}
		if drawn != test.want {
			t.Errorf("a master that names %s is a place: %v", test.what, drawn)
		}
	}
}

// Three of the four other masters, all that have room, are slaves of a master that has lost
// its backlink. A plain node that listed it would be one master too many, and step down. So it
// is sent to the fourth master, which is full but for its slack: at once if it is the provider
// itself, else when it asks again.
func TestAMasterWhoseSlavesHaveAllTheRoomFindsAPlace(t *testing.T) {
	n, _ := alone(t, 0, 0)
	l := &n.level1
	for _, m := range []struct{ id, slaves uint32 }{{101, 3}, {102, 1}, {103, 3}, {104, 4}} {
		l.setMaster(peer.FromID(m.id), int(m.slaves), n.env.Now())
	}
	for _, s := range []uint32{101, 102, 103} {
		l.addSlave(peer.FromID(s), 0)
	}
	l.setMaster(n.self, 3, n.env.Now())
	l.settle()
	full := peer.FromID(104)
	if places, _ := l.place(n.self, Peer{}); len(places) == 0 || places[0] != full {
		t.Errorf("the provider itself is sent to %v, want %d first", places, full)
	}
	l.setBacklink(full)
	l.ledger = nil
	target := peer.FromID(101)
	if places, _ := l.place(target, Peer{}); slices.Contains(places, full) {
		t.Errorf("asking for the first time it is sent to %v", places)
	}
	sent := false
	for range 20 {
		places, _ := l.place(target, Peer{})
		sent = sent || slices.Contains(places, full)
	}
	if !sent {
		t.Error("it is never sent to the master that has only its slack left")
	}
}

// A master may name slaves that do not exist. They take two of a newcomer's places at most,
// and our own slave is one of the others.
func TestSlavesThatDoNotExistTakeFewPlaces(t *testing.T) {
	n, _ := alone(t, 3, 0)
	l := &n.level1
	l.ledger = l.newLedger()
	own, phantoms := slices.Clone(l.slaves), make([]peer.Peer, 3000)
	for i := range phantoms {
		phantoms[i] = peer.FromID(1000 + uint32(i))
	}
	places, _ := l.place(peer.FromID(50), Peer{}, phantoms...)
	if !slices.ContainsFunc(places, func(p peer.Peer) bool { return slices.Contains(own, p) }) {
		t.Errorf("places are %v, none of which is of our slaves %v", places, own)
	}
}
