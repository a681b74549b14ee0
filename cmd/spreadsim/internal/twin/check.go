package twin

import (
	"fmt"

	"spreadable/sim/scenario"
)

// MostNodes bounds the real network: all of it runs in one process.
const MostNodes = 300

// Check says what of a scenario real nodes in one process cannot do.
func Check(s *scenario.Scenario) error {
	refuse := func(key, why string) error { return fmt.Errorf("twin: %s: %s", key, why) }
	switch {
	case s.Nodes > MostNodes:
		return refuse("nodes", fmt.Sprintf("%d are more than the %d that run as real nodes in one process", s.Nodes, MostNodes))
	case s.Nodes < 2:
		return refuse("nodes", "a network needs 2 or more")
	case len(s.Attacks) > 0:
		return refuse("attacks", "real nodes do not lie")
	case s.Approval.Draw == "host":
		return refuse("approval.draw", "real nodes of one machine are one host")
	case !plain(&s.Workload):
		return refuse("workload", "clients only take count, start and over of searches and approvals, and timeout")
	case s.Churn.On():
		return refuse("churn", "real nodes only start and crash")
	case s.HasLink():
		return refuse("network and classes", "real nodes have this machine's own bandwidth and queues; its service time is measured")
	case s.Addresses.IsGiven():
		return refuse("addresses", "real nodes have an address of loopback each")
	case s.Sync == scenario.Manual || s.SyncNoise > 0:
		return refuse("sync", "real nodes sync by their own timers")
	}
	for i, f := range s.Faults {
		if f.Do != scenario.Crash {
			return refuse(fmt.Sprintf("faults.%d.do", i), fmt.Sprintf("real nodes can crash, not %s", f.Do))
		}
	}
	return nil
}

// plain reports whether the workload is one that clients of real nodes can do: even, at any
// node, without retries.
func plain(w *scenario.Workload) bool {
	return (w.Arrivals == "" || w.Arrivals == scenario.ArriveEvenly) && w.Entry == "" && w.Exponent == 0 && w.IPs == 0 && w.Retries == 0 &&
		w.Searches.Rate == 0 && w.Searches.Times == "" && w.Approvals.Rate == 0 && w.Approvals.Times == "" && w.Approvals.Entries <= 1
}
