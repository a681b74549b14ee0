package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tolerance {
		t.Errorf("%s = %v, want %v within %v", what, got, want, tolerance)
	}
}

func TestQuantileIsTheNearestRank(t *testing.T) {
	five := []float64{15, 20, 35, 40, 50}
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(i + 1)
	}
	for _, c := range []struct {
		sorted  []float64
		percent int
		want    float64
	}{
		{five, 5, 15}, {five, 20, 15}, {five, 21, 20}, {five, 30, 20}, {five, 40, 20}, {five, 50, 35}, {five, 100, 50},
		{hundred, 1, 1}, {hundred, 7, 7}, {hundred, 55, 55}, {hundred, 99, 99}, {hundred, 100, 100},
		{[]float64{3}, 50, 3}, {[]float64{1, 2}, 50, 1}, {[]float64{1, 2}, 51, 2},
	} {
		if got := Quantile(c.sorted, c.percent); got != c.want {
			t.Errorf("quantile %d of %d values = %v, want %v", c.percent, len(c.sorted), got, c.want)
		}
	}
}

func TestQuantileLeavesItsShareOfValuesBelow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 200).Draw(t, "values")
		percent := rapid.IntRange(1, 100).Draw(t, "percent")
		slices.Sort(values)
		q := Quantile(values, percent)
		atMost, below := 0, 0
		for _, v := range values {
			if v <= q {
				atMost++
			}
			if v < q {
				below++
			}
		}
		if 100*atMost < percent*len(values) {
			t.Fatalf("only %d of %d values do not exceed the quantile %d", atMost, len(values), percent)
		}
		if 100*below >= percent*len(values) {
			t.Fatalf("%d of %d values are already below the quantile %d", below, len(values), percent)
		}
	})
}

func TestQuantileOfNothingPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	Quantile(nil, 50)
}

func TestIndexesOfKnownLoads(t *testing.T) {
	for _, c := range []struct {
		load       []int
		jain, gini float64
	}{
		{[]int{1, 1, 1, 1}, 1, 0},
		{[]int{0, 0, 0, 8}, 0.25, 0.75},
		{[]int{3, 0, 3, 0}, 0.5, 0.5},
		{[]int{1, 2, 3, 4}, 100.0 / 120, 0.25},
		{[]int{7}, 1, 0},
	} {
		near(t, "jain", Jain(c.load), c.jain, 1e-12)
		near(t, "gini", Gini(c.load), c.gini, 1e-12)
	}
	if !math.IsNaN(Jain([]int{0, 0})) || !math.IsNaN(Gini([]int{0, 0})) {
		t.Error("a load of nothing has an index")
	}
}

func TestIndexesStayInTheirRangeAndIgnoreOrderAndScale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		load := rapid.SliceOfN(rapid.IntRange(0, 50), 1, 60).Draw(t, "load")
		load[0]++ // one node was drawn
		n := float64(len(load))
		jain, gini := Jain(load), Gini(load)
		if jain < 1/n-1e-12 || jain > 1+1e-12 || gini < -1e-12 || gini > 1-1/n+1e-12 {
			t.Fatalf("out of range: jain %v, gini %v", jain, gini)
		}
		other := slices.Clone(load)
		slices.Reverse(other)
		for i := range other {
			other[i] *= 3
		}
		if math.Abs(Jain(other)-jain) > 1e-9 || math.Abs(Gini(other)-gini) > 1e-9 {
			t.Fatal("order or scale changed an index")
		}
	})
}

// simulate draws k of n nodes, draws times, and returns the load. A node's weight is its
// chance relative to the others; nil weights make the draw fair.
func simulate(rng *rand.Rand, n, k, draws int, weights []float64) []int {
	load := make([]int, n)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	key := make([]float64, n)
	for range draws {
		if weights == nil {
			for i := range k { // the first k steps of a shuffle
				j := i + rng.IntN(n-i)
				order[i], order[j] = order[j], order[i]
				load[order[i]]++
			}
			continue
		}
		for i := range n {
			key[i] = rng.ExpFloat64() / weights[i]
		}
		slices.SortFunc(order, func(a, b int) int {
			if key[a] < key[b] {
				return -1
			}
			return 1
		})
		for _, i := range order[:k] {
			load[i]++
		}
	}
	return load
}

// sizes of draws that differ in everything that matters: sparse, dense, small, and with a
// node in half of the draws.
var sizes = []struct{ n, k, draws int }{
	{2000, 4, 400}, {300, 3, 2000}, {64, 32, 200}, {10, 2, 500}, {997, 30, 100},
}

func TestExpectationsHoldForSimulatedFairDraws(t *testing.T) {
	for _, s := range sizes {
		runs := 200
		if s.n < 100 {
			runs = 2000 // few nodes, much noise
		}
		var jain, gini float64
		for seed := range uint64(runs) {
			load := simulate(rand.New(rand.NewPCG(seed, 1)), s.n, s.k, s.draws, nil)
			jain += Jain(load) / float64(runs)
			gini += Gini(load) / float64(runs)
		}
		f := Fair{Nodes: s.n, Draws: s.draws, Taken: s.k * s.draws}
		near(t, "mean Jain over expected", jain/f.Jain(), 1, 0.005)
		near(t, "mean Gini over expected", gini/f.Gini(), 1, 0.02)
	}
}

func TestIndexesOfDrawsWithoutMuchChance(t *testing.T) {
	// With one draw loads are 0 or 1 and the Gini coefficient is 1-p; the expectation is
	// off by 1/(2n).
	near(t, "gini", Fair{Nodes: 1000, Draws: 1, Taken: 100}.Gini(), 0.9, 0.0005)
	near(t, "gini", Fair{Nodes: 10, Draws: 5, Taken: 50}.Gini(), 0, 1e-12)
	near(t, "jain", Fair{Nodes: 10, Draws: 5, Taken: 50}.Jain(), 1, 1e-12)
}

func TestChiSquareOfAKnownTable(t *testing.T) {
	// One node of six per draw: a die thrown 60 times. The textbook's statistic is 13.4
	// with 5 degrees of freedom and p = 0.0199; drawing one node is drawing with
	// replacement, so nothing is corrected.
	test, ok := ChiSquare([]int{5, 8, 9, 8, 10, 20}, 60)
	if !ok || test.DF != 5 {
		t.Fatalf("test = %+v, %v", test, ok)
	}
	near(t, "statistic", test.Statistic, 13.4, 1e-9)
	near(t, "p", test.P, 0.019905, 1e-5)
}

func TestChiSquareNeedsTwoGroupsAndSomethingLeftToChance(t *testing.T) {
	for name, c := range map[string]struct {
		load  []int
		draws int
	}{
		"no load":         {[]int{0, 0, 0}, 3},
		"no draw":         {[]int{0, 0, 0}, 0},
		"no node":         {nil, 3},
		"too few":         {[]int{3, 3, 3}, 9},
		"all nodes drawn": {[]int{20, 20, 20}, 20},
		"impossible":      {[]int{30, 30, 30}, 20},
	} {
		if test, ok := ChiSquare(c.load, c.draws); ok {
			t.Errorf("%s: got %+v", name, test)
		}
	}
}

func TestChiSquarePassesFairDrawsAtTheStatedRate(t *testing.T) {
	for _, s := range sizes {
		const runs = 200
		rejected := 0
		var mean float64
		for seed := range uint64(runs) {
			load := simulate(rand.New(rand.NewPCG(seed, 2)), s.n, s.k, s.draws, nil)
			test, ok := ChiSquare(load, s.draws)
			if !ok {
				t.Fatalf("%+v: no test", s)
			}
			mean += test.Statistic / float64(test.DF) / runs
			if test.P < 0.05 {
				rejected++
			}
		}
		// 200 runs at 5 % reject 10 +- 3.1.
		if rejected < 2 || rejected > 20 {
			t.Errorf("%+v: rejected %d of %d fair draws at 5 %%", s, rejected, runs)
		}
		near(t, "mean statistic over degrees of freedom", mean, 1, 0.12)
	}
}

func TestChiSquareFindsAnUnfairDraw(t *testing.T) {
	// One node in ten is drawn three times as often: what grinding of addresses does.
	weights := make([]float64, 500)
	for i := range weights {
		weights[i] = 1
		if i%10 == 0 {
			weights[i] = 3
		}
	}
	for seed := range uint64(10) {
		load := simulate(rand.New(rand.NewPCG(seed, 3)), len(weights), 5, 600, weights)
		test, ok := ChiSquare(load, 600)
		if !ok || test.P > 0.001 {
			t.Errorf("seed %d: %+v, %v", seed, test, ok)
		}
		if fair := FairOf(load, 600); Jain(load) > fair.Jain()*0.98 {
			t.Errorf("seed %d: jain %v within 2 %% of %v", seed, Jain(load), fair.Jain())
		}
	}
}

func TestGroupsTakeInEveryNodeAndExpectAtLeastFive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		load := rapid.SliceOfN(rapid.IntRange(0, 3), 2, 300).Draw(t, "load")
		load[0]++
		f := FairOf(load, 10)
		size := (minExpected*f.Nodes + f.Taken - 1) / f.Taken
		groups := f.Nodes / size
		if groups < 1 {
			return
		}
		seen, expected := pool(load, groups, f.Mean())
		var sumSeen, sumExpected float64
		for g := range seen {
			sumSeen += seen[g]
			sumExpected += expected[g]
			if expected[g] < minExpected-1e-9 {
				t.Fatalf("group %d expects %v", g, expected[g])
			}
		}
		if sumSeen != float64(f.Taken) || math.Abs(sumExpected-sumSeen) > 1e-6 {
			t.Fatalf("groups hold %v, expect %v, of %d", sumSeen, sumExpected, f.Taken)
		}
	})
}

func TestBandHoldsAFairLoadAndNotAnUnfairOne(t *testing.T) {
	for _, s := range sizes {
		f := Fair{Nodes: s.n, Draws: s.draws, Taken: s.k * s.draws}
		low, high := f.Band(0.95)
		if !slices.IsSorted(low) || !slices.IsSorted(high) {
			t.Fatalf("%+v: the band is not ascending", s)
		}
		inside := 0
		const runs = 40
		for seed := range uint64(runs) {
			load := simulate(rand.New(rand.NewPCG(seed, 4)), s.n, s.k, s.draws, nil)
			inside += within(load, low, high)
		}
		// Loads are whole numbers, so the band holds at least its 95 %.
		if share := float64(inside) / float64(runs*s.n); share < 0.94 {
			t.Errorf("%+v: the band holds %.3f of fair loads", s, share)
		}
	}
	f := Fair{Nodes: 500, Draws: 600, Taken: 3000}
	low, high := f.Band(0.95)
	hoard := make([]int, 500) // a tenth of the nodes does it all
	for i := range 50 {
		hoard[i] = 60
	}
	if got := within(hoard, low, high); got > 50 {
		t.Errorf("the band holds %d nodes of a hoarded load", got)
	}
}

func within(load, low, high []int) int {
	count := 0
	for i, x := range slices.Sorted(slices.Values(load)) {
		if low[i] <= x && x <= high[i] {
			count++
		}
	}
	return count
}

func TestBandOfSureThingsHasNoWidth(t *testing.T) {
	low, high := Fair{Nodes: 4, Draws: 3, Taken: 12}.Band(0.95)
	if want := []int{3, 3, 3, 3}; !slices.Equal(low, want) || !slices.Equal(high, want) {
		t.Errorf("band %v..%v, want %v", low, high, want)
	}
}

func TestBandOfTheMiddleRankIsNearTheMean(t *testing.T) {
	f := Fair{Nodes: 10001, Draws: 1000, Taken: 1000100}
	low, high := f.Band(0.95)
	if low[5000] < 99 || high[5000] > 101 {
		t.Errorf("the median of 10,001 loads of 100 lies in %d..%d", low[5000], high[5000])
	}
}

func TestWhichDrawsCanBe(t *testing.T) {
	for f, want := range map[Fair]bool{
		{1, 1, 0}: true, {1, 1, 1}: true, {3, 4, 12}: true, {3, 4, 5}: true,
		{0, 1, 0}: false, {1, 0, 0}: false, {1, 1, -1}: false, {3, 4, 13}: false,
	} {
		if got := f.Valid(); got != want {
			t.Errorf("%d draws from %d nodes that take %d altogether can be: %t", f.Draws, f.Nodes, f.Taken, got)
		}
	}
}
