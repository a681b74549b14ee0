package core

import (
	"slices"
	"testing"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// bereft is a slave of 101, one of ten masters 101 to 110, which knows 50 to 53 elsewhere
// and has just lost its backlink before that one.
func bereft(t *testing.T) (*level, *asking) {
	t.Helper()
	n, still := alone(t, 0, 10)
	env := still.asks(n)
	l := &n.level1
	for id := range uint32(4) {
		l.known[id] = peer.FromID(50 + id)
	}
	l.setBacklink(peer.FromID(100))
	l.lose(peer.FromID(100), message.ErrTimeout)
	l.setBacklink(peer.FromID(101))
	env.asked = nil
	return l, env
}

// some is a list of masters with these numbers.
func some(from, to uint32) *message.Masters {
	var list []message.Master
	for id := from; id <= to; id++ {
		list = append(list, message.Master{Peer: peer.FromID(id), Size: 5})
	}
	return message.NewMasters(list)
}

// What a node knew elsewhere when its backlink died is asked later, a few times each,
// whatever it knows since then.
func TestBridgesAreAskedAFewTimes(t *testing.T) {
	l, env := bereft(t)
	for range 1000 {
		l.rounds++
		l.known = [4]Peer{peer.FromID(60 + uint32(l.rounds)%9)}
		l.askBridge(l.node.budget(l.node.cfg.SyncInterval))
		if l.rounds < bridgeAfter && len(env.asked) > 0 {
			t.Fatalf("it asks %d syncs after the loss, while lists have the dead masters", l.rounds)
		}
	}
	times := make(map[uint32]int)
	for _, id := range env.asked {
		times[id]++
	}
	for id := range uint32(4) {
		if times[50+id] != maxCrossings {
			t.Errorf("%d is asked %d times, want %d", 50+id, times[50+id], maxCrossings)
		}
	}
	if len(times) != 4 {
		t.Errorf("it asks %v, want the four that it knew at the loss", times)
	}
}

// A bridge to the same network is asked no more. Over one to another network the node
// introduces itself to a master there, even if some masters are in both lists: they may be
// dead.
func TestABridgeIsCrossedToAnotherNetwork(t *testing.T) {
	for _, test := range []struct {
		what     string
		theirs   *message.Masters
		same     bool
		from, to uint32 // of the masters that it may introduce itself to
	}{
		{"the same list", some(101, 110), true, 0, 0},
		{"most of the masters", some(103, 113), true, 0, 0},
		{"a list without masters", some(1, 0), false, 0, 0},
		{"no master in common", some(121, 130), false, 121, 130},
		{"two in common", some(109, 116), false, 111, 116},
		{"a few of ours", some(101, 103), false, 0, 0},
	} {
		l, env := bereft(t)
		l.cross(peer.FromID(51), test.theirs)
		kept := slices.ContainsFunc(l.reserve.bridges.ends, func(b bridge) bool { return b.peer == peer.FromID(51) })
		if kept == test.same {
			t.Errorf("%s: the bridge is kept: %v", test.what, kept)
		}
		met := len(env.asked) == 1 && env.asked[0] >= test.from && env.asked[0] <= test.to
		if test.from == 0 && len(env.asked) > 0 || test.from > 0 && !met {
			t.Errorf("%s: it introduces itself to %v, want one from %d to %d", test.what, env.asked, test.from, test.to)
		}
	}
}

// However often a node loses its backlink, it keeps few bridges: the latest.
func TestBridgesAreFew(t *testing.T) {
	l, _ := bereft(t)
	for id := range uint32(40) {
		l.known = [4]Peer{peer.FromID(60 + id)}
		l.keepBridges()
		l.keepBridges()
	}
	ends := l.reserve.bridges.ends
	if len(ends) != maxBridges || ends[len(ends)-1].peer != peer.FromID(99) {
		t.Errorf("it keeps %v", ends)
	}
}
