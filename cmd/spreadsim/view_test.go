package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"spreadable/sim"
	"spreadable/sim/experiment"
	"spreadable/sim/film"
	"spreadable/sim/report"
)

// page waits on a program's stderr for the address of its page.
type page struct {
	mu   sync.Mutex
	text bytes.Buffer
	told chan string // the address, once
}

var address = regexp.MustCompile(`look at (http://[0-9.:]+/) `)

// Write implements io.Writer.
func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text.Write(b)
	if found := address.FindStringSubmatch(p.text.String()); found != nil && p.told != nil {
		p.told <- found[1]
		p.told = nil
	}
	return len(b), nil
}

// serve runs a command line that shows a page, looks at it, and ends it by a signal.
func serve(t *testing.T, look func(url string), args ...string) (stdout string) {
	t.Helper()
	told, ended := make(chan string, 1), make(chan int, 1)
	p := &page{told: told}
	var out bytes.Buffer
	go func() { ended <- run(append([]string{"spreadsim"}, args...), &out, p, sim.Run) }()
	select {
	case url := <-told:
		look(url)
	case code := <-ended:
		t.Fatalf("exit code %d before there was a page: %s", code, p.text.String())
	}
	if err := signalSelf("terminated"); err != nil {
		t.Fatal(err)
	}
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d: %s", code, p.text.String())
	}
	return out.String()
}

// fetch reads a page, or all events of a film.
func fetch(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v: %.200s", url, resp.Status, err, body)
	}
	return string(body)
}

func scenarioFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "page.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// A run with a page is shown until a signal, and has its results by then; they can be
// shown again, and nodes be asked about.
func TestRunsAreShown(t *testing.T) {
	file := scenarioFile(t, "name: shown\nnodes: 9\nduration: 60s\n")
	dir := filepath.Join(t.TempDir(), "shown")
	serve(t, func(url string) {
		if events := fetch(t, url+"shows/0/events"); !strings.HasSuffix(events, "event: end\ndata: end\n\n") {
			t.Errorf("the events end with %q", events[max(0, len(events)-40):])
		}
	}, "run", file, "--web", "--quiet", "--no-plots", "--out", dir)
	data, err := film.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := film.SettingOf(data); err != nil || s.Name != "shown" || s.Nodes != 9 {
		t.Errorf("the film is of %+v, %v", s, err)
	}
	for _, again := range []string{"recorded", "repeated"} {
		serve(t, func(url string) {
			fetch(t, url+"shows/0/events")
			if told := fetch(t, url+"shows/0/nodes/3?at=50"); !strings.Contains(told, `"conclusion"`) || !strings.Contains(told, "structure") {
				t.Errorf("%s: of a node it tells %.300s", again, told)
			}
		}, "view", dir)
		if err := os.Remove(filepath.Join(dir, film.File)); err != nil && again == "recorded" {
			t.Fatal(err)
		}
	}
}

// Of a sweep the page is its report, from which runs are repeated.
func TestSweepsAreShown(t *testing.T) {
	file := scenarioFile(t, "name: swept\nduration: 60s\nsweep: {nodes: [5, 9]}\nrepeat: 2\n")
	dir := filepath.Join(t.TempDir(), "swept")
	if code := run([]string{"spreadsim", "sweep", file, "--quiet", "--out", dir}, io.Discard, io.Discard, sim.Run); code != 0 {
		t.Fatalf("the sweep has exit code %d", code)
	}
	folder, err := experiment.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, report.File)); err != nil {
		t.Error(err)
	}
	key := folder.Index.Variants[1].Runs[0]
	serve(t, func(url string) {
		if text := fetch(t, url); !strings.Contains(text, "/?show="+key) {
			t.Error("the page has no link to a run")
		}
		if list := fetch(t, url+"shows?show="+key); !strings.Contains(list, "swept nodes=9, repetition 1") {
			t.Errorf("the run is called %s", list)
		}
		if events := fetch(t, url+"shows/"+key+"/events"); len(events) < 500 {
			t.Errorf("the run has a film of %d bytes", len(events))
		}
	}, "view", dir)
}
