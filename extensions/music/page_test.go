//go:build browser

// The page in a real browser: Debian's Chromium, driven by chromedp. A machine without it
// fails these tests: to skip would be to claim what was not tried.
package music_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"spreadable/client"
	"spreadable/extensions/music"
	"spreadable/extensions/music/audio/audiotest"
)

// pageTimeout bounds what a page does on a busy machine.
const pageTimeout = 60 * time.Second

// visitor is a person at the page of a node.
type visitor struct {
	context.Context
	t *testing.T
}

// watched lets a test see the answers that the page gets to its question for a captcha.
const watched = `{
	const fetch = globalThis.fetch;
	globalThis.answers = [];
	globalThis.fetch = async (...args) => {
		const response = await fetch(...args);
		if (String(args[0]).endsWith('/client/request-approval-key')) answers.push(await response.clone().json());
		return response;
	};
}`

func (w *hall) visit(t *testing.T, at int) *visitor {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("no-proxy-server", true), chromedp.WSURLReadTimeout(pageTimeout))
	ctx, end := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(end)
	// Messages of a browser that is newer than the library are no errors of the page.
	ctx, end = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(end)
	v := &visitor{ctx, t}
	err := chromedp.Listen(ctx, func(event any) {
		if e, thrown := event.(*runtime.EventExceptionThrown); thrown {
			text, _ := json.Marshal(e.ExceptionDetails)
			t.Errorf("the page throws %s", text)
		}
	})
	if err == nil {
		_, err = chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watched})
	}
	if err != nil {
		t.Fatal(err)
	}
	v.do(chromedp.Navigate(w.url(at, "/music/")), chromedp.WaitReady("#search"))
	return v
}

func (v *visitor) do(actions ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	for _, a := range actions {
		got(v, a)
	}
}

// got is the value of an action, which has a limited time.
func got[T any](v *visitor, a chromedp.Action[T]) T {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v, pageTimeout)
	defer cancel()
	value, err := chromedp.Run(ctx, a)
	if err != nil {
		status, _ := chromedp.Run(v, chromedp.Evaluate[string]("document.getElementById('status').textContent"))
		v.t.Fatalf("%v; the page says %q", err, status)
	}
	return value
}

// value is that of an expression in the page, or of its promise.
func value[T any](v *visitor, expression string) T {
	v.t.Helper()
	return got(v, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// until waits until an expression is true.
func (v *visitor) until(expression string) {
	v.t.Helper()
	v.do(chromedp.Evaluate[chromedp.Void](
		fmt.Sprintf("new Promise(done => { const look = () => (%s) ? done() : setTimeout(look, 20); look(); })", expression), chromedp.EvalAwaitPromise))
}

// says waits for a message of the page.
func (v *visitor) says(text string) {
	v.t.Helper()
	v.until(fmt.Sprintf("document.getElementById('status').textContent.includes(%q)", text))
}

func (v *visitor) search(text string) {
	v.t.Helper()
	v.do(chromedp.Evaluate[chromedp.Void]("document.getElementById('text').value = ''"), chromedp.SendKeys("#text", text), chromedp.Click("#search button"))
}

// file makes a file to upload.
func (v *visitor) file(data []byte) string {
	v.t.Helper()
	path := filepath.Join(v.t.TempDir(), "song.mp3")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		v.t.Fatal(err)
	}
	return path
}

// A person searches, and hears the song from a node that may not have it.
func TestThePageSearchesAndPlays(t *testing.T) {
	w := newHall(t, 4)
	w.mustAdd(0, append(audiotest.ID3("TPE1", "Queen", "TIT2", "Bohemian Rhapsody", "TALB", "Opera", "APIC", string(audiotest.PNG(20))), audiotest.Frames(400, 1)...))
	w.mustAdd(1, append(audiotest.ID3("TPE1", "Queen", "TIT2", "<img src=x onerror=alert(1)>"), audiotest.Frames(10, 1)...))
	for at := range w.nodes {
		v := w.visit(t, at)
		v.search("rapsody")
		v.says("1 song")
		if text := value[string](v, "document.querySelector('#songs li .about').textContent"); !strings.Contains(text, "Queen - Bohemian Rhapsody") || !strings.Contains(text, "Opera") {
			t.Errorf("it shows %q", text)
		}
		v.until("document.querySelector('#songs img').naturalWidth === 20")
		v.do(chromedp.Click("#songs button"))
		v.says("Playing Queen - Bohemian Rhapsody")
		v.until("document.getElementById('player').currentTime > 0.2")
		v.search("onerror")
		v.says("1 song")
		if images := value[int](v, "document.querySelectorAll('#songs img').length"); images != 0 {
			t.Error("a title becomes a part of the page")
		}
		v.search("xyzzy")
		v.says("No songs")
	}
}

// Defect of museria: every open page asked the network for a count each 15 s. This one
// asks only when the person does something.
func TestAnOpenPageAsksNothing(t *testing.T) {
	w := newHall(t, 1)
	v := w.visit(t, 0)
	v.until("document.readyState === 'complete'")
	for _, name := range value[[]string](v, "performance.getEntriesByType('resource').map(entry => new URL(entry.name).pathname)") {
		if !slices.Contains([]string{"/music/page.css", "/music/page.mjs", "/music/spreadable.mjs"}, name) {
			t.Errorf("the page has asked for %s", name)
		}
	}
	source, err := os.ReadFile("page/page.mjs")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(source), "setInterval") || strings.Contains(string(source), "setTimeout") || !strings.Contains(string(source), "workerChange: 0") {
		t.Error("the page does something by the clock")
	}
}

// A person uploads, with a captcha for what shall be first.
func TestThePageUploads(t *testing.T) {
	w := newHall(t, 4)
	v := w.visit(t, 2)
	v.do(chromedp.SetUploadFiles("#file", []string{v.file([]byte(strings.Repeat("no music ", 100)))}), chromedp.Click("#upload > button"))
	v.says("no mp3, flac, ogg or m4a")
	v.do(chromedp.SetUploadFiles("#file", []string{v.file(audiotest.MP3("Queen", "Heroes", 1))}), chromedp.Click("#upload > button"))
	v.says("Added Queen - Heroes")

	v.do(chromedp.SetUploadFiles("#file", []string{v.file(audiotest.MP3("Queen", "Heroes", 2))}), chromedp.Click("#first"))
	v.until("!document.getElementById('captcha').hidden && document.getElementById('picture').naturalWidth === 240")
	v.do(chromedp.SendKeys("#answer", "------"), chromedp.Click("#upload > button"))
	v.says("rong answer")
	v.until("answers.length === 2 && document.getElementById('answer').value === ''")
	v.do(chromedp.SendKeys("#answer", w.solve(v.question())), chromedp.Click("#upload > button"))
	v.says("Added Queen - Heroes")
	v.until("document.getElementById('captcha').hidden")
	songs, _ := w.find(0, "heroes")
	if len(songs) != 1 || songs[0].Priority != music.Approved {
		t.Errorf("%+v", songs)
	}
}

// question is the one that the page has got last.
func (v *visitor) question() *client.Question {
	v.t.Helper()
	q := &client.Question{}
	if err := json.Unmarshal([]byte(value[string](v, "JSON.stringify(answers.at(-1))")), q); err != nil {
		v.t.Fatal(err)
	}
	return q
}

// The page is usable without a mouse or without seeing it, as far as a program can tell.
func TestThePageIsAccessible(t *testing.T) {
	axe, err := os.ReadFile("../../cmd/spreadsim/internal/web/testdata/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	w := newHall(t, 1)
	w.mustAdd(0, audiotest.MP3("Queen", "Heroes", 1))
	v := w.visit(t, 0)
	v.search("heroes")
	v.says("1 song")
	v.do(chromedp.Evaluate[chromedp.Void](string(axe)))
	found := value[string](v, "axe.run().then(r => JSON.stringify(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' '))))")
	if found != "[]" {
		t.Errorf("axe finds %s", found)
	}
}
