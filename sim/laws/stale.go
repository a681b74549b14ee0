package laws

import (
	"errors"
	"fmt"
	"math"

	"spreadable/sim"
	"spreadable/sim/plots"
	"spreadable/sim/scenario"
)

// stale is the law of dead entries in lists.
func stale() Law {
	return Law{
		Name:     "stale",
		Title:    "under churn the share D/(m + D) of the entries in lists is dead",
		Source:   "the renewal theorem: an entry lives for m, and is taken off D later (Cox, Renewal Theory, 1962)",
		Scenario: "laws/stale-lists.yaml",
		Parameters: []Parameter{seed(),
			whole("runs", "runs with different seeds at each mean session", 1, 4, 1, 1000),
		},
		run: runStale,
	}
}

// runStale measures at one mean session, that of the scenario, or in full at several.
func runStale(s *settings) (*Outcome, error) {
	sweeps := [][]string{nil}
	if s.full && len(s.sets) == 0 {
		sweeps = nil
		for _, mean := range []string{"5m", "10m", "20m", "30m", "1h"} {
			sweeps = append(sweeps, []string{"churn.session.mean=" + mean})
		}
	}
	out, least, most := &Outcome{}, math.Inf(1), 0.0
	seen, delays := plots.Curve{Name: "simulated", Marks: true}, 0.0
	for _, sets := range sweeps {
		share, delay, deaths, m, err := staleShare(s, sets)
		if err != nil {
			return nil, err
		}
		want := delay / (m + delay)
		// Deaths are independent, and the time that a dead entry stands there varies less
		// than an exponential one. A master's own death ends what stands in its list: that
		// is of the order D/m.
		off := want * (4/math.Sqrt(float64(deaths)) + delay/m)
		out.Rows = append(out.Rows, within(fmt.Sprintf("mean session %.4g s, D = %.4g s, %d deaths: share of dead entries", m, delay, deaths), share, want, off))
		seen.Add(m/60, 100*share)
		delays, least, most = delays+delay/float64(len(sweeps)), min(least, m), max(most, m)
	}
	formula := plots.Curve{Name: fmt.Sprintf("D/(m + D) with D = %.3g s", delays)}
	// From a tenth below the shortest session to a tenth above the longest.
	for i := range 101 {
		m := 0.9*least + (1.1*most-0.9*least)*float64(i)/100
		formula.Add(m/60, 100*delays/(m+delays))
	}
	out.Charts = []plots.Chart{{Name: "stale", Title: "Dead slaves in the lists of masters", X: "mean session in minutes",
		Y: "dead entries in %", Curves: []plots.Curve{formula, seen}}}
	return out, nil
}

// staleShare runs the scenario and returns the share of dead entries, and the mean time D
// in seconds from so many deaths until the master knew; m is the mean session.
func staleShare(s *settings, sets []string) (share, delay float64, deaths int, m float64, err error) {
	runs := s.whole("runs")
	for i := range runs {
		this, err := shipped("laws/stale-lists.yaml", s.seed()+uint64(i), append(sets, s.sets...))
		if err != nil {
			return 0, 0, 0, 0, err
		}
		session, absence := this.Churn.Lifetimes()
		if session.Model != scenario.ExponentialLife || absence.On() {
			return 0, 0, 0, 0, errors.New("the law holds where churn.session.model is exponential and there is no churn.absence")
		}
		run, err := sim.Run(this, sim.Options{})
		if err != nil {
			return 0, 0, 0, 0, err
		}
		c := run.Summary.Churn
		if c.Stale == nil || c.DelistedS == nil {
			return 0, 0, 0, 0, errors.New("the run ended before a node had left: want a longer duration")
		}
		share, delay = share+c.Stale.Mean/float64(runs), delay+*c.DelistedS/float64(runs)
		deaths, m = deaths+c.Delisted, session.ScaleOf().Seconds()
	}
	return share, delay, deaths, m, nil
}
