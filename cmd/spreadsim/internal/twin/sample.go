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
	s.MastersExpected = result.ExpectedMasters(s.Alive, int(n.scenario.Levels))
}

// reach counts the different nodes that the masters of an entry node list.
func reach(views []*view, entry *view) int {
	seen := make(map[int]bool)
	for _, m := range entry.masters {
		if m < 0 || views[m] == nil {
			continue
		}
		for _, slave := range views[m].slaves {
			if slave >= 0 && views[slave] != nil {
				seen[slave] = true
			}
		}
	}
	return len(seen)
}
