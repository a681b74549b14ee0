package core

import (
	"testing"
	"time"

	"spreadable/core/peer"
)

// One answer too long among a thousand in a period happens to an honest master by chance;
// one among 999 does not.
func TestOneCutAnswerOfAThousandIsChance(t *testing.T) {
	for answers, want := range map[int]int{999: 2, 1000: 0} {
		n, _ := alone(t, 0, 0)
		for period := range 2 {
			for i := range answers {
				n.level1.noteAnswer(peer.FromID(2), time.Duration(period)*time.Hour, i == 0)
			}
		}
		c := n.level1.guarded().cuts[peer.FromID(2)]
		if got := c.row(); got != want {
			t.Errorf("with one cut answer of %d in each of two periods: %d in a row, want %d", answers, got, want)
		}
	}
}
