package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"spreadable/sim/plots"
	"spreadable/sim/result"
	"spreadable/sim/result/resulttest"
)

func render(t *testing.T, run *result.Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, run); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTheReportStandsOnItsOwn(t *testing.T) {
	text := render(t, resulttest.Run(100, 1))
	// The names of XML namespaces look like addresses but are never fetched.
	fetching := regexp.MustCompile(`(?i)<script|<link|<img|<iframe|@import|url\(|src=|href=|https?://`)
	namespaces := regexp.MustCompile(`xmlns(:\w+)?="[^"]*"`)
	if found := fetching.FindString(namespaces.ReplaceAllString(text, "")); found != "" {
		t.Errorf("the page reaches for something outside: %s", found)
	}
	if err := wellFormed(text); err != nil {
		t.Error(err)
	}
}

// The head says under which latency and joining the numbers came about, for every model
// and mode.
func TestTheHeadSaysWhatWasSimulated(t *testing.T) {
	for more, want := range map[string][2]string{
		"": {"constant, mean 25ms; for each message in one direction", "all at once; each knows 1 address"},
		"latency: {model: uniform, min: 5ms, max: 100ms}\njoin: {mode: spread, over: 60s, bootstrap: 3}\n": {
			"uniform, min 5ms, max 100ms; for each message in one direction",
			"evenly over 60 s; each knows 3 addresses"},
		"latency: {model: lognormal, mean: 40ms, stddev: 60ms, min: 500us}\nsync_interval: 2h\n": {
			"lognormal, mean 40ms, stddev 60ms, min 500µs; for each message in one direction",
			"all at once; each knows 1 address"},
	} {
		run := &result.Run{Scenario: []byte("name: head\nnodes: 10\nduration: 100h\n" + more)}
		_, facts := setting(run)
		if len(facts) != 3 || facts[0].Text != want[0] || facts[1].Text != want[1] {
			t.Errorf("%q: %q", more, facts)
		}
	}
	if description, facts := setting(&result.Run{Scenario: []byte("nonsense: 1\n")}); description != "" ||
		facts != nil {
		t.Errorf("of a file that cannot be read: %q, %v", description, facts)
	}
}

// Complete, partial and failed searches are told apart in the headlines, failures with
// their causes.
func TestHeadlinesTellSearchesApart(t *testing.T) {
	run := resulttest.Run(100, 1)
	text := render(t, run)
	for _, want := range []string{
		"of some of these nodes, and 1 failed (REQUEST_TIMEDOUT 1)", "Latency of complete searches",
		"Latency of partial searches",
		"Time until searches failed", "search.errors.REQUEST_TIMEDOUT",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	failed := &result.Search{Count: 2, Failed: 2, Errors: map[string]int{result.ErrorRunEnded: 2}}
	list := search(failed)
	if len(list) != 1 || list[0].Value != "0 %" || !strings.Contains(list[0].Means, "(RUN_ENDED 2)") {
		t.Errorf("of searches that did not end: %+v", list)
	}
}

// wellFormed reads the page as XML that knows which HTML elements have no end.
func wellFormed(text string) error {
	in := xml.NewDecoder(strings.NewReader(text))
	in.Strict = false
	in.AutoClose = xml.HTMLAutoClose
	in.Entity = xml.HTMLEntity
	var open []string
	for {
		token, err := in.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local != "meta" {
				open = append(open, token.Name.Local)
			}
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != token.Name.Local {
				return fmt.Errorf("</%s> closes %v", token.Name.Local, open)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("never closed: %v", open)
	}
	return nil
}

func TestTheReportTellsTheWholeRun(t *testing.T) {
	run := resulttest.Run(100, 1)
	run.Scenario = []byte("name: bold\ndescription: <b>bold</b> & sons\nnodes: 100\nduration: 320s\n" +
		"latency: {model: normal, mean: 40ms, stddev: 10ms, max: 1.5s}\njoin: {mode: growth, initial: 20, rate: 12.5%}\n")
	text := render(t, run)
	for _, want := range []string{
		"made-up", "100 nodes · seed 1 · 320 s simulated in 1.25 s",
		"2 of 3 expectations failed", "search.hops.max", "&lt;= 3", "null: there was no attack",
		run.Summary.Fingerprint, run.Version, run.Summary.Scenario.Hash,
		`<p class="description">&lt;b&gt;bold&lt;/b&gt; &amp; sons</p>`,
		"<dd>normal, mean 40ms, stddev 10ms, max 1.5s; for each message in one direction</dd>",
		"<dd>20 nodes at the start, then 12.5 % more in every sync interval; each knows 1 address</dd>",
		"<dd>directed, with a sync every 16 s</dd>",
		"spreadsim run scenario.yaml", "What this does not model",
		"<li><b>Nodes</b> leave, crash and lie only if the scenario says so, and only in the ways that a scenario can name.</li>",
		"approval.captured is null: there was no attack", "structure.levels.0.members.max",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	for _, path := range result.Paths() {
		if !strings.Contains(text, "<code>"+path+"</code>") {
			t.Errorf("the report does not list %s", path)
		}
	}
	for _, p := range plots.Draw(run) {
		if !strings.Contains(text, `aria-label="`+p.Title+`"`) || !strings.Contains(text, p.Reading) {
			t.Errorf("the report lacks the plot %s or how to read it", p.Name)
		}
	}
}

// Every plot is there in two sizes; a screen or a sheet of paper shows one of them.
func TestEveryPlotHasANarrowForm(t *testing.T) {
	run := resulttest.Run(100, 1)
	text := render(t, run)
	drawn := len(plots.Draw(run))
	if wide, narrow := strings.Count(text, `class="plot on-wide"`), strings.Count(text, `class="plot on-narrow"`); wide != drawn || narrow != drawn {
		t.Errorf("%d wide and %d narrow plots of %d", wide, narrow, drawn)
	}
	for _, medium := range []string{"@media (max-width: 40rem)", "@media print"} {
		_, rules, _ := strings.Cut(Style, medium)
		if !strings.Contains(rules, ".on-wide { display: none; }") ||
			!strings.Contains(rules, ".on-narrow { display: block; }") {
			t.Errorf("%s shows the wide plots", medium)
		}
	}
}

func TestWhatARunDoesNotHaveIsNamed(t *testing.T) {
	run := &result.Run{Summary: result.Summary{Scenario: result.Scenario{Name: "nothing"}}}
	text := render(t, run)
	for _, want := range []string{
		"At the end no node was left.", "Not drawn:", "no approvals were requested in this run", "search is null: no searches were run",
		"The scenario expects nothing in particular",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	for _, wrong := range []string{"Search coverage", "NaN", "<svg"} {
		if strings.Contains(text, wrong) {
			t.Errorf("the report says %q", wrong)
		}
	}
	if err := wellFormed(text); err != nil {
		t.Error(err)
	}
}

func TestHeadlinesJudgeTheDraw(t *testing.T) {
	run := resulttest.Run(100, 1)
	a := run.Summary.Approval
	for p, want := range map[float64]string{0.0001: "finds it uneven", 0.5: "finds nothing wrong"} {
		*a.Chi2P = p
		if got := evenness(a).Means; !strings.Contains(got, want) {
			t.Errorf("p = %v: %q", p, got)
		}
	}
	a.Chi2P = nil
	if got := evenness(a).Means; !strings.Contains(got, "too few draws") {
		t.Errorf("without a test: %q", got)
	}
}

func TestVerdictsCountExpectations(t *testing.T) {
	met, failed := result.Outcome{OK: true}, result.Outcome{}
	for want, list := range map[string][]result.Outcome{
		"no expectations": nil, "the expectation is met": {met}, "all 2 expectations are met": {met, met},
		"1 of 2 expectations failed": {met, failed},
	} {
		v := &view{Run: &result.Run{Expectations: list}}
		if got := v.Verdict(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestEqualRunsGiveEqualReports(t *testing.T) {
	first := render(t, resulttest.Run(60, 2))
	if second := render(t, resulttest.Run(60, 2)); first != second {
		t.Error("two reports of one run differ")
	}
}

func TestWritePutsOneFileIntoTheFolder(t *testing.T) {
	dir := t.TempDir()
	run := resulttest.Run(30, 1)
	for range 2 { // the second time it is replaced
		if err := Write(run, dir); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil || string(text) != render(t, run) {
		t.Errorf("the file is not the report: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
	if err := Write(run, filepath.Join(dir, "nowhere")); err == nil {
		t.Error("a report was written into a folder that is not there")
	}
}

func TestTheSeedIsExact(t *testing.T) {
	s := &result.Summary{Scenario: result.Scenario{Seed: math.MaxUint64}}
	if got := numbers(s)[0].Rows[0]; got.Path != "scenario.seed" || got.Value != "18446744073709551615" {
		t.Errorf("got %+v", got)
	}
}

func TestAPartialRunAndASampleSaySo(t *testing.T) {
	whole := render(t, resulttest.Run(400, 1))
	run := resulttest.Run(400, 1)
	run.Summary.Partial = true
	run.Thin(100)
	part := render(t, run)
	for _, words := range []string{"stopped before its end", "nodes.csv is a sample", "requests.csv is a sample",
		"for 400 nodes"} {
		if strings.Contains(whole, words) || !strings.Contains(part, words) {
			t.Errorf("%q: in the whole run %v, in the partial one %v", words, strings.Contains(whole, words),
				strings.Contains(part, words))
		}
	}
	if strings.Contains(part, "expectations are met") {
		t.Error("a partial run is judged")
	}
}

// What was asked comes before all numbers; where an expectation failed, what is known of
// the reasons stands below it.
func TestTheStoryComesFirst(t *testing.T) {
	run := resulttest.Run(100, 1)
	text := render(t, run)
	order := []string{`id="expectations"`, `id="headlines"`, `id="plots"`, `id="numbers"`}
	for i := 1; i < len(order); i++ {
		if strings.Index(text, order[i-1]) > strings.Index(text, order[i]) {
			t.Errorf("%s comes behind %s", order[i-1], order[i])
		}
	}
	for i := range run.Expectations {
		run.Expectations[i].OK = true
	}
	if strings.Contains(render(t, run), "<h3>Why</h3>") {
		t.Error("a run that met its expectations has reasons for failure")
	}
	run.Expectations = append(run.Expectations, result.Outcome{Path: "search.coverage.min", Condition: "== 1", Value: "0.9"})
	run.Summary.Search.Errors = map[string]int{"REQUEST_TIMEDOUT": 7}
	run.Summary.Faults = &result.Faults{Count: 1, Steps: []result.Fault{{AtS: 60, Do: "crash", Nodes: 30}}}
	lost := int64(7)
	run.Summary.Network = &result.Network{Lost: &lost}
	for _, want := range []string{"<h3>Why</h3>", "REQUEST_TIMEDOUT 7", "1 fault: crash at 60 s on 30 nodes.", "7 messages were lost."} {
		if !strings.Contains(render(t, run), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	for _, network := range []*result.Network{nil, {}} { // no link, or one that loses nothing
		run.Summary.Network = network
		if strings.Contains(render(t, run), "messages were lost") {
			t.Errorf("%+v: messages were lost", network)
		}
	}
}
