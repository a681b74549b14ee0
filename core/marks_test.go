package core

import (
	"math"
	"testing"

	"spreadable/core/peer"
)

// Marks of one use are not seen in the next, not even when the number of the use comes
// again after four billion others.
func TestMarksOfFormerUsesDoNotCount(t *testing.T) {
	var m marks
	p := peer.FromID(3)
	m.reset()
	for range 2 {
		if got := m.take(p); got != 0 {
			t.Errorf("a peer that was not entered has the value %d", got)
		}
		if !m.put(p, 7) || m.put(p, 8) {
			t.Error("a peer is not new exactly once in a use")
		}
		if first, again := m.take(p), m.take(p); first != 7 || again != 0 {
			t.Errorf("taken %d, then %d, want 7, then 0", first, again)
		}
		m.use = math.MaxUint32
		m.reset()
	}
}
