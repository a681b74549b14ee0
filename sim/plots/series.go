package plots

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"spreadable/sim/result"
)

// noSamples is why a plot over time is missing.
const noSamples = "the run took fewer than two samples"

// Convergence draws the shares of nodes that are registered, know the network's size and can be reached,
// over time.
func Convergence(run *result.Run) Plot {
	plt := Plot{
		Name:  "convergence",
		Title: "How the network settled",
		Reading: "Registered: listed by a master. Exact size: knows how large the network is. Coverage: what a search " +
			"would reach. The network has settled when all three stay at 100 %.",
	}
	if len(run.Samples) < 2 {
		plt.Missing = noSamples
		return plt
	}
	p := axes("virtual time (s)", "share of live nodes (%)")
	limit(p, 0, lastTime(run), 0, 103)
	var legend []entry
	// From the widest to the narrowest, so that curves that coincide all stay visible.
	for _, c := range []struct {
		name  string
		style plotter.Line
		share func(*result.Sample) float64
	}{
		{"coverage", *line(nil, stroke(skyBlue, 5, solid)), func(s *result.Sample) float64 { return s.Coverage }},
		{"exact size", *line(nil, stroke(orange, 2.8, solid)), func(s *result.Sample) float64 { return s.ExactSize }},
		{"registered", *line(nil, stroke(blue, 1.6, dashed)), func(s *result.Sample) float64 { return s.Registered }},
	} {
		curve := c.style
		for i := range run.Samples {
			s := &run.Samples[i]
			if share := c.share(s); !math.IsNaN(share) {
				curve.XYs = append(curve.XYs, plotter.XY{X: s.Time.Seconds(), Y: 100 * share})
			}
		}
		p.Add(&curve)
		legend = append(legend, key(c.name, &curve))
	}
	plt.figure = of(p, append(legend, settled(p, run)...)...)
	return plt
}

// settled marks the time at which the network settled, if it did, and returns its legend.
func settled(p *plot.Plot, run *result.Run) []entry {
	c := &run.Summary.Convergence
	if c.TimeS == nil || c.Rounds == nil {
		return []entry{key("never settled")}
	}
	at := upright(p, *c.TimeS, stroke(grey, 1.4, dotted))
	p.Add(at)
	return []entry{key(fmt.Sprintf("settled after %s s (%s)", short(*c.TimeS), count(int(*c.Rounds), "sync round", "sync rounds")), at)}
}

// lastTime is the time of the last sample in seconds; at least 1, so that an axis has a length.
func lastTime(run *result.Run) float64 {
	return math.Max(1, run.Samples[len(run.Samples)-1].Time.Seconds())
}

// Masters draws the number of masters over time against the square root of the number of nodes.
func Masters(run *result.Run) Plot {
	plt := Plot{
		Name:  "masters",
		Title: "Masters, and how many there should be",
		Reading: "A single-level network works best with as many masters as the square root of its size (√N): far " +
			"more of them make every request dearer, far fewer make each master busier.",
	}
	if len(run.Samples) < 2 {
		plt.Missing = noSamples
		return plt
	}
	var masters, expected plotter.XYs
	highest := 1.0
	for i := range run.Samples {
		s := &run.Samples[i]
		at := s.Time.Seconds()
		masters = append(masters, plotter.XY{X: at, Y: float64(s.Masters)})
		expected = append(expected, plotter.XY{X: at, Y: s.MastersExpected})
		highest = max(highest, float64(s.Masters), s.MastersExpected)
	}
	p := axes("virtual time (s)", "masters")
	limit(p, 0, lastTime(run), 0, highest*1.12)
	seen := line(masters, stroke(blue, 2.4, solid))
	aim := line(expected, stroke(vermillion, 1.8, dashed))
	p.Add(seen, aim)
	last := run.Samples[len(run.Samples)-1]
	legend := []entry{
		key(fmt.Sprintf("masters: %s at the end", number(float64(last.Masters))), seen),
		key(fmt.Sprintf("√N: %s", short(last.MastersExpected)), aim),
	}
	plt.figure = of(p, append(legend, settled(p, run)...)...)
	return plt
}
