package twin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"spreadable/core/peer"
	"spreadable/sim"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// Options of a comparison.
type Options struct {
	// Variant returns the scenario with settings on top of it, each "key=value". Required.
	Variant func(sets ...string) (*scenario.Scenario, error)
	// Repeat is how often each side runs, with seeds that follow one another; 0 is 5.
	Repeat int
	// Service is the service time that the simulator gets; 0 is measured.
	Service time.Duration
	// Report is told what happens next. May be nil.
	Report func(text string)
}

// DefaultRepeat is how often each side runs.
const DefaultRepeat = 5

// Result is what both sides measured.
type Result struct {
	Service         time.Duration
	Simulated, Real []*Run
}

// Run is one run of one side.
type Run struct {
	*result.Run
	Upkeep *result.Sync // requests and bytes for each node and round; nil if not measured
}

// Compare runs a scenario on both sides, as often as the options say.
func Compare(ctx context.Context, o Options) (*Result, error) {
	base, err := o.Variant()
	if err != nil {
		return nil, err
	}
	if err := Check(base); err != nil {
		return nil, err
	}
	addresses, err := Addresses(base.Nodes)
	if err != nil {
		return nil, err
	}
	if o.Report == nil {
		o.Report = func(string) {}
	}
	r := &Result{Service: o.Service}
	if r.Service == 0 {
		o.Report("measuring the service time of this machine")
		if r.Service, err = ServiceTime(ctx, base, addresses); err != nil {
			return nil, err
		}
	}
	repeat := cmp.Or(o.Repeat, DefaultRepeat)
	for i := range repeat {
		o.Report(fmt.Sprintf("run %d of %d, %s each in real time", i+1, repeat, base.Duration))
		if err := r.both(ctx, o, base.Seed+uint64(i), addresses); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// both runs each side once.
func (r *Result) both(ctx context.Context, o Options, seed uint64, addresses []peer.Address) error {
	seeded := fmt.Sprintf("seed=%d", seed)
	s, err := o.Variant(seeded)
	if err != nil {
		return err
	}
	served, err := o.Variant(seeded, "network.service="+r.Service.String())
	if err != nil {
		return err
	}
	simulated, err := sim.Run(served, sim.Options{Addresses: addresses, Stop: func() bool { return ctx.Err() != nil }})
	if err != nil {
		return err
	}
	r.Simulated = append(r.Simulated, &Run{simulated, simulated.Summary.Sync})
	real, err := realRun(ctx, s, addresses)
	if err != nil {
		return err
	}
	r.Real = append(r.Real, real)
	return nil
}

// realRun is one run of real nodes, judged as the simulator judges its own.
func realRun(ctx context.Context, s *scenario.Scenario, addresses []peer.Address) (*Run, error) {
	model, err := s.LatencyModel()
	if err != nil {
		return nil, err
	}
	n, err := newNetwork(s, addresses, model)
	if err != nil {
		return nil, err
	}
	if err := n.run(ctx); err != nil {
		return nil, err
	}
	slices.SortStableFunc(n.rows, func(a, b result.Request) int {
		return cmp.Or(cmp.Compare(b.Kind, a.Kind), cmp.Compare(a.Index, b.Index)) // searches first
	})
	load := make([]int, s.Nodes)
	for _, draw := range result.Draws(n.rows) {
		for _, approver := range draw {
			load[approver]++
		}
	}
	run := &Run{Run: &result.Run{Samples: n.samples, Requests: n.rows}}
	run.Summary.Convergence = result.ConvergenceSummary(n.samples, s.SyncInterval)
	run.Summary.Search = result.SearchSummary(n.rows)
	run.Summary.Approval = result.ApprovalSummary(n.rows, load)
	run.Upkeep = n.upkeepSummary(run.Summary.Convergence.TimeS)
	return run, nil
}

// upkeepSummary is the traffic for each node and round, from the round after convergence
// on, as the simulator measures it; nil when there is less than a round of it.
func (n *network) upkeepSummary(convergedS *float64) *result.Sync {
	if convergedS == nil {
		return nil
	}
	interval := n.scenario.SyncInterval
	settled := time.Duration(*convergedS*float64(time.Second)) + interval
	first := slices.IndexFunc(n.samples, func(s result.Sample) bool { return s.Time >= settled })
	last := n.quietEnd(settled + interval)
	if first < 0 || n.samples[last].Time-n.samples[first].Time < interval {
		return nil
	}
	rounds := float64(n.samples[last].Time-n.samples[first].Time) / float64(interval)
	per := rounds * float64(n.samples[last].Alive)
	return &result.Sync{
		RequestsPerNodeRound: float64(n.upkeep[last].requests-n.upkeep[first].requests) / per,
		BytesPerNodeRound:    float64(n.upkeep[last].bytes-n.upkeep[first].bytes) / per,
	}
}

// quietEnd is the last sample before the first approval: what nodes ask each other for
// approvals cannot be told from upkeep. Where that would leave less than a round after
// settling it is the last sample of all.
func (n *network) quietEnd(least time.Duration) int {
	last := len(n.samples) - 1
	approvals := n.scenario.Workload.Approvals
	if approvals.Count == 0 {
		return last
	}
	quiet := last
	for quiet > 0 && n.samples[quiet].Time > approvals.Start {
		quiet--
	}
	if n.samples[quiet].Time < least {
		return last
	}
	return quiet
}
