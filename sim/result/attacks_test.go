package result

import (
	"testing"
	"time"
)

// The cost of a lie is what searches miss as a multiple of the liars' share of the masters:
// nothing if nothing is missed, and unknown if no master lied or the run ended too early.
func TestTheCostOfALieIsAMultipleOfTheShare(t *testing.T) {
	cost := func(x float64) *float64 { return &x }
	for _, test := range []struct {
		what            string
		share, coverage float64
		at              time.Duration
		want            *float64
	}{
		{"a quarter of the masters", 0.25, 0.75, time.Minute, cost(1)},
		{"nothing missed", 0.25, 1, time.Minute, cost(0)},
		{"nothing missed, no lying master", 0, 1, time.Minute, cost(0)},
		{"no lying master", 0, 0.75, time.Minute, nil},
		{"an early end", 0.25, 0.75, time.Second, nil},
	} {
		a := Attacks{MastersShare: test.share}
		a.Settled([]Sample{{Time: test.at, Registered: 1, Coverage: test.coverage}}, 10*time.Second)
		if (a.Cost == nil) != (test.want == nil) || a.Cost != nil && *a.Cost != *test.want {
			t.Errorf("%s: the cost is %v", test.what, a.Cost)
		}
	}
}
