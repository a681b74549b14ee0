package sim_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"spreadable/sim"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// The number of workers does not matter: every shipped scenario, made small, some with
// latencies that vary, has the same fingerprint, summary, series and rows with any number
// of them. Under the race detector (go test -race -run Workers ./sim) this also says that
// partitions share nothing but what they hand over. Small scenarios take turns at two,
// three and eight workers; those with enough events for several do all three.
func TestWorkersDoNotMatter(t *testing.T) {
	all := small(t)
	for name, sets := range map[string]string{
		// The laws, shorter.
		"laws/approver-load":  "duration=500s workload.approvals.count=30 workload.approvals.over=300s",
		"laws/birth-death":    "duration=30m",
		"laws/queue-dm1":      "nodes=20 duration=200s workload.searches.count=2000 workload.searches.over=100s",
		"laws/search-latency": "",
		"laws/stale-lists":    "duration=20m",
		// Shorter than its 42 min.
		"approval-10k": "duration=240s workload.approvals.count=100 workload.approvals.over=100s",
		"mass-join-1k": "latency.model=uniform latency.min=6ms latency.max=90ms",
		// Enough events at a time for several processors.
		"mass-join-10k": "nodes=3000 duration=64s latency.model=weibull latency.scale=30ms latency.shape=0.7 latency.min=2ms latency.per=pair latency.jitter=3ms",
		"scale-100k":    "latency.model=lognormal latency.mean=50ms latency.stddev=20ms latency.min=5ms",
	} {
		s, err := scenario.Load("../scenarios/"+name+".yaml", append([]string{"nodes=120"}, strings.Fields(sets)...))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = s
	}
	counts := []int{2, 3, 8}
	for i, name := range slices.Sorted(maps.Keys(all)) {
		s, tried := all[name], counts
		if s.Nodes < 1000 {
			tried = counts[i%len(counts):][:1]
		}
		t.Run(name, func(t *testing.T) {
			one := runWith(t, s, 1)
			for _, workers := range tried {
				many := runWith(t, s, workers)
				if many.Summary.Engine.Workers != workers {
					t.Errorf("%d workers asked for, %d used", workers, many.Summary.Engine.Workers)
				}
				for what, pair := range map[string][2]any{
					// The summary holds the fingerprint.
					"summary":      {one.Summary.Timeless(), many.Summary.Timeless()},
					"series":       {one.Samples, many.Samples},
					"requests":     {one.Requests, many.Requests},
					"nodes":        {one.Nodes, many.Nodes},
					"expectations": {one.Expectations, many.Expectations},
				} {
					if !reflect.DeepEqual(pair[0], pair[1]) {
						t.Errorf("with %d workers the %s differs", workers, what)
					}
				}
			}
		})
	}
}

func runWith(t *testing.T, s *scenario.Scenario, workers int) *result.Run {
	t.Helper()
	r, err := sim.Run(s, sim.Options{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Workers that could not run ahead of each other are not used, and the user is told why.
func TestWorkersNeedLookahead(t *testing.T) {
	for _, c := range []struct {
		set    string
		wanted int
		used   int
		reason string
	}{
		{"latency.mean=25ms", 8, 8, ""},
		{"latency.mean=25ms", 0, 1, ""},
		{"latency.mean=100us", 2, 1, "least latency is 100µs"},
		{"nodes=3", 8, 3, "no more workers than nodes"},
	} {
		s, err := scenario.Parse("w.yaml", []byte("name: w\nnodes: 50\nduration: 10s\n"), []string{c.set})
		if err != nil {
			t.Fatal(err)
		}
		used, reason := sim.Workers(s, c.wanted)
		if used != c.used || !strings.Contains(reason, c.reason) || (reason == "") != (c.reason == "") {
			t.Errorf("%s, %d wanted: %d, %q", c.set, c.wanted, used, reason)
		}
	}
}
