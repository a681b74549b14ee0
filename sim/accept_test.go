package sim_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spreadable/sim"
	"spreadable/sim/scenario"
)

// edges are values of every key of a scenario at and around its limits, and far beyond
// what makes sense. The counts that cost time are small: limits are what is tried here.
var edges = map[string][]string{
	"seed":                       {"0", "18446744073709551615"},
	"nodes":                      {"1", "2", "3", "9", "33"},
	"levels":                     {"1", "2", "4"},
	"duration":                   {"1ns", "1us", "1ms", "20ms", "1s", "40s", "400s", "25h", "30d", "365d"},
	"sync_interval":              {"1ms", "2ms", "3ms", "4ms", "5ms", "999ms", "1s", "2s", "3s", "16s", "24h", "25h", "365d"},
	"sample":                     {"1ms", "3ms", "4s", "1h", "365d"},
	"registration":               {"directed", "original"},
	"sync":                       {"timer", "manual"},
	"sync_order":                 {"0", "0;0,0;0"},
	"sync_gap":                   {"0s", "1ns", "1ms", "1s"},
	"sync_noise":                 {"0.0001%", "50%"},
	"join.times":                 {"[0s]", "[1ns, 16s]"},
	"latency.model":              {"constant", "uniform", "normal", "lognormal"},
	"latency.mean":               {"1ns", "1us", "25ms", "2s", "1h", "365d"},
	"latency.min":                {"0s", "1ns", "24ms", "2s", "1h", "365d"},
	"latency.max":                {"1ns", "2ns", "26ms", "2s", "1h", "365d"},
	"latency.stddev":             {"1ns", "1ms", "10s", "365d"},
	"join.mode":                  {"mass", "growth", "spread", "list"},
	"join.rate":                  {"0.000000000000000000001%", "0.1%", "20%", "100000%"},
	"join.initial":               {"1", "2", "9", "33"},
	"join.over":                  {"1ns", "1s", "16s", "365d"},
	"join.bootstrap":             {"1", "2", "9", "33"},
	"node.server_timeout":        {"1ms", "2s", "16s", "25h", "365d"},
	"node.ping_timeout":          {"1ms", "1s", "16s", "365d"},
	"node.server_max_fails":      {"1", "10", "4294967296", "9223372036854775807"},
	"node.trusted":               {"true", "false"},
	"approval.approvers":         {"1", "9223372036854775807", "0.0001%", "100%", "r-1", "r-64", "auto"},
	"approval.decision_level":    {"1", "9223372036854775807", "0.0001%", "100%"},
	"approval.period":            {"1ns", "1ms", "1s", "365d"},
	"workload.searches.count":    {"0", "1", "20"},
	"workload.searches.start":    {"0s", "1ns", "20ms", "30s", "365d"},
	"workload.searches.over":     {"0s", "1ns", "1s", "365d"},
	"workload.approvals.count":   {"0", "1", "20"},
	"workload.approvals.start":   {"0s", "1ns", "20ms", "30s", "365d"},
	"workload.approvals.over":    {"0s", "1ns", "1s", "365d"},
	"workload.approvals.entries": {"1", "2", "9"},
}

// linkEdges are settings of links, which have a meaning only together.
var linkEdges = []string{
	"", "",
	"network.up=1kbit/s network.down=1000Gbit/s",
	"network.down=1kbit/s network.connection=reuse",
	"network.loss=99.9999% network.rto=1ms",
	"network.loss=50% network.rto=1m network.connection=each network.tls=true",
	"network.loss=50% network.datagram=true network.connection=each",
	"network.service=1h network.queue=1000000 network.service_model=exponential",
	"network.service=1ns",
	"network.service=20ms network.queue=1 network.up=64kbit/s",
	"classes.home.share=50% classes.laggy.share=50% classes.laggy.delay=1h",
	"classes.server.share=50% classes.server.nat=true classes.server.up=1kbit/s",
	"classes.constrained.share=100% classes.constrained.service=1h classes.constrained.queue=1",
}

// meaning tells with which kinds of latency and of joining a key has a meaning.
var meaning = map[string][]string{
	"latency.model": {}, "join.mode": {}, // always set
	"latency.mean": {"constant", "normal", "lognormal"}, "latency.stddev": {"normal", "lognormal"},
	"latency.min": {"uniform", "normal", "lognormal"}, "latency.max": {"uniform", "normal"},
	"join.rate": {"growth"}, "join.initial": {"growth"}, "join.over": {"spread"},
}

// TestWhatValidateAcceptsRunAccepts: a scenario is refused before it runs or not at all.
func TestWhatValidateAcceptsRunAccepts(t *testing.T) {
	keys := slices.Sorted(maps.Keys(edges))
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		sets := drawEdges(t, keys)
		s, err := scenario.Parse("f.yaml", []byte("name: edge\nnodes: 5\nduration: 40s\n"), sets)
		if err != nil {
			checkBlame(t, err.Error(), sets)
			return
		}
		accepted++
		runAWhile(t, s, sets)
	})
	if accepted == 0 {
		t.Error("all scenarios were refused")
	}
}

// drawEdges sets some keys, and those that the model of latency and the way to join need.
func drawEdges(t *rapid.T, keys []string) []string {
	drawn := rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 0, 12, rapid.ID).Draw(t, "keys")
	drawn = slices.DeleteFunc(drawn, func(key string) bool { return meaning[key] != nil })
	var sets []string
	set := func(key string) string {
		value := rapid.SampledFrom(edges[key]).Draw(t, key)
		sets = append(sets, key+"="+value)
		return value
	}
	chosen := []string{set("latency.model"), set("join.mode")}
	for key, kinds := range meaning {
		if slices.ContainsFunc(kinds, func(kind string) bool { return slices.Contains(chosen, kind) }) {
			drawn = append(drawn, key)
		}
	}
	sets = append(sets, strings.Fields(rapid.SampledFrom(linkEdges).Draw(t, "link"))...)
	slices.Sort(drawn)
	for _, key := range slices.Compact(drawn) {
		set(key)
	}
	return sets
}

// checkBlame: the error is about a key that was given, which it names first.
func checkBlame(t *rapid.T, line string, sets []string) {
	keys := []string{"missing key", "f.yaml:2:8: nodes", "f.yaml:3:11: duration"}
	for _, set := range sets {
		keys = append(keys, "--set "+set+": ")
	}
	if !slices.ContainsFunc(keys, func(key string) bool { return strings.Contains(line, key) }) {
		t.Fatalf("none of the keys that were given: %s\n%s", line, strings.Join(sets, "\n"))
	}
	_, rest, _ := strings.Cut(line, ": ")
	named, _, _ := strings.Cut(strings.TrimPrefix(rest, "missing key "), ":")
	given := slices.ContainsFunc(sets, func(set string) bool { return strings.HasPrefix(set, named) })
	if !given && !strings.Contains(line, "missing key") {
		t.Fatalf("%q was not given: %s\n%s", named, line, strings.Join(sets, "\n"))
	}
}

// runAWhile runs a scenario until it ends, or has done enough to be believed.
func runAWhile(t *rapid.T, s *scenario.Scenario, sets []string) {
	const enoughEvents, enoughRounds = 5_000, 300
	events, rounds := uint64(0), 0
	_, err := sim.Run(s, sim.Options{
		Progress: func(at sim.Progress) { events, rounds = at.Events, rounds+1 },
		Stop:     func() bool { return events > enoughEvents || rounds > enoughRounds },
	})
	if err != nil && !errors.Is(err, sim.ErrStopped) {
		t.Fatalf("%v\n%s", err, strings.Join(sets, "\n"))
	}
}

// However slowly a network grows, its nodes start one after the other.
func TestNodesOfASlowGrowthStartOneAfterTheOther(t *testing.T) {
	const year = "sync_interval=365d duration=365d sample=73d "
	for _, c := range []struct {
		sets  string
		alive []int // at each sample
	}{
		{year + "join.rate=0.0001%", []int{10, 10, 10, 10, 10, 11}},
		{year + "join.rate=100000%", []int{10, 208, 406, 604, 802, 1000}},
		{"duration=12s sync_interval=16s join.rate=0.0001%", []int{10, 10, 10, 10}},
	} {
		s, err := scenario.Parse("f.yaml", []byte("name: slow\nnodes: 1000\nduration: 1s\njoin: {mode: growth, rate: 1%}\n"), strings.Fields(c.sets))
		if err != nil {
			t.Fatal(err)
		}
		r, err := sim.Run(s, sim.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var alive []int
		for _, sample := range r.Samples {
			alive = append(alive, sample.Alive)
		}
		if !slices.Equal(alive, c.alive) {
			t.Errorf("%s: alive %v, want %v", c.sets, alive, c.alive)
		}
	}
}

// The time that the core keeps for the way back is at most half of a timeout, so that
// short ones leave time to find a place.
func TestShortTimeoutsLeaveTimeToFindAPlace(t *testing.T) {
	for _, timeout := range []string{"60ms", "84ms"} {
		s, err := scenario.Parse("f.yaml", []byte("name: short\nnodes: 5\nduration: 64s\nlatency: {mean: 10ms}\n"),
			[]string{"node.server_timeout=" + timeout, "node.ping_timeout=60ms"})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Warnings(); len(got) > 0 {
			t.Errorf("%s: warnings %q", timeout, got)
		}
		r, err := sim.Run(s, sim.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := *r.Summary.Convergence.Registered; got != 1 {
			t.Errorf("%s: registered %v", timeout, got)
		}
	}
}
