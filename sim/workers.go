package sim

import (
	"fmt"

	"spreadable/sim/kernel"
	"spreadable/sim/scenario"
)

// Workers says how many workers a run of the scenario can use when so many are wanted,
// and, if fewer, why.
func Workers(s *scenario.Scenario, wanted int) (count int, reason string) {
	latency, err := s.LatencyModel()
	switch {
	case wanted <= 1 || err != nil:
		return 1, ""
	case latency.Min() < kernel.LeastLookahead:
		return 1, fmt.Sprintf("one worker only: the least latency is %v, and workers need at least %v to run ahead of each other (set latency.min)",
			latency.Min(), kernel.LeastLookahead)
	case wanted > s.Nodes:
		return s.Nodes, "no more workers than nodes"
	}
	return wanted, ""
}
