package plots

import (
	"fmt"
	"image/color"
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

// kinds are the kinds of request, each with its look.
var kinds = [2]struct {
	kind             result.Kind
	singular, plural string
	color            color.Color
	dashes           []vg.Length
}{
	{result.KindSearch, "search", "searches", blue, solid},
	{result.KindApproval, "approval", "approvals", vermillion, dashed},
}

// quantiles are the ones marked on curves.
var quantiles = []struct {
	percent int
	shape   draw.GlyphDrawer
}{
	{50, draw.CircleGlyph{}}, {90, draw.BoxGlyph{}}, {99, draw.PyramidGlyph{}},
}

// Latency draws the distribution of the latency of successful searches and approvals.
func Latency(run *result.Run) Plot {
	plt := Plot{
		Name:  "latency",
		Title: "How long clients waited",
		Reading: "Each curve climbs from 0 to 100 % of the requests that succeeded, whose number stands in the legend: it passes 90 % " +
			"at the time within which 90 % of these had their answer. Further left is faster, steeper is steadier.",
	}
	p := axes("latency (ms)", "answered by then (% of those that succeeded)")
	var legend []entry
	longest := longestLatency(run.Requests)
	limit(p, 0, max(longest*1.06, 1), 0, 102)
	for _, k := range kinds {
		ms := latencies(run.Requests, k.kind)
		if len(ms) == 0 {
			continue
		}
		curve := steps(cumulative(ms, p.X.Max), stroke(k.color, 2, k.dashes))
		add(p, curve)
		for _, q := range quantiles {
			add(p, dot(stats.Quantile(ms, q.percent), float64(q.percent), k.color, q.shape))
		}
		legend = append(legend, key(fmt.Sprintf("%s: median %s ms, 99 %% within %s ms", succeeded(len(ms), run.Requests, k.kind, k.singular, k.plural),
			words.Short(stats.Quantile(ms, 50)), words.Short(stats.Quantile(ms, 99))), curve))
	}
	if len(legend) == 0 {
		plt.Missing = "no search and no approval succeeded in this run"
		return plt
	}
	for _, q := range quantiles {
		legend = append(legend, key(fmt.Sprintf("%d %%", q.percent), mark{glyph(grey, q.shape)}))
	}
	plt.figure = of(p, legend...)
	return plt
}

// succeeded says how many requests of a kind succeeded, and of how many if some did not.
func succeeded(n int, requests []result.Request, kind result.Kind, singular, plural string) string {
	all := 0
	for i := range requests {
		if r := &requests[i]; r.Kind == kind {
			all += r.Weight()
		}
	}
	text := words.Count(all, singular, plural)
	if n < all {
		text = words.Number(float64(n)) + " of " + text
	}
	return text
}

// longestLatency returns the longest latency in ms of the successful requests.
func longestLatency(requests []result.Request) float64 {
	var longest time.Duration
	for i := range requests {
		if r := &requests[i]; r.OK {
			longest = max(longest, r.Latency)
		}
	}
	return float64(longest) / float64(time.Millisecond)
}

// latencies returns the latencies in ms of successful requests of a kind, ascending.
func latencies(requests []result.Request, kind result.Kind) []float64 {
	var ms []float64
	for i := range requests {
		if r := &requests[i]; r.Kind == kind && r.OK {
			for range r.Weight() {
				ms = append(ms, float64(r.Latency)/float64(time.Millisecond))
			}
		}
	}
	slices.Sort(ms)
	return ms
}

// maxPoints bounds the points of a curve through sorted values: more could not be seen, and would make the
// file large.
const maxPoints = 1000

// cumulative returns the share, in percent, of the sorted values that are at most x, for each different x up to
// the end of the axis.
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

// Hops draws how many successful requests took how many hops.
func Hops(run *result.Run) Plot {
	plt := Plot{
		Name:  "hops",
		Title: "How many hops requests took",
		Reading: "A hop is one request that had to wait for the one before: client to entry node, entry node to " +
			"masters, masters to slaves make three. The number of requests stands above each bar.",
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

// tally counts the successful requests that counted their hops, by kind, in the order of kinds, and hops.
type tally struct {
	counts           [len(kinds)]map[int]int
	deepest, highest int // the most hops, the largest count
}

func tallyHops(requests []result.Request) (t tally) {
	for i, k := range kinds {
		t.counts[i] = make(map[int]int)
		for j := range requests {
			if r := &requests[j]; r.Kind == k.kind && r.OK && r.Hops > 0 {
				t.counts[i][r.Hops] += r.Weight()
				t.deepest = max(t.deepest, r.Hops)
				t.highest = max(t.highest, t.counts[i][r.Hops])
			}
		}
	}
	return t
}

// addBars adds the bars with their heights above them and returns the legend. Where both kinds took the same
// number of hops, their bars stand side by side.
func (t tally) addBars(p *plot.Plot) []entry {
	const width = 0.36
	var legend []entry
	for i, k := range kinds {
		var bins []plotter.HistogramBin
		var above plotter.XYLabels
		for hops := 0; hops <= t.deepest; hops++ {
			n := t.counts[i][hops]
			if n == 0 {
				continue
			}
			left := float64(hops) - width/2
			if t.counts[1-i][hops] > 0 {
				left += (float64(i) - 0.5) * width
			}
			bins = append(bins, plotter.HistogramBin{Min: left, Max: left + width, Weight: float64(n)})
			above.XYs = append(above.XYs, plotter.XY{X: left + width/2, Y: float64(n)})
			above.Labels = append(above.Labels, words.Number(float64(n)))
		}
		if len(bins) > 0 {
			add(p, bars(bins, k.color), centred(above))
			legend = append(legend, key(k.plural, swatch{k.color}))
		}
	}
	return legend
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
