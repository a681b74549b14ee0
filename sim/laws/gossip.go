package laws

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"spreadable/internal/stream"
	"spreadable/sim/kernel"
	"spreadable/sim/plots"
)

// gossip is the law of push gossip.
func gossip() Law {
	return Law{
		Name:  "gossip",
		Title: "push gossip informs n nodes in log2 n + ln n + 1.2 rounds",
		Source: "Frieze and Grimmett, The shortest-path problem for graphs with random arc-lengths, 1985; " +
			"Pittel, On spreading a rumor, 1987: log2 n + ln n + O(1). The constant is of simulations",
		Parameters: []Parameter{seed(),
			whole("nodes", "nodes; 0 is several sizes, from 1,024 to 4,096, and in full to a million", 0, 0, 0, 4_000_000),
			whole("runs", "runs of each size; 0 is 400 to 16,384 nodes, then 50, and 10 from a million on", 0, 0, 0, 1_000_000),
		},
		run: runGossip,
	}
}

// The kinds of events of gossip, and how far rounds are apart.
const (
	push   uint8 = iota // To informs a random other node
	inform              // To learns the rumor
	round  = time.Second
)

// none is the envelope of a kernel of one partition: no event leaves it.
type none struct{}

// gossiper is the whole network of one rumor. In each round every informed node pushes it
// to another one at random.
type gossiper struct {
	*kernel.Partition[none]
	random   *rand.Rand
	informed []bool
	left     int // nodes that do not know it yet
	ended    time.Duration
}

// Deliver implements kernel.Handler.
func (g *gossiper) Deliver(e *kernel.Event) {
	n := uint32(len(g.informed))
	switch {
	case g.left == 0: // the rest is of no interest
	case e.Kind == push:
		other := (e.To + 1 + g.random.Uint32N(n-1)) % n
		g.Schedule(kernel.Event{Time: e.Time + int64(round)/2, To: other, From: e.To, Kind: inform})
		g.Schedule(kernel.Event{Time: e.Time + int64(round), To: e.To, From: e.To, Kind: push})
	case !g.informed[e.To]:
		g.informed[e.To] = true
		g.left--
		g.ended = g.Now()
		g.Schedule(kernel.Event{Time: e.Time + int64(round)/2, To: e.To, From: e.To, Kind: push})
	}
}

// Prefetch implements kernel.Handler. A node is one byte: there is nothing to gain.
func (g *gossiper) Prefetch([]kernel.Event) {}

// Waiting implements kernel.Handler.
func (g *gossiper) Waiting(int) int { return 0 }

// Seal implements kernel.Handler.
func (g *gossiper) Seal(_ int, empty []none) []none { return empty }

// Accept implements kernel.Handler.
func (g *gossiper) Accept([]none) {}

// rounds runs one rumor through n nodes and returns the number of rounds until all know it.
// Node 0 knows it first. A push takes half a round, so that it arrives in the round in
// which it is sent, and what a node learns in one round it tells from the next on.
func rounds(n int, seed, run uint64) float64 {
	g := &gossiper{random: rand.New(stream.New(seed, run, stream.Process)), informed: make([]bool, n), left: n - 1}
	k := kernel.New(1, 0, []kernel.Handler[none]{g})
	g.Partition, g.informed[0] = k.Partition(0), true
	g.Schedule(kernel.Event{Kind: push})
	for g.left > 0 {
		k.RunUntil(k.Now() + round)
	}
	return math.Ceil(g.ended.Seconds())
}

// gossipTerm is the formula: log2 n rounds in which the number of informed nodes doubles,
// and ln n in which the last ones are found by chance.
func gossipTerm(n int) float64 { return math.Log2(float64(n)) + math.Log(float64(n)) + 1.2 }

// gossipSize is how many runs a size has, and how far their mean may be off the formula.
func gossipSize(n int) (runs int, off float64) {
	switch {
	case n <= 16_384:
		return 400, 0.3
	case n < 1_000_000:
		return 50, 0.6
	}
	return 10, 1.5
}

// gossipSpread is a bound of the standard deviation of a run: it is that of two Gumbel
// distributions or so, some 1.5 rounds, at any size.
const gossipSpread = 1.6

// runGossip compares the mean of many rumors with the formula, at each size.
func runGossip(s *settings) (*Outcome, error) {
	sizes := []int{1024, 4096}
	switch n := s.whole("nodes"); {
	case n == 1:
		return nil, fmt.Errorf("set nodes: one node has none to tell: expected 2 or more")
	case n > 0:
		sizes = []int{n}
	case s.full:
		sizes = []int{256, 1024, 4096, 16_384, 131_072, 1_000_000}
	}
	out, measured, formula := &Outcome{}, plots.Curve{Name: "simulated, mean", Marks: true}, plots.Curve{Name: "log2 n + ln n + 1.2"}
	for _, n := range sizes {
		runs, off := gossipSize(n)
		if given := s.whole("runs"); given > 0 {
			off = max(off, 4*gossipSpread/math.Sqrt(float64(given)))
			runs = given
		}
		var sum float64
		for run := range runs {
			sum += rounds(n, s.seed(), uint64(run))
		}
		mean := sum / float64(runs)
		out.Rows = append(out.Rows, within(fmt.Sprintf("rounds to inform %d nodes, mean of %d runs", n, runs), mean, gossipTerm(n), off))
		measured.Add(math.Log2(float64(n)), mean)
		formula.Add(math.Log2(float64(n)), gossipTerm(n))
	}
	out.Charts = []plots.Chart{{Name: "gossip", Title: "Push gossip", X: "log2 of the number of nodes", Y: "rounds until all are informed",
		Curves: []plots.Curve{formula, measured}}}
	return out, nil
}
