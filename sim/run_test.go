package sim_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/sim"
	"spreadable/sim/scenario"
)

// A run that is checked ends with the first violation, says when, and keeps its results
// until then; one that is not checked, or not yet, goes on. Npm's rule never settles at
// three nodes.
func TestAViolationEndsACheckedRun(t *testing.T) {
	for _, test := range []struct {
		duration, check time.Duration
		want            string // "" is no error
	}{
		{800 * time.Second, 0, ""},
		{150 * time.Second, 16 * time.Second, ""}, // not ten intervals yet
		{800 * time.Second, 4 * time.Second, "at 2m40s: invariant violated: "},
		{800 * time.Second, 300 * time.Second, "at 5m0s: invariant violated: "},
		{800 * time.Second, 161 * time.Second, "at 2m41s: invariant violated: "}, // between two samples
		{800 * time.Second, 801 * time.Second, ""},
	} {
		s := parse(t, "name: flapping\nnodes: 3\nseed: 1\nduration: %v\nregistration: original\n", test.duration)
		r, err := sim.Run(s, sim.Options{Check: test.check})
		if (err == nil) != (test.want == "") || err != nil && !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%v, checked every %v: %v, want %q", test.duration, test.check, err, test.want)
		}
		if r == nil || (r.Summary.Violation != nil) != (err != nil) || r.Summary.Partial != (err != nil) {
			t.Errorf("%v, checked every %v: the results do not fit the error %v", test.duration, test.check, err)
		}
	}
}

// Samples are taken at the start, at their rhythm, and at the end. Progress is told at
// every sixteenth of the time between two of them, and more often only at the start.
func TestSamplesAndProgressHaveTheirRhythm(t *testing.T) {
	s := parse(t, "name: rhythm\nnodes: 5\nduration: 50s\nsample: 16s\n")
	var told []time.Duration
	r, err := sim.Run(s, sim.Options{Progress: func(p sim.Progress) {
		if p.Total != 50*time.Second || len(told) > 0 && p.Virtual <= told[len(told)-1] {
			t.Errorf("%+v after %v", p, told[len(told)-1])
		}
		told = append(told, p.Virtual)
	}})
	r = must(t, r, err)
	var sampled []time.Duration
	for _, sample := range r.Samples {
		sampled = append(sampled, sample.Time)
	}
	const second = time.Second
	if want := []time.Duration{0, 16 * second, 32 * second, 48 * second, 50 * second}; !slices.Equal(sampled, want) {
		t.Errorf("sampled at %v, want %v", sampled, want)
	}
	var seconds []time.Duration
	for i := range 3*16 + 2 {
		seconds = append(seconds, time.Duration(i+1)*second)
	}
	short := slices.Index(told, second)
	if short < 1 || short > 10 || !slices.Equal(told[short:], seconds) {
		t.Errorf("progress %v", told)
	}
}

// Where much happens, progress is told more often, so that a run can be stopped.
func TestBusyRunsTellTheirProgressMoreOften(t *testing.T) {
	s := parse(t, "name: busy\nnodes: 400\nduration: 96s\nsample: 48s\nworkload: {searches: {count: 800, start: 51s, over: 12s}}\n")
	var told []time.Duration
	r, err := sim.Run(s, sim.Options{Progress: func(p sim.Progress) { told = append(told, p.Virtual) }})
	must(t, r, err)
	between := func(from, to time.Duration) (times int) {
		for _, at := range told {
			if at > from && at <= to {
				times++
			}
		}
		return times
	}
	const second = time.Second
	quiet, busy, after := between(3*second, 48*second), between(51*second, 63*second), between(72*second, 96*second)
	// Every 3 s, every 1.5 s or less, and every 3 s again.
	if quiet != 15 || busy < 6 || after < 8 || after > 9 {
		t.Errorf("progress is told %d times in the quiet 45 s, %d times in the busy 12 s, %d times in the last 24 s",
			quiet, busy, after)
	}
}

// A scenario that cannot be built is an error and no run.
func TestAnImpossibleScenarioIsNoRun(t *testing.T) {
	for name, spoil := range map[string]func(*scenario.Scenario){
		"approvers": func(s *scenario.Scenario) { s.Approval.Approvers = "few" },
		"decision":  func(s *scenario.Scenario) { s.Approval.DecisionLevel = "most" },
		// A lognormal latency needs a deviation.
		"latency":  func(s *scenario.Scenario) { s.Latency.Model = "lognormal" },
		"timeouts": func(s *scenario.Scenario) { s.Node.ServerTimeout = time.Hour },
	} {
		s := parse(t, "name: impossible\nnodes: 3\nduration: 32s\n")
		spoil(s)
		if r, err := sim.Run(s, sim.Options{}); err == nil || errors.Is(err, sim.ErrStopped) || r != nil {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
}

// What is never checked has a reason, so that a run without violations is not taken for
// a good one.
func TestARunThatIsNeverCheckedHasAReason(t *testing.T) {
	for _, test := range []struct {
		nodes           int
		duration, check time.Duration
		at              time.Duration
		reason          string
	}{
		{3, 800 * time.Second, 4 * time.Second, 160 * time.Second, ""},
		{3, 800 * time.Second, 300 * time.Second, 300 * time.Second, ""},
		{3, 160 * time.Second, 16 * time.Second, 160 * time.Second, ""},
		{3, 159 * time.Second, 16 * time.Second, 160 * time.Second, "nothing is checked: the network must have settled at 2m40s, and the run ends at 2m39s before the first check at 2m40s"},
		{3, 800 * time.Second, 801 * time.Second, 801 * time.Second, "nothing is checked: "},
		{1, 800 * time.Second, 16 * time.Second, 160 * time.Second, "nothing is checked: one node alone has no invariants"},
	} {
		s := parse(t, "name: checked\nnodes: %d\nduration: %v\n", test.nodes, test.duration)
		at, reason := sim.FirstCheck(s, test.check)
		if at != test.at || !strings.HasPrefix(reason, test.reason) || test.reason == "" && reason != "" {
			t.Errorf("%d nodes, %v, every %v: from %v on, %q", test.nodes, test.duration, test.check, at, reason)
		}
	}
	for rest, want := range map[string]string{
		"faults: [{at: 200s, do: crash, on: 1}]":                   "nothing is checked: the scenario has faults",
		"attacks: [{at: 200s, lie: silent, on: 1}]":                "nothing is checked: nodes lie",
		"churn: {session: {model: exponential, mean: 60s}}":        "nothing is checked: nodes leave and come throughout the run",
		"join: {mode: spread, over: 100s}\nregistration: directed": "",
	} {
		if _, reason := sim.FirstCheck(parse(t, "name: checked\nnodes: 9\nduration: 800s\n%s\n", rest), 16*time.Second); reason != want {
			t.Errorf("%s: %q, want %q", rest, reason, want)
		}
	}
}
