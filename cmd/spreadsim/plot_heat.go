package main

import (
	"fmt"
	"math"
	"slices"

	"spreadable/sim/plots"
	"spreadable/sim/scenario"
)

// heatOf makes a heat map of an effect: a panel stays a panel, a curve becomes a row, a
// mean a cell. Intervals are not in it, and laws neither.
func (e *effect) heatOf(picture plots.Effect, metric string) plots.Heat {
	x, y := e.folder.Index.Keys[e.x], e.folder.Index.Keys[e.by]
	columns, rows := e.valuesOf(e.x), e.valuesOf(e.by)
	heat := plots.Heat{
		Name: fmt.Sprintf("%s-by-%s-and-%s", metric, x, y), Title: fmt.Sprintf("%s by %s and %s", metric, x, y),
		Subtitle: picture.Subtitle, X: x, Y: y, Columns: columns, Rows: rows,
	}
	for _, p := range picture.Panels {
		panel := plots.HeatPanel{Title: p.Title, Cells: make([][]float64, len(rows))}
		for row := range rows {
			panel.Cells[row] = slices.Repeat([]float64{math.NaN()}, len(columns))
		}
		for _, curve := range p.Curves {
			if curve.Theory {
				continue
			}
			row := slices.IndexFunc(rows, func(value string) bool { return y+" "+value == curve.Name })
			for _, m := range curve.Points {
				column := slices.IndexFunc(columns, func(value string) bool {
					q, _ := scenario.ParseQuantity(value)
					return q.Number == m.X
				})
				panel.Cells[row][column] = m.Y
			}
		}
		heat.Panels = append(heat.Panels, panel)
	}
	return heat
}

// valuesOf are the values of a key in the order of the sweep.
func (e *effect) valuesOf(key int) []string {
	var list []string
	for _, v := range e.folder.Index.Variants {
		if !slices.Contains(list, v.Values[key]) {
			list = append(list, v.Values[key])
		}
	}
	return list
}
