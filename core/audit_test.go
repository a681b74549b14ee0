package core

import (
	"testing"

	"spreadable/core/message"
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
