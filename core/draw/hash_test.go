package draw

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestALimitIsTheShareOfTheHashesThatIsExpected(t *testing.T) {
	whole := new(big.Int).Lsh(big.NewInt(1), 128)
	rapid.Check(t, func(t *rapid.T) {
		size, count := rapid.IntRange(1, 1<<40).Draw(t, "size"), rapid.IntRange(0, 1000).Draw(t, "count")
		limit := Limit(size, count)
		want := new(big.Int).Mul(whole, big.NewInt(int64(4*count+10)))
		want.Div(want, big.NewInt(int64(size)))
		if want.Cmp(whole) > 0 {
			want.Set(whole)
		}
		below, _ := new(big.Int).SetString(limit.String(), 16)
		if below.Add(below, big.NewInt(1)).Cmp(want) != 0 {
			t.Fatalf("of %d for %d: %v hashes, want %v", size, count, below, want)
		}
		doubled, _ := new(big.Int).SetString(limit.Doubled().String(), 16)
		if want.Lsh(want, 1).Cmp(whole) > 0 {
			want.Set(whole)
		}
		if doubled.Add(doubled, big.NewInt(1)).Cmp(want) != 0 {
			t.Fatalf("of %d for %d doubled: %v hashes, want %v", size, count, doubled, want)
		}
	})
}

// The textbook's sum of the Poisson distribution, from 0 up.
func TestThePlausibleLengthIsThePoissonQuantile(t *testing.T) {
	for _, c := range []struct{ size, count int }{{100, 5}, {1000, 5}, {30, 5}, {1000, 100}, {316, 7}} {
		for limit := Limit(c.size*c.size, c.count); limit != Unlimited(); limit = limit.Doubled() {
			mean := float64(c.size) * limit.share()
			if mean > 500 { // e^-mean would be too small for the sum
				break
			}
			want, term := 0, math.Exp(-mean)
			for below := term; 1-below > implausible; below += term {
				want++
				term *= mean / float64(want)
			}
			if got := Plausible(c.size, limit, c.count); got != max(min(want, c.size), c.count) {
				t.Errorf("of %d slaves %d are plausible at a mean of %v, want %d", c.size, got, mean, want)
			}
		}
		if got := Plausible(c.size, Unlimited(), c.count); got != c.size {
			t.Errorf("without a limit %d of %d slaves are plausible", got, c.size)
		}
	}
}
