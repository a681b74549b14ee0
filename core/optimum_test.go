package core

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// The optimum is the smallest number whose power of levels+1 exceeds the size.
func checkOptimum(t interface{ Errorf(string, ...any) }, size, levels int) {
	optimum, k := Optimum(size, levels), big.NewInt(int64(levels+1))
	power := func(m int) *big.Int { return new(big.Int).Exp(big.NewInt(int64(m)), k, nil) }
	if limit := big.NewInt(int64(size)); power(optimum).Cmp(limit) <= 0 || power(optimum-1).Cmp(limit) > 0 {
		t.Errorf("the optimum of %d nodes and %d levels is %d", size, levels, optimum)
	}
}

// Floating point does not decide at perfect powers: 64^(1/3) is 4, also where it is
// computed as 3.9999999999999996.
func TestOptimumIsExactAtPowers(t *testing.T) {
	for _, c := range []struct{ size, levels, want int }{
		{0, 1, 1}, {3, 1, 2}, {4, 1, 3}, {8, 1, 3}, {9, 1, 4}, {10_000, 1, 101}, {-5, 1, 1},
		{0, 2, 1}, {7, 2, 2}, {8, 2, 3}, {26, 2, 3}, {27, 2, 4}, {63, 2, 4}, {64, 2, 5}, {124, 2, 5}, {125, 2, 6},
		{999_999_999, 2, 1000}, {1_000_000_000, 2, 1001}, {-5, 2, 1}, {math.MinInt, 3, 1},
		{15, 3, 2}, {16, 3, 3}, {80, 3, 3}, {81, 3, 4}, {9999, 3, 10}, {10_000, 3, 11},
		{math.MaxInt, 2, 2_097_152}, // 2^63 - 1
	} {
		if got := Optimum(c.size, c.levels); got != c.want {
			t.Errorf("the optimum of %d nodes and %d levels is %d, want %d", c.size, c.levels, got, c.want)
		}
	}
	for levels := 1; levels <= 3; levels++ {
		for m := 1; m < 1000; m++ {
			size := m
			for range levels {
				size *= m
			}
			checkOptimum(t, size-1, levels)
			checkOptimum(t, size, levels)
			checkOptimum(t, size+1, levels)
		}
	}
}

func TestOptimumOfAnySize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkOptimum(t, rapid.IntRange(0, 1<<50).Draw(t, "size"), rapid.IntRange(1, 5).Draw(t, "levels"))
	})
}
