package draw

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A ranking of a memo equals one that is made without, whatever periods and addresses
// come one after the other.
func TestAMemoChangesNoRanking(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m Memo
		addresses := addressesOf(200)
		for range rapid.IntRange(1, 6).Draw(t, "rankings") {
			if rapid.Bool().Draw(t, "others") {
				m.Forget()
				slices.Reverse(addresses)
			}
			period := start + time.Duration(rapid.IntRange(0, 1).Draw(t, "period"))*5*time.Minute
			some := rapid.SliceOfNDistinct(rapid.IntRange(0, len(addresses)-1), 0, -1, rapid.ID).Draw(t, "some")
			want, got := New(period), m.Ranking(period)
			for _, i := range some {
				want.Add(int32(i), addresses[i])
				got.Add(int32(i), addresses[i])
			}
			if w, g := want.Next(len(some)), got.Next(len(some)); !slices.Equal(w, g) {
				t.Fatalf("with a memo %v, without %v", g, w)
			}
		}
	})
}

func BenchmarkRankingOfAMemo(b *testing.B) {
	addresses := addressesOf(100_000)
	var m Memo
	for b.Loop() {
		r := m.Ranking(start)
		r.Grow(len(addresses))
		for i, address := range addresses {
			r.Add(int32(i), address)
		}
		r.Next(20)
	}
}
