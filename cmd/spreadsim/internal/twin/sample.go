package twin

import (
	"context"
	"math"
	"time"

	"spreadable/sim/result"
)

// sample adds a row for the present, as the simulator's meter does. That the nodes are
// asked one after the other takes some milliseconds, far below a sync interval.
func (n *network) sample(ctx context.Context, at time.Duration) {
	views, alive := n.look(ctx), n.alive()
	s := result.Sample{Time: at, Alive: len(alive)}
	if s.Alive == 0 {
		s.Registered, s.ExactSize, s.Coverage = math.NaN(), math.NaN(), math.NaN()
	} else {
		n.tally(&s, views)
	}
	now := traffic{n.wires.requests.Load(), n.wires.bytes.Load()}
	s.Requests, s.Bytes = now.requests-n.total.requests, now.bytes-n.total.bytes
	n.total = now
	n.samples = append(n.samples, s)
	n.upkeep = append(n.upkeep, traffic{n.wires.upkeep.Load(), n.wires.upkeepBytes.Load()})
}

// tally fills in what the nodes say of their places.
func (n *network) tally(s *result.Sample, views []*view) {
	exact, reached := 0, 0
	for _, v := range views {
		if v == nil {
			continue
		}
		if len(v.slaves) > 0 {
			s.Masters++
		}
		if v.size == s.Alive {
			exact++
		}
		reached += max(1, reach(views, v))
	}
	for i, v := range views {
		if v == nil {
			continue
		}
		for _, slave := range v.slaves {
			if slave >= 0 && views[slave] != nil && views[slave].backlink == i {
				s.RegisteredCount++
			}
		}
	}
	alive := float64(s.Alive)
	s.Registered, s.ExactSize = float64(s.RegisteredCount)/alive, float64(exact)/alive
	s.Coverage = float64(reached) / alive / alive
	s.MastersExpected = result.ExpectedMasters(s.Alive, levels(views))
}

// levels is how many levels of masters the network has, as its first node that runs
// knows it.
func levels(views []*view) int {
	for _, v := range views {
		if v != nil {
			return 1 + len(v.heads)
		}
	}
	return 1
}

// reach counts the different nodes that a search through an entry node would reach: over
// the masters that it knows, or the heads of all branches of the top.
func reach(views []*view, entry *view) int {
	seen := make(map[int]bool)
	if top := len(entry.heads); top > 0 {
		reachHeads(seen, views, entry.heads[top-1], top)
	} else {
		reachMasters(seen, views, entry.masters)
	}
	return len(seen)
}

// reachHeads adds what the heads of branches of a level reach. One that has lost its
// branch reaches what any other node would.
func reachHeads(seen map[int]bool, views []*view, heads []int, level int) {
	for _, h := range heads {
		if h < 0 || views[h] == nil {
			continue
		}
		if below := views[h].heads; level > 1 && len(below) > level-2 {
			reachHeads(seen, views, below[level-2], level-1)
		} else {
			reachMasters(seen, views, views[h].masters)
		}
	}
}

// reachMasters adds the nodes that masters list.
func reachMasters(seen map[int]bool, views []*view, masters []int) {
	for _, m := range masters {
		if m < 0 || views[m] == nil {
			continue
		}
		for _, slave := range views[m].slaves {
			if slave >= 0 && views[slave] != nil {
				seen[slave] = true
			}
		}
	}
}
