package plots

import (
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"

	"spreadable/sim/result"
	"spreadable/sim/result/words"
)

// capturedName is the name of the plot of captured draws, which only runs with attacks
// have.
const capturedName = "captured"

// Captured draws how many attackers the draws of approvers took, and how many they take by
// theory.
func Captured(run *result.Run) Plot {
	a := run.Summary.Approval
	plt := Plot{
		Name:  capturedName,
		Title: "How many attackers were drawn",
		Reading: "Each bar counts the draws that took so many attackers, each ring says how many do by chance: attackers " +
			"that gain nothing by what they do stay at the rings.",
	}
	if a == nil || a.Captured == nil || len(a.Liars) == 0 {
		plt.Missing = "nothing attacked the draws of this run"
		return plt
	}
	seen := make([]plotter.HistogramBin, len(a.Liars))
	expected := make(plotter.XYs, len(a.Liars))
	highest := 0.0
	for i, l := range a.Liars {
		at := float64(l.Liars)
		seen[i] = plotter.HistogramBin{Min: at - 0.4, Max: at + 0.4, Weight: float64(l.Draws)}
		expected[i] = plotter.XY{X: at, Y: l.Expected}
		highest = max(highest, float64(l.Draws), l.Expected)
	}
	p := axes("attackers among the approvers", "draws")
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.TickerFunc(wholeTicks), plot.TickerFunc(wholeTicks)
	limit(p, -0.6, float64(len(a.Liars))-0.4, 0, highest*1.08)
	rings := ring(1, 1)
	add(p, bars(seen, blue), &plotter.Scatter{XYs: expected, GlyphStyleFunc: func(int) draw.GlyphStyle { return rings }})
	plt.figure = of(p,
		key(words.Count(a.Draws, "draw", "draws"), swatch{blue}),
		key("by theory", mark{rings}),
		key(shares("captured", a.Captured, a.CapturedExpected)),
		key(shares("can be denied", a.Denied, a.DeniedExpected)))
	return plt
}

// shares names a share beside the one that theory gives.
func shares(what string, seen, expected *float64) string {
	if seen == nil || expected == nil {
		return what + ": unknown"
	}
	return fmt.Sprintf("%s: %.3g %% (theory: %.3g %%)", what, 100**seen, 100**expected)
}
