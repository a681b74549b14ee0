package plots

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"spreadable/sim/result"
	"spreadable/sim/result/words"
)

// SlavesPerMaster draws how many masters have how many slaves.
func SlavesPerMaster(run *result.Run) Plot {
	plt := Plot{
		Name:  "slaves",
		Title: "Slaves per master",
		Reading: "Each bar counts the masters whose list has that length. All bars close to the dashed line, √N, mean " +
			"that the work of masters is shared evenly.",
	}
	var lists []int
	alive := 0
	for i := range run.Nodes {
		n := &run.Nodes[i]
		if n.Role == result.RoleGone {
			continue
		}
		alive += n.Weight()
		for range n.Weight() {
			if n.Slaves > 0 {
				lists = append(lists, n.Slaves)
			}
		}
	}
	if len(lists) == 0 {
		plt.Missing = "there was no master at the end of the run"
		return plt
	}
	aim := result.GroupSize(alive, run.Summary.Scenario.Levels)
	bins := histogram(lists)
	highest := 0.0
	for _, b := range bins {
		highest = max(highest, b.Weight)
	}
	p := axes("slaves in a master's list at the end", "masters")
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.TickerFunc(wholeTicks), plot.TickerFunc(wholeTicks)
	first, last := bins[0].Min, bins[len(bins)-1].Max
	limit(p, min(first, aim)-1, max(last, aim)+1, 0, highest*1.1)
	at := upright(p, aim, stroke(vermillion, 1.8, dashed))
	add(p, bars(bins, blue), at)
	plt.figure = of(p, key(words.Count(len(lists), "master", "masters"), swatch{blue}),
		key(fmt.Sprintf("√N: %s", words.Short(aim)), at))
	return plt
}

// histogram counts whole numbers in bins of one width around whole numbers, at most about
// 60 of them.
func histogram(values []int) []plotter.HistogramBin {
	low, high := slices.Min(values), slices.Max(values)
	width := int(math.Max(1, niceStep(float64(high-low+1)/60)))
	bins := make([]plotter.HistogramBin, (high-low)/width+1)
	for i := range bins {
		bins[i].Min = float64(low+i*width) - 0.5
		bins[i].Max = bins[i].Min + float64(width)
	}
	for _, v := range values {
		bins[(v-low)/width].Weight++
	}
	return bins
}

// ApproverLoad draws how often each node was an approver against what a fair draw gives.
func ApproverLoad(run *result.Run) Plot {
	plt := Plot{
		Name:  "approvers",
		Title: "How evenly approvers were drawn",
		Reading: "Nodes are sorted by how often they were drawn. Chance alone makes some luckier than others; a fair " +
			"draw stays inside the band, each node with a probability of 95 %. A curve that leaves it at the right " +
			"means that a few nodes are drawn too often.",
	}
	a := run.Summary.Approval
	if a == nil {
		plt.Missing = "no approvals were requested in this run"
		return plt
	}
	if a.Draws == 1 {
		plt.Missing = "all approvals fell into one draw, and a single draw says nothing about evenness"
		return plt
	}
	if len(run.Loads) == 0 || a.LoadMean == nil || a.ApproversMean == nil {
		plt.Missing = "no node that is there at the end was an approver (or an older version ran this, without approvers.csv)"
		return plt
	}
	load, low, high := ranks(run.Loads)
	n := len(load)
	p := axes("nodes, from the least to the most drawn", "times drawn as approver")
	p.Y.Tick.Marker = plot.TickerFunc(wholeTicks)
	limit(p, 0, float64(n), 0, math.Ceil(float64(max(load[n-1], high[n-1]))*1.08))
	band := &plotter.Polygon{XYs: []plotter.XYs{outline(low, high)}, Color: paleBlue}
	mean := level(p, *a.LoadMean, stroke(grey, 1.2, dotted))
	curve := line(stairs(load), stroke(blue, 1.6, solid))
	add(p, band, mean, curve)
	plt.figure = of(p,
		key(fmt.Sprintf("%s of %s nodes each", words.Count(a.Draws, "draw", "draws"),
			words.Short(*a.ApproversMean)), curve),
		key("a fair draw (95 % band)", swatch{paleBlue}),
		key("mean: "+words.Short(*a.LoadMean), mean),
		key(verdict(a)))
	return plt
}

// ranks lists the loads of all nodes, and the bounds of each.
func ranks(rows []result.LoadRow) (load, low, high []int) {
	for _, r := range rows {
		for range r.Nodes {
			load, low, high = append(load, r.Drawn), append(low, r.Low), append(high, r.High)
		}
	}
	return load, low, high
}

// verdict sums up the statistics in a line.
func verdict(a *result.Approval) string {
	text := ""
	if a.Jain != nil && a.JainFair != nil {
		text = fmt.Sprintf("Jain's index %.3f (fair: %.3f)", *a.Jain, *a.JainFair)
	}
	if a.Chi2P != nil {
		text += fmt.Sprintf(", chi-square p = %.3f", *a.Chi2P)
	}
	return text
}

// stairs turns sorted loads into a curve with one step per different load; node i covers
// i to i+1.
func stairs(sorted []int) plotter.XYs {
	var points plotter.XYs
	for i, v := range sorted {
		if i == 0 || v != sorted[i-1] {
			points = append(points, plotter.XY{X: float64(i), Y: float64(v)})
		}
		if i == len(sorted)-1 || v != sorted[i+1] {
			points = append(points, plotter.XY{X: float64(i + 1), Y: float64(v)})
		}
	}
	return points
}

// outline goes along the lower bounds and back along the upper ones.
func outline(low, high []int) plotter.XYs {
	back := stairs(high)
	slices.Reverse(back)
	return append(stairs(low), back...)
}

// Messages draws how many requests each node sent and received.
func Messages(run *result.Run) Plot {
	plt := Plot{
		Name:  "messages",
		Title: "Which nodes carry the traffic",
		Reading: "Nodes are sorted by their number of requests, the busiest first, on logarithmic axes. The plateau at " +
			"the left is the masters; the lower and the longer the rest, the cheaper it is to be an ordinary node.",
	}
	sent, received := traffic(run.Nodes)
	if len(received) < 2 || received[0] < 1 {
		plt.Missing = "no messages were counted per node"
		return plt
	}
	p := axes("nodes, from the busiest to the idlest", "requests in the whole run")
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.TickerFunc(logTicks), plot.TickerFunc(logTicks)
	in := steps(ranked(received), stroke(blue, 2.4, solid))
	out := steps(ranked(sent), stroke(vermillion, 1.8, dashed))
	low, high := math.Inf(1), math.Inf(-1)
	for _, xy := range slices.Concat(in.XYs, out.XYs) {
		low, high = min(low, xy.Y), max(high, xy.Y)
	}
	limit(p, 0, math.Log10(float64(max(len(sent), len(received)))), math.Floor(2*low)/2-0.03, high+0.15)
	add(p, in, out)
	legend := []entry{key("received", in), key("sent", out)}
	if m := run.Summary.Structure.Masters; m > 0 {
		at := upright(p, math.Log10(float64(m)), stroke(grey, 1.4, dotted))
		add(p, at)
		legend = append(legend, key(words.Count(m, "master", "masters"), at))
	}
	plt.figure = of(p, legend...)
	return plt
}

// traffic returns requests sent and received per node, descending, without zeros, which a
// logarithmic axis cannot show.
func traffic(nodes []result.Node) (sent, received []float64) {
	for i := range nodes {
		for range nodes[i].Weight() {
			if n := nodes[i].RequestsSent; n > 0 {
				sent = append(sent, float64(n))
			}
			if n := nodes[i].RequestsReceived; n > 0 {
				received = append(received, float64(n))
			}
		}
	}
	descending := func(a, b float64) int {
		switch {
		case a > b:
			return -1
		case a < b:
			return 1
		}
		return 0
	}
	slices.SortFunc(sent, descending)
	slices.SortFunc(received, descending)
	return sent, received
}

// ranked gives each value its rank, both as logarithms, thinning out evenly.
func ranked(descending []float64) plotter.XYs {
	var points plotter.XYs
	next := 1.0
	for i, v := range descending {
		rank := float64(i + 1)
		if rank < next && i != len(descending)-1 {
			continue
		}
		points = append(points, plotter.XY{X: math.Log10(rank), Y: math.Log10(v)})
		next = max(rank+1, rank*1.01)
	}
	return points
}
