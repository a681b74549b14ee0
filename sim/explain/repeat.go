package explain

import (
	"errors"
	"fmt"
	"math"
	"time"

	"spreadable/core/message"
	"spreadable/sim"
	"spreadable/sim/population"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
	"spreadable/sim/trace"
)

// ErrDiffers says that a run that was repeated is not the one that was recorded.
var ErrDiffers = errors.New("the repeated run differs from the recorded one")

// Hosts is how many hosts of nodes a scenario has: those that can be asked for are
// numbered from 0. With churn there are more of them than nodes.
func Hosts(s *scenario.Scenario) int { return population.New(s).Hosts() }

// Repeat runs a scenario again, up to a time that is not after its end, and tells the
// story of a node; node is below Hosts. The error is ErrDiffers, beside the story, if the
// repeated run does not have the samples of the recorded one.
func Repeat(s *scenario.Scenario, recorded []result.Sample, node int, at time.Duration, o sim.Options) (*Story, error) {
	// A To of 0 would be the end of the run.
	window := trace.Window{Nodes: []int{node}, To: max(1, at), Entries: trace.DefaultEntries}
	o.Trace = trace.New(trace.Options{Window: window, About: true, Only: matters})
	run, err := runUntil(s, at, o)
	if err != nil {
		return nil, err
	}
	if o.Trace.Left() > 0 {
		return nil, fmt.Errorf("more has happened to node %d until %s than can be recorded (%d entries): choose an earlier time",
			node, Clock(at), trace.DefaultEntries)
	}
	return tell(o.Trace.Tracks()[0], o.Trace, at, due(s, node, at)), compare(run.Samples, recorded, at)
}

// matters reports whether a story needs an entry. Of the requests it tells only of those
// for a place, and of those to and from the backlink which of them has ended the relation.
func matters(place *message.Structure, e trace.Entry) bool {
	backlink := !place.Backlink.IsZero() && party(place.Backlink) == e.Peer
	switch e.What {
	case trace.Served:
		return backlink && e.Kind == message.KindLeave
	case trace.Asked:
		return e.Kind == message.KindProvide || e.Kind == message.KindRegister || backlink && e.Kind == message.KindStructure
	}
	return true
}

// due is when a node is to come up at a host next after a time, as the scenario plans it;
// negative for never.
func due(s *scenario.Scenario, node int, after time.Duration) time.Duration {
	p, next := population.New(s), s.Duration
	consider := func(host int, at time.Duration) {
		if host == node && at > after {
			next = min(next, at)
		}
	}
	if p.Settles() {
		for host, at := range p.Starts() {
			consider(host, at)
		}
	} else {
		for _, stay := range p.Stays() {
			consider(int(stay.Host), stay.Up)
		}
	}
	if next >= s.Duration {
		return -1
	}
	return next
}

// compare compares the samples up to a time.
func compare(run, recorded []result.Sample, at time.Duration) error {
	for i := range min(len(run), len(recorded)) {
		a, b := &run[i], &recorded[i]
		if a.Time > at || math.Abs((a.Time-b.Time).Seconds()) > 1e-6 {
			return nil // the rest is after it, or the end of a run that was stopped
		}
		for _, c := range []struct {
			what          string
			run, recorded int64
		}{
			{"alive nodes", int64(a.Alive), int64(b.Alive)}, {"masters", int64(a.Masters), int64(b.Masters)},
			{"registered nodes", int64(a.RegisteredCount), int64(b.RegisteredCount)},
			{"requests", a.Requests, b.Requests}, {"bytes", a.Bytes, b.Bytes}, {"events", a.Events, b.Events},
		} {
			if c.run != c.recorded {
				return fmt.Errorf("%w at %s: it has %d %s there, series.csv %d", ErrDiffers, Clock(a.Time), c.run, c.what, c.recorded)
			}
		}
	}
	return nil
}

// runUntil runs a scenario up to the first slice of it that ends behind a time.
func runUntil(s *scenario.Scenario, at time.Duration, o sim.Options) (*result.Run, error) {
	stop, progress := o.Stop, o.Progress
	var now time.Duration
	o.Progress = func(p sim.Progress) {
		now = p.Virtual
		if progress != nil {
			progress(p)
		}
	}
	stopped := false
	o.Stop = func() bool {
		stopped = stop != nil && stop()
		return stopped || now > at
	}
	run, err := sim.Run(s, o)
	if stopped {
		return nil, sim.ErrStopped
	}
	if errors.Is(err, sim.ErrStopped) {
		err = nil
	}
	return run, err
}
