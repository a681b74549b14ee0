package inmem

import (
	"testing"

	"spreadable/wire"
)

// A host keeps the latest structure of each of wire.MaxLearned others; of one more it
// forgets all, as a node does.
func TestHostsKeepWhatNodesKeep(t *testing.T) {
	e := endpoint{partition: new(Partition)}
	if got := e.known(0); got != 0 {
		t.Errorf("at first it has edition %d", got)
	}
	for round := range uint32(2) {
		for from := range uint32(wire.MaxLearned) / 2 {
			e.learn(from, newEdition(round+from+1, 23))
		}
		for from := range uint32(wire.MaxLearned) / 2 {
			if got := e.known(from); got != newEdition(round+from+1, 23) {
				t.Fatalf("round %d: of %d it has edition %d", round, from, got)
			}
		}
	}
	for from := range uint32(wire.MaxLearned) {
		e.learn(from, newEdition(9, 23))
	}
	e.learn(wire.MaxLearned, newEdition(9, 23))
	for from := range uint32(wire.MaxLearned) {
		if got := e.known(from); got != 0 {
			t.Fatalf("after one too many it still has edition %d of %d", got, from)
		}
	}
	if e.known(wire.MaxLearned) == 0 {
		t.Error("the latest is not kept")
	}
}

// The first snapshots of a node that was renewed are others than those of its life before,
// of which its peers may still have one with the same number.
func TestAnotherLifeHasOtherEditions(t *testing.T) {
	seen := make(map[edition]bool)
	for life := range uint32(1000) {
		for number := range uint32(20) {
			d := newEdition(number+1+life<<lifeBits, 23)
			if seen[d] || d.etag() != 23 {
				t.Fatalf("life %d has edition %d, which was there before", life, d)
			}
			seen[d] = true
		}
	}
}
