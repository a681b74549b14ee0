package main

import (
	"fmt"
	"math"
	"slices"

	"spreadable/core/draw"
	"spreadable/internal/theory"
	"spreadable/sim/experiment"
	"spreadable/sim/plots"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// curveLaw is what theory says of a number of a summary.
type curveLaw struct {
	axes  []string // the keys over which it is drawn
	needs []string // all keys that it depends on
	// at computes the law for a run, and names it; false if it does not hold there.
	at func(*scenario.Scenario, *result.Summary) (name string, y float64, ok bool)
}

// curveLaws are the laws that plots of sweeps draw, by the path of the number. Their
// formulas are those of package result (shape of the network) and package theory (draws).
func curveLaws(metric string) (curveLaw, bool) {
	shape := []string{"nodes", "levels"}
	switch metric {
	case "structure.masters":
		return curveLaw{shape, shape, func(s *scenario.Scenario, r *result.Summary) (string, float64, bool) {
			levels, name := levelsOf(s, r), "√N"
			if levels > 1 {
				name = fmt.Sprintf("N^(%d/%d)", levels, levels+1)
			}
			return name, result.ExpectedMasters(s.Nodes, levels), true
		}}, true
	case "search.fanout_max":
		return curveLaw{shape, shape, func(s *scenario.Scenario, r *result.Summary) (string, float64, bool) {
			levels := levelsOf(s, r)
			return fmt.Sprintf("N^(1/%d)", levels+1), result.GroupSize(s.Nodes, levels), true
		}}, true
	case "approval.captured":
		return curveLaw{
			[]string{"nodes", "approval.approvers"},
			[]string{"nodes", "approval.approvers", "approval.decision_level", "attacks"}, captureLaw,
		}, true
	}
	return curveLaw{}, false
}

// levelsOf is how many levels the network has at the end, where it decides that itself.
func levelsOf(s *scenario.Scenario, r *result.Summary) int {
	if s.Levels == scenario.AutoLevels {
		return max(1, len(r.Structure.Levels))
	}
	return int(s.Levels)
}

// captureLaw is the hypergeometric probability that colluders decide a draw. They are the
// hosts that lied in the run.
func captureLaw(s *scenario.Scenario, r *result.Summary) (string, float64, bool) {
	count, err := draw.ParseCount(s.Approval.Approvers)
	level, err2 := draw.ParseDecision(s.Approval.DecisionLevel)
	if err != nil || err2 != nil || r.Attacks == nil {
		return "", 0, false
	}
	drawn := count.Of(s.Nodes)
	of := theory.Draw{Nodes: s.Nodes, Colluders: r.Attacks.Liars, Approvers: drawn, Agree: level.Of(drawn)}
	return "hypergeometric", of.Capture(), true
}

// addLaw adds a point of the curve that theory gives, where there is one.
func (e *effect) addLaw(panel *plots.Panel, metric string, variant int, x float64, r *experiment.Record) error {
	law, known := curveLaws(metric)
	if !known || r.Summary == nil || !slices.Contains(law.axes, e.folder.Index.Keys[e.x]) {
		return nil
	}
	s, err := e.folder.Scenario(r)
	if err != nil {
		return err
	}
	name, y, holds := law.at(s, r.Summary)
	if !holds {
		return nil
	}
	// Over levels the exponent is what varies, and stands for all.
	if e.folder.Index.Keys[e.x] == "levels" {
		name = map[string]string{"structure.masters": "N^(L/(L+1))", "search.fanout_max": "N^(1/(L+1))"}[metric]
	}
	if e.by >= 0 && e.folder.Index.Keys[e.by] != "levels" && slices.Contains(law.needs, e.folder.Index.Keys[e.by]) {
		name += ", " + e.label(variant, e.curves())
	}
	curve := curveOf(panel, name)
	curve.Theory = true
	if !slices.ContainsFunc(curve.Points, func(m plots.Mean) bool { return m.X == x }) {
		curve.Points = append(curve.Points, plots.Mean{X: x, Y: y, Low: math.NaN(), High: math.NaN()})
	}
	return nil
}
