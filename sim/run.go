package sim

import (
	"errors"
	"fmt"
	"time"

	"spreadable/core"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// Options of a run that do not change what happens in it.
type Options struct {
	// Workers is how many cores deliver events, as Workers allows; 0 is 1. The results do not depend on it.
	Workers int
	// Check is the rhythm, in virtual time, at which the invariants are checked once the network has converged; 0 is never.
	Check time.Duration
	// Progress is told how far the run is, now and then. May be nil.
	Progress func(Progress)
	// Stop ends the run early when it returns true. It is asked as often as Progress is told. May be nil.
	Stop func() bool
}

// Progress says how far a run is.
type Progress struct {
	Virtual, Total time.Duration // virtual time
	Events         uint64        // delivered so far
}

// ErrStopped ends a run that Options.Stop stopped.
var ErrStopped = errors.New("stopped before the end")

// Run runs a scenario and returns its results. What depends on the machine (wall time, memory) is left for the caller to
// fill in.
func Run(s *scenario.Scenario, o Options) (*result.Run, error) {
	workers, _ := Workers(s, o.Workers)
	w, err := newWorld(s, workers)
	if err != nil {
		return nil, err
	}
	defer w.net.Close()
	m := newMeter(w)
	if err := w.live(m, o); err != nil {
		return nil, err
	}
	return w.results(m), nil
}

// slicesPerSample is how often within a sample's time the run reports and can be stopped.
const slicesPerSample = 16

// live lets virtual time pass, from sample to sample.
func (w *world) live(m *meter, o Options) error {
	s := w.scenario
	nextCheck := o.Check
	w.workers.runUntil(1) // what happens at time 0
	m.sample()
	for now := time.Duration(0); now < s.Duration; {
		until := min(now+s.Sample, s.Duration)
		for now < until {
			now = min(now+max(1, s.Sample/slicesPerSample), until)
			w.workers.runUntil(now)
			if o.Progress != nil {
				o.Progress(Progress{Virtual: now, Total: s.Duration, Events: w.events()})
			}
			if o.Stop != nil && o.Stop() {
				return ErrStopped
			}
		}
		m.sample()
		if o.Check > 0 && now >= nextCheck {
			nextCheck += o.Check
			if err := m.check(); err != nil {
				return fmt.Errorf("at %v: %w", now, err)
			}
		}
	}
	return nil
}

func (w *world) results(m *meter) *result.Run {
	s := w.scenario
	requests := w.clients.rows(s.Duration)
	nodes := m.nodeRows(requests)
	convergence := result.ConvergenceSummary(m.samples, s.SyncInterval)
	banned := 0
	for _, l := range w.net.Lanes() {
		banned += l.Notes[core.NoteBanned]
	}
	run := &result.Run{
		Scenario: s.Resolved(),
		Samples:  m.samples,
		Requests: requests,
		Nodes:    nodes,
		Summary: result.Summary{
			Schema:      result.SummarySchema,
			Scenario:    result.Scenario{Name: s.Name, Hash: s.Hash(), Seed: s.Seed, Nodes: s.Nodes, Levels: s.Levels},
			Fingerprint: fmt.Sprintf("%016x", w.net.Fingerprint()),
			Engine:      result.Engine{VirtualS: s.Duration.Seconds(), Events: int64(w.events()), Workers: len(w.kernels)},
			Convergence: convergence,
			Structure:   result.StructureSummary(nodes),
			Search:      result.SearchSummary(requests),
			Approval:    result.ApprovalSummary(requests, result.ApproverLoad(nodes)),
			Sync:        m.upkeepSummary(convergence.TimeS, s.SyncInterval),
			Behavior:    result.Behavior{Bans: banned, FalseBans: banned}, // all nodes are honest: every ban is false
		},
	}
	run.Expectations = s.Check(&run.Summary)
	return run
}
