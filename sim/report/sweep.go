package report

import (
	"bytes"
	_ "embed" // for the template
	"fmt"
	"html/template"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"spreadable/sim/experiment"
	"spreadable/sim/plots"
	"spreadable/sim/result/words"
	"spreadable/sim/scenario"
)

//go:embed sweep.html.tmpl
var sweepPage string

// mostRows is how many runs the report of a sweep lists; runs.csv has all.
const mostRows = 1000

// metrics are the numbers that the report of a sweep tells, as far as they were measured.
var metrics = []struct{ path, name string }{
	{"convergence.rounds", "sync rounds until settled"},
	{"search.coverage.mean", "coverage of searches"},
	{"search.latency_ms.p90", "latency of searches, 90 %, in ms"},
	{"approval.success", "approvals granted"},
	{"approval.captured", "draws that liars decide"},
	{"churn.coverage.mean", "coverage under churn"},
	{"sync.requests_per_node_round", "upkeep, requests for each node and round"},
}

// Metrics are the paths of the numbers that the report of a sweep tells.
func Metrics() []string {
	var list []string
	for _, m := range metrics {
		list = append(list, m.path)
	}
	return list
}

// sweepView is what the template of a sweep sees.
type sweepView struct {
	Name, Description string
	Style             template.CSS
	Index             *experiment.Index
	Tally             experiment.Tally
	Columns           []string // names of the metrics that were measured
	Rows              []variantRow
	Story             []string
	Figures           []drawing
	Runs              []runRow
	Left              int  // runs that are not listed
	Served            bool // runs can be looked at from here
}

type variantRow struct {
	Number     int
	Values     []string
	Done, Held int
	Means      []string
}

type runRow struct {
	Key, Label, Outcome, Reason string
	Repetition                  int
	OK                          bool
}

// RenderSweep writes the report of a sweep as HTML, with plots of some effects. Served
// says that the page is one of a server at which runs can be looked at (?show=KEY). Equal
// sweeps give equal bytes.
func RenderSweep(w io.Writer, f *experiment.Folder, effects []plots.Effect, served bool) error {
	t, err := template.New(File).Parse(sweepPage)
	if err != nil {
		return fmt.Errorf("report template: %w", err)
	}
	v := &sweepView{Name: f.Index.Name, Style: template.CSS(Style), Index: &f.Index, Served: served}
	if v.Tally, err = f.Tally(); err != nil {
		return err
	}
	if err := v.addVariants(f); err != nil {
		return err
	}
	for _, e := range effects {
		p := *plots.DrawEffect(e)
		svg, err := p.SVG()
		if err != nil {
			return fmt.Errorf("draw %s: %w", p.Name, err)
		}
		v.Figures = append(v.Figures, drawing{Plot: p, Wide: inline(svg, p.Title)})
	}
	if err := t.Execute(w, v); err != nil {
		return fmt.Errorf("render report: %w", err)
	}
	return nil
}

// WriteSweep writes the report of a sweep into its folder. The file appears complete or
// not at all.
func WriteSweep(f *experiment.Folder, effects []plots.Effect) error {
	var b bytes.Buffer
	if err := RenderSweep(&b, f, effects, false); err != nil {
		return err
	}
	fresh, err := os.CreateTemp(f.Dir, "."+File+".new-*")
	if err == nil {
		err = replace(fresh, b.Bytes(), filepath.Join(f.Dir, File))
	}
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// addVariants collects what came of each variant.
func (v *sweepView) addVariants(f *experiment.Folder) error {
	all := make([]map[string]experiment.MetricMean, len(f.Index.Variants))
	measured := make(map[string]bool)
	for i, variant := range f.Index.Variants {
		records, err := f.Records(i)
		if err != nil {
			return err
		}
		row := variantRow{Number: i + 1, Values: variant.Values, Done: len(records)}
		for _, r := range records {
			run := v.addRun(f, i, r)
			if run.OK {
				row.Held++
			}
			v.describe(r)
		}
		all[i] = make(map[string]experiment.MetricMean)
		for _, m := range experiment.Means(records) {
			all[i][m.Metric], measured[m.Metric] = m, true
		}
		v.Rows = append(v.Rows, row)
	}
	for _, m := range metrics {
		if measured[m.path] {
			v.addMetric(m.path, m.name, all)
		}
	}
	return nil
}

// addRun lists a run.
func (v *sweepView) addRun(f *experiment.Folder, variant int, r *experiment.Record) runRow {
	run := runRow{Key: r.Key, Label: f.Index.Label(variant), Outcome: string(r.Outcome), Reason: r.Reason, Repetition: r.Repetition,
		OK: r.Outcome == experiment.Complete && r.Unexpected() == 0}
	if r.Unexpected() > 0 {
		run.Outcome = fmt.Sprintf("%d of %d expectations failed", r.Unexpected(), len(r.Expectations))
	}
	if len(v.Runs) < mostRows {
		v.Runs = append(v.Runs, run)
	} else {
		v.Left++
	}
	return run
}

// describe takes the description of the scenario from the first run.
func (v *sweepView) describe(r *experiment.Record) {
	if v.Description != "" {
		return
	}
	if s, err := scenario.Recorded("scenario.yaml", []byte(r.Scenario)); err == nil {
		v.Description = s.Description
	}
}

// addMetric adds a column of means, and a sentence on where the number is least and most.
func (v *sweepView) addMetric(path, name string, all []map[string]experiment.MetricMean) {
	v.Columns = append(v.Columns, name)
	least, most := -1, -1
	for i := range v.Rows {
		m, ok := all[i][path]
		if !ok {
			v.Rows[i].Means = append(v.Rows[i].Means, "–")
			continue
		}
		v.Rows[i].Means = append(v.Rows[i].Means, interval(m))
		if least < 0 || m.Value < all[least][path].Value {
			least = i
		}
		if most < 0 || m.Value > all[most][path].Value {
			most = i
		}
	}
	low, high := all[least][path], all[most][path]
	text := strings.ToUpper(name[:1]) + name[1:] + ": "
	if low.Value == high.Value {
		text += words.Short(low.Value) + " in all variants that measured it."
	} else {
		text += fmt.Sprintf("from %s (%s) to %s (%s).", interval(low), v.Index.Label(least), interval(high), v.Index.Label(most))
		if low.N > 1 && high.N > 1 && low.High() >= high.Low() {
			text += " The intervals overlap: this may be chance."
		}
	}
	v.Story = append(v.Story, text)
}

// interval writes a mean with half the width of its 95 % interval.
func interval(m experiment.MetricMean) string {
	if m.N < 2 || math.IsNaN(m.Half) {
		return words.Short(m.Value)
	}
	return words.Short(m.Value) + " ± " + words.Short(m.Half)
}

// Good reports whether all runs that are done did what they should.
func (v *sweepView) Good() bool { return len(v.Tally.Bad) == 0 }

// Verdict says in a few words how the runs fared.
func (v *sweepView) Verdict() string {
	t := &v.Tally
	text := ""
	switch {
	case t.Done == 0:
		return "no run is done yet"
	case v.Good():
		text = "all runs did what they should"
	default:
		text = fmt.Sprintf("of %s, %s failed, %s violated an invariant, and %s did not meet an expectation",
			words.Count(t.Done, "run", "runs"), none(t.Failed), none(t.Violated), none(t.Unexpected))
		if t.Lost > 0 {
			text += fmt.Sprintf("; %s were lost with their machines", words.Short(float64(t.Lost)))
		}
	}
	if t.Done < t.Runs {
		text += fmt.Sprintf("; %s are still to do", words.Short(float64(t.Runs-t.Done)))
	}
	return text
}

// Subtitle says what was run.
func (v *sweepView) Subtitle() string {
	return fmt.Sprintf("%s · %s · %s", words.Count(len(v.Index.Variants), "variant", "variants"), words.Count(v.Tally.Done, "run", "runs"), v.Index.Version)
}
