package report

import (
	"fmt"
	"strings"

	"spreadable/sim/result"
	"spreadable/sim/result/words"
)

// Why says what is known of the reasons for which expectations were not met; empty when
// all were. It only tells what was measured beside them: the reader judges.
func (v *view) Why() (list []string) {
	s := &v.Run.Summary
	failed := make(map[string]bool) // first parts of the paths
	for _, e := range v.Run.Expectations {
		if !e.OK {
			group, _, _ := strings.Cut(e.Path, ".")
			failed[group] = true
		}
	}
	if len(failed) == 0 {
		return nil
	}
	if failed["convergence"] || failed["structure"] {
		list = append(list, settledWhy(&s.Convergence))
	}
	if failed["search"] && s.Search != nil {
		list = append(list, fmt.Sprintf("Of %s, %s were partial and %s failed%s.", words.Count(s.Search.Count, "search", "searches"),
			none(s.Search.Partial), none(s.Search.Failed), causes(s.Search.Errors)))
	}
	if failed["approval"] && s.Approval != nil {
		list = append(list, fmt.Sprintf("Of %s approvals %s were granted%s.", words.Short(float64(s.Approval.Requested)),
			none(s.Approval.Granted), causes(s.Approval.Errors)))
	}
	return append(list, circumstances(s)...)
}

// settledWhy says how far the network was from counting as settled.
func settledWhy(c *result.Convergence) string {
	text := atTheEnd(c)
	if c.TimeS == nil {
		return text + ": the network had not settled."
	}
	return text + fmt.Sprintf("; it had settled at %s s.", words.Short(*c.TimeS))
}

// mostSteps is how many faults are named.
const mostSteps = 5

// circumstances are what made it hard for the network.
func circumstances(s *result.Summary) (list []string) {
	if s.Violation != nil {
		list = append(list, "An invariant was violated: "+*s.Violation+".")
	}
	if f := s.Faults; f != nil {
		var steps []string
		for i, step := range f.Steps {
			if i == mostSteps {
				steps = append(steps, fmt.Sprintf("and %d more", len(f.Steps)-i))
				break
			}
			steps = append(steps, fmt.Sprintf("%s at %s s on %s", step.Do, words.Short(step.AtS), words.Count(step.Nodes, "node", "nodes")))
		}
		list = append(list, fmt.Sprintf("%s: %s.", words.Count(f.Count, "fault", "faults"), strings.Join(steps, ", ")))
	}
	if a := s.Attacks; a != nil {
		list = append(list, fmt.Sprintf("%s lied, among them %s of the masters.", words.Count(a.Liars, "node", "nodes"), percent(a.MastersShare)))
	}
	if c := s.Churn; c != nil {
		list = append(list, fmt.Sprintf("%s left the network, %s without a word.", words.Count(c.Left, "node", "nodes"), none(c.Crashed)))
	}
	if n := s.Network; n != nil && n.Lost != nil && *n.Lost > 0 {
		list = append(list, fmt.Sprintf("%s messages were lost.", words.Short(float64(*n.Lost))))
	}
	return list
}
