package scenario_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"spreadable/sim/scenario"
)

func TestWhatCanNeverWorkIsWarnedOf(t *testing.T) {
	const searches, approvals = "workload.searches.count=10 workload.searches.start=100s",
		"workload.approvals.count=10 workload.approvals.start=100s"
	for _, c := range []struct{ sets, want string }{
		{"", ""},
		{searches + " " + approvals, ""},
		{"latency.mean=1001ms",
			"latency.mean: a request with its answer takes at least 2.002s, and a node waits 2s for it (node.server_timeout): none succeeds"},
		{"latency.mean=1s",
			"latency.mean: a ping with its answer takes at least 2s, and a node waits 1s for it (node.ping_timeout): none succeeds"},
		{"latency.mean=500ms", ""},
		{"node.server_timeout=40ms node.ping_timeout=40ms",
			"node.server_timeout: a request with its answer takes at least 50ms"},
		{"latency.model=uniform latency.min=0s latency.max=3s",
			"latency.min: a request with its answer takes mostly 3s or more, and a node waits 2s"},
		{"latency.mean=1667ms node.server_timeout=8s node.ping_timeout=8s " + searches,
			"latency.mean: a search and a draw of approvers take at least 10.002s, three requests in a row, and a client waits 10s: none succeeds"},
		{"node.server_timeout=51ms node.ping_timeout=51ms", ""},
		{"sync_interval=100ms latency.mean=1ms sample=1s", ""},
		{"latency.mean=1667ms node.server_timeout=8s node.ping_timeout=8s", ""},
		{"duration=15s",
			"duration: the run ends after 15s, within the first sync interval (16s)"},
		{"sample=1h", "sample: one every 1h is more than the run lasts (5m20s)"},
		{"join.mode=growth join.rate=1%",
			"join.rate: 1% for each sync interval brings 30 of the 1000 nodes until the end at 5m20s"},
		{"join.mode=growth join.rate=100%", ""},
		{"join.mode=rate join.per_second=3", "join.per_second: 3 a second bring some 961 of the 1000 nodes until the end at 5m20s"},
		{"join.mode=rate join.per_second=4", ""},
		{"workload.arrivals=poisson workload.searches.rate=0.001 workload.searches.start=100s",
			"workload.searches.rate: brings 0.22 requests in the mean until the end at 5m20s: most likely none"},
		{"workload.arrivals=poisson workload.approvals.rate=0.01 workload.approvals.start=100s", ""},
		{"workload.searches.rate=0.001 workload.searches.start=100s", ""}, // the first comes at the start
		{"workload.documents.rate=0.01 workload.documents.over=30s", "workload.documents.rate: brings 0.3 operations in the mean"},
		{"workload.files.rate=0.01 workload.files.start=100s", ""},
		{"churn.session.model=exponential churn.session.mean=364d", "churn.session.mean: brings 0.01 ends of sessions in the mean"},
		{"churn.session.model=exponential churn.session.mean=1d", ""},
		{"join.mode=spread join.over=310s",
			"join.over: the last nodes start less than a sync interval (16s) before the end at 5m20s"},
		{"join.mode=spread join.over=300s", ""},
		{"workload.searches.count=10",
			"workload.searches.start: clients call from 0s on, and nodes have not found one another before the first sync interval is over (16s)"},
		{"workload.approvals.count=10 workload.approvals.start=15s",
			"workload.approvals.start: clients call from 15s on"},
		{"workload.searches.count=10 workload.searches.start=320s",
			"workload.searches.start: the first client calls at 5m20s, and the run ends at 5m20s"},
		{"workload.searches.count=1000 workload.searches.start=300s workload.searches.over=20s",
			"workload.searches.start: the last client calls at 5m19.98s"},
		{"approval.decision_level=5 approval.approvers=4 " + approvals,
			"approval.decision_level: 5 must agree, and 4 of 1000 nodes are 4 approvers: none is granted"},
		{"approval.decision_level=5 approval.approvers=9 nodes=3 " + approvals,
			"approval.decision_level: 5 must agree, and 9 of 3 nodes are 3 approvers"},
		{"approval.period=100ms " + approvals,
			"approval.period: an approval is good for two periods at most, 200ms, and takes some 400ms: none is granted"},
		{"workload.searches.count=10 workload.searches.start=319850ms workload.searches.over=0s",
			"workload.searches.start: the first client calls at 5m19.85s"},
		{"workload.searches.count=10 workload.searches.start=319849ms workload.searches.over=0s",
			""},
		{"workload.entry=zipf", "workload.entry: has no effect: clients ask nothing"},
		{"workload.entry=zipf measure=0s " + searches, ""},
		{"churn.preset=kad churn.crash=100% churn.notice=30s", "churn.notice: has no effect: churn.crash is 100%: no session ends with a word"},
		{"churn.preset=kad churn.crash=99% churn.notice=30s", ""},
		{"measure=0s", "measure: has no effect: clients ask nothing"},
		{`attacks=[{"at":60s,"lie":rejects,"on":10%}]`, "attacks.0.lie: rejects has no effect: workload.approvals.count is 0"},
		{`attacks=[{"at":60s,"lie":rejects,"on":10%}] ` + approvals, ""},
		{`attacks=[{"at":60s,"lie":renames,"on":10%}]`, "attacks.0.lie: renames has no effect: levels is 1, so there are no branches"},
		{`levels=2 attacks=[{"at":60s,"lie":renames,"on":10%}]`, ""},
		{"latency.mean=260ms network.connection=each", "latency.mean: a ping with its answer takes at least 1.04s"},
		{"latency.mean=250ms network.connection=each", ""},
		{"latency.mean=170ms network.connection=each network.tls=true", "latency.mean: a ping with its answer takes at least 1.02s"},
		{"latency.mean=260ms network.connection=reuse network.tls=true", ""},
		{"network.service=2001ms network.queue=1", "network.service: a node waits 2s for an answer"},
		{"classes.laggy.share=5%", ""},
		{"classes.laggy.share=5% network.connection=each",
			"classes.laggy.delay: to register, a laggy node sends a request and is asked meanwhile: that takes at least 2.2s, and it waits 2s"},
		{"classes.home.share=5% classes.home.service=1.9s classes.home.queue=9",
			"classes.home.delay: to register, a home node sends a request and is asked meanwhile: that takes at least 2.02s"},
		{"classes.home.share=5% classes.home.delay=470ms", ""},
		{"approval.period=1m", "approval.period: has no effect: workload.approvals.count is 0"},
		{"approval.period=5m approval.approvers=r-6", ""},
		{"workload.searches.over=1s",
			"workload.searches.over: has no effect: workload.searches.count is 0"},
		{"expect.convergence.coverage=>= 1.01",
			`expect.convergence.coverage: ">= 1.01" is never met: the number is a share of 0 to 1`},
		{"expect.convergence.coverage=== 100",
			`expect.convergence.coverage: "== 100" is never met`},
		{"expect.search.count=== 11 " + searches,
			`expect.search.count: "== 11" is never met: the number is at most 10 (workload.searches.count)`},
		{"expect.search.complete=>= 11 " + searches,
			`expect.search.complete: ">= 11" is never met`},
		{"expect.search.errors.UNREACHABLE=> 10 " + searches,
			`expect.search.errors.UNREACHABLE: "> 10" is never met`},
		{"expect.search.complete=>= 10 " + searches, ""},
		{"expect.approval.granted=== 11 " + approvals,
			`expect.approval.granted: "== 11" is never met: the number is at most 10 (workload.approvals.count)`},
		{"expect.structure.masters=> 1000",
			`expect.structure.masters: "> 1000" is never met: the number is at most 1000 (nodes)`},
		{"expect.structure.slaves_per_master.max=<= 1000 expect.structure.levels.0.level=== 1",
			""},
		{"expect.convergence.time_s=> 320",
			`expect.convergence.time_s: "> 320" is never met: the number is at most 320 (duration, in seconds)`},
		{"expect.behavior.bans=< 0",
			`expect.behavior.bans: "< 0" is never met: the number is 0 or more`},
		{"expect.behavior.bans=<= 0 expect.convergence.coverage=>= 1", ""},
	} {
		s, err := scenario.Parse("f.yaml", []byte("name: w\nnodes: 1000\nduration: 320s\n"), splitSets(c.sets))
		if err != nil {
			t.Fatal(err)
		}
		got := s.Warnings()
		switch {
		case c.want == "" && len(got) > 0, c.want != "" && len(got) != 1:
			t.Errorf("%s\ngot  %q", c.sets, got)
		case c.want != "" && !strings.Contains(got[0], ": "+c.want):
			t.Errorf("%s\ngot  %s\nwant %s", c.sets, got[0], c.want)
		case c.want != "" && !strings.HasPrefix(got[0], "--set "):
			t.Errorf("does not name the setting: %s", got[0])
		}
	}
}

// What the document calls a share is at most 1.
func TestEveryShareIsAtMostOne(t *testing.T) {
	text, err := os.ReadFile("../../docs/results.md")
	if err != nil {
		t.Fatal(err)
	}
	shares := regexp.MustCompile("(?m)^\\| `([a-z_.0-9]+\\.[a-z_.0-9]+)` \\| (?:share, )?(?:0|1/n) to 1 \\|").FindAllStringSubmatch(string(text), -1)
	if len(shares) < 10 {
		t.Fatalf("only %d shares in the document", len(shares))
	}
	for _, share := range shares {
		s, err := scenario.Parse("f.yaml", []byte("name: w\nnodes: 1000\nduration: 320s\nworkload: {searches: {count: 1, start: 100s}, approvals: {count: 1, start: 100s, entries: 2}}\n"), []string{"expect." + share[1] + "=> 1"})
		if err != nil {
			continue // it is never measured
		}
		if got := s.Warnings(); len(got) != 1 || !strings.Contains(got[0], "is never met: the number is a share of 0 to 1") {
			t.Errorf("%s: %q", share[1], got)
		}
	}
}

// splitSets splits a line of settings; a condition holds a space after its comparison.
func splitSets(line string) []string {
	var sets []string
	for _, word := range strings.Fields(line) {
		if strings.Contains(word, "=") {
			sets = append(sets, word)
		} else {
			sets[len(sets)-1] += " " + word
		}
	}
	return sets
}

// What is shipped, and what a run writes of it, is meant.
func TestShippedScenariosAreNotWarnedOf(t *testing.T) {
	files, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		s, err := scenario.Load(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		again, err := scenario.Parse(keptBeside(t, s), s.Resolved(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if list := append(s.Warnings(), again.Warnings()...); len(list) > 0 {
			t.Errorf("%s: %q", file, list)
		}
	}
}

// keptBeside writes the files that a scenario names as a run keeps them, and returns the
// path of a scenario beside them.
func keptBeside(t *testing.T, s *scenario.Scenario) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, scenario.FilesFolder), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, file := range s.Attachments() {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(file.Name)), file.Content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "resolved.yaml")
}
