package plots

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"spreadable/sim/result"
	"spreadable/sim/result/words"
	"spreadable/sim/stats"
)

// group is the requests with one outcome, and how they look.
type group struct {
	kind             result.Kind
	outcome          result.RequestOutcome
	singular, plural string
	color            color.Color
	dashes           []vg.Length
}

// groups are all that there can be, in the order of the legend.
var groups = [...]group{
	{result.KindSearch, result.Complete, "complete search", "complete searches", blue, solid},
	{result.KindSearch, result.Partial, "partial search", "partial searches", orange, dashed},
	{result.KindSearch, result.Failed, "failed search", "failed searches", black, dotted},
	{result.KindApproval, result.Granted, "approval", "approvals", vermillion, dashed},
	{result.KindApproval, result.Failed, "failed approval", "failed approvals", grey, dotted},
}

func (g *group) has(r *result.Request) bool {
	return r.Kind == g.kind && r.Outcome() == g.outcome && !r.WarmUp
}

// quantiles are the ones marked on curves.
var quantiles = []struct {
	percent int
	shape   draw.GlyphDrawer
}{
	{50, draw.CircleGlyph{}}, {90, draw.BoxGlyph{}}, {99, draw.PyramidGlyph{}},
}

// Latency draws the distribution of the latency of searches and approvals, by outcome.
func Latency(run *result.Run) Plot {
	plt := Plot{
		Name:  "latency",
		Title: "How long clients waited",
		Reading: "Each curve climbs from 0 to 100 % of the requests with one outcome: it passes 90 % at the time within which " +
			"90 % of these had ended. A complete search is one that every node answered, a partial one missed some. Further " +
			"left is faster, steeper is steadier.",
	}
	longest := longestLatency(run.Requests)
	if longest == 0 {
		plt.Missing = "no search and no approval of this run has ended"
		return plt
	}
	unit := unitOf(longest)
	p := axes("latency ("+unit.name+")", "ended by then (% of each outcome)")
	var legend []entry
	limit(p, 0, unit.of(longest)*1.06, 0, 102)
	for i := range groups {
		g := &groups[i]
		waited := latencies(run.Requests, g, unit)
		if len(waited) == 0 {
			continue
		}
		curve := steps(cumulative(waited, p.X.Max), stroke(g.color, 2, g.dashes))
		add(p, curve)
		for _, q := range quantiles {
			add(p, dot(stats.Quantile(waited, q.percent), float64(q.percent), g.color, q.shape))
		}
		at := func(percent int) string {
			return spell(time.Duration(math.Round(stats.Quantile(waited, percent) * float64(unit.size))))
		}
		legend = append(legend, key(fmt.Sprintf("%s: median %s, 99 %% within %s", words.Count(len(waited), g.singular, g.plural),
			at(50), at(99)), curve))
	}
	for _, q := range quantiles {
		legend = append(legend, key(fmt.Sprintf("%d %%", q.percent), mark{glyph(grey, q.shape)}))
	}
	plt.figure = of(p, legend...)
	return plt
}

// longestLatency returns the longest latency that was measured, 0 when none was.
func longestLatency(requests []result.Request) time.Duration {
	var longest time.Duration
	for i := range requests {
		if !requests[i].WarmUp {
			longest = max(longest, requests[i].Latency)
		}
	}
	return longest
}

// latencies returns the latencies of a group that were measured, ascending.
func latencies(requests []result.Request, g *group, unit unit) []float64 {
	var list []float64
	for i := range requests {
		if r := &requests[i]; g.has(r) && r.Latency > 0 {
			for range r.Weight() {
				list = append(list, unit.of(r.Latency))
			}
		}
	}
	slices.Sort(list)
	return list
}

// maxPoints bounds the points of a curve through sorted values: more could not be seen,
// and would make the file large.
const maxPoints = 1000

// cumulative returns the share, in percent, of the sorted values that are at most x, for
// each different x up to the end of the axis.
func cumulative(sorted []float64, end float64) plotter.XYs {
	points := plotter.XYs{{X: sorted[0], Y: 0}}
	stride := max(1, len(sorted)/maxPoints)
	last := -stride // where the last point was taken
	for i, v := range sorted {
		if i < len(sorted)-1 && (sorted[i+1] == v || i-last < stride) {
			continue
		}
		last = i
		points = append(points, plotter.XY{X: v, Y: 100 * float64(i+1) / float64(len(sorted))})
	}
	return append(points, plotter.XY{X: end, Y: 100})
}

func glyph(c color.Color, shape draw.GlyphDrawer) draw.GlyphStyle {
	return draw.GlyphStyle{Color: c, Radius: 4, Shape: shape}
}

func dot(x, y float64, c color.Color, shape draw.GlyphDrawer) *plotter.Scatter {
	return &plotter.Scatter{XYs: plotter.XYs{{X: x, Y: y}}, GlyphStyle: glyph(c, shape)}
}

// Hops draws how many of the requests that were answered took how many hops.
func Hops(run *result.Run) Plot {
	plt := Plot{
		Name:  "hops",
		Title: "How many hops requests took",
		Reading: "A hop is one request that had to wait for the one before: client to entry node, entry node to " +
			"masters, masters to slaves make three. The number of requests stands above each bar; failed ones are left out.",
	}
	t := tallyHops(run.Requests)
	if t.highest == 0 {
		plt.Missing = "no request of this run counted its hops"
		return plt
	}
	p := axes("hops from the client to the last node reached", "requests")
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.TickerFunc(wholeTicks), plot.TickerFunc(wholeTicks)
	limit(p, 0.4, float64(t.deepest)+0.6, 0, float64(t.highest)*1.1)
	plt.figure = of(p, t.addBars(p)...)
	return plt
}

// tally counts the answered requests that counted their hops, by group and hops.
type tally struct {
	counts           [len(groups)]map[int]int
	deepest, highest int // the most hops, the largest count
}

func tallyHops(requests []result.Request) (t tally) {
	for i := range groups {
		t.counts[i] = make(map[int]int)
		for j := range requests {
			if r := &requests[j]; r.OK && groups[i].has(r) && r.Hops > 0 {
				t.counts[i][r.Hops] += r.Weight()
				t.deepest = max(t.deepest, r.Hops)
				t.highest = max(t.highest, t.counts[i][r.Hops])
			}
		}
	}
	return t
}

// addBars adds the bars with their heights above them and returns the legend. Where
// several groups took the same number of hops, their bars stand side by side.
func (t tally) addBars(p *plot.Plot) []entry {
	// of a bar alone, and of two side by side; more of them share the space
	const width = 0.36
	var legend []entry
	for i, g := range groups {
		var bins []plotter.HistogramBin
		var above plotter.XYLabels
		for hops := 0; hops <= t.deepest; hops++ {
			n := t.counts[i][hops]
			if n == 0 {
				continue
			}
			before, all := t.sharing(i, hops)
			wide := min(width, 0.9/float64(all))
			left := float64(hops) + wide*(float64(before)-float64(all)/2)
			bins = append(bins, plotter.HistogramBin{Min: left, Max: left + wide, Weight: float64(n)})
			above.XYs = append(above.XYs, plotter.XY{X: left + wide/2, Y: float64(n)})
			above.Labels = append(above.Labels, words.Number(float64(n)))
		}
		if len(bins) > 0 {
			add(p, bars(bins, g.color), centred(above))
			legend = append(legend, key(g.plural, swatch{g.color}))
		}
	}
	return legend
}

// sharing returns how many groups took so many hops, and how many of them come before the
// i-th.
func (t tally) sharing(i, hops int) (before, all int) {
	for k := range t.counts {
		if t.counts[k][hops] == 0 {
			continue
		}
		all++
		if k < i {
			before++
		}
	}
	return before, all
}

// centred returns labels that stand just above their points.
func centred(at plotter.XYLabels) *plotter.Labels {
	style := label(black)
	style.XAlign, style.YAlign = draw.XCenter, draw.YBottom
	styles := make([]draw.TextStyle, len(at.Labels))
	for i := range styles {
		styles[i] = style
	}
	return &plotter.Labels{XYs: at.XYs, Labels: at.Labels, TextStyle: styles, Offset: vg.Point{Y: 3}}
}
