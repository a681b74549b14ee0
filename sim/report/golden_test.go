package report

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"spreadable/sim/result"
	"spreadable/sim/result/resulttest"
)

var update = flag.Bool("update", false, "rewrite the golden report")

// moving is what a network measures in which nodes leave and come.
func moving() *result.Churn {
	mean, most := 12.5, 40.25
	return &result.Churn{Left: 70, Crashed: 30, Came: 60, Returned: 20, Alive: &result.Spread{Min: 40, Mean: 50.5, Max: 60},
		Registered: &result.Spread{Min: 0.7, Mean: 0.97, Max: 1}, Coverage: &result.Spread{Min: 0.6, Mean: 0.93, Max: 1},
		RelistedS: &mean, RelistedMaxS: &most}
}

// The report of a run, without its pictures and its style, is the one in testdata; so are
// the headlines of runs that lack something. `go test ./sim/report -run Golden -update`
// writes them anew.
func TestGoldenReport(t *testing.T) {
	var got strings.Builder
	text := render(t, resulttest.Run(100, 1))
	for _, left := range []string{`(?s)<svg.*?</svg>`, `(?s)<style>.*?</style>`} {
		text = regexp.MustCompile(left).ReplaceAllString(text, "")
	}
	got.WriteString(text)
	for _, variant := range []struct {
		name   string
		change func(*result.Summary)
	}{
		{"as it is", func(*result.Summary) {}},
		{"not settled at the end", func(s *result.Summary) { s.Convergence.Rounds = nil }},
		{"no node left", func(s *result.Summary) { s.Convergence = result.Convergence{} }},
		{"a share not measured", func(s *result.Summary) { s.Convergence.Rounds, s.Convergence.Coverage = nil, nil }},
		{"settled in one round", func(s *result.Summary) { *s.Convergence.Rounds = 1 }},
		{"no masters", func(s *result.Summary) { s.Structure.SlavesPerMaster = nil }},
		{"all searches failed", func(s *result.Summary) {
			s.Search.Failed, s.Search.Hops, s.Search.LatencyMS = 7, nil, nil
		}},
		{"one draw", func(s *result.Summary) { s.Approval.Draws = 1 }},
		{"two draws", func(s *result.Summary) { s.Approval.Draws, s.Approval.Chi2P = 2, nil }},
		{"no agreement measured", func(s *result.Summary) { s.Approval.Agreement, s.Approval.LatencyMS = nil, nil }},
		{"no fairness", func(s *result.Summary) { s.Approval.Jain = nil }},
		{"a doubtful draw", func(s *result.Summary) { *s.Approval.Chi2P = 0.0099 }},
		{"a fair draw", func(s *result.Summary) { *s.Approval.Chi2P = 0.01 }},
		{"no wall time", func(s *result.Summary) { s.Engine.WallS = 0 }},
		{"no memory", func(s *result.Summary) { s.Engine.PeakRSSBytes = nil }},
		{"churn", func(s *result.Summary) { s.Churn = moving() }},
		{"churn too short to measure", func(s *result.Summary) {
			s.Churn = moving()
			s.Churn.Alive, s.Churn.Coverage, s.Churn.RelistedMaxS = nil, nil, nil
		}},
		{"nobody registered", func(s *result.Summary) { s.Churn = moving(); s.Churn.Registered, s.Churn.RelistedS = nil, nil }},
		{"faults", func(s *result.Summary) { s.Faults = &result.Faults{Count: 3, Rounds: s.Convergence.Rounds} }},
		{"faults that do not heal", func(s *result.Summary) { s.Faults = &result.Faults{Count: 1} }},
		{"attacks", func(s *result.Summary) {
			s.Attacks = &result.Attacks{Liars: 12, Convicted: 5, MastersShare: 0.25, Coverage: &result.Spread{Min: 0.8, Mean: 0.95, Max: 1}}
		}},
		{"attacks without a trace", func(s *result.Summary) { s.Attacks = &result.Attacks{Liars: 1} }},
		{"nothing", func(s *result.Summary) { *s = result.Summary{} }},
	} {
		run := resulttest.Run(60, 2)
		variant.change(&run.Summary)
		fmt.Fprintf(&got, "\n== %s\n%s\n", variant.name, subtitle(run))
		for _, h := range headlines(&run.Summary) {
			fmt.Fprintf(&got, "%s: %s %s\n  %s\n", h.Name, h.Value, h.Unit, h.Means)
		}
	}
	path := filepath.Join("testdata", "report.txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	is, was := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(is), len(was)) {
		if is[i] != was[i] {
			t.Fatalf("line %d is\n%s\nwant\n%s", i+1, is[i], was[i])
		}
	}
	if len(is) != len(was) {
		t.Errorf("%d lines, want %d", len(is), len(was))
	}
}
