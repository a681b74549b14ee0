package report

import (
	"fmt"
	"time"

	"spreadable/sim/result"
	"spreadable/sim/result/words"
	"spreadable/sim/scenario"
)

// fact is a line at the head of the report: what was simulated, before what came of it.
type fact struct{ Name, Text string }

// setting describes the scenario of a run, from its own file: its description, and the
// facts on which all numbers depend. There is nothing of it when the file is of another
// version.
func setting(run *result.Run) (description string, facts []fact) {
	s, err := scenario.Recorded("scenario.yaml", run.Scenario)
	if err != nil {
		return "", nil
	}
	facts = []fact{
		{"Latency", s.Latency.String() + latencyOf(s)},
		{"Joining", joining(s)},
		{"Registration", string(s.Registration) + ", with a sync every " + span(s.SyncInterval)},
	}
	if text := s.Network.String(); text != "" {
		facts = append(facts, fact{"Messages", text})
	}
	if text := s.Classes.String(); text != "" {
		facts = append(facts, fact{"Classes", text})
	}
	return s.Description, facts
}

// latencyOf says what has a latency of its own.
func latencyOf(s *scenario.Scenario) string {
	if s.Latency.OfPairs() {
		return "; in one direction, for each pair of nodes"
	}
	return "; for each message in one direction"
}

// joining says how the nodes come, and what they know.
func joining(s *scenario.Scenario) string {
	text := ""
	switch j := &s.Join; j.Mode {
	case scenario.Growth:
		text = fmt.Sprintf("%s at the start, then %s %% more in every sync interval",
			words.Count(j.Initial, "node", "nodes"), words.Short(100*j.Rate))
	case scenario.Spread:
		text = "evenly over " + span(j.Over)
	default:
		text = "all at once"
	}
	return text + "; each knows " + words.Count(s.Join.Bootstrap, "address", "addresses")
}

// span writes a duration in one unit: 25 ms, 1.5 s, 90 s, 2 h.
func span(d time.Duration) string {
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return words.Number(d.Hours()) + " h"
	case d >= time.Second:
		return words.Number(d.Seconds()) + " s"
	case d >= time.Millisecond:
		return words.Number(float64(d)/float64(time.Millisecond)) + " ms"
	}
	return words.Number(float64(d)/float64(time.Microsecond)) + " µs"
}
