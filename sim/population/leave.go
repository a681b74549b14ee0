package population

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"spreadable/internal/stream"
	"spreadable/sim/scenario"
)

// shrink draws which of the nodes that are there leave for good, and when: in every sync
// interval a share of those that are left, evenly spread over it. Here the stays are those
// of the nodes in their order.
func (d *drawer) shrink(starts []time.Duration) {
	s := d.scenario
	here, _ := slices.BinarySearch(starts, s.Leave.At+1)
	first := min(s.Join.Bootstrap, here)
	order, stay := rand.New(stream.New(s.Seed, 0, stream.Leave)).Perm(here-first), max(first, s.Leave.To)
	for at := s.Leave.At; here > stay && at < s.Duration; at += s.SyncInterval {
		less := min(int(math.Ceil(float64(here)*s.Leave.Rate)), here-stay)
		for i := range less {
			leaver := &d.stays[first+order[0]]
			leaver.Down, order = max(leaver.Up+1, at+scenario.Part(s.SyncInterval, i+1, less)), order[1:]
		}
		here -= less
	}
}
