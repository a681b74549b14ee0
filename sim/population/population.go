// Package population says which nodes of a scenario are up at which time. It is the
// only place that knows which nodes start when, how many are up, and which these are.
package population

import (
	"iter"
	"math"
	"math/bits"
	"math/rand/v2"
	"sort"
	"time"

	"spreadable/sim/scenario"
)

// Population is all nodes that a scenario ever has, and when they are up. Nodes are
// numbered from 0 in the order in which they start, and stay.
type Population struct {
	starts []time.Duration // of each node, ascending
}

// New returns the population of a scenario.
func New(s *scenario.Scenario) *Population {
	p := &Population{starts: make([]time.Duration, s.Nodes)}
	switch s.Join.Mode {
	case scenario.Spread:
		p.spread(s.Join.Over)
	case scenario.Growth:
		p.grow(s.Join.Initial, s.Join.Rate, s.SyncInterval, s.Duration)
	}
	return p
}

// spread starts the nodes evenly, the last one after the given time.
func (p *Population) spread(over time.Duration) {
	for i := range p.starts {
		p.starts[i] = time.Duration(float64(over) * float64(i) / float64(max(1, len(p.starts)-1)))
	}
}

// grow makes the network grow by the rate in every interval; the newcomers of an interval
// start evenly spread. Those that would start after the end of the run get one time after
// it: the exact time may be more than a Duration holds.
func (p *Population) grow(initial int, rate float64, interval, end time.Duration) {
	at := time.Duration(0)
	for here := min(initial, len(p.starts)); here < len(p.starts); at = min(at+interval, end+1) {
		more := min(int(math.Ceil(float64(here)*rate)), len(p.starts)-here)
		for i := range more {
			p.starts[here+i] = at + part(interval, i+1, more)
		}
		here += more
	}
}

// part is d times i over n, for i at most n. The product may be more than a Duration
// holds.
func part(d time.Duration, i, n int) time.Duration {
	high, low := bits.Mul64(uint64(d), uint64(i))
	quotient, _ := bits.Div64(high, low, uint64(n))
	return time.Duration(quotient)
}

// Starts yields each node with the time at which it starts.
func (p *Population) Starts() iter.Seq2[int, time.Duration] {
	return func(yield func(int, time.Duration) bool) {
		for i, at := range p.starts {
			if !yield(i, at) {
				return
			}
		}
	}
}

// Complete is the time from which the population no longer changes.
func (p *Population) Complete() time.Duration { return p.starts[len(p.starts)-1] }

// At returns the nodes that are up at a time: those that have started by then.
func (p *Population) At(t time.Duration) Alive {
	return Alive{sort.Search(len(p.starts), func(i int) bool { return p.starts[i] > t })}
}

// Throughout returns the nodes that are up from one time to another. Nodes stay, so they
// are those that are up at the first.
func (p *Population) Throughout(from, _ time.Duration) Alive { return p.At(from) }

// Alive is the set of nodes that are up at one time, in the order of their numbers.
type Alive struct{ size int }

// Size is how many nodes are up.
func (a Alive) Size() int { return a.size }

// Node returns the number of the i-th node that is up, i from 0 to Size-1.
func (a Alive) Node(i int) int { return i }

// Random draws one of the nodes that are up. There must be one.
func (a Alive) Random(r *rand.Rand) int { return a.Node(r.IntN(a.size)) }

// All yields the number of each node that is up.
func (a Alive) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range a.size {
			if !yield(a.Node(i)) {
				return
			}
		}
	}
}
