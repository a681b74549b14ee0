package main

import (
	"bytes"
	"os"
	"testing"

	"spreadable/sim"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// TestTheTableIsWhatItWas compares the tables of four runs with
// testdata/table.golden: a full one, one without workload, one that measured
// nothing, and one with a single draw of approvers, which says nothing about
// evenness. UPDATE_SCRIPTS=1 rewrites it.
func TestTheTableIsWhatItWas(t *testing.T) {
	const text = "name: table\nnodes: 10000\nduration: 320s\n"
	sets := [][]string{
		{"workload.searches.count=200", "workload.approvals.count=200", "expect.search.hops.max=== 3", "expect.convergence.rounds=<= 4"},
		nil,
		{"registration=original", "expect.convergence.rounds=<= 4"},
		{"workload.approvals.count=1"},
	}
	var got bytes.Buffer
	for i, sets := range sets {
		s, err := scenario.Parse("table.yaml", []byte(text), sets)
		if err != nil {
			t.Fatal(err)
		}
		r, err := canned(s, sim.Options{Progress: func(sim.Progress) {}})
		if err != nil {
			t.Fatal(err)
		}
		switch i {
		case 2:
			r.Summary = result.Summary{Scenario: r.Summary.Scenario, Fingerprint: r.Summary.Fingerprint}
		case 3:
			a := r.Summary.Approval
			a.Draws, a.Chi2, a.Chi2DF, a.Chi2P, a.Agreement = 1, nil, nil, nil, nil
		}
		r.Expectations = s.Check(&r.Summary)
		if err := printTable(&got, r, job{s, "runs/table-1", i == 0}); err != nil {
			t.Fatal(err)
		}
		got.WriteString("\n")
	}
	const golden = "testdata/table.golden"
	if os.Getenv("UPDATE_SCRIPTS") != "" {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("got\n%s\nwant\n%s", got.Bytes(), want)
	}
}

func TestTheTableTellsWhichFilesAreSamples(t *testing.T) {
	var out table
	out.sampled(&result.Rows{NodesWritten: 500, NodesTotal: 500, RequestsWritten: 7, RequestsTotal: 7})
	if out.Len() > 0 {
		t.Errorf("of complete tables: %q", out.String())
	}
	out.sampled(&result.Rows{NodesWritten: 91_819, NodesTotal: 1_000_000, RequestsWritten: 100_000, RequestsTotal: 250_000})
	want := "             nodes.csv is a sample: 91,819 rows for 1,000,000 nodes\n" +
		"             requests.csv is a sample: 100,000 rows for 250,000 requests\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}
