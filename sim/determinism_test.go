package sim_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"spreadable/sim"
	"spreadable/sim/scenario"
)

var update = flag.Bool("update", false, "rewrite the golden fingerprints")

// small returns the shipped scenarios, each shrunk to a hundred nodes or so.
func small(t *testing.T) map[string]*scenario.Scenario {
	t.Helper()
	paths, err := filepath.Glob("../scenarios/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	all := make(map[string]*scenario.Scenario)
	for _, path := range paths {
		sets := []string{"nodes=120"}
		if strings.HasSuffix(path, "/levels-auto.yaml") {
			sets = append(sets, "join.initial=20", "leave.to=20")
		}
		s, err := scenario.Load(path, sets)
		if err != nil {
			t.Fatal(err)
		}
		all[s.Name] = s
	}
	return all
}

// run returns the fingerprint of a run and its summary without what depends on the
// machine.
func run(t *testing.T, s *scenario.Scenario, workers int) (fingerprint, summary string) {
	t.Helper()
	r, err := sim.Run(s, sim.Options{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(r.Summary.Timeless(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return r.Summary.Fingerprint, string(text)
}

// The same scenario and seed give the same run to the bit, however often, on how many
// cores and by how many workers.
func TestRunsAreRepeatable(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	type machine struct{ cores, workers int }
	all := small(t)
	for i, name := range slices.Sorted(maps.Keys(all)) {
		s := all[name]
		again := []machine{{2, []int{8, 2, 3}[i%3]}}
		// one for each way of doing things
		if slices.Contains([]string{"quickstart", "growth-10k", "original-1k"}, name) {
			again = append(again, machine{2, 1}, machine{1, 3})
		}
		runtime.GOMAXPROCS(1)
		fingerprint, summary := run(t, s, 1)
		for _, m := range again {
			runtime.GOMAXPROCS(m.cores)
			f, text := run(t, s, m.workers)
			if f != fingerprint || text != summary {
				t.Errorf("%s: with %d cores and %d workers the run differs: fingerprint %s, was %s", name,
					m.cores, m.workers, f, fingerprint)
			}
		}
	}
}

// Another seed is another run, and so is another latency.
func TestSeedsMatter(t *testing.T) {
	runs := make(map[string]string)
	for _, set := range []string{"seed=1", "seed=2", "latency.mean=26ms"} {
		s, err := scenario.Load("../scenarios/quickstart.yaml", []string{"nodes=50", set})
		if err != nil {
			t.Fatal(err)
		}
		fingerprint, _ := run(t, s, 1)
		if before, taken := runs[fingerprint]; taken {
			t.Errorf("%s and %s give one run", before, set)
		}
		runs[fingerprint] = set
	}
}

// The fingerprints of the shipped scenarios change when, and only when, what nodes do
// changes. After such a change, `go test ./sim -run Golden -update` writes them anew: say
// in the commit why they moved.
func TestGoldenFingerprints(t *testing.T) {
	const path = "testdata/fingerprints.txt"
	var lines []string
	for name, s := range small(t) {
		fingerprint, _ := run(t, s, 1)
		lines = append(lines, fmt.Sprintf("%s %s\n", name, fingerprint))
	}
	slices.Sort(lines)
	got := strings.Join(lines, "")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("fingerprints of the scenarios at 120 nodes are now\n%swere\n%s", got, want)
	}
}
