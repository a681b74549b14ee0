package sim

import (
	"errors"
	"fmt"
	"time"

	"spreadable/core/host"
	"spreadable/core/host/memory"
	"spreadable/core/peer"
	"spreadable/sim/film"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
	"spreadable/sim/trace"
)

// Options of a run that do not change what happens in it.
type Options struct {
	// Workers is how many cores deliver events, as Workers allows; 0 is 1. The results do
	// not depend on it.
	Workers int
	// Addresses are those of the nodes, by their numbers, in place of the simulator's own:
	// for a run that is compared with real nodes, since the bytes of a message depend on
	// the addresses in it.
	Addresses []peer.Address
	// Check is the rhythm, in virtual time, at which the invariants of a settled network
	// are checked, from ten sync intervals after the last node's start; 0 is never.
	Check time.Duration
	// Progress is told how far the run is, now and then. May be nil.
	Progress func(Progress)
	// Stop ends the run early when it returns true. It is asked as often as Progress is
	// told. May be nil.
	Stop func() bool
	// Trace records what happens to some nodes. May be nil.
	Trace *trace.Recorder
	// Film records the course of the run. May be nil.
	Film *film.Recorder
	// Extensions are those of a node, by its number: asked for once in each life of the
	// node, from its partition. They change what happens. May be nil.
	Extensions func(node int) []host.Extension
	// Disk sets up the simulated disk of a node's extension when it is first used: its
	// speed, its capacity. May be nil.
	Disk func(node int, extension string, blobs *memory.Blobs)
}

// Progress says how far a run is.
type Progress struct {
	Virtual, Total time.Duration // virtual time
	Events         uint64        // delivered so far
}

// Errors that end a run early. It then returns the results until there.
var (
	// ErrStopped: Options.Stop did.
	ErrStopped = errors.New("stopped before the end")
	// ErrViolated: Options.Check found an invariant violated.
	ErrViolated = errors.New("invariant violated")
)

// Run runs a scenario and returns its results. What depends on the machine (wall time,
// memory) and on the program is left for the caller to fill in. A run that ended with
// ErrStopped or ErrViolated returns what it has, marked as partial unless that was at the
// very end, and not judged.
func Run(s *scenario.Scenario, o Options) (*result.Run, error) {
	workers, _ := Workers(s, o.Workers)
	w, err := newWorldAs(s, workers, o)
	if err != nil {
		return nil, err
	}
	defer w.net.Close()
	m := newMeter(w)
	err = w.live(m, o)
	if err != nil && !errors.Is(err, ErrStopped) && !errors.Is(err, ErrViolated) {
		return nil, err
	}
	if o.Trace != nil {
		o.Trace.Finish(w.now())
	}
	r := w.results(m)
	if errors.Is(err, ErrViolated) {
		found := err.Error()
		r.Summary.Violation, r.Expectations = &found, nil
	}
	w.film.end(r)
	return r, err
}

// A run reports, and can be stopped, at the end of each slice of virtual time. A slice is
// a sixteenth of the time between two samples, or shorter: such that it has some hundred
// thousand events, which take about a tenth of a second. Every sixteenth ends with a
// report, however short the slices in it are. How many events a slice has is unknown at
// the start, where all nodes of a mass start are busy: so the first slice is short.
const (
	slicesPerSample = 16
	eventsPerSlice  = 100_000
	firstSlice      = time.Millisecond
)

// live lets virtual time pass, from sample to sample.
func (w *world) live(m *meter, o Options) error {
	s := w.scenario
	c := newChecker(w)
	nextCheck := s.Duration + 1 // never
	if o.Check > 0 {
		nextCheck, _ = FirstCheck(s, o.Check)
	}
	w.kernel.RunUntil(1) // what happens at time 0
	m.sample()
	m.samples[0].Time = 0
	w.objects.startRows()
	longest := max(1, s.Sample/slicesPerSample)
	slice := min(firstSlice, longest)
	for now := time.Duration(0); now < s.Duration; {
		from, until := now, min(now+s.Sample, s.Duration)
		for now < until {
			sixteenth := from + ((now-from)/longest+1)*longest
			now = min(now+slice, sixteenth, until, nextCheck, w.faults.next(), w.attacks.next(), w.objects.next(), w.film.due())
			before := w.events()
			w.kernel.RunUntil(now)
			w.faults.act(now)
			w.attacks.act(now)
			w.objects.act(now)
			w.film.frame(now)
			switch events := w.events() - before; {
			case events > eventsPerSlice:
				slice = max(1, slice/2)
			case events < eventsPerSlice/4:
				slice = min(2*slice, longest)
			}
			if o.Progress != nil {
				o.Progress(Progress{Virtual: now, Total: s.Duration, Events: w.events()})
			}
			if o.Stop != nil && o.Stop() && now < s.Duration {
				m.sample()
				return ErrStopped
			}
			if now == nextCheck {
				nextCheck += o.Check
				if err := c.check(); err != nil {
					m.sample()
					return fmt.Errorf("at %v: %w", now, err)
				}
			}
		}
		m.sample()
	}
	return nil
}

func (w *world) results(m *meter) *result.Run {
	s, end := w.scenario, w.now()
	from := w.countedFrom(m.samples)
	requests := w.clients.rows(from, end)
	nodes := m.nodeRows(requests)
	convergence := result.ConvergenceSummary(m.samples, s.SyncInterval)
	notes := w.notes()
	run := &result.Run{
		Scenario: s.Resolved(),
		Samples:  m.samples,
		Requests: requests,
		Nodes:    nodes,
		Notes:    notes,
		Copies:   w.objects.rows(),
		Summary: result.Summary{
			Schema:        result.SummarySchema,
			Partial:       end < s.Duration,
			Scenario:      result.Scenario{Name: s.Name, Hash: s.Hash(), Seed: s.Seed, Nodes: s.Nodes, Levels: w.levels()},
			Fingerprint:   fmt.Sprintf("%016x", w.net.Fingerprint()),
			Engine:        result.Engine{VirtualS: end.Seconds(), Events: int64(w.events()), Workers: w.kernel.Workers()},
			Convergence:   convergence,
			MeasuredFromS: from.Seconds(),
			Structure:     result.StructureSummary(w.reachable(nodes), w.levels()),
			Search:        result.SearchSummary(requests),
			Approval:      result.ApprovalSummary(requests, result.ApproverLoad(nodes)),
			Network:       w.linkSummary(int64(m.total.Bytes)),
			Churn:         w.churn.summary(m, end),
			Faults:        w.faults.summary(convergence.TimeS),
			Sync:          m.upkeepSummary(nodes),
			Attacks:       w.attacks.summary(m.samples, notes),
			Behavior:      behavior(notes),
			Documents:     w.objects.summary("documents"),
			Files:         w.objects.summary("files"),
		},
	}
	if run.Summary.Approval != nil {
		run.Loads = result.LoadRows(run.Summary.Approval, result.ApproverLoad(nodes))
		w.busiest(run.Summary.Approval, nodes)
	}
	if run.Summary.Approval != nil && w.attacks != nil {
		w.attacks.captured(run.Summary.Approval, requests)
	}
	run.Summary.Structure.Levels = append(run.Summary.Structure.Levels, w.upperLevels()...)
	if !run.Summary.Partial {
		run.Expectations = s.Check(&run.Summary)
	}
	run.Thin(result.MaxRows)
	return run
}
