package sim_test

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"spreadable/sim"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// topology is who asks which nodes in a search: the slaves of each master.
type topology map[int][]int

func topologyOf(r *result.Run) topology {
	t := make(topology)
	for _, n := range r.Nodes {
		if n.Backlink != result.NoBacklink {
			t[n.Backlink] = append(t[n.Backlink], n.Index)
		}
	}
	return t
}

// latency is how long a search takes that a client asks of an entry node, when a request
// with its answer takes as long as trip says: the client's request, and the slowest of the
// masters, each of which takes a request and the slowest of its slaves. What a node asks
// of itself takes no time.
func (t topology) latency(client, entry int, trip func(from, to int) time.Duration) time.Duration {
	slowest := time.Duration(0)
	for _, master := range slices.Sorted(maps.Keys(t)) {
		below := time.Duration(0)
		for _, slave := range t[master] {
			below = max(below, trip(master, slave))
		}
		if master != entry {
			below += trip(entry, master)
		}
		slowest = max(slowest, below)
	}
	return trip(client, entry) + slowest
}

// Where each pair has one latency and there is no jitter, every search takes exactly the
// maximum of the sums that the topology implies.
func TestASearchTakesAsLongAsItsSlowestPath(t *testing.T) {
	for i, latency := range []string{
		"{model: lognormal, mean: 40ms, stddev: 20ms, min: 5ms, per: pair}",
		"{model: pareto, min: 10ms, shape: 3, per: pair}",
		"{model: planet}",
		"{model: planet, access: {server: 100%%}, places: {Tokyo: 20%%, London: 50%%, Sydney: 30%%}}",
		"{model: regions}",
	} {
		s := parse(t, "name: paths\nnodes: %d\nseed: %d\nduration: 160s\nlatency: "+latency+
			"\nworkload: {searches: {count: 100, start: 112s, over: 40s}}\n", 70+31*i, i+1)
		r, err := sim.Run(s, sim.Options{})
		r = must(t, r, err)
		model, err := s.LatencyModel()
		if err != nil {
			t.Fatal(err)
		}
		trip := func(a, b int) time.Duration { return 2 * model.Draw(uint32(a), uint32(b), nil) }
		paths := topologyOf(r)
		for _, q := range r.Requests {
			if want := paths.latency(s.Nodes+q.Index, q.Entry, trip); q.Latency != want {
				t.Errorf("%s: search %d at node %d takes %v, its slowest path %v", latency, q.Index, q.Entry, q.Latency, want)
			}
		}
	}
}

// Where each message draws its latency, the searches are distributed as the formula says:
// of 100 seeds at most 5 differ from it with a probability below 1 %. The other side is
// drawn with gonum's distribution, from another kind of random numbers.
func TestSearchLatencyIsDistributedAsTheTopologyImplies(t *testing.T) {
	const seeds, draws = 100, 20_000
	s2 := math.Log1p(20.0 * 20 / (35 * 35))
	message := distuv.LogNormal{Mu: math.Log(35) - s2/2, Sigma: math.Sqrt(s2), Src: rand.NewPCG(1, 1)} // ms above 5
	trip := func(int, int) time.Duration {
		return time.Duration((10 + message.Rand() + message.Rand()) * float64(time.Millisecond))
	}
	rejected, entries := 0, rand.New(rand.NewPCG(2, 2))
	var expected []float64
	var shape topology
	for seed := range seeds {
		s := parseLaw(t, "search-latency", seed+1)
		r, err := sim.Run(s, sim.Options{})
		r = must(t, r, err)
		if paths := topologyOf(r); !shape.like(paths) { // as many slaves of each master: the same draws serve
			shape, expected = paths, nil
			for range draws {
				expected = append(expected, float64(paths.latency(-1, entries.IntN(s.Nodes), trip)))
			}
			slices.Sort(expected)
		}
		var measured []float64
		for _, q := range r.Requests {
			measured = append(measured, float64(q.Latency))
		}
		slices.Sort(measured)
		if differ(measured, expected) < 0.01 {
			rejected++
		}
	}
	t.Logf("%d of %d seeds below 0.01; the formula's median is %v", rejected, seeds,
		time.Duration(stat.Quantile(0.5, stat.Empirical, expected, nil)))
	if rejected > 5 {
		t.Errorf("%d of %d seeds differ from the formula with p below 0.01", rejected, seeds)
	}
}

// like reports whether the masters of two topologies have as many slaves each.
func (t topology) like(other topology) bool { return slices.Equal(t.sizes(), other.sizes()) }

func (t topology) sizes() []int {
	var sizes []int
	for _, slaves := range t {
		sizes = append(sizes, len(slaves))
	}
	slices.Sort(sizes)
	return sizes
}

// differ is the probability that two sorted samples of one distribution are at least as
// far apart as these (Kolmogorov and Smirnov, with the correction of Stephens 1970).
func differ(a, b []float64) float64 {
	d := stat.KolmogorovSmirnov(a, nil, b, nil)
	n := math.Sqrt(float64(len(a)) * float64(len(b)) / float64(len(a)+len(b)))
	x, p := (n+0.12+0.11/n)*d, 0.0
	for k := 1.0; k < 100; k++ {
		p += 2 * math.Pow(-1, k-1) * math.Exp(-2*k*k*x*x)
	}
	return p
}

// parseLaw reads a scenario of scenarios/laws with another seed.
func parseLaw(t *testing.T, name string, seed int) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Load("../scenarios/laws/"+name+".yaml", []string{"seed=" + strconv.Itoa(seed)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
