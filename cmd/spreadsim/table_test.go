package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"spreadable/sim"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// TestTheTableIsWhatItWas compares the tables of runs with testdata/table.golden: a full
// one, one without workload, one that measured nothing, one with a single draw of
// approvers, which says nothing about evenness, one whose searches ended in all ways, and
// one in which they all failed. UPDATE_SCRIPTS=1 rewrites it.
func TestTheTableIsWhatItWas(t *testing.T) {
	const text = "name: table\nnodes: 10000\nduration: 320s\n"
	sets := [][]string{
		{"workload.searches.count=200", "workload.approvals.count=200", "expect.search.hops.max=== 3",
			"expect.convergence.rounds=<= 4"},
		nil,
		{"registration=original", "expect.convergence.rounds=<= 4"},
		{"workload.approvals.count=1"},
		{"workload.searches.count=200", "workload.approvals.count=2"},
		{"workload.searches.count=7"},
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
		case 4:
			mixed(&r.Summary)
		case 5:
			r.Summary.Search = &result.Search{
				Count: 7, Failed: 7, MessagesMean: 31, Coverage: &result.Coverage{},
				FailedLatencyMS: &result.Latency{P50: 7000, P90: 7000, P99: 7000, Max: 7000},
				Errors:          map[string]int{result.ErrorNoOther: 7},
			}
		case 3:
			a := r.Summary.Approval
			a.Draws, a.Chi2, a.Chi2DF, a.Chi2P, a.Agreement = 1, nil, nil, nil, nil
		}
		r.Expectations = s.Check(&r.Summary)
		if err := printTable(&got, r, job{scenario: s, dir: "runs/table-1", drawn: i == 0}); err != nil {
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

// mixed gives a summary searches and approvals with all outcomes.
func mixed(s *result.Summary) {
	search := s.Search
	search.Complete, search.Partial, search.Failed = 190, 7, 3
	search.Coverage = &result.Coverage{Min: 0, Mean: 0.96}
	search.PartialCoverage = &result.Spread{Min: 0.2, Mean: 0.5, Max: 0.9999}
	search.PartialLatencyMS = &result.Latency{P50: 3000, P90: 3000, P99: 3100, Max: 3100}
	search.FailedLatencyMS = &result.Latency{P50: 10000, P90: 10000, P99: 10000, Max: 10000}
	search.Errors = map[string]int{result.ErrorTimeout: 2, result.ErrorRunEnded: 1}
	s.Approval.Granted, s.Approval.Success = 1, 0.5
	s.Approval.Errors = map[string]int{"NOT_ENOUGH_APPROVER_DECISIONS": 1}
}

func TestTheTableTellsWhichFilesAreSamples(t *testing.T) {
	var out table
	out.sampled(&result.Rows{NodesWritten: 500, NodesTotal: 500, RequestsWritten: 7, RequestsTotal: 7})
	if out.Len() > 0 {
		t.Errorf("of complete tables: %q", out.String())
	}
	out.sampled(&result.Rows{NodesWritten: 91_819, NodesTotal: 1_000_000, RequestsWritten: 100_000,
		RequestsTotal: 250_000, NotesWritten: 100_000, NotesTotal: 123_456})
	want := "             nodes.csv is a sample: 91,819 rows for 1,000,000 nodes\n" +
		"             requests.csv is a sample: 100,000 rows for 250,000 requests\n" +
		"             notes.csv has the first 100,000 of 123,456 bans\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

// The quickstart and a network of a million nodes, as docs/distributed.md tells them.
func TestTheTableSaysWhetherSeveralMachinesWouldPay(t *testing.T) {
	for _, c := range []struct {
		engine result.Engine
		want   string
	}{
		{result.Engine{VirtualS: 100, Events: 340_000, EventsPerS: 1.8e6}, "λ 0.94 on machines 50µs apart: they would mostly wait"},
		{result.Engine{VirtualS: 100, Events: 340_000_000, EventsPerS: 1.2e6}, "λ 1,417 on machines 50µs apart: it could pay"},
		{result.Engine{VirtualS: 100}, ""},
	} {
		s, err := scenario.Parse("x.yaml", []byte("name: x\nnodes: 10\nduration: 60s\nlatency: {model: constant, mean: 25ms}\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		var out table
		out.division(s, &c.engine)
		if got := strings.TrimSpace(out.String()); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}
