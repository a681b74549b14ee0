//go:build browser

// The page in a real browser: Debian's Chromium, driven by chromedp. A machine without it
// fails these tests: to skip would be to claim what was not tried.
package web_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"spreadable/cmd/spreadsim/internal/web"
	"spreadable/sim"
	"spreadable/sim/explain"
	"spreadable/sim/film"
	"spreadable/sim/report"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

var (
	pictures = flag.String("pictures", "", "write screenshots into this folder")
	large    = flag.Int("large", 20_000, "nodes of the large network")
)

// axe is axe-core 4.14.1 of the npm registry, unchanged; its licence is beside it.
//
//go:embed testdata/axe.min.js
var axe string

// pageTimeout bounds what a page does on a busy machine.
const pageTimeout = 90 * time.Second

func parse(t *testing.T, text string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse("test.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const quick = "name: quick\nseed: 3\nnodes: 100\nduration: 160s\nworkload: {searches: {count: 20, start: 100s, over: 50s}, approvals: {count: 5, start: 100s, over: 50s}}\n"

const broken = "name: broken\nseed: 4\nnodes: 150\nlevels: 2\nduration: 400s\nfaults: [{at: 200s, do: hold, on: \"10%\", for: 100s}]\nattacks: [{at: 250s, lie: silent, on: \"5%\"}]\n"

// recorded runs a scenario and shows its film.
func recorded(t *testing.T, s *scenario.Scenario) (*web.Show, *result.Run) {
	t.Helper()
	show := web.NewShow(s.Name, teller(s))
	r, err := sim.Run(s, sim.Options{Film: film.New(film.Options{Tell: show.Add})})
	if err != nil {
		t.Fatal(err)
	}
	show.End()
	return show, r
}

func teller(s *scenario.Scenario) web.Tell {
	return func(_ context.Context, node int, at time.Duration) (any, error) {
		story, err := explain.Repeat(s, nil, node, at, sim.Options{})
		if err != nil {
			return nil, err
		}
		calls, err := explain.RepeatCalls(s, node, at-s.SyncInterval, at, sim.Options{})
		return map[string]any{"story": story, "calls": calls}, err
	}
}

func serve(t *testing.T, shows ...*web.Show) string {
	t.Helper()
	server, err := web.New(shows...)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(server.Handler())
	t.Cleanup(s.Close)
	return s.URL
}

// tab is a page in a browser of its own.
type tab struct {
	context.Context
	t        *testing.T
	mu       sync.Mutex
	requests []string
}

// open starts a browser of a width and opens the page of runs.
func open(t *testing.T, url string, width int, dark bool) *tab {
	t.Helper()
	b := browse(t, url, width, dark)
	b.until("globalThis.page && page.panels.length > 0 && page.panels.every(p => p.named)")
	return b
}

// browse starts a browser of a width and opens a page.
func browse(t *testing.T, url string, width int, dark bool) *tab {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("hide-scrollbars", true), chromedp.WindowSize(width, 1000),
		chromedp.WSURLReadTimeout(pageTimeout))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	// Messages of a browser that is newer than the library are no errors of the page.
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(cancel)
	b := &tab{Context: ctx, t: t}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	if err == nil {
		_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	}
	if err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.EmulateViewport(int64(width), 1000), chromedp.Navigate(url))
	return b
}

// hear takes down what the page requests, and fails the test if its scripts fail.
func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text, _ := json.Marshal(e.ExceptionDetails)
		b.t.Errorf("the page throws %s", text)
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	}
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	for _, a := range actions {
		get(b, a)
	}
}

// get is the value of an action, which has a limited time.
func get[T any](b *tab, a chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b, pageTimeout)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// run runs a script, and waits if it returns a promise.
func (b *tab) run(script string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](script, chromedp.EvalAwaitPromise))
}

// until waits until an expression is true.
func (b *tab) until(expression string) {
	b.t.Helper()
	b.run(fmt.Sprintf("new Promise(done => { const look = () => (%s) ? done() : setTimeout(look, 20); look(); })", expression))
}

// value is that of an expression.
func value[T any](b *tab, expression string) T {
	b.t.Helper()
	return get(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// scrub moves the slider, as a person does.
func (b *tab) scrub(seconds float64) {
	b.t.Helper()
	b.run(fmt.Sprintf(`{const t = document.getElementById("time"); t.value = %v; t.dispatchEvent(new Event("input", {bubbles: true}))}`, seconds))
	b.painted()
}

// painted waits for two frames, the second of which shows what was done before.
func (b *tab) painted() {
	b.t.Helper()
	b.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))")
}

// settled waits until nodes have stopped moving.
func (b *tab) settled() { b.until("page.panels.every(p => !p.drawing.moving)") }

// click clicks a node in a picture.
func (b *tab) click(panel, node int) {
	b.t.Helper()
	b.do(chromedp.ScrollIntoView("canvas.network"))
	at := value[struct{ X, Y float64 }](b, fmt.Sprintf("page.panels[%d].positionOf(%d)", panel, node))
	b.do(chromedp.MouseClickXY(at.X, at.Y))
	b.painted()
}

// fact is what the page says of the chosen node.
func (b *tab) fact(name string) string {
	b.t.Helper()
	return value[string](b, fmt.Sprintf(`document.querySelector('.node [data-name=%s]')?.dataset.value ?? ""`, name))
}

func (b *tab) picture(name string) {
	b.t.Helper()
	if *pictures == "" {
		return
	}
	png := get(b, chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(*pictures, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// expectNode checks what the page tells of the chosen node against nodes.csv.
func (b *tab) expectNode(n *result.Node, slaves []int) {
	b.t.Helper()
	backlink := ""
	if n.Backlink != result.NoBacklink {
		backlink = strconv.Itoa(n.Backlink)
	}
	list := strings.Trim(fmt.Sprint(slaves), "[]")
	if role := b.fact("role"); role != string(n.Role) || b.fact("backlink") != backlink || b.fact("slaves") != list {
		b.t.Errorf("node %d: the page tells role %q, backlink %q, slaves %q; want %q, %q, %q", n.Index,
			role, b.fact("backlink"), b.fact("slaves"), n.Role, backlink, list)
	}
	if address := value[string](b, `document.querySelector(".node .address").textContent`); address != n.Address {
		b.t.Errorf("node %d: the page tells address %q, want %q", n.Index, address, n.Address)
	}
}

// slavesOf are the slaves of nodes as their backlinks tell.
func slavesOf(nodes []result.Node) map[int][]int {
	lists := make(map[int][]int)
	for _, n := range nodes {
		if n.Backlink != result.NoBacklink {
			lists[n.Backlink] = append(lists[n.Backlink], n.Index)
		}
	}
	return lists
}

// A page that watches a run from its begin, and one that comes when it is over, have the
// same film.
func TestLiveRun(t *testing.T) {
	s := parse(t, quick)
	show := web.NewShow(s.Name, nil)
	url := serve(t, show)
	goOn, ended := make(chan bool), make(chan error)
	go func() {
		halted := false
		_, err := sim.Run(s, sim.Options{Film: film.New(film.Options{Tell: show.Add}), Progress: func(p sim.Progress) {
			if p.Virtual > 50*time.Second && !halted { // until the page is there
				halted = true
				<-goOn
			}
		}})
		show.End()
		ended <- err
	}()
	early := open(t, url, 1400, false)
	early.until("page.films[0].frames.length > 0")
	if value[bool](early, "page.films[0].end !== null") {
		t.Error("the run has ended before it went on")
	}
	early.picture("live")
	close(goOn)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	early.until("page.films[0].end !== null && !page.films[0].live")
	late := open(t, url, 1400, false)
	late.until("page.films[0].end !== null")
	for _, b := range []*tab{early, late} {
		if got, want := value[int](b, "page.films[0].samples.length"), int(s.Duration/s.Sample)+1; got != want {
			t.Errorf("the page has %d samples, want %d", got, want)
		}
	}
	if a, b := value[int](early, "page.films[0].frames.length"), value[int](late, "page.films[0].frames.length"); a != b {
		t.Errorf("the page has %d frames, the late one %d", a, b)
	}
}

// One can go to any time, forwards and backwards, play, and find nodes; what the page
// tells of them is what nodes.csv has.
func TestScrubAndChoose(t *testing.T) {
	show, r := recorded(t, parse(t, quick))
	b := open(t, serve(t, show), 1400, false)
	b.until("page.films[0].end !== null")
	b.scrub(0)
	if up := value[int](b, "page.films[0].now.slaves.filter(s => s.length).length"); up != 0 {
		t.Errorf("there are %d masters at the begin", up)
	}
	b.picture("begin")
	for _, at := range []float64{160, 20, 120.3, 160} {
		b.scrub(at)
		if now := value[float64](b, "page.time"); now != at {
			t.Errorf("the page shows %v s, want %v s", now, at)
		}
	}
	b.settled()
	if masters := value[int](b, "page.panels[0].drawing.layout.masters.length"); masters != r.Summary.Structure.Masters {
		t.Errorf("%d masters in the picture, want %d", masters, r.Summary.Structure.Masters)
	}
	lists := slavesOf(r.Nodes)
	for _, n := range []int{0, 7, 42, 99} {
		b.click(0, n)
		b.expectNode(&r.Nodes[n], lists[n])
	}
	b.picture("chosen")
	// The same by the keyboard: an address in the field, then Enter.
	b.do(chromedp.SendKeys(".find input", r.Nodes[17].Address+"\r"))
	b.painted()
	b.expectNode(&r.Nodes[17], lists[17])
	b.do(chromedp.Focus("canvas.network"), chromedp.KeyEvent(kb.ArrowRight))
	b.painted()
	b.expectNode(&r.Nodes[18], lists[18])
	b.scrub(30)
	b.run("document.activeElement.blur()")
	b.do(chromedp.KeyEvent(" "))
	b.until("page.playing && page.time > 30.5")
	b.do(chromedp.KeyEvent(" "))
	if value[bool](b, "page.playing") {
		t.Error("the second space does not pause")
	}
}

// The page tells why a node is where it is, and what it calls, by repeating the run.
func TestStory(t *testing.T) {
	show, _ := recorded(t, parse(t, quick))
	b := open(t, serve(t, show), 1400, false)
	b.scrub(60)
	b.settled()
	b.click(0, 12)
	b.do(chromedp.Click(".node .ask"))
	b.until(`document.querySelector(".node .story li") !== null`)
	text := value[string](b, `document.querySelector(".node .story").textContent`)
	for _, want := range []string{"comes up", "asks node", "structure"} {
		if !strings.Contains(text, want) {
			t.Errorf("the story lacks %q: %s", want, text)
		}
	}
	b.picture("story")
}

// Two runs are shown at the same time of theirs.
func TestCompare(t *testing.T) {
	one, _ := recorded(t, parse(t, quick))
	two, r := recorded(t, parse(t, strings.Replace(quick, "100\n", "60\nregistration: original\n", 1)))
	b := open(t, serve(t, one, two), 1400, false)
	b.scrub(80)
	b.settled()
	if a, c := value[float64](b, "page.panels[0].time"), value[float64](b, "page.panels[1].time"); a != 80 || c != 80 {
		t.Errorf("the panels show %v s and %v s", a, c)
	}
	b.scrub(160)
	b.settled()
	b.click(1, 5)
	if got := value[string](b, `document.querySelectorAll(".node")[1].querySelector("[data-name=role]").dataset.value`); got != string(r.Nodes[5].Role) {
		t.Errorf("the second run's node 5 is %q, want %q", got, r.Nodes[5].Role)
	}
	b.picture("compare")
}

// A saved page plays from the disk and requests nothing.
func TestSavedPage(t *testing.T) {
	show, r := recorded(t, parse(t, quick))
	server, err := web.New(show)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "saved.html")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Save(file); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	b := open(t, "file://"+path, 1400, false)
	b.scrub(160)
	b.settled()
	b.click(0, 33)
	b.expectNode(&r.Nodes[33], slavesOf(r.Nodes)[33])
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, url := range b.requests {
		if url != "file://"+path && !strings.HasPrefix(url, "data:") && !strings.HasPrefix(url, "blob:") {
			t.Errorf("the saved page requests %.100s", url)
		}
	}
	if len(b.requests) == 0 {
		t.Error("no request was seen, not even that of the page: the test is blind")
	}
}

// axe-core finds nothing serious, whether by day or by night, on a desk or on a
// telephone; and no page is wider than its screen.
func TestAccessibility(t *testing.T) {
	show, r := recorded(t, parse(t, broken))
	url := serve(t, show)
	for _, at := range []struct {
		name  string
		width int
		dark  bool
	}{{"desk", 1400, false}, {"desk-dark", 1400, true}, {"telephone", 390, false}, {"telephone-dark", 390, true}} {
		t.Run(at.name, func(t *testing.T) {
			b := open(t, url, at.width, at.dark)
			b.scrub(270)
			b.settled()
			b.do(chromedp.SendKeys(".find input", strconv.Itoa(r.Nodes[0].Index)+"\r"))
			b.painted()
			if width := value[int](b, "document.documentElement.scrollWidth"); width > at.width {
				t.Errorf("the page is %d wide, the screen %d", width, at.width)
			}
			b.picture(at.name)
			b.audit()
		})
	}
}

// audit fails the test for what axe-core finds serious.
func (b *tab) audit() {
	b.t.Helper()
	b.run(axe)
	found := value[string](b, `axe.run().then(r => JSON.stringify(r.violations.map(v => ({id: v.id, impact: v.impact, nodes: v.nodes.map(n => n.html.slice(0, 120) + " " + n.failureSummary.slice(0, 200))}))))`)
	var violations []struct {
		ID, Impact string
		Nodes      []string
	}
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		b.t.Fatal(err)
	}
	for _, v := range violations {
		if v.Impact == "serious" || v.Impact == "critical" {
			b.t.Errorf("axe-core: %s (%s) at %v", v.ID, v.Impact, v.Nodes)
		} else {
			b.t.Logf("axe-core: %s (%s) at %v", v.ID, v.Impact, v.Nodes)
		}
	}
}

// The reports of runs and of sweeps are readable for all, too: with a failed
// expectation, by day and by night, and on a telephone.
func TestReportsAreAccessible(t *testing.T) {
	s := parse(t, broken+"workload: {searches: {count: 50, start: 200s, over: 190s}}\nexpect: {search.coverage.min: \"== 1\", search.hops.max: \"<= 4\"}\n")
	r, err := sim.Run(s, sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := report.Write(r, dir); err != nil {
		t.Fatal(err)
	}
	for _, at := range []struct {
		name  string
		width int
		dark  bool
	}{{"report", 1100, false}, {"report-dark-telephone", 390, true}} {
		b := browse(t, "file://"+filepath.Join(dir, report.File), at.width, at.dark)
		if width := value[int](b, "document.documentElement.scrollWidth"); width > at.width {
			t.Errorf("%s: the page is %d wide, the screen %d", at.name, width, at.width)
		}
		b.picture(at.name)
		b.audit()
	}
}

// A large network is drawn and answers clicks while one waits, and its file can be sent.
func TestLargeNetwork(t *testing.T) {
	s := parse(t, fmt.Sprintf("name: large\nnodes: %d\nduration: 128s\nworkload: {searches: {count: 20, start: 100s, over: 20s}}\n", *large))
	show, r := recorded(t, s)
	server, err := web.New(show)
	if err != nil {
		t.Fatal(err)
	}
	var saved counter
	if err := server.Save(&saved); err != nil || saved > 20e6 {
		t.Errorf("the saved page has %d bytes, want at most 20 MB: %v", saved, err)
	}
	b := open(t, serve(t, show), 1400, false)
	b.until("page.films[0].end !== null")
	b.run(`{
		globalThis.frames = [];
		const tick = page.tick.bind(page);
		page.tick = at => { const from = performance.now(); tick(at); frames.push(performance.now() - from); };
		page.scrub(0); page.factor = 4; page.play(true);
	}`)
	b.until("page.time >= page.length")
	frames := value[[]float64](b, "frames")
	slices.Sort(frames)
	p95 := frames[len(frames)*95/100]
	var master int
	for _, n := range r.Nodes {
		if n.Slaves > 0 {
			master = n.Index
		}
	}
	near := b.zoomed()
	b.settled()
	b.run(`document.querySelector("canvas.network").addEventListener("pointerup", () => { globalThis.pressed = performance.now(); }, true);
		new MutationObserver(() => { globalThis.shown = performance.now(); }).observe(document.querySelector(".node"), {childList: true});`)
	b.click(0, master)
	took := value[float64](b, "shown - pressed")
	var picked result.Node
	for _, n := range r.Nodes {
		if n.Index == master {
			picked = n
		}
	}
	if b.fact("role") != string(picked.Role) || len(strings.Fields(b.fact("slaves"))) != picked.Slaves {
		t.Errorf("node %d is %s with %d slaves on the page, in nodes.csv %s with %d", master, b.fact("role"), len(strings.Fields(b.fact("slaves"))), picked.Role, picked.Slaves)
	}
	t.Logf("%d nodes: %d frames, p95 %.1f ms, longest %.1f ms, p95 near %.1f ms; click %.1f ms; saved %d bytes, film %d bytes", *large, len(frames), p95,
		frames[len(frames)-1], near, took, saved, len(show.Film()))
	if p95 > 50 || near > 50 || took > 200 {
		t.Errorf("p95 of a frame is %.1f ms, and %.1f ms near, want at most 50; a click takes %.1f ms, want at most 200", p95, near, took)
	}
	b.picture("large")
}

// zoomed plays again, close to a master, and returns the 95th percentile of its frames in
// milliseconds.
func (b *tab) zoomed() float64 {
	b.t.Helper()
	b.run(`frames.length = 0; page.panels[0].choose(page.panels[0].drawing.layout.masters[9]);
		for (let i = 0; i < 5; i++) page.panels[0].look("closer"); page.scrub(page.length / 2); page.play(true);`)
	b.until("page.time >= page.length")
	b.picture("near")
	frames := value[[]float64](b, "frames")
	b.run(`page.panels[0].look("whole")`)
	b.painted()
	slices.Sort(frames)
	return frames[len(frames)*95/100]
}

// counter counts what is written.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
