package plots

import (
	"fmt"
	"math"
	"slices"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"

	"spreadable/sim/result"
	"spreadable/sim/result/words"
)

// noSamples is why a plot over time is missing.
const noSamples = "the run took fewer than two samples"

// Convergence draws the shares of nodes that are registered, know the network's size and
// can be reached, over time.
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
	end, rest := window(run, func(*result.Sample) bool { return true })
	p, unit := overTime(end, "share of live nodes (%)")
	limit(p, 0, unit.of(end), 0, 103)
	var legend []entry
	// From the widest to the narrowest, so that curves that coincide all stay visible.
	for _, c := range []struct {
		name  string
		style draw.LineStyle
		share func(*result.Sample) float64
	}{
		{"coverage", stroke(skyBlue, 4.2, solid), func(s *result.Sample) float64 { return s.Coverage }},
		{"exact size", stroke(orange, 2.4, solid), func(s *result.Sample) float64 { return s.ExactSize }},
		{"registered", stroke(blue, 1.4, dashed), func(s *result.Sample) float64 { return s.Registered }},
	} {
		for _, stretch := range stretches(run.Samples, unit, c.share) {
			add(p, line(stretch, c.style))
		}
		legend = append(legend, key(c.name, line(nil, c.style)))
	}
	plt.figure = of(p, slices.Concat(legend, settled(p, unit, run), rest)...)
	return plt
}

// stretches are the points of a share in percent over time, apart where it was not measured.
func stretches(samples []result.Sample, unit unit, share func(*result.Sample) float64) (list []plotter.XYs) {
	open := false
	for i := range samples {
		s := &samples[i]
		at := plotter.XY{X: unit.of(s.Time), Y: 100 * share(s)}
		switch measured := !math.IsNaN(at.Y); {
		case measured && !open:
			list, open = append(list, plotter.XYs{at}), true
		case measured:
			list[len(list)-1] = append(list[len(list)-1], at)
		default:
			open = false
		}
	}
	return list
}

// overTime returns an empty plot over virtual time, to be fixed from 0 to the end, and
// the unit of its axis.
func overTime(end time.Duration, y string) (*plot.Plot, unit) {
	u := unitOf(end)
	return axes("virtual time ("+u.name+")", y), u
}

// window returns where the axis of time ends. When the network settled early in a long
// run and every later sample is the same as the last one (as far as a plot shows it), the
// axis ends soon after, or all that happened would be squeezed into its first inch; the
// legend then says how long nothing changed.
func window(run *result.Run, same func(*result.Sample) bool) (end time.Duration, rest []entry) {
	end = lastTime(run)
	settled := settledAt(run)
	if settled <= 0 || end < 8*settled {
		return end, nil
	}
	cut := 4 * settled
	for i := range run.Samples {
		if s := &run.Samples[i]; s.Time >= cut && !same(s) {
			return end, nil
		}
	}
	return cut, []entry{key("stays so until " + spell(end))}
}

// settledAt is when the network settled, 0 when it never did or was so from the start.
func settledAt(run *result.Run) time.Duration {
	at := run.Summary.Convergence.TimeS
	if at == nil {
		return 0
	}
	return time.Duration(math.Round(*at * float64(time.Second)))
}

// settled marks the time at which the network settled, if it did, and returns its legend.
func settled(p *plot.Plot, unit unit, run *result.Run) []entry {
	c := &run.Summary.Convergence
	if c.TimeS == nil || c.Rounds == nil {
		return []entry{key("not settled at the end")}
	}
	at := settledAt(run)
	mark := upright(p, unit.of(at), stroke(grey, 1.4, dotted))
	add(p, mark)
	if at == 0 {
		return []entry{key("settled from the start", mark)}
	}
	return []entry{key(fmt.Sprintf("settled after %s (%s)", spell(at), words.Count(int(*c.Rounds), "sync round", "sync rounds")), mark)}
}

// lastTime is the time of the last sample; not 0, so that an axis has a length.
func lastTime(run *result.Run) time.Duration {
	if last := run.Samples[len(run.Samples)-1].Time; last > 0 {
		return last
	}
	return time.Second
}

// Masters draws the number of masters over time against the square root of the number of
// nodes.
func Masters(run *result.Run) Plot {
	plt := Plot{
		Name:  "masters",
		Title: "Masters, and how many there should be",
		Reading: "A single-level network works best with as many masters as the square root of its size (√N): far " +
			"more of them make every request cost more, far fewer make each master busier.",
	}
	if len(run.Samples) < 2 {
		plt.Missing = noSamples
		return plt
	}
	last := &run.Samples[len(run.Samples)-1]
	end, rest := window(run, func(s *result.Sample) bool { return s.Masters == last.Masters && s.Alive == last.Alive })
	p, unit := overTime(end, "masters")
	p.Y.Tick.Marker = plot.TickerFunc(wholeTicks)
	var masters, expected plotter.XYs
	highest := 1.0
	for i := range run.Samples {
		s := &run.Samples[i]
		at := unit.of(s.Time)
		masters = append(masters, plotter.XY{X: at, Y: float64(s.Masters)})
		expected = append(expected, plotter.XY{X: at, Y: s.MastersExpected})
		highest = max(highest, float64(s.Masters), s.MastersExpected)
	}
	limit(p, 0, unit.of(end), 0, highest*1.12)
	seen := line(masters, stroke(blue, 2.4, solid))
	aim := line(expected, stroke(vermillion, 1.8, dashed))
	add(p, seen, aim)
	legend := []entry{
		key(fmt.Sprintf("masters: %s at the end", words.Number(float64(last.Masters))), seen),
		key(fmt.Sprintf("√N: %s", words.Short(last.MastersExpected)), aim),
	}
	plt.figure = of(p, slices.Concat(legend, settled(p, unit, run), rest)...)
	return plt
}
