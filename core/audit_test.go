package core

import (
	"testing"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// A slave leaves a master that answers searches for fewer nodes than it claims, after five
// of them at different syncs. An unknown query, a lost answer and half of the nodes are no
// reason.
func TestAMasterThatLeavesOutNodesLosesItsSlaves(t *testing.T) {
	answered := func(nodes int) message.Response {
		return message.Response{Body: &message.QueryAnswer{Coverage: message.Coverage{Asked: 1, Answered: nodes}}}
	}
	for _, test := range []struct {
		what  string
		resp  message.Response
		syncs int
	}{
		{"one of nine nodes", answered(1), 5},
		{"a refusal", message.Response{Err: &message.Error{Code: "NO"}}, 5},
		{"half of the nodes", answered(5), 0},
		{"an unknown query", message.Refuse(message.CodeUnknownQuery), 0},
		{"a lost answer", message.Response{Err: message.ErrTimeout}, 0},
	} {
		n, _ := alone(t, 0, 2)
		l := &n.level1
		backlink := l.masters.List[0].Peer
		l.setBacklink(backlink)
		left := 0
		for sync := 1; sync <= 20 && left == 0; sync++ {
			l.rounds++
			for range 3 {
				l.rateSearch(backlink, test.resp, 9)
			}
			l.satisfied(backlink) // it answers for its structure all the time
			if l.backlink.IsZero() {
				left = sync
			}
		}
		if left != test.syncs {
			t.Errorf("%s: the slave leaves after %d syncs, want %d", test.what, left, test.syncs)
		}
	}
}

// The witness is another master each time, never the backlink or the node itself.
func TestWitnessesTakeTurns(t *testing.T) {
	n, _ := alone(t, 1, 3)
	l := &n.level1
	l.setBacklink(l.masters.List[1].Peer)
	drawn := map[Peer]bool{}
	for range 8 {
		l.rounds++
		drawn[l.witness()] = true
	}
	if len(drawn) != 2 || drawn[n.self] || drawn[l.backlink] || drawn[Peer{}] {
		t.Errorf("witnesses %v", drawn)
	}
}

// A witness speaks for a backlink that it knows with about as many slaves as the backlink
// tells of, and whose network is about as large and has mostly the same masters.
func TestAWitnessComparesNetworks(t *testing.T) {
	masters := func(sizes map[uint32]uint32) *message.Masters {
		m := &message.Masters{}
		for id := uint32(1); id < 60; id++ {
			if size := sizes[id]; size > 0 {
				m.List, m.Total = append(m.List, message.Master{Peer: peer.FromID(id), Size: size}), m.Total+int(size)
			}
		}
		return m
	}
	crowd := func(from, count uint32) map[uint32]uint32 {
		sizes := map[uint32]uint32{2: 6}
		for id := from; id < from+count; id++ {
			sizes[id] = 6
		}
		return sizes
	}
	n, _ := alone(t, 0, 0)
	l := &n.level1
	l.setBacklink(peer.FromID(2))
	up := func(m *message.Masters, slaves int) *message.Structure {
		return &message.Structure{Masters: m, Slaves: make([]Peer, slaves)}
	}
	witness := up(masters(crowd(10, 8)), 6)
	for _, test := range []struct {
		what string
		up   *message.Structure
		want int
	}{
		{"the same", up(masters(crowd(10, 8)), 6), -1},
		{"one master more", up(masters(crowd(10, 9)), 7), -1},
		{"forty more slaves", up(masters(crowd(10, 8)), 46), 1},
		{"other masters", up(masters(crowd(30, 8)), 6), 1},
		{"most masters left out", up(masters(crowd(10, 1)), 6), 1},
		{"thirty more masters", up(masters(crowd(10, 38)), 6), 1},
	} {
		if got := l.verdict(witness, test.up); got != test.want {
			t.Errorf("%s: the verdict is %d, want %d", test.what, got, test.want)
		}
	}
	l.setBacklink(peer.FromID(3))
	if got := l.verdict(witness, up(masters(crowd(10, 8)), 6)); got != 1 {
		t.Errorf("an unknown backlink: the verdict is %d, want 1", got)
	}
}
