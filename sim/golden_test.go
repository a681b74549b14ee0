package sim_test

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"strconv"
	"strings"
	"testing"

	"spreadable/sim"
)

// shapes are small networks, each of another kind than the shipped scenarios: other
// sizes, ways to join, latencies with and without timeouts, options of nodes, and clients
// that ask before the network has settled as well as after.
var shapes = []struct {
	name  string
	sizes []int
	rest  string // of the scenario
}{
	{"alone", []int{1, 2, 3, 4}, "duration: 480s\nworkload: {searches: {count: 20, start: 1s, over: 440s}, approvals: {count: 20, start: 2s, over: 440s}}"},
	{"mass", []int{5, 9, 16, 25, 37}, "duration: 480s\nworkload: {searches: {count: 20, start: 1s, over: 440s}}"},
	{"spread", []int{7, 31, 60}, "duration: 480s\njoin: {mode: spread, over: 200s}\nworkload: {searches: {count: 20, start: 100s, over: 300s}}"},
	{"growth", []int{20, 50}, "duration: 640s\njoin: {mode: growth, initial: 2, rate: 30%}\nworkload: {searches: {count: 20, start: 600s}}"},
	{"bootstraps", []int{4, 12, 40}, "duration: 960s\njoin: {mode: spread, over: 100s, bootstrap: 3}"},
	{"lognormal", []int{6, 30}, "duration: 960s\nlatency: {model: lognormal, mean: 90ms, stddev: 120ms, min: 5ms}\nworkload: {searches: {count: 40, start: 100s, over: 800s}}"},
	{"slow", []int{8, 26}, "duration: 1600s\nlatency: {model: uniform, min: 100ms, max: 560ms}\nworkload: {searches: {count: 40, start: 100s, over: 1400s}, approvals: {count: 40, start: 200s, over: 1300s, entries: 3}}"},
	{"lossy", []int{6, 14, 30}, "duration: 1600s\nlatency: {model: lognormal, mean: 300ms, stddev: 500ms, min: 10ms}\nnode: {server_max_fails: 2}\nworkload: {searches: {count: 40, start: 100s, over: 1400s}}"},
	{"hurried", []int{10, 22}, "duration: 300s\nsync_interval: 2s\nnode: {server_timeout: 400ms, ping_timeout: 60ms}\nlatency: {model: normal, mean: 30ms, stddev: 10ms, min: 5ms, max: 70ms}\nworkload: {approvals: {count: 60, start: 50s, over: 240s, entries: 2}}\napproval: {period: 3s}"},
	{"approvals", []int{9, 40}, "duration: 800s\napproval: {approvers: \"5\", decision_level: \"3\", period: 20s}\nworkload: {approvals: {count: 60, start: 60s, over: 700s, entries: 4}}"},
	{"trusted", []int{12}, "duration: 960s\nlatency: {model: uniform, min: 50ms, max: 700ms}\nnode: {trusted: true}\nworkload: {approvals: {count: 30, start: 100s, over: 800s}}"},
	{"original", []int{2, 3, 5, 9, 17, 33},
		"duration: 1280s\nregistration: original\nworkload: {searches: {count: 20, start: 100s, over: 1100s}}"},
	{"original-spread", []int{12, 40}, "duration: 1280s\nregistration: original\njoin: {mode: spread, over: 300s, bootstrap: 2}\nlatency: {model: lognormal, mean: 200ms, stddev: 300ms, min: 5ms}\nnode: {server_max_fails: 3}"},
}

// The runs of small networks, and what is measured of them, change when, and only when,
// what nodes do or what is measured changes. After such a change, `go test ./sim -run
// Golden -update` writes them anew: say in the commit why they moved.
func TestGoldenShapes(t *testing.T) {
	var got strings.Builder
	for _, shape := range shapes {
		for i := range 3 * len(shape.sizes) {
			nodes, seed := shape.sizes[i/3], i+2
			s := parse(t, "name: %s\nnodes: %d\nseed: %d\n%s\n", shape.name, nodes, seed, shape.rest)
			r, err := sim.Run(s, sim.Options{})
			r = must(t, r, err)
			fmt.Fprintf(&got, "%s %d %d %s %s\n", shape.name, nodes, seed, r.Summary.Fingerprint,
				digest(t, r.Summary.Timeless(), r.Samples, r.Requests, r.Nodes))
		}
	}
	const path = "testdata/shapes.txt"
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	was, is := strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")
	if len(was) != len(is) {
		t.Fatalf("%s has %d lines for %d runs", path, len(was)-1, len(is)-1)
	}
	for i := range is {
		if is[i] != was[i] {
			t.Errorf("name, nodes, seed, fingerprint and results are %s, want %s", is[i], was[i])
		}
	}
}

// digest is a hash of values as JSON, in which floating-point numbers count nine digits:
// the last ones may differ from one kind of processor to another.
func digest(t *testing.T, values ...any) string {
	t.Helper()
	h := fnv.New64a()
	for _, value := range values {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		var plain any
		if err := json.Unmarshal(text, &plain); err != nil {
			t.Fatal(err)
		}
		rounded, err := json.Marshal(rounded(plain))
		if err != nil {
			t.Fatal(err)
		}
		h.Write(rounded)
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

func rounded(value any) any {
	switch v := value.(type) {
	case float64:
		return strconv.FormatFloat(v, 'g', 9, 64)
	case []any:
		for i := range v {
			v[i] = rounded(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = rounded(v[key])
		}
	}
	return value
}
