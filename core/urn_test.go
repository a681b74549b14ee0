package core

import (
	"testing"

	"pgregory.net/rapid"
)

// Whatever the weights and the order in which they are set, every point falls into the
// share of the number that a sum from the left finds.
func TestUrnDrawsInProportion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var u urn
		want := map[int]int{}
		for range rapid.IntRange(0, 60).Draw(t, "changes") {
			if rapid.IntRange(0, 30).Draw(t, "empty") == 0 {
				u.empty()
				clear(want)
			}
			number, weight := rapid.IntRange(0, 20).Draw(t, "number"), rapid.IntRange(0, 5).Draw(t, "weight")
			u.set(number, weight)
			want[number] = weight
		}
		point := 0
		for number := range 21 {
			for range want[number] {
				if got := u.at(point); got != number {
					t.Fatalf("point %d falls on %d, want %d", point, got, number)
				}
				point++
			}
		}
		if u.total != point {
			t.Fatalf("the total is %d, want %d", u.total, point)
		}
	})
}
