package draw

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const start = 1700000100000 * time.Millisecond

// naive ranks as the rule reads: sort by the hash's hex text, keep equal ones in order.
func naive(addresses []string, start time.Duration) []int {
	text := make([]string, len(addresses))
	order := make([]int, len(addresses))
	for i, address := range addresses {
		sum := md5.Sum(fmt.Appendf(nil, "%s+%d", address, start.Milliseconds()))
		text[i], order[i] = hex.EncodeToString(sum[:]), i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if text[a] < text[b] {
			return -1
		}
		if text[a] > text[b] {
			return 1
		}
		return 0
	})
	return order
}

// addressesOf makes n addresses as a simulation has them.
func addressesOf(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("10.%d.%d.%d:80", i>>16, i>>8&255, i&255)
	}
	return list
}

func TestRankIsTheHashOfAddressAndStart(t *testing.T) {
	r := New(start)
	r.Add(0, "localhost:5001")
	got := fmt.Sprintf("%016x%016x", r.entries[0].hash.high, r.entries[0].hash.low)
	if want := "9c990ec37ca324c90b41fd8072c23fb7"; got != want {
		t.Errorf("hash %s, want %s, which npm computes", got, want)
	}
}

func TestRankingOrdersAsTheNaiveSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Few letters, so that the same address often comes twice.
		addresses := rapid.SliceOfN(rapid.StringMatching(`[a-c]{0,4}:[1-3]`), 0, 200).Draw(t, "addresses")
		start := time.Duration(rapid.Int64Range(0, 4e12).Draw(t, "start")) * time.Millisecond
		r := Rank(addresses, start)
		var got []int
		for r.Len() > 0 {
			k := rapid.IntRange(1, 50).Draw(t, "k")
			left := r.Len()
			next := r.Next(k)
			if len(next) != min(k, left) {
				t.Fatalf("asked for %d of %d, got %d", k, left, len(next))
			}
			got = append(got, next...)
		}
		if want := naive(addresses, start); !slices.Equal(got, want) {
			t.Fatalf("ranked %v, want %v", got, want)
		}
	})
}

func TestRankingOfManyOrdersAsTheNaiveSort(t *testing.T) {
	addresses := addressesOf(10_000)
	if got := Rank(addresses, start).Next(len(addresses)); !slices.Equal(got, naive(addresses, start)) {
		t.Error("the order of 10,000 addresses differs from the naive sort")
	}
}

func TestEqualAddressesKeepTheOrderOfAdding(t *testing.T) {
	r := New(start)
	for i := range int32(1000) {
		r.Add(7000-i, "localhost:5001")
	}
	for i, index := range r.Next(1000) {
		if index != 7000-i {
			t.Fatalf("place %d has index %d, want %d", i, index, 7000-i)
		}
	}
}

func TestNextReturnsNothingWhenAllWereReturned(t *testing.T) {
	r := Rank([]string{"localhost:1", "localhost:2"}, start)
	for _, ask := range []struct{ k, want int }{{-1, 0}, {0, 0}, {5, 2}, {5, 0}} {
		if got := r.Next(ask.k); len(got) != ask.want {
			t.Errorf("Next(%d) returned %v, want %d places", ask.k, got, ask.want)
		}
	}
	if got := Rank(nil, start).Next(3); len(got) != 0 {
		t.Errorf("an empty ranking returned %v", got)
	}
}

func TestAnAddressAddedLateTakesItsPlaceAmongTheRest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		addresses := addressesOf(rapid.IntRange(1, 100).Draw(t, "n"))
		early := rapid.IntRange(0, len(addresses)).Draw(t, "early")
		r := Rank(addresses[:early], start)
		first := r.Next(rapid.IntRange(0, early).Draw(t, "k"))
		for i := early; i < len(addresses); i++ {
			r.Add(int32(i), addresses[i])
		}
		want := slices.DeleteFunc(naive(addresses, start), func(i int) bool { return slices.Contains(first, i) })
		if got := r.Next(len(addresses)); !slices.Equal(got, want) {
			t.Fatalf("after %v came %v, want %v", first, got, want)
		}
	})
}

func TestAResetRankingRanksLikeANewOne(t *testing.T) {
	addresses := addressesOf(300)
	r := Rank(addresses, start)
	r.Next(17)
	other := start + 5*time.Minute
	r.Reset(other)
	if r.Len() != 0 {
		t.Fatalf("%d addresses left after a reset", r.Len())
	}
	for i, address := range addresses {
		r.Add(int32(i), address)
	}
	if got := r.Next(300); !slices.Equal(got, naive(addresses, other)) {
		t.Error("a reset ranking differs from the naive sort")
	}
}

func TestARankingInUseTakesNoMemoryPerAddress(t *testing.T) {
	addresses := addressesOf(1000)
	r := Rank(addresses, start)
	r.Next(10)
	allocs := testing.AllocsPerRun(10, func() {
		r.Reset(start)
		for i, address := range addresses {
			r.Add(int32(i), address)
		}
		r.Next(10)
	})
	// What Next returns, and the text of the start.
	if allocs > 2 {
		t.Errorf("%v allocations for a draw out of 1,000, want at most 2", allocs)
	}
}

// A draw of the simulator: rank all, take the first batch.
func BenchmarkRank(b *testing.B) {
	addresses := addressesOf(10_000)
	r := New(start)
	b.ReportAllocs()
	for b.Loop() {
		r.Reset(start)
		for i, address := range addresses {
			r.Add(int32(i), address)
		}
		r.Next(10)
	}
}

// The part of it that is not hashing.
func BenchmarkNext(b *testing.B) {
	r := Rank(addressesOf(10_000), start)
	ranked := slices.Clone(r.entries)
	b.ReportAllocs()
	for b.Loop() {
		copy(r.entries, ranked)
		r.done, r.pivots = 0, r.pivots[:0]
		r.Next(10)
	}
}

func ExampleRank() {
	addresses := []string{"localhost:5000", "localhost:5001", "localhost:5002", "localhost:5003"}
	ranking := Rank(addresses, Start(1700000123456*time.Millisecond, 5*time.Minute))
	for _, i := range ranking.Next(3) {
		fmt.Println(addresses[i])
	}
	// Output:
	// localhost:5002
	// localhost:5003
	// localhost:5001
}
