package core

import (
	"slices"
	"testing"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// An npm node lists its masters in the order in which it has met them, in whatever role:
// its slaves before itself.
func TestMastersStandInTheOrderOfTheirRows(t *testing.T) {
	n, env := alone(t, 0, 0)
	l := &n.level1
	first, second := peer.FromID(101), peer.FromID(102)
	l.addSlave(first, env.now)
	l.arrange()
	l.setMaster(n.self, 1, env.now)
	l.setMaster(second, 3, env.now)
	l.arrange()
	l.setMaster(first, 2, env.now)
	l.arrange()
	want := []message.Master{{Peer: first, Size: 2}, {Peer: n.self, Size: 1}, {Peer: second, Size: 3}}
	if !slices.Equal(l.masters.List, want) {
		t.Errorf("masters %v, want %v", l.masters.List, want)
	}
	l.removeMaster(second, env.now)
	l.arrange()
	l.removeSlave(first)
	l.removeMaster(first, env.now)
	l.arrange()
	l.setMaster(second, 3, env.now)
	l.setMaster(first, 2, env.now)
	l.arrange()
	want = []message.Master{{Peer: n.self, Size: 1}, {Peer: second, Size: 3}, {Peer: first, Size: 2}}
	if !slices.Equal(l.masters.List, want) {
		t.Errorf("after both were gone: masters %v, want %v", l.masters.List, want)
	}
}
