package report

import (
	"bytes"
	"strings"
	"testing"

	"spreadable/sim/experiment"
	"spreadable/sim/result"
	"spreadable/sim/result/resulttest"
)

// swept is the folder of a sweep of two variants, with two repetitions each.
func swept(t *testing.T, change func(variant, repetition int, r *experiment.Record)) *experiment.Folder {
	t.Helper()
	keys := [][]string{{"aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"}, {"cccccccccccccccc", "dddddddddddddddd"}}
	x := experiment.Index{Schema: "spreadsim-sweep/1", Name: "<two>", Version: "v1", Keys: []string{"nodes"}, Repeat: experiment.Repeat{Count: 2}}
	for v, value := range []string{"100", "400"} {
		x.Variants = append(x.Variants, experiment.Variant{Values: []string{value}, Seed: 1, Nodes: 100, Runs: keys[v]})
	}
	f, err := experiment.CreateFolder(t.TempDir(), x, nil)
	if err != nil {
		t.Fatal(err)
	}
	for v := range keys {
		for repetition, key := range keys[v] {
			run := resulttest.Run(60, uint64(repetition)+1)
			run.Expectations = []result.Outcome{{Path: "search.hops.max", Condition: "<= 3", Value: "3", OK: true}}
			summary := run.Summary.Timeless()
			r := &experiment.Record{Schema: "spreadsim-sweep-run/1", Key: key, Version: "v1", Values: x.Variants[v].Values, Repetition: repetition + 1,
				Seed: 1, Outcome: experiment.Complete, Scenario: string(run.Scenario), Expectations: run.Expectations, Summary: &summary}
			change(v, repetition, r)
			if err := f.Put(r); err != nil {
				t.Fatal(err)
			}
		}
	}
	return f
}

func renderSweep(t *testing.T, f *experiment.Folder, served bool) string {
	t.Helper()
	var b bytes.Buffer
	if err := RenderSweep(&b, f, nil, served); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The report of a sweep says first whether all held, and where numbers are least and most.
func TestSweepReportTellsTheStory(t *testing.T) {
	f := swept(t, func(variant, _ int, r *experiment.Record) { *r.Summary.Convergence.Rounds = float64(3 + variant) })
	text := renderSweep(t, f, false)
	for _, want := range []string{
		"all runs did what they should", "2 variants · 4 runs · v1", "&lt;two&gt;",
		"Sync rounds until settled: from 3 ± 0 (nodes=100) to 4 ± 0 (nodes=400).",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if strings.Contains(text, "<two>") || strings.Contains(text, "<form") {
		t.Error("the report has unescaped text, or a form without a server")
	}
	if text != renderSweep(t, f, false) {
		t.Error("the same sweep gives another report")
	}
	if served := renderSweep(t, f, true); !strings.Contains(served, `href="/?show=aaaaaaaaaaaaaaaa"`) {
		t.Error("the served report has no links to its runs")
	}
}

// Runs that did not do what they should are named, with the reason.
func TestSweepReportNamesBadRuns(t *testing.T) {
	f := swept(t, func(variant, repetition int, r *experiment.Record) {
		if variant == 1 && repetition == 0 {
			r.Expectations[0].OK = false
		}
	})
	text := renderSweep(t, f, false)
	for _, want := range []string{"of 4 runs, none failed, none violated an invariant, and 1 did not meet an expectation", "What did not hold", "1 of 1 expectations failed"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
}

// Whatever became of the runs, the report says it in words: in the verdict, in the rows of
// the variants, and in the sentences on numbers, which are those of complete runs.
func TestSweepReportTellsWhatBecameOfRuns(t *testing.T) {
	f := swept(t, func(variant, repetition int, r *experiment.Record) {
		r.Scenario += "description: What it is for\n"
		switch {
		case variant == 0 && repetition == 0:
			r.Outcome, r.Reason, r.Summary, r.Expectations = experiment.Failed, "out of memory", nil, nil
		case variant == 0:
			r.Outcome, r.Reason, r.Summary, r.Expectations = experiment.Lost, "its machine died", nil, nil
		case repetition == 0:
			*r.Summary.Convergence.Rounds, r.Outcome, r.Reason = 9, experiment.Violated, "two backlinks"
		default:
			*r.Summary.Convergence.Rounds = 4
		}
	})
	f.Index.Repeat.Count = 3
	text := renderSweep(t, f, false)
	for _, want := range []string{
		"of 4 runs, 1 failed, 1 violated an invariant, and none did not meet an expectation; 1 were lost with their machines; 2 are still to do",
		"Sync rounds until settled: 4 in all variants that measured it.", "What it is for", "out of memory", "its machine died", "two backlinks", "–",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	// numbers that chance may have made different
	f = swept(t, func(variant, repetition int, r *experiment.Record) {
		*r.Summary.Convergence.Rounds = float64(3 + variant + 5*repetition)
	})
	if text := renderSweep(t, f, false); !strings.Contains(text, "(nodes=400). The intervals overlap: this may be chance.") {
		t.Error("the report does not say that intervals overlap")
	}
	x := f.Index
	empty, err := experiment.CreateFolder(t.TempDir(), x, nil)
	if err != nil {
		t.Fatal(err)
	}
	if text := renderSweep(t, empty, false); !strings.Contains(text, "no run is done yet") {
		t.Error("the report of a sweep without runs says something else")
	}
}
