package twin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"spreadable/core/peer"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
	"spreadable/sim/stats"
)

// calibration is how the service time is measured: so many searches of the settled network
// without latency, one after the other.
const (
	calibrationSearches = 200
	calibrationWait     = time.Minute // for the network to settle
)

// ServiceTime is what this machine takes for one request: the median duration of a search
// of the scenario's network without latency, over its hops. A search asks all nodes in a
// moment, so what it takes is that of a machine on which all of them run.
func ServiceTime(ctx context.Context, s *scenario.Scenario, addresses []peer.Address) (time.Duration, error) {
	n, err := newNetwork(s, addresses, nil)
	if err != nil {
		return 0, err
	}
	defer n.close()
	n.began = time.Now()
	for i := range n.nodes {
		if n.start(ctx, i, 0); n.failed != nil {
			return 0, n.failed
		}
	}
	if err := n.settle(ctx); err != nil {
		return 0, err
	}
	var hops []float64
	for i := range calibrationSearches {
		row := &result.Request{Entry: i % s.Nodes}
		if n.search(ctx, row, s.Nodes); row.OK && row.Coverage == 1 {
			hops = append(hops, float64(row.Latency)/float64(row.Hops))
		}
	}
	if len(hops) < calibrationSearches/2 {
		return 0, fmt.Errorf("measure the service time: only %d of %d searches reached all nodes", len(hops), calibrationSearches)
	}
	slices.Sort(hops)
	return time.Duration(stats.Quantile(hops, 50)).Round(time.Microsecond), nil
}

// settle waits until all nodes are registered and know the exact size.
func (n *network) settle(ctx context.Context) error {
	for wait := max(calibrationWait, 8*n.scenario.SyncInterval); time.Since(n.began) < wait; {
		s := result.Sample{Alive: len(n.alive())}
		n.tally(&s, n.look(ctx))
		if s.Registered == 1 && s.ExactSize == 1 && s.Coverage == 1 {
			return nil
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
	return errors.New("measure the service time: the real network does not settle without latency")
}
