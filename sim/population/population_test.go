package population_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/sim/population"
	"spreadable/sim/scenario"
)

func of(t interface{ Fatal(...any) }, nodes int, join string) *population.Population {
	s, err := scenario.Parse("test.yaml",
		fmt.Appendf(nil, "name: test\nnodes: %d\nduration: 1h\njoin: %s\n", nodes, join), nil)
	if err != nil {
		t.Fatal(err)
	}
	return population.New(s)
}

func TestNodesStartAsTheScenarioSays(t *testing.T) {
	const s = time.Second
	for _, test := range []struct {
		nodes int
		join  string
		want  []time.Duration
	}{
		{3, "{mode: mass}", []time.Duration{0, 0, 0}},
		{5, "{mode: spread, over: 40s}", []time.Duration{0, 10 * s, 20 * s, 30 * s, 40 * s}},
		{1, "{mode: spread, over: 40s}", []time.Duration{0}},
		{9, "{mode: growth, initial: 2, rate: 100%}",
			[]time.Duration{0, 0, 8 * s, 16 * s, 20 * s, 24 * s, 28 * s, 32 * s, 48 * s}},
	} {
		p := of(t, test.nodes, test.join)
		var got []time.Duration
		for node, at := range p.Starts() {
			if node != len(got) {
				t.Errorf("%s: node %d comes as number %d", test.join, node, len(got))
			}
			got = append(got, at)
		}
		if !slices.Equal(got, test.want) || p.Joined() != test.want[len(test.want)-1] {
			t.Errorf("%s: nodes start at %v, complete at %v, want %v", test.join, got, p.Joined(), test.want)
		}
	}
}

// At every time exactly those nodes are up that have started, however they are asked for.
func TestNodesThatHaveStartedAreUp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		join := rapid.SampledFrom([]string{
			"{mode: mass}", "{mode: spread, over: 30m}", "{mode: growth, initial: 1, rate: 20%}",
			"{mode: growth, initial: 1, rate: 900%}",
		}).Draw(r, "join")
		p := of(r, rapid.IntRange(1, 300).Draw(r, "nodes"), join)
		at := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(r, "at"))
		var want []int
		for node, start := range p.Starts() {
			if start <= at {
				want = append(want, node)
			}
		}
		alive := p.At(at)
		if got := slices.Collect(alive.All()); !slices.Equal(got, want) || alive.Size() != len(want) {
			r.Fatalf("%s: at %v %v are up (%d), want %v", join, at, got, alive.Size(), want)
		}
		rng := rand.New(rand.NewPCG(1, 2))
		for i := range want {
			if alive.Node(i) != want[i] || !slices.Contains(want, alive.Random(rng)) {
				r.Fatalf("%s: at %v node %d is number %d of those up, want %d", join, at, alive.Node(i), i, want[i])
			}
		}
	})
}
