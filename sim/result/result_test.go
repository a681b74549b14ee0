package result

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func ptr[T any](x T) *T { return &x }

// exampleRun is a small run with something in every field.
func exampleRun() *Run {
	requests := []Request{
		{Kind: KindSearch, Index: 0, Start: 90 * time.Second, Entry: 3, OK: true, Hops: 3,
			Latency:  150 * time.Millisecond,
			Messages: 9, Bytes: 900, Asked: 9, Answered: 9, Coverage: 1, Fanout: 3},
		{Kind: KindSearch, Index: 1, Start: 90*time.Second + 1, Entry: 4, Error: ErrorTimeout,
			Latency: time.Second, Messages: 1, Bytes: 100},
		{Kind: KindSearch, Index: 2, Start: 91 * time.Second, Entry: 4, Error: ErrorNoOther, Hops: 1,
			Latency: time.Second, Messages: 1, Bytes: 100, Asked: 4, Fanout: 1},
		{Kind: KindApproval, Index: 0, Start: 100 * time.Second, Entry: 1, OK: true, Latency: 1234567,
			Messages: 8, Bytes: 4096,
			DrawStart: -time.Nanosecond, Approvers: []int{7, 2}, Compared: 2, Agreed: true},
		{Kind: KindApproval, Index: 1, Start: 101 * time.Second, Entry: 2, Error: "ERR, with \"quotes\"",
			DrawStart: 60 * time.Second},
	}
	nodes := []Node{
		{Index: 0, Address: "n0.example:2079", Role: RoleBoth, Slaves: 2, Backlink: 0, RequestsSent: 10,
			RequestsReceived: 20, BytesSent: 1000, BytesReceived: 2000, Approvals: 1},
		{Index: 1, Address: "[2001:db8::1]:2079", Role: RoleSlave, Backlink: 0, Approvals: 1},
		{Index: 2, Address: "n2.example:2079", Role: RoleNone, Backlink: NoBacklink},
		{Index: 3, Address: "n3.example:2079", Role: RoleGone, Slaves: 5, Backlink: NoBacklink},
	}
	samples := []Sample{
		{Time: 0, Alive: 3, Registered: 0, ExactSize: 1.0 / 3, Coverage: math.NaN(), MastersExpected: math.Sqrt(3)},
		{Time: 80 * time.Second, Alive: 3, Registered: 1, ExactSize: 1, Coverage: 1, RegisteredCount: 3, Masters: 1,
			MastersExpected: math.Sqrt(3), Requests: 40, Bytes: 4000, Events: 80},
	}
	return &Run{
		Version:  "v0.1.0",
		Scenario: []byte("name: example\nseed: 7 # <&>\n"),
		Summary: Summary{
			Schema:      SummarySchema,
			Scenario:    Scenario{Name: "example", Hash: "ab12", Seed: math.MaxUint64, Nodes: 3, Levels: 1},
			Fingerprint: "00c0ffee00c0ffee",
			Engine: Engine{VirtualS: 120, WallS: 0.5, Events: 80, EventsPerS: 160,
				PeakRSSBytes: ptr(int64(1 << 20)), Workers: 2},
			Convergence: ConvergenceSummary(samples, 16*time.Second),
			Structure:   StructureSummary(nodes, 1),
			Search:      SearchSummary(requests),
			Approval:    ApprovalSummary(requests, ApproverLoad(nodes)),
			Sync:        &Sync{RequestsPerNodeRound: 3, BytesPerNodeRound: 512.5},
			Behavior:    Behavior{Bans: 1},
		},
		Samples:  samples,
		Requests: requests,
		Nodes:    nodes,
		Expectations: []Outcome{
			{Path: "search.hops.max", Condition: "<= 3", Value: "3", OK: true},
		},
	}
}

func TestPathsNameEveryNumberOfTheContract(t *testing.T) {
	paths := Paths()
	for _, want := range strings.Fields(`
		scenario.seed scenario.nodes scenario.levels
		engine.virtual_s engine.wall_s engine.events engine.events_per_s engine.peak_rss_bytes engine.workers
		convergence.registered convergence.exact_size convergence.coverage convergence.time_s convergence.rounds
		structure.masters structure.masters_expected
		structure.slaves_per_master.min structure.slaves_per_master.mean structure.slaves_per_master.max
		search.count search.complete search.partial search.failed search.coverage.min search.coverage.mean
		search.partial_coverage.mean search.partial_latency_ms.p50 search.failed_latency_ms.max search.hops.mean search.hops.max
		search.latency_ms.p50 search.latency_ms.p90 search.latency_ms.p99 search.latency_ms.max
		search.messages_mean search.fanout_max
		approval.requested approval.granted approval.success approval.messages_mean approval.bytes_mean
		approval.latency_ms.p50 approval.latency_ms.max approval.draws approval.approvers_mean approval.load_mean approval.jain approval.jain_fair
		approval.gini approval.gini_fair approval.chi2 approval.chi2_df approval.chi2_p
		approval.agreement approval.approver_max approval.master_max approval.captured approval.captured_expected approval.denied approval.denied_expected
		sync.requests_per_node_round sync.bytes_per_node_round
		sync.bytes_per_master_round.min sync.bytes_per_master_round.mean sync.bytes_per_master_round.max behavior.bans behavior.false_bans`) {
		if !slices.Contains(paths, want) {
			t.Errorf("no path %s", want)
		}
	}
	for _, p := range paths {
		if !Known(p) {
			t.Errorf("%s is listed but not known", p)
		}
	}
}

func TestKnownRejectsWhatIsNoNumber(t *testing.T) {
	for _, path := range []string{"", ".", "schema", "scenario.name", "search", "search.hops", "search.hops.min",
		"search.hops.max.x", "structure.levels", "structure.levels.first.masters", "structure.levels.-1.masters",
		"structure.levels.01.masters", "structure.levels.0", "Search.Count", "search..count"} {
		if Known(path) {
			t.Errorf("%q is known", path)
		}
	}
	if !Known("structure.levels.3.masters") || !Known("structure.levels.0.members.mean") {
		t.Error("places in lists are not known")
	}
}

func TestValuesAreWhatTheJSONSays(t *testing.T) {
	s := &exampleRun().Summary
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(Paths(), "structure.levels.0.masters", "structure.levels.0.members.max") {
		want, present := lookup(t, text, path)
		got, ok := s.Value(path)
		if ok != present || got != want {
			t.Errorf("%s = %v, %v; the file says %v, %v", path, got, ok, want, present)
		}
		if absent := s.Absent(path); (absent == "") != ok {
			t.Errorf("%s: absent = %q", path, absent)
		}
	}
}

// lookup finds a number in JSON without the package's help.
func lookup(t *testing.T, text []byte, path string) (float64, bool) {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Split(path, ".") {
		switch node := v.(type) {
		case map[string]any:
			v = node[name]
		case []any:
			v = node[0] // the test asks for the first place only
		}
	}
	x, ok := v.(float64)
	return x, ok
}

func TestAbsenceIsExplained(t *testing.T) {
	var empty Summary
	broken := Summary{Search: &Search{MessagesMean: math.NaN()}}
	for _, c := range []struct {
		s          *Summary
		path, want string
	}{
		{&empty, "search.hops.max", "search is null: no searches were run after the warm-up"},
		{&empty, "engine.peak_rss_bytes", "engine.peak_rss_bytes is null: the operating system does not tell"},
		{&empty, "approval.chi2_p", "approval is null: no approvals were requested after the warm-up"},
		{&empty, "convergence.rounds", "convergence.rounds is null: the network had not settled at the end"},
		{&empty, "sync.bytes_per_node_round", "sync is null: the run left no time to measure the steady state, or no node was left"},
		{&empty, "structure.levels.0.masters", "structure.levels.0 is null"},
		{&empty, "search.depth", "the summary has no number search.depth"},
		{&broken, "search.hops.max", "search.hops is null: no search was complete or partial"},
		{&broken, "search.messages_mean", "search.messages_mean is not a finite number"},
		{&broken, "search.count", ""},
	} {
		if got := c.s.Absent(c.path); got != c.want {
			t.Errorf("%s: %q, want %q", c.path, got, c.want)
		}
	}
	for path := range reasons {
		if known := slices.ContainsFunc(Paths(), func(p string) bool {
			return p == path || strings.HasPrefix(p, path+".")
		}); !known {
			t.Errorf("a reason is given for %s, which does not exist", path)
		}
	}
}

func TestTimelessKeepsWhatHappenedAndDropsWhatItCost(t *testing.T) {
	s := exampleRun().Summary
	other := s
	other.Engine.WallS, other.Engine.EventsPerS, other.Engine.PeakRSSBytes, other.Engine.Workers = 9, 9, ptr(int64(9)), 9
	if a, b := asJSON(t, s.Timeless()), asJSON(t, other.Timeless()); a != b {
		t.Errorf("timeless summaries differ:\n%s\n%s", a, b)
	}
	other.Engine.Events++
	if asJSON(t, s.Timeless()) == asJSON(t, other.Timeless()) {
		t.Error("another number of events makes no difference")
	}
	if s.Engine.WallS == 0 {
		t.Error("the summary itself was changed")
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestConvergedIsTheStartOfTheLastSettledStretch(t *testing.T) {
	const round = 16 * time.Second
	good := func(at time.Duration) Sample {
		return Sample{Time: at, Registered: 0.999, ExactSize: 1, Coverage: 1}
	}
	bad := func(at time.Duration, share float64) Sample {
		return Sample{Time: at, Registered: 1, ExactSize: share, Coverage: 1}
	}
	for _, c := range []struct {
		name         string
		samples      []Sample
		time, rounds *float64
	}{
		{"no samples", nil, nil, nil},
		{"never", []Sample{bad(0, 0.5), bad(round, 0.9989)}, nil, nil},
		{"lost at the end", []Sample{good(0), good(round), bad(2*round, 0.99)}, nil, nil},
		{"from the start", []Sample{good(0), good(round)}, ptr(0.0), ptr(0.0)},
		{"after a relapse", []Sample{good(0), bad(round, 0), good(2 * round), good(3 * round)}, ptr(32.0), ptr(2.0)},
		{"between rounds", []Sample{bad(0, 0), good(round + 1)}, ptr(16.000000001), ptr(2.0)},
		{"not measured", []Sample{good(0), bad(round, math.NaN())}, nil, nil},
	} {
		at, rounds := Converged(c.samples, round)
		if asJSON(t, at) != asJSON(t, c.time) || asJSON(t, rounds) != asJSON(t, c.rounds) {
			t.Errorf("%s: %s s, %s rounds", c.name, asJSON(t, at), asJSON(t, rounds))
		}
	}
}

// Complete, partial and failed searches are told apart, each with its own latency; what a
// client did not get to know is in no number.
func TestSearchSummaryTellsOutcomesApart(t *testing.T) {
	requests := []Request{
		{Kind: KindSearch, OK: true, Hops: 3, Latency: 150 * time.Millisecond, Messages: 10, Coverage: 1, Fanout: 4},
		{Kind: KindSearch, OK: true, Hops: 2, Latency: 100 * time.Millisecond, Messages: 20, Coverage: 0.5, Fanout: 9},
		{Kind: KindSearch, Error: ErrorTimeout, Latency: 9 * time.Second, Messages: 3},
		{Kind: KindSearch, Error: ErrorNoOther, Latency: 7 * time.Second, Messages: 3, Hops: 1, Fanout: 31},
		{Kind: KindSearch, Error: ErrorRunEnded, Messages: 4, Coverage: math.NaN()},
		{Kind: KindApproval, OK: true, Latency: time.Hour, Messages: 1000},
		{Kind: KindApproval, Error: ErrorTimeout, Latency: time.Hour, Messages: 1000},
	}
	latency := func(ms string) string {
		return strings.ReplaceAll(`{"p50":X,"p90":X,"p99":X,"max":X}`, "X", ms)
	}
	want := `{"count":5,"complete":1,"partial":1,"failed":3,"coverage":{"min":0,"mean":0.375},` +
		`"partial_coverage":{"min":0.5,"mean":0.5,"max":0.5},"hops":{"mean":2.5,"max":3},"latency_ms":` + latency("150") +
		`,"partial_latency_ms":` + latency("100") +
		`,"failed_latency_ms":{"p50":7000,"p90":9000,"p99":9000,"max":9000},"messages_mean":8,"fanout_max":9,` +
		`"errors":{"NO_OTHER_NODE_ANSWERED":1,"REQUEST_TIMEDOUT":1,"RUN_ENDED":1}}`
	if got := asJSON(t, SearchSummary(requests)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := SearchSummary(requests[5:]); got != nil {
		t.Errorf("a run without searches has %+v", got)
	}
	want = `{"count":1,"complete":0,"partial":0,"failed":1,"coverage":null,"partial_coverage":null,"hops":null,` +
		`"latency_ms":null,"partial_latency_ms":null,"failed_latency_ms":null,"messages_mean":4,"fanout_max":null,` +
		`"errors":{"RUN_ENDED":1}}`
	if got := asJSON(t, SearchSummary(requests[4:])); got != want {
		t.Errorf("a search that had not ended:\ngot  %s\nwant %s", got, want)
	}
	if got := asJSON(t, ApprovalSummary(requests, nil).Errors); got != `{"REQUEST_TIMEDOUT":1}` {
		t.Errorf("the errors of approvals are %s", got)
	}
}

// An expectation can name an error. One that did not happen happened no times.
// Ten times 0.01 add up to less than 0.1 in floating point.
func TestTheMeanOfEqualSharesIsThatShare(t *testing.T) {
	requests := slices.Repeat([]Request{{Kind: KindSearch, OK: true, Coverage: 0.01}}, 10)
	got := SearchSummary(requests)
	if *got.Coverage != (Coverage{Min: 0.01, Mean: 0.01}) ||
		*got.PartialCoverage != (Spread{Min: 0.01, Mean: 0.01, Max: 0.01}) {
		t.Errorf("coverage %+v, of partial searches %+v", got.Coverage, got.PartialCoverage)
	}
}

func TestErrorsAreCountedByName(t *testing.T) {
	s := &Summary{Search: &Search{Errors: map[string]int{ErrorTimeout: 3}}}
	for path, want := range map[string]float64{"search.errors.REQUEST_TIMEDOUT": 3, "search.errors.RUN_ENDED": 0} {
		if got, ok := s.Value(path); !ok || got != want || !Known(path) {
			t.Errorf("%s is %v, %v", path, got, ok)
		}
	}
	if got := s.Absent("approval.errors.RUN_ENDED"); got != "approval is null: no approvals were requested after the warm-up" {
		t.Error(got)
	}
	for _, path := range []string{"search.errors", "search.errors.timeout", "search.errors.0", "search.errors.A.b"} {
		if Known(path) {
			t.Errorf("%q is known", path)
		}
	}
}

func TestApprovalSummaryCountsEachDrawOnce(t *testing.T) {
	approval := func(draw time.Duration, compared int, agreed, ok bool, approvers ...int) Request {
		return Request{Kind: KindApproval, OK: ok, Latency: 200 * time.Millisecond, Messages: 6, Bytes: 600,
			DrawStart: draw, Approvers: approvers, Compared: compared, Agreed: agreed}
	}
	requests := []Request{
		approval(0, 3, true, true, 0, 1), approval(0, 2, true, true, 0, 1),
		approval(time.Minute, 2, false, true, 2, 3), approval(2*time.Minute, 0, false, false),
	}
	a := ApprovalSummary(requests, []int{1, 1, 1, 1})
	if a.Requested != 4 || a.Granted != 3 || a.Success != 0.75 || a.Draws != 2 {
		t.Errorf("got %+v", a)
	}
	if *a.Agreement != 2.0/3 || *a.Jain != 1 || *a.Gini != 0 || a.Captured != nil {
		t.Errorf("agreement %v, jain %v, gini %v, captured %v", *a.Agreement, *a.Jain, *a.Gini, a.Captured)
	}
	if a.Chi2 != nil || a.Chi2DF != nil || a.Chi2P != nil {
		t.Error("four drawn nodes are enough for a chi-square test")
	}
	// Entry nodes that disagree about a period: each set serves, in whatever order it is
	// named.
	disagreed := append(requests, approval(0, 2, false, true, 1, 0), approval(0, 2, false, true, 4, 5))
	if draws := Draws(disagreed); asJSON(t, draws) != "[[0,1],[2,3],[4,5]]" {
		t.Errorf("draws %v", draws)
	}
	even := ApprovalSummary(requests, []int{0, 0, 0, 0})
	if even.Jain != nil || even.JainFair != nil || even.Gini != nil {
		t.Error("a load of nothing is judged")
	}
	alone := ApprovalSummary([]Request{approval(0, 0, false, true, 0, 1)}, []int{1, 1})
	if alone.Agreement != nil {
		t.Errorf("one entry node agrees with itself: %v", *alone.Agreement)
	}
	if ApprovalSummary(nil, []int{1}) != nil {
		t.Error("a run without approvals has an approval section")
	}
}

func TestStructureSummaryLooksAtLiveMasters(t *testing.T) {
	nodes := []Node{
		{Role: RoleBoth, Slaves: 3}, {Role: RoleMaster, Slaves: 1}, {Role: RoleSlave}, {Role: RoleNone},
		{Role: RoleGone, Slaves: 40},
	}
	want := `{"masters":2,"masters_expected":2,"slaves_per_master":{"min":1,"mean":2,"max":3},` +
		`"levels":[{"level":1,"masters":2,"members":{"min":1,"mean":2,"max":3}}]}`
	if got := asJSON(t, StructureSummary(nodes, 1)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if s := StructureSummary(nil, 1); s.SlavesPerMaster != nil || s.Masters != 0 {
		t.Errorf("no nodes have %+v", s)
	}
}
