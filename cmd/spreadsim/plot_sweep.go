package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/sim/experiment"
	"spreadable/sim/plots"
	"spreadable/sim/scenario"
)

// effectFlags are those of the plots of sweeps.
func effectFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "metric", Usage: "of a sweep: draw the number at `PATH` of summary.json; may be repeated"},
		&cli.StringFlag{Name: "x", Usage: "of a sweep: over the varied `KEY`; if absent, the first that holds numbers"},
		&cli.StringFlag{Name: "by", Usage: "of a sweep: with a curve for each value of `KEY`; if absent, the next one"},
		&cli.StringFlag{Name: "each", Usage: "of a sweep: with a panel for each value of `KEY`; if absent, all that are left"},
		&cli.BoolFlag{Name: "heat", Usage: "of a sweep: as a heat map, with --x and --by as its axes"},
		&cli.BoolFlag{Name: "linear", Usage: "of a sweep: with linear axes only; otherwise an axis whose values span a factor of 30 is logarithmic"},
	}
}

// effect says which keys of a sweep are the axis, the curves and the panels of its plots.
type effect struct {
	folder *experiment.Folder
	x, by  int   // places among the keys; by is -1 without one
	each   []int // the others
	linear bool
	heat   bool
}

// plotSweep draws numbers of a sweep over one of its keys.
func plotSweep(c *cli.Context, f *experiment.Folder) error {
	metrics := c.StringSlice("metric")
	if len(metrics) == 0 {
		return command.BadInput(errors.New("plot: name the numbers of the sweep to draw with --metric, such as --metric search.latency_ms.p90"))
	}
	if err := knownMetrics(metrics); err != nil {
		return command.BadInput(err)
	}
	e, err := newEffect(c, f)
	if err != nil {
		return command.BadInput(err)
	}
	for _, metric := range metrics {
		picture, err := e.of(metric)
		if err != nil {
			return command.BadInput(err)
		}
		dir := filepath.Join(f.Dir, plots.Dir)
		name, err := e.write(picture, metric, dir)
		if err != nil {
			return err
		}
		if !c.Bool("quiet") {
			fmt.Fprintf(c.App.Writer, "drawn  %s\n", filepath.ToSlash(filepath.Join(dir, name+".svg")))
		}
	}
	return nil
}

// write writes the picture in its form, and returns its name.
func (e *effect) write(picture plots.Effect, metric, dir string) (name string, err error) {
	if !e.heat {
		return picture.Name, plots.WriteEffect(picture, dir)
	}
	heat := e.heatOf(picture, metric)
	return heat.Name, plots.WriteHeat(heat, dir)
}

func newEffect(c *cli.Context, f *experiment.Folder) (*effect, error) {
	chosen := func(flag string) (int, error) {
		if !c.IsSet(flag) {
			return -1, nil
		}
		i := slices.Index(f.Index.Keys, c.String(flag))
		if i < 0 {
			return i, fmt.Errorf("flag --%s: %q is not varied (varied keys: %s)", flag, c.String(flag), strings.Join(f.Index.Keys, ", "))
		}
		return i, nil
	}
	x, err := chosen("x")
	by, err2 := chosen("by")
	each, err3 := chosen("each")
	if err := cmp.Or(err, err2, err3); err != nil {
		return nil, err
	}
	e, err := effectOf(f, x, by, each, c.Bool("linear"))
	if err != nil {
		return nil, err
	}
	if e.heat = c.Bool("heat"); e.heat && len(f.Index.Keys) < 2 {
		return nil, errors.New("flag --heat: needs a sweep of two keys")
	}
	return e, nil
}

// effectOf chooses the keys that are -1.
func effectOf(f *experiment.Folder, x, by, each int, linear bool) (*effect, error) {
	e := &effect{folder: f, x: -1, by: -1, linear: linear}
	columns := f.Index.Columns()
	if x < 0 {
		x = slices.IndexFunc(columns, func(c experiment.Column) bool { return c.Numeric })
	}
	switch {
	case x < 0:
		return nil, errors.New("plot: no varied key of this sweep holds numbers")
	case !columns[x].Numeric:
		return nil, fmt.Errorf("flag --x: %s does not hold numbers of one unit", f.Index.Keys[x])
	case x == by, x == each, by >= 0 && by == each:
		return nil, errors.New("plot: --x, --by and --each name different keys")
	}
	e.x, e.by = x, by
	for i := range f.Index.Keys {
		switch {
		case i == e.x, i == e.by:
		case e.by < 0 && i != each:
			e.by = i
		default:
			e.each = append(e.each, i)
		}
	}
	return e, nil
}

// errNotMeasured: no run of the sweep has the number.
var errNotMeasured = errors.New("was not measured")

// of collects the means of a number.
func (e *effect) of(metric string) (plots.Effect, error) {
	x := e.folder.Index.Columns()[e.x].Name
	picture := plots.Effect{
		Name:  fmt.Sprintf("%s-by-%s", metric, x),
		Title: fmt.Sprintf("%s by %s", metric, e.folder.Index.Keys[e.x]),
		X:     x, Y: metric,
	}
	least, most := math.MaxInt, 0
	for v := range e.folder.Index.Variants {
		records, err := e.folder.Records(v)
		if err != nil {
			return picture, err
		}
		for _, m := range experiment.Means(records) {
			if m.Metric != metric {
				continue
			}
			least, most = min(least, m.N), max(most, m.N)
			panel := panelOf(&picture, e.label(v, e.each))
			curve := curveOf(panel, e.label(v, e.curves()))
			at, _ := scenario.ParseQuantity(e.folder.Index.Variants[v].Values[e.x])
			curve.Points = append(curve.Points, plots.Mean{X: at.Number, Y: m.Value, Low: m.Low(), High: m.High()})
			if err := e.addLaw(panel, metric, v, at.Number, records[0]); err != nil {
				return picture, err
			}
		}
	}
	if most == 0 {
		return picture, fmt.Errorf("%s %w in %s", metric, errNotMeasured, filepath.ToSlash(e.folder.Dir))
	}
	repetitions := fmt.Sprint(most)
	if least < most {
		repetitions = fmt.Sprintf("%d to %d", least, most)
	}
	shown := "mean and 95 % interval"
	if e.heat {
		shown = "mean"
	}
	picture.Subtitle = fmt.Sprintf("%s · %s over %s repetitions", e.folder.Index.Name, shown, repetitions)
	e.finish(&picture)
	return picture, nil
}

func (e *effect) curves() []int {
	if e.by < 0 {
		return nil
	}
	return []int{e.by}
}

// label names the values of some keys of a variant.
func (e *effect) label(variant int, keys []int) string {
	var parts []string
	for _, k := range keys {
		parts = append(parts, e.folder.Index.Keys[k]+" "+e.folder.Index.Variants[variant].Values[k])
	}
	return strings.Join(parts, ", ")
}

// panelOf finds the panel of a title, or adds it.
func panelOf(picture *plots.Effect, title string) *plots.Panel {
	i := slices.IndexFunc(picture.Panels, func(p plots.Panel) bool { return p.Title == title })
	if i < 0 {
		i = len(picture.Panels)
		picture.Panels = append(picture.Panels, plots.Panel{Title: title})
	}
	return &picture.Panels[i]
}

// curveOf finds the curve of a name, or adds it.
func curveOf(panel *plots.Panel, name string) *plots.Trend {
	i := slices.IndexFunc(panel.Curves, func(c plots.Trend) bool { return c.Name == name })
	if i < 0 {
		i = len(panel.Curves)
		panel.Curves = append(panel.Curves, plots.Trend{Name: name})
	}
	return &panel.Curves[i]
}

// finish sorts the points, and chooses the scales of the axes.
func (e *effect) finish(picture *plots.Effect) {
	var xs, ys []float64
	for _, panel := range picture.Panels {
		for _, curve := range panel.Curves {
			slices.SortFunc(curve.Points, func(a, b plots.Mean) int { return cmp.Compare(a.X, b.X) })
			for _, m := range curve.Points {
				xs, ys = append(xs, m.X), append(ys, m.Y)
			}
		}
	}
	picture.LogX, picture.LogY = !e.linear && wide(xs), !e.linear && wide(ys)
}

// spanOfLog is the factor from which on values lie on a logarithmic axis.
const spanOfLog = 30

func wide(values []float64) bool {
	return slices.Min(values) > 0 && slices.Max(values) >= spanOfLog*slices.Min(values)
}
