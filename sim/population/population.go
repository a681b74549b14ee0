// Package population says which nodes of a scenario are up at which time. It is the
// only place that knows how many are up, and which these are.
//
// Without churn nodes start and stay. With churn (churn.go) everything is drawn, or read from
// a trace, before the run: each identity has stays, one after the other, each at a host. So a run can ask at
// any time, from any worker, which nodes are up.
package population

import (
	"iter"
	"math/rand/v2"
	"sort"
	"time"

	"spreadable/internal/stream"
	"spreadable/sim/scenario"
)

// Population is all nodes that a scenario ever has, and when they are up. Nodes are
// numbered from 0 in the order in which they start, and stay; with churn the numbers are
// those of hosts, each an address at which nodes live.
type Population struct {
	starts []time.Duration // of each node at the start or by joining, ascending
	*churn                 // nil without
}

// New returns the population of a scenario.
func New(s *scenario.Scenario) *Population {
	p := &Population{starts: s.Starts()}
	if s.Join.Mode == scenario.Poisson {
		p.arrive(s)
	}
	switch {
	case s.Churn.Trace != "":
		p.churn = newTraced(s)
	case s.Churn.On():
		p.churn = newChurn(s, p.starts)
	case s.Faults.EndNodes() || s.Leave.On():
		p.churn = newSteady(s, p.starts)
	}
	return p
}

// arrive starts the bootstrap nodes at once, and all others by a Poisson process.
func (p *Population) arrive(s *scenario.Scenario) {
	r, at := rand.New(stream.New(s.Seed, 0, stream.Arrival)), time.Duration(0)
	for i := s.Join.Bootstrap; i < len(p.starts); i++ {
		wait := duration(r.ExpFloat64() / float64(s.Join.PerSecond))
		at = min(at+min(wait, s.Duration), s.Duration+1) // the exact time may be more than a Duration holds
		p.starts[i] = at
	}
}

// Hosts is how many hosts there are: as many as nodes, unless there is churn.
func (p *Population) Hosts() int {
	if p.churn != nil {
		return len(p.byHost)
	}
	return len(p.starts)
}

// Starts yields each node of a population without churn with the time at which it starts.
func (p *Population) Starts() iter.Seq2[int, time.Duration] {
	return func(yield func(int, time.Duration) bool) {
		for i, at := range p.starts {
			if !yield(i, at) {
				return
			}
		}
	}
}

// Joined is the time at which the last node has joined that does not come by churn.
func (p *Population) Joined() time.Duration { return p.starts[len(p.starts)-1] }

// Settles reports whether the population no longer changes from Joined on.
func (p *Population) Settles() bool { return p.churn == nil }

// At returns the nodes that are up at a time: those that have started by then, and not
// left.
func (p *Population) At(t time.Duration) Alive {
	if p.churn != nil {
		return Alive{p.aliveAt(t), nil, p.churn, t}
	}
	return Alive{size: sort.Search(len(p.starts), func(i int) bool { return p.starts[i] > t })}
}

// Throughout returns the nodes that are up from one time to another.
func (p *Population) Throughout(from, to time.Duration) Alive {
	if p.churn == nil {
		return p.At(from) // nodes stay
	}
	return Alive{list: p.list(from, to), churn: p.churn}.counted()
}

// Alive is the set of nodes that are up at one time, in the order of their numbers.
type Alive struct {
	size int
	// With churn:
	list []int32 // their numbers, nil as long as none has asked for them
	*churn
	at time.Duration
}

// Listed is the same set, with a list of the numbers, for those that ask for Node or All.
func (a Alive) Listed() Alive {
	if a.churn == nil || a.list != nil {
		return a
	}
	a.list = a.churn.list(a.at, a.at)
	return a.counted()
}

func (a Alive) counted() Alive {
	a.size = len(a.list)
	return a
}

// Size is how many nodes are up.
func (a Alive) Size() int { return a.size }

// Node returns the number of the i-th node that is up, i from 0 to Size-1.
func (a Alive) Node(i int) int {
	if a.churn == nil {
		return i
	}
	return int(a.list[i])
}

// Has reports whether a node is up.
func (a Alive) Has(node int) bool {
	if a.churn == nil {
		return node < a.size
	}
	return a.up(node, a.at, a.at)
}

// Random draws one of the nodes that are up. There must be one.
func (a Alive) Random(r *rand.Rand) int {
	if a.churn == nil || a.list != nil {
		return a.Node(r.IntN(a.size))
	}
	for {
		if host := r.IntN(len(a.byHost)); a.up(host, a.at, a.at) {
			return host
		}
	}
}

// All yields the number of each node that is up.
func (a Alive) All() iter.Seq[int] {
	a = a.Listed()
	return func(yield func(int) bool) {
		for i := range a.size {
			if !yield(a.Node(i)) {
				return
			}
		}
	}
}
