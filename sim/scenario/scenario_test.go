package scenario_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spreadable/internal/strictyaml"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// small is the least a scenario can say.
const small = "name: small\nnodes: 10\nduration: 60s\n"

// parse reads a scenario that must be good.
func parse(t *testing.T, text string, sets ...string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse("test.yaml", []byte(text), sets)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// full names every key at least once.
const full = `
name: full
description: |
  Every key.
seed: 7
nodes: 1000
levels: 1
duration: 5m20s
sync_interval: 20s
sample: 2s
registration: original
latency: {model: normal, mean: 25ms, min: 5ms, max: 45ms, stddev: 5ms}
network:
  up: 5Mbit/s
  down: 50Mbit/s
  loss: 5%
  rto: 200ms
  connection: each
  tls: true
  service: 2ms
  service_model: exponential
  queue: 64
classes:
  server: {share: 20%, up: 10Gbit/s, down: 2.5Gbit/s, delay: 1ms, loss: 0.1%, service: 1ms, queue: 100, nat: true}
  home: {share: 30%}
  laggy: {share: 10%}
  constrained: {share: 5%}
join: {mode: growth, rate: 12.5%, initial: 20, bootstrap: 2}
node:
  server_timeout: 3s
  ping_timeout: 1.5s
  server_max_fails: 4
  trusted: true
approval: {approvers: 3, decision_level: 2, period: 10m}
workload:
  searches: {count: 200, start: 96s, over: 30s}
  approvals: {count: 20, start: 97s, over: 31s, entries: 2}
expect:
  search.hops.max: "<= 3"
  convergence.registered: 0.9 .. 1
  structure.levels.0.masters: "> 0"
`

func TestEveryKeyArrivesInItsField(t *testing.T) {
	s := parse(t, full)
	want := scenario.Scenario{
		Name: "full", Description: "Every key.", Seed: 7, Nodes: 1000, Levels: 1,
		Duration: 320 * time.Second, SyncInterval: 20 * time.Second, Sample: 2 * time.Second,
		Registration: scenario.Original,
		Latency: scenario.Latency{
			Model: "normal", Mean: 25 * time.Millisecond, Min: 5 * time.Millisecond,
			Max: 45 * time.Millisecond, Stddev: 5 * time.Millisecond,
		},
		Network: scenario.Network{
			Up: 5_000_000, Down: 50_000_000, Loss: 0.05, RTO: 200 * time.Millisecond, Connection: scenario.Each,
			TLS: true, Service: 2 * time.Millisecond, ServiceModel: scenario.Exponential, Queue: 64,
		},
		// What a class does not say is its own default, or as the network.
		Classes: scenario.Classes{
			Server: scenario.Class{
				Share: 0.2, Up: 10_000_000_000, Down: 2_500_000_000, Delay: time.Millisecond, Loss: 0.001,
				Service: time.Millisecond, Queue: 100, NAT: true,
			},
			Home: scenario.Class{
				Share: 0.3, Up: 20_000_000, Down: 100_000_000, Delay: 5 * time.Millisecond, Loss: 0.05,
				Service: 2 * time.Millisecond, Queue: 64,
			},
			Laggy: scenario.Class{
				Share: 0.1, Up: 5_000_000, Down: 50_000_000, Delay: 250 * time.Millisecond, Loss: 0.05,
				Service: 2 * time.Millisecond, Queue: 64,
			},
			Constrained: scenario.Class{
				Share: 0.05, Up: 1_000_000, Down: 5_000_000, Delay: 20 * time.Millisecond, Loss: 0.05,
				Service: 2 * time.Millisecond, Queue: 64,
			},
		},
		Join: scenario.Join{Mode: scenario.Growth, Rate: 0.125, Initial: 20, Bootstrap: 2},
		Node: scenario.Node{
			ServerTimeout: 3 * time.Second, PingTimeout: 1500 * time.Millisecond, ServerMaxFails: 4,
			Trusted: true,
		},
		Approval: scenario.Approval{Approvers: "3", DecisionLevel: "2", Period: 10 * time.Minute},
		Workload: scenario.Workload{
			Searches:  scenario.Searches{Count: 200, Start: 96 * time.Second, Over: 30 * time.Second},
			Approvals: scenario.Approvals{Count: 20, Start: 97 * time.Second, Over: 31 * time.Second, Entries: 2},
		},
		Expect: []scenario.Expectation{
			{Path: "search.hops.max", Op: scenario.AtMost, Low: 3},
			{Path: "convergence.registered", Op: scenario.Within, Low: 0.9, High: 1},
			{Path: "structure.levels.0.masters", Op: scenario.Greater},
		},
	}
	checkSame(t, &want, s)
}

func TestWhatIsLeftOutGetsItsDefault(t *testing.T) {
	s := parse(t, small)
	want := scenario.Scenario{
		Name: "small", Seed: 1, Nodes: 10, Levels: 1,
		Duration: time.Minute, SyncInterval: 16 * time.Second, Sample: 4 * time.Second,
		Registration: scenario.Directed,
		Latency:      scenario.Latency{Model: "constant", Mean: 25 * time.Millisecond},
		Join:         scenario.Join{Mode: scenario.Mass, Bootstrap: 1},
		Node: scenario.Node{
			ServerTimeout: 2 * time.Second, PingTimeout: time.Second, ServerMaxFails: 10,
		},
		Approval: scenario.Approval{Approvers: "r-6", DecisionLevel: "66.6%", Period: 5 * time.Minute},
		Workload: scenario.Workload{
			Searches:  scenario.Searches{Over: 16 * time.Second},
			Approvals: scenario.Approvals{Over: 16 * time.Second, Entries: 1},
		},
	}
	checkSame(t, &want, s)
}

// Some defaults follow from what was given.
func TestDefaultsFollowTheirNeighbours(t *testing.T) {
	s := parse(t, small+"sync_interval: 8s\nnode: {server_timeout: 500ms}\njoin: {mode: growth, rate: 20%}\n",
		"nodes=4")
	if s.Sample != 2*time.Second {
		t.Errorf("sample is %v, want a quarter of the sync interval", s.Sample)
	}
	if s.Node.PingTimeout != 500*time.Millisecond {
		t.Errorf("ping timeout is %v, want no more than the server timeout", s.Node.PingTimeout)
	}
	if s.Join.Initial != 4 {
		t.Errorf("%d nodes at the start, want no more than there are", s.Join.Initial)
	}
}

// checkSame compares by the resolved form, which names every field, and that
// of want does not know which keys were given.
func checkSame(t *testing.T, want, got *scenario.Scenario) {
	t.Helper()
	if w, g := string(want.Resolved()), string(got.Resolved()); w != g {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
}

func TestASetStandsForTheSameKeyInTheFile(t *testing.T) {
	s := parse(t, full, "latency.mean=30ms", "nodes=2000", "join.rate=20%", "node.trusted=false",
		"description=a: b # c", "expect.search.hops.max=== 3", "expect.search.coverage.min=>= 0.99", "seed=1", "seed=2")
	want := parse(t, strings.NewReplacer(
		"mean: 25ms", "mean: 30ms", "nodes: 1000", "nodes: 2000", "12.5%", "20%", "trusted: true", "trusted: false",
		"|\n  Every key.", `"a: b # c"`, `"<= 3"`, `"== 3"`, "seed: 7", "seed: 2",
	).Replace(full)+"  search.coverage.min: \">= 0.99\"\n")
	checkSame(t, want, s)
}

func TestABrokenSetNamesItself(t *testing.T) {
	for _, c := range []struct{ set, want string }{
		{"nodes", "--set nodes: expected key=value, such as latency.mean=80ms"},
		{"description=a\xff", `--set description=a\xff: not UTF-8 text`},
		{"=5", "--set =5: expected key=value, such as latency.mean=80ms"},
		{"nodes=", `--set nodes=: nodes: expected a whole number such as 10000, not ""`},
		{"nodes=-5", "--set nodes=-5: nodes: expected 1 to 10000000, not -5"},
		{"latency=5ms", "--set latency=5ms: latency: is a group: set one of its keys (model, per, mean, min, max, stddev, scale, shape, jitter, file, servers, places, access)"},
		{"latency.mean=80", `--set latency.mean=80: latency.mean: expected a duration with a unit (ns us ms s m h d), such as 16s or 5m20s, not "80"`},
		{"latency.maen=8ms", `--set latency.maen=8ms: unknown key "maen" in latency; did you mean "mean"? (known keys: model, per, mean, min, max, stddev, scale, shape, jitter, file, servers, places, access)`},
		{"latency.mean.x=8ms", "--set latency.mean.x=8ms: latency.mean has no keys below it"},
		{"latency.stddev=8ms", "--set latency.stddev=8ms: latency.stddev: has no meaning with model constant, which takes mean, per, jitter"},
		{"expect=5", "--set expect=5: expect: is a group: set one of its keys, such as expect.search.hops.max"},
		{"expect.convergence.round=< 6",
			`--set expect.convergence.round=< 6: expect.convergence.round: summary.json has no number with this path; did you mean "convergence.rounds"?`},
		{"na\nme=x", `--set na\nme=x: unknown key "na\nme" in the scenario; did you mean "name"? (known keys: name, description, seed, nodes, levels, duration, sync_interval, sync, sync_order, sync_gap, sync_noise, sample, registration, addresses, latency, network, classes, join, churn, leave, faults, attacks, node, approval, extensions, preload, workload, measure, expect, sweep, repeat)`},
	} {
		_, err := scenario.Parse("test.yaml", []byte(small), []string{c.set})
		if err == nil || err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}

func TestAFileThatCannotBeReadIsNamed(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.yaml")
	if err := os.WriteFile(large, []byte("# "+strings.Repeat("x", strictyaml.MaxSize)), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, want string }{
		{filepath.Join(dir, "missing.yaml"), "no such file or directory"},
		{dir, "is a directory, not a scenario file"},
		{large, "larger than 4 MiB, which no scenario is"},
	} {
		_, err := scenario.Load(c.path, nil)
		if want := c.path + ": " + c.want; err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// Editors on Windows write both.
func TestAByteOrderMarkAndCarriageReturnsAreNoContent(t *testing.T) {
	s := parse(t, "\ufeff"+strings.ReplaceAll(small, "\n", "\r\n"))
	checkSame(t, parse(t, small), s)
}

func TestEqualScenariosHaveEqualHashes(t *testing.T) {
	a := parse(t, small)
	b := parse(t, "# the same in other words\nduration: 1m\n\"nodes\": 10\nname: small\nseed: 1\nlatency: {mean: 0.025s}\n")
	c := parse(t, small, "seed=2")
	if a.Hash() != b.Hash() {
		t.Errorf("equal scenarios, hashes %s and %s:\n%s\n%s", a.Hash(), b.Hash(), a.Resolved(), b.Resolved())
	}
	if a.Hash() == c.Hash() {
		t.Errorf("seeds 1 and 2 have the same hash %s", a.Hash())
	}
	if len(a.Hash()) != 12 {
		t.Errorf("hash %q, want 12 digits", a.Hash())
	}
}

func TestResolvedNamesEveryDefault(t *testing.T) {
	golden(t, "testdata/small.resolved.golden", string(parse(t, small).Resolved()))
	golden(t, "testdata/full.resolved.golden", string(parse(t, full).Resolved()))
}

func TestAnExpectationJudgesTheMeasuredNumber(t *testing.T) {
	rounds := 5.0
	summary := &result.Summary{
		Convergence: result.Convergence{Registered: new(0.95), Rounds: &rounds},
		Search: &result.Search{
			Complete: 7, Failed: 2, Hops: &result.Hops{Mean: 2.9, Max: 3},
			Errors: map[string]int{result.ErrorTimeout: 2},
		},
	}
	for _, c := range []struct {
		path, condition, value string
		ok                     bool
	}{
		{"search.hops.max", "<= 3", "3", true},
		{"search.hops.max", "< 3", "3", false},
		{"search.hops.max", ">=3", "3", true},
		{"search.hops.max", "> 3", "3", false},
		{"search.hops.max", "== 3", "3", true},
		{"search.hops.max", "!= 3", "3", false},
		{"search.hops.max", "!= 2.5", "3", true},
		{"search.hops.mean", "3 .. 4", "2.9", false},
		{"convergence.rounds", "5..6", "5", true},
		{"convergence.rounds", "4 .. 5", "5", true},
		{"convergence.registered", "< 0.9", "0.95", false},
		{"convergence.registered", ">= 9.5e-1", "0.95", true},
		{"convergence.time_s", "<= 1", "convergence.time_s is null: the network had not settled at the end", false},
		{"search.latency_ms.p50", "!= 0", "search.latency_ms is null: no search was complete", false},
		{"search.complete", "== 7", "7", true},
		{"search.partial_coverage.min", ">= 0.5", "search.partial_coverage is null: no search was partial", false},
		{"search.errors.REQUEST_TIMEDOUT", "<= 2", "2", true},
		{"search.errors.RUN_ENDED", "== 0", "0", true},
	} {
		s := parse(t, small+"workload: {searches: {count: 1}}\n", "expect."+c.path+"="+c.condition)
		got := s.Check(summary)[0]
		if got.OK != c.ok || got.Value != c.value || got.Path != c.path {
			t.Errorf("%s %s: got %+v", c.path, c.condition, got)
		}
	}
}

func TestDurationsAreWrittenWithUnits(t *testing.T) {
	for _, c := range []struct {
		text string
		want time.Duration
		back string
	}{
		{"1ns", 1, "1ns"}, {"5us", 5 * time.Microsecond, "5µs"}, {"5µs", 5 * time.Microsecond, "5µs"},
		{"25ms", 25 * time.Millisecond, "25ms"}, {"1.5s", 1500 * time.Millisecond, "1.5s"},
		{"320s", 320 * time.Second, "5m20s"},
		{"5m20s", 320 * time.Second, "5m20s"}, {"300s", 300 * time.Second, "5m"}, {"60m", time.Hour, "1h"},
		{"90m", 90 * time.Minute, "1h30m"},
		{"3605s", 3605 * time.Second, "1h0m5s"}, {"1d", 24 * time.Hour, "1d"}, {"1d12h", 36 * time.Hour, "36h"},
		{"0.5d", 12 * time.Hour, "12h"},
		{"365d", 365 * 24 * time.Hour, "365d"},
	} {
		s := parse(t, small, "duration="+c.text, "sample=1d")
		if s.Duration != c.want {
			t.Errorf("%s is read as %v", c.text, s.Duration)
		}
		if resolved := string(s.Resolved()); !strings.Contains(resolved, "\nduration: "+c.back+"\n") {
			t.Errorf("%s is written otherwise than %s:\n%s", c.text, c.back, resolved)
		}
	}
}

// What follows from other keys keeps to its own limits.
func TestADefaultIsALegalValue(t *testing.T) {
	for _, c := range []struct {
		sets, key string
	}{
		{"sync_interval=1ms duration=1s", "sample: 1ms"},
		// seven quarters: 925,715 rows
		{"sync_interval=16s duration=300d", "sample: 28s"},
		{"sync_interval=16s duration=60s", "sample: 4s"},
		{"sync_interval=1ms duration=1s", "server_timeout: 1ms"},
		{"sync_interval=1s", "server_timeout: 500ms"},
		{"sync_interval=2s", "server_timeout: 1s"},
		{"sync_interval=3s", "server_timeout: 2s"},
		{"workload.searches.count=1 workload.searches.start=50s", "over: 10s"},
		{"workload.approvals.count=1 workload.approvals.start=60s", "over: 0s"},
		{"join.mode=growth join.rate=10% nodes=100 join.bootstrap=20", "initial: 20"},
		{"join.mode=growth join.rate=10% nodes=100", "initial: 10"},
		{"description=" + strings.Repeat("é", 2000), "description: é"},
	} {
		if got := string(parse(t, small, strings.Fields(c.sets)...).Resolved()); !strings.Contains(got, c.key) {
			t.Errorf("%s: no %q in\n%s", c.sets, c.key, got)
		}
	}
}
