package scenario

import (
	"slices"
	"time"

	"spreadable/internal/phrase"
)

// checkEntry refuses clients that ask only at hosts of which none is up while they do. The
// presence has seen all faults.
func (p *presence) checkEntry() error {
	s := p.scenario
	hosts := s.Workload.EntryHosts()
	if hosts == nil || s.drawn() {
		return nil
	}
	for _, x := range s.series() {
		from, until := *x.start, *x.start+*x.over
		if times := *x.parsed; len(times) > 0 {
			from, until = times[0], times[len(times)-1]
		}
		if s.Workload.Retries > 0 {
			until = s.Duration
		}
		up := func(host int) bool { return p.everUp(host, from, until) }
		if *x.count == 0 || slices.ContainsFunc(hosts, up) {
			continue
		}
		last := hosts[len(hosts)-1]
		return s.errorf("workload.entry", "workload.entry: no host of %s is up while clients ask (%s), from %s to %s: %s", phrase.Quote(s.Workload.Entry),
			x.path, formatDuration(from), formatDuration(until), p.why(last, p.absence(last, from, until)))
	}
	return nil
}

// everUp reports whether a host may be up at some time of a span.
func (p *presence) everUp(host int, from, until time.Duration) bool {
	return p.absence(host, from, until) == here
}

// absence says why a host is down all through a span.
func (p *presence) absence(host int, from, until time.Duration) fate {
	s := p.scenario
	if p.starts[host] > until {
		return later
	}
	if s.Churn.Trace != "" {
		up := s.Begins()[host]
		for _, t := range s.transitions {
			if t.Node != host || t.At > until {
				continue
			}
			if up && t.At >= from {
				return here
			}
			up = t.Up
		}
		if up {
			return here
		}
		return away
	}
	for _, g := range p.gaps {
		if g.host == host && g.from < from && (g.until == 0 || g.until > until) {
			return fate(g.path)
		}
	}
	return here
}
