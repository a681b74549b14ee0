package plots

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spreadable/sim"
	"spreadable/sim/result"
	"spreadable/sim/result/words"
	"spreadable/sim/scenario"
)

// measured is a run of every kind of thing that a plot shows, of a real network.
const measured = `name: measured
nodes: 80
duration: 200s
workload:
  searches: {count: 40, start: 20s, over: 150s}
  approvals: {count: 30, start: 60s, over: 100s}
approval: {period: 20s}
`

func realRun(t *testing.T) *result.Run {
	t.Helper()
	s, err := scenario.Parse("measured.yaml", []byte(measured), nil)
	if err != nil {
		t.Fatal(err)
	}
	run, err := sim.Run(s, sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// Every number in a plot stands in a file of the results folder: what is drawn from these
// files alone is the same picture, to the byte, for runs with all that a plot can show.
func TestPlotsAreDrawnFromTheFilesAlone(t *testing.T) {
	runs := goldenRuns()
	delete(runs, "empty") // no run has no results at all
	runs["real"] = realRun(t)
	for name, run := range runs {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			if err := run.Write(dir); err != nil {
				t.Fatal(err)
			}
			read, err := result.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			before, after := Draw(run), Draw(read)
			for i := range before {
				a, err := before[i].SVG()
				if err != nil {
					t.Fatal(err)
				}
				b, err := after[i].SVG()
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(a, b) || before[i].Missing != after[i].Missing {
					t.Errorf("the plot %s of the files differs from that of the run", before[i].Name)
				}
				if name == "real" && before[i].Missing != "" {
					t.Errorf("the plot %s is missing: %s", before[i].Name, before[i].Missing)
				}
			}
		})
	}
}

// The numbers that legends tell of the whole run are those of the summary.
func TestLegendsTellTheSummary(t *testing.T) {
	run := realRun(t)
	legends := make(map[string]string)
	for _, p := range Draw(run) {
		for _, e := range p.figure.legend {
			legends[p.Name] += e.label + "\n"
		}
	}
	m, a, c := &run.Summary.Structure, run.Summary.Approval, &run.Summary.Convergence
	milliseconds := func(ms float64) string { return spell(time.Duration(ms * float64(time.Millisecond))) }
	masters, root := words.Count(m.Masters, "master", "masters"), "√N: "+words.Short(m.MastersExpected)
	settled := fmt.Sprintf("settled after %s s (%s)", words.Short(*c.TimeS), words.Count(int(*c.Rounds), "sync round", "sync rounds"))
	for name, wants := range map[string][]string{
		"convergence": {settled},
		"masters":     {fmt.Sprintf("masters: %d at the end", m.Masters), root, settled},
		"slaves":      {masters, root},
		"network":     {masters},
		"messages":    {masters},
		"latency": {fmt.Sprintf("%d complete searches: median %s, 99 %% within %s", run.Summary.Search.Complete,
			milliseconds(run.Summary.Search.LatencyMS.P50), milliseconds(run.Summary.Search.LatencyMS.P99)),
			fmt.Sprintf("%d approvals: median %s, 99 %% within %s", a.Granted, milliseconds(a.LatencyMS.P50), milliseconds(a.LatencyMS.P99))},
		"approvers": {words.Count(a.Draws, "draw", "draws"), fmt.Sprintf("Jain's index %.3f (fair: %.3f), chi-square p = %.3f", *a.Jain, *a.JainFair, *a.Chi2P)},
	} {
		for _, want := range wants {
			if !strings.Contains(legends[name], want) {
				t.Errorf("the legend of %s is\n%s, by the summary it has %q", name, legends[name], want)
			}
		}
	}
}
