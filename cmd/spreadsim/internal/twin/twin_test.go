package twin_test

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"spreadable/cmd/spreadsim/internal/twin"
	"spreadable/sim/scenario"
)

// variants returns what makes the variants of a scenario.
func variants(text string) func(sets ...string) (*scenario.Scenario, error) {
	return func(sets ...string) (*scenario.Scenario, error) {
		return scenario.Parse("twin.yaml", []byte(text), sets)
	}
}

// small is a network that settles within seconds.
const small = `
name: small
nodes: 6
duration: 5s
sync_interval: 500ms
latency: {model: constant, mean: 10ms}
`

// Six nodes settle on both sides, and their searches take as long.
func TestBothSidesTellTheSame(t *testing.T) {
	text := small + `
node: {server_timeout: 400ms, ping_timeout: 300ms}
workload: {searches: {count: 10, start: 3500ms, over: 1s}, approvals: {count: 5, start: 4s, over: 500ms}}
`
	r, err := twin.Compare(t.Context(), twin.Options{Variant: variants(text), Repeat: 1})
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]twin.Row)
	for _, row := range r.Rows() {
		rows[row.Name] = row
	}
	for _, name := range []string{"registered at the end", "coverage at the end", "search coverage, mean", "approvals granted"} {
		if row := rows[name]; row.RealMedian == nil || *row.RealMedian != 1 || *row.SimulatedMedian != 1 {
			t.Errorf("%s: %+v", name, row)
		}
	}
	if row := rows["search latency p50"]; row.Percent == nil || *row.RealMedian < 60 || math.Abs(*row.Percent) > 50 {
		t.Errorf("searches of three round trips of 20 ms: %+v", row)
	}
	if row := rows["bytes per node and round"]; row.Percent == nil || math.Abs(*row.Percent) > 30 {
		t.Errorf("traffic: %+v", row)
	}
	s, _ := variants(text)()
	dir := filepath.Join(t.TempDir(), "twin")
	for range 2 { // the second takes the place of the first
		if err := r.Write(dir, s); err != nil {
			t.Error(err)
		}
	}
}

// With two levels both sides have branches, and searches of four round trips that reach
// all nodes.
func TestBothSidesHaveTwoLevels(t *testing.T) {
	text := strings.NewReplacer("nodes: 6", "nodes: 12", "duration: 5s", "duration: 12s").Replace(small) + `
levels: 2
node: {server_timeout: 400ms, ping_timeout: 300ms}
workload: {searches: {count: 10, start: 10s, over: 1s}}
`
	r, err := twin.Compare(t.Context(), twin.Options{Variant: variants(text), Repeat: 1, Service: 1e5})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range r.Rows() {
		switch row.Name {
		case "registered at the end", "coverage at the end", "search coverage, mean":
			if row.RealMedian == nil || *row.RealMedian != 1 || *row.SimulatedMedian != 1 {
				t.Errorf("%s: %+v", row.Name, row)
			}
		case "search latency p50":
			if row.RealMedian == nil || *row.RealMedian < 80 || *row.SimulatedMedian < 80 {
				t.Errorf("searches of four round trips of 20 ms: %+v", row)
			}
		}
	}
	for _, side := range [][]*twin.Run{r.Real, r.Simulated} {
		last := side[0].Samples[len(side[0].Samples)-1]
		if last.ExactSize != 1 || last.MastersExpected < 5 {
			t.Errorf("%+v", last)
		}
	}
}

// A node that has crashed is no longer counted, whether it refuses or is silent.
func TestBothSidesLoseTheSameNodes(t *testing.T) {
	for _, silent := range []string{"true", "false"} {
		text := small + "duration: 9s\nnode: {server_timeout: 250ms, ping_timeout: 200ms}\nfaults: [{at: 3s, do: crash, on: '#4-5', silent: " + silent + "}]\n"
		r, err := twin.Compare(t.Context(), twin.Options{Variant: variants(strings.Replace(text, "duration: 5s\n", "", 1)), Repeat: 1, Service: 1e5})
		if err != nil {
			t.Fatal(err)
		}
		real, simulated := r.Real[0].Samples, r.Simulated[0].Samples
		for _, last := range []struct{ alive, registered int }{
			{real[len(real)-1].Alive, real[len(real)-1].RegisteredCount},
			{simulated[len(simulated)-1].Alive, simulated[len(simulated)-1].RegisteredCount},
		} {
			if last.alive != 4 || last.registered != 4 {
				t.Errorf("silent %s: of 4 nodes left, %d are alive and %d registered", silent, last.alive, last.registered)
			}
		}
	}
}

// What real nodes cannot do is refused in one line.
func TestImpossibleTwinsAreRefused(t *testing.T) {
	for more, want := range map[string]string{
		"nodes=301": "nodes", "nodes=1": "nodes",
		"churn.session.model=exponential churn.session.mean=1m": "churn",
		"network.loss=1%":        "network",
		"classes.home.share=50%": "network",
		"addresses.nodes_per_ip.model=constant addresses.nodes_per_ip.mean=2": "addresses",
		"sync=manual": "sync",
		"workload.searches.count=5 workload.retries=2": "workload", "approval.draw=host": "approval.draw",
		"attacks=[{at: 1s, lie: sizes, on: 1}]":   "attacks",
		"faults=[{at: 1s, do: partition, on: 3}]": "faults.0.do",
	} {
		sets := []string{more}
		if !strings.Contains(more, "[") {
			sets = strings.Fields(more)
		}
		s, err := variants(small)(sets...)
		if err != nil {
			t.Fatal(err)
		}
		if err := twin.Check(s); err == nil || !strings.Contains(err.Error(), "twin: "+want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", more, err)
		}
	}
}
