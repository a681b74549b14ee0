package plots

import (
	"image/color"

	"gonum.org/v1/plot/plotter"

	"spreadable/sim/result"
)

// copiesName is the name of the plot of copies, which only runs with stores have.
const copiesName = "copies"

// Copies draws how many of the objects of stores have a copy at a live node, and how many
// have as many as wanted, over time.
func Copies(run *result.Run) Plot {
	plt := Plot{
		Name:  copiesName,
		Title: "How many objects have their copies",
		Reading: "Available: a live node has a copy of the newest version. Whole: as many live nodes as wanted have one. " +
			"Repair brings the second curve up to the first; what the first has lost is back only with the nodes that hold it.",
	}
	if len(run.Copies) < 2 {
		plt.Missing = "the nodes of this run have no stores"
		return plt
	}
	end := run.Copies[len(run.Copies)-1].Time // each store has a row for each sample
	p, unit := overTime(end, "share of objects (%)")
	limit(p, 0, unit.of(end), 0, 103)
	var legend []entry
	for _, store := range []struct {
		name  string
		color color.Color
	}{{"documents", blue}, {"files", vermillion}} {
		held, whole := line(nil, stroke(store.color, 2.4, solid)), line(nil, stroke(store.color, 1.4, dashed))
		for _, r := range run.Copies {
			if r.Store != store.name || r.Objects == 0 {
				continue
			}
			held.XYs = append(held.XYs, plotter.XY{X: unit.of(r.Time), Y: 100 * float64(r.Held) / float64(r.Objects)})
			whole.XYs = append(whole.XYs, plotter.XY{X: unit.of(r.Time), Y: 100 * float64(r.Whole) / float64(r.Objects)})
		}
		if len(held.XYs) < 2 {
			continue
		}
		add(p, held, whole)
		legend = append(legend, key(store.name+" available", held), key(store.name+" whole", whole))
	}
	plt.figure = of(p, legend...)
	return plt
}
