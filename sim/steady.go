package sim

import (
	"time"

	"spreadable/sim/result"
)

// The steady state: from the round after the network has settled to the end of the run.

// steady is when it began, and what each host had sent and received by then. The network
// may lose it and settle again.
type steady struct {
	settled int      // the sample from which on the network is settled
	from    int      // the sample at which the steady state began
	upkeep  []uint64 // bytes of each host until then; nil while there is no steady state
}

// noteSteady is called after each sample.
func (m *meter) noteSteady() {
	w, s, last := m.world, &m.steady, len(m.samples)-1
	if !m.samples[last].Settled() {
		s.settled = last + 1
	}
	var at *float64
	if s.settled <= last {
		at = result.Finite(m.samples[s.settled].Time.Seconds())
	}
	from := w.measuredFrom(at)
	switch {
	case from == nil || m.samples[last].Time < seconds(*from)+w.scenario.SyncInterval:
		s.upkeep = nil
	case s.upkeep == nil:
		s.from, s.upkeep = last, make([]uint64, w.nodes)
		for i := range s.upkeep {
			s.upkeep[i] = w.net.Host(i).Traffic.Upkeep
		}
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// upkeepSummary is the traffic of the steady state; nil when there is less than a round of
// it, or no node is left. nodes are as they are at the end.
func (m *meter) upkeepSummary(nodes []result.Node) *result.Sync {
	if m.steady.upkeep == nil {
		return nil
	}
	first, last := m.steady.from, len(m.samples)-1
	rounds := float64(m.samples[last].Time-m.samples[first].Time) / float64(m.world.scenario.SyncInterval)
	if rounds < 1 || m.samples[last].Alive == 0 {
		return nil
	}
	var masters []float64
	for i, before := range m.steady.upkeep {
		if nodes[i].Role != result.RoleGone && nodes[i].Slaves > 0 {
			masters = append(masters, float64(m.world.net.Host(i).Traffic.Upkeep-before)/rounds)
		}
	}
	per := rounds * float64(m.samples[last].Alive)
	return &result.Sync{
		RequestsPerNodeRound: float64(m.upkeep[last].Requests-m.upkeep[first].Requests) / per,
		BytesPerNodeRound:    float64(m.upkeep[last].Bytes-m.upkeep[first].Bytes) / per,
		BytesPerMasterRound:  result.SpreadOf(masters),
	}
}
