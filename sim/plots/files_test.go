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

// others are runs of the kinds that have plots of their own, or others in them: several
// levels, attacks on draws, stores, nodes that come and go, nodes that none can reach.
var others = map[string]string{
	"levels":   "name: levels\nnodes: 120\nlevels: 2\nduration: 200s\nworkload: {searches: {count: 20, start: 100s}}\n",
	"captured": "name: captured\nnodes: 60\nduration: 400s\nattacks: [{at: 100s, lie: omits, on: 20%}]\nworkload: {approvals: {count: 40, start: 150s, over: 200s}}\napproval: {draw: host, group: ip, period: 20s}\n",
	"stores":   "name: stores\nnodes: 40\nduration: 300s\npreload: {documents: 40, files: 30}\nworkload: {documents: {rate: 1}, files: {rate: 0.2}}\nfaults: [{at: 150s, do: crash, on: 30%}]\n",
	"churn":    "name: churn\nnodes: 60\nduration: 300s\nchurn: {session: {model: exponential, mean: 3m}, absence: {model: exponential, mean: 1m}}\nworkload: {searches: {count: 20, start: 100s}}\n",
	"outside":  "name: outside\nnodes: 60\nduration: 200s\nnetwork: {loss: 2%}\nclasses: {home: {share: 30%, nat: true}}\nworkload: {searches: {count: 20, start: 100s}}\n",
}

func realRun(t *testing.T, text string) *result.Run {
	t.Helper()
	s, err := scenario.Parse("real.yaml", []byte(text), nil)
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
	runs["real"] = realRun(t, measured)
	for name, text := range others {
		runs[name] = realRun(t, text)
	}
	drawn := make(map[string]bool)
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
				if _, real := others[name]; real || name == "real" {
					drawn[Dir+"/"+before[i].Name+".svg"] = before[i].Missing == "" || drawn[Dir+"/"+before[i].Name+".svg"]
				}
				if name == "real" && before[i].Missing != "" {
					t.Errorf("the plot %s is missing: %s", before[i].Name, before[i].Missing)
				}
			}
		})
	}
	for _, file := range Files() {
		if strings.HasSuffix(file, ".svg") && !drawn[file] {
			t.Errorf("no real run here has %s", file)
		}
	}
}

// The numbers that legends tell of the whole run are those of the summary.
func TestLegendsTellTheSummary(t *testing.T) {
	run := realRun(t, measured)
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
