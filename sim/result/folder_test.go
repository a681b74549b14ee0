package result

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestARunReadsBackAsItWasWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "run")
	run := exampleRun()
	run.Nodes[0].Heads = []int{17, 2} // of a network of three levels
	if err := run.Write(dir); err != nil {
		t.Fatal(err)
	}
	got, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !math.IsNaN(got.Samples[0].Coverage) {
		t.Error("a share that was not measured came back as a number")
	}
	got.Samples[0].Coverage, run.Samples[0].Coverage = 0, 0 // NaN differs from itself
	if !reflect.DeepEqual(got, run) {
		t.Errorf("got  %+v\nwant %+v", got, run)
	}
}

func TestEqualRunsAreEqualBytes(t *testing.T) {
	a, b := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	for _, dir := range []string{a, b} {
		if err := exampleRun().Write(dir); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{SummaryFile, RunFile, ScenarioFile, SeriesFile, RequestsFile, NodesFile} {
		x, errX := os.ReadFile(filepath.Join(a, name))
		y, errY := os.ReadFile(filepath.Join(b, name))
		if errX != nil || errY != nil || !bytes.Equal(x, y) {
			t.Errorf("%s differs, or is missing: %v, %v", name, errX, errY)
		}
	}
}

func TestWriteReplacesResultsAndNothingElse(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "run")
	other := filepath.Join(parent, "diary")
	mustWrite(t, filepath.Join(other, "monday.txt"), "dear diary")
	mustWrite(t, filepath.Join(parent, "file"), "a file")
	if err := os.Mkdir(filepath.Join(parent, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}

	first := exampleRun()
	extra := Extra{Files: []string{"extra"},
		Write: func(dir string) error { return os.WriteFile(filepath.Join(dir, "extra"), nil, 0o644) }}
	if err := first.Write(dir, extra); err != nil {
		t.Fatal(err)
	}
	second := exampleRun()
	second.Version = "v0.2.0"
	if err := second.Write(dir, Extra{Files: extra.Files}); err != nil {
		t.Fatal(err)
	}
	if got, err := Load(dir); err != nil || got.Version != "v0.2.0" {
		t.Errorf("after the second run: %+v, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "extra")); err == nil {
		t.Error("a file of the run before is still there")
	}
	if err := second.Write(filepath.Join(parent, "empty")); err != nil {
		t.Errorf("an empty folder: %v", err)
	}
	if err := second.Write(other); !errors.Is(err, ErrNotResults) {
		t.Errorf("a folder that holds something else: %v", err)
	}
	if err := second.Write(filepath.Join(parent, "file")); err == nil {
		t.Error("a file was replaced by a folder")
	}
	if text, err := os.ReadFile(filepath.Join(other, "monday.txt")); err != nil || string(text) != "dear diary" {
		t.Errorf("the diary is gone: %v", err)
	}
	if got, want := names(t, parent), []string{"diary", "empty", "file", "file-incomplete", "run"}; !slices.Equal(got, want) {
		t.Errorf("left behind: %v, want %v", got, want)
	}
}

func TestAFailingWriteLeavesWhatWasThere(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "run")
	if err := exampleRun().Write(dir); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("no ink")
	second := exampleRun()
	second.Version = "v0.2.0"
	if err := second.Write(dir, Extra{Files: []string{"extra"}, Write: func(string) error { return broken }}); !errors.Is(err, broken) {
		t.Errorf("error = %v", err)
	}
	second.Summary.Structure.MastersExpected = math.NaN()
	if err := second.Write(dir); err == nil || !strings.Contains(err.Error(), "structure.masters_expected is NaN") {
		t.Errorf("error = %v", err)
	}
	if got, err := Load(dir); err != nil || got.Version != "v0.1.0" {
		t.Errorf("afterwards: %v, %v", got, err)
	}
	if got := names(t, parent); !slices.Equal(got, []string{"run", "run-incomplete"}) {
		t.Errorf("left behind: %v", got)
	}
	if got, err := Load(filepath.Join(parent, "run-incomplete")); err != nil || got.Version != "v0.2.0" {
		t.Errorf("what could be written: %v, %v", got, err)
	}
}

func TestOnlyResultsOfTheSameRunMayBeReplaced(t *testing.T) {
	parent := t.TempDir()
	place := func(name string) string { return filepath.Join(parent, name) }
	whole := exampleRun()
	part := exampleRun()
	part.Summary.Partial, part.Summary.Engine.VirtualS = true, whole.Summary.Engine.VirtualS/2
	other := exampleRun()
	other.Summary.Scenario.Hash = "another"
	for _, r := range []struct {
		dir string
		run *Run
	}{{place("whole"), whole}, {place("part"), part}} {
		if err := r.run.Write(r.dir); err != nil {
			t.Fatal(err)
		}
	}
	mustWrite(t, filepath.Join(place("diary"), "monday.txt"), "dear diary")
	mustWrite(t, filepath.Join(place("half"), RunFile), `{"schema": "spreadsim-run/1"}`)
	for _, c := range []struct {
		dir   string
		run   *Run
		want  error
		place string
	}{
		{"new", part, nil, "new"},
		{"whole", whole, nil, "whole"},
		{"whole", part, ErrFurther, "whole-partial"},
		{"whole", other, ErrOtherRun, "whole-2"},
		{"part", whole, nil, "part"},
		{"part", part, nil, "part"},
		{"part", other, ErrOtherRun, "part-2"},
		{"diary", whole, ErrNotResults, "diary-2"},
		{"diary", part, ErrNotResults, "diary-partial"},
		{"half", whole, fs.ErrNotExist, "half-2"}, // no summary says whose it is
	} {
		if err := c.run.Summary.MayWrite(place(c.dir)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.dir, err, c.want)
		}
		if got := c.run.Summary.Place(place(c.dir)); got != place(c.place) {
			t.Errorf("%s: goes to %s, want %s", c.dir, got, c.place)
		}
	}
}

// Files of the user, and a folder that must stay where it is, survive a rerun.
func TestARerunTouchesOnlyFilesOfOurs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	extra := Extra{Files: []string{"plots/a.svg", "plots/b.svg"}, Write: func(dir string) error {
		return errors.Join(os.MkdirAll(filepath.Join(dir, "plots"), 0o755),
			os.WriteFile(filepath.Join(dir, "plots", "a.svg"), []byte("new"), 0o644))
	}}
	if err := exampleRun().Write(dir, extra); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	mine := []string{"notes.md", ".DS_Store", "plots/mine.svg", "sub/.git/HEAD", "summary.json.bak"}
	for _, name := range mine {
		mustWrite(t, filepath.Join(dir, name), "mine")
	}
	mustWrite(t, filepath.Join(dir, "plots", "b.svg"), "of a run before")
	if err := exampleRun().Write(dir, extra); err != nil {
		t.Fatal(err)
	}
	for _, name := range mine {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(text) != "mine" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if got := names(t, filepath.Join(dir, "plots")); !slices.Equal(got, []string{"a.svg", "mine.svg"}) {
		t.Errorf("plots: %v", got)
	}
	if after, err := os.Stat(dir); err != nil || !os.SameFile(before, after) {
		t.Errorf("it is another folder: %v", err)
	}
	if err := exampleRun().Write(dir, Extra{Files: extra.Files}); err != nil {
		t.Fatal(err)
	}
	if got := names(t, filepath.Join(dir, "plots")); !slices.Equal(got, []string{"mine.svg"}) {
		t.Errorf("plots of a run without: %v", got)
	}
	if got := names(t, dir); len(got) != 7+5 {
		t.Errorf("left behind: %v", got)
	}
}

// A folder of the user's that lies elsewhere, behind a link, stays linked.
func TestALinkToTheFolderOfPlotsStays(t *testing.T) {
	dir, elsewhere := filepath.Join(t.TempDir(), "run"), t.TempDir()
	extra := Extra{Files: []string{"plots/a.svg", "plots/b.svg"}, Write: func(dir string) error {
		return errors.Join(os.MkdirAll(filepath.Join(dir, "plots"), 0o755), os.WriteFile(filepath.Join(dir, "plots", "b.svg"), []byte("new"), 0o644))
	}}
	if err := exampleRun().Write(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(dir, "plots")); err != nil {
		t.Fatal(err)
	}
	for _, extra := range []Extra{extra, {Files: extra.Files}} {
		if err := exampleRun().Write(dir, extra); err != nil {
			t.Fatal(err)
		}
		if to, err := os.Readlink(filepath.Join(dir, "plots")); err != nil || to != elsewhere {
			t.Errorf("the link leads to %q: %v", to, err)
		}
	}
}

// What would fail after a run is told before it.
func TestAFolderThatCannotTakeTheResultsIsRefusedBefore(t *testing.T) {
	extra := Extra{Files: []string{"plots/a.svg", "report.html"}}
	for what, c := range map[string]struct {
		prepare func(dir string) error
		want    string // part of the error; empty if there is none
	}{
		"a new folder":       {func(string) error { return nil }, ""},
		"results":            {func(dir string) error { return exampleRun().Write(dir) }, ""},
		"an empty folder":    {func(dir string) error { return os.Mkdir(dir, 0o755) }, ""},
		"a link to a folder": {func(dir string) error { return os.Symlink(filepath.Dir(dir), dir) }, ""},
		"a file":             {func(dir string) error { return os.WriteFile(dir, nil, 0o644) }, "not a directory"},
		"a link to nothing":  {func(dir string) error { return os.Symlink("nothing", dir) }, "a link to a folder that does not exist"},
		"a file named plots": {func(dir string) error { return withFile(dir, "plots") }, "plots is not a folder"},
		"plots linked to nothing": {func(dir string) error {
			return errors.Join(os.Mkdir(dir, 0o755), os.Symlink("no", filepath.Join(dir, "plots")))
		}, "plots is a link to a folder that does not exist"},
		"a folder named as a table": {func(dir string) error { return os.MkdirAll(filepath.Join(dir, NodesFile), 0o755) }, "nodes.csv is a folder"},
		"a folder named as a plot":  {func(dir string) error { return os.MkdirAll(filepath.Join(dir, "plots", "a.svg"), 0o755) }, "plots/a.svg is a folder"},
		"a folder read only":        {func(dir string) error { return os.Mkdir(dir, 0o555) }, "permission denied"},
		"plots read only": {func(dir string) error {
			return errors.Join(os.Mkdir(dir, 0o755), os.Mkdir(filepath.Join(dir, "plots"), 0o555))
		}, "plots: permission denied"},
	} {
		if strings.Contains(c.want, "permission") && os.Geteuid() == 0 {
			continue // nothing is denied to root
		}
		parent := t.TempDir()
		dir := filepath.Join(parent, "run")
		if err := c.prepare(dir); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		err := Writable(dir, extra)
		switch {
		case c.want == "" && err != nil, c.want != "" && err == nil:
			t.Errorf("%s: %v", what, err)
		case c.want != "" && !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: %v, want %s", what, err, c.want)
		}
		if got := names(t, parent); len(got) > 1 {
			t.Errorf("%s: left behind: %v", what, got)
		}
	}
}

func withFile(dir, name string) error {
	return errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, name), nil, 0o644))
}

// A place that was lost while the simulation ran costs no results.
func TestResultsWithoutTheirPlaceGoToTheCurrentFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	mustWrite(t, filepath.Join("gone", "file"), "")
	err := exampleRun().Write(filepath.Join("gone", "file", "runs", "run"))
	var incomplete *Incomplete
	if !errors.As(err, &incomplete) || len(incomplete.Missing) > 0 {
		t.Fatalf("error = %v", err)
	}
	if got, err := Load("run-incomplete"); err != nil || got.Version != "v0.1.0" {
		t.Errorf("kept: %v, %v", got, err)
	}
}

func TestNumbersThatAreNotFiniteBecomeNull(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	run := exampleRun()
	run.Summary.Approval.Jain = ptr(math.NaN())
	run.Summary.Convergence.TimeS = ptr(math.Inf(1))
	if err := run.Write(dir); err != nil {
		t.Fatal(err)
	}
	got, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got.Summary.Approval.Jain != nil || got.Summary.Convergence.TimeS != nil {
		t.Errorf("got %v, %v", got.Summary.Approval.Jain, got.Summary.Convergence.TimeS)
	}
}

func TestLoadSaysWhatIsWrongAndWhere(t *testing.T) {
	edit := func(old, new string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, new, 1) }
	}
	for _, c := range []struct {
		file   string
		change func(string) string
		want   string
	}{
		{SummaryFile, edit(`"events": 80`, `"events": "many"`), "summary.json: line 26: json: cannot unmarshal string"},
		{SummaryFile, edit(`"events": 80`, `"event": 80`), `summary.json: json: unknown field "event"`},
		{SummaryFile, edit("{", ""), "summary.json: line 2: json: cannot unmarshal string"},
		{SummaryFile, func(s string) string { return s + "{}" }, "more than one value"},
		{SummaryFile, edit("spreadsim-summary/2", "spreadsim-summary/9"),
			`summary.json has schema "spreadsim-summary/9", this program reads "spreadsim-summary/2"`},
		{SummaryFile, edit("00c0ffee", "11c0ffee"), "are of different runs"},
		{RunFile, edit("spreadsim-run/1", "spreadsim-run/2"), `run.json has schema "spreadsim-run/2"`},
		{RunFile, edit("spreadsim-run/1", "recipe"), "not a results folder: its run.json was not written by spreadsim"},
		{RunFile, func(string) string { return "" }, "not a results folder"},
		{SeriesFile, edit("alive", "living"), `series.csv: line 1: column 2 is "living", want "alive"`},
		{SeriesFile, edit(",abandoned", ""), "series.csv: line 1: column abandoned is missing"},
		{SeriesFile, edit(",abandoned", ",abandoned,more"), `series.csv: line 1: unknown column "more"`},
		{SeriesFile, edit("\n80,3", "\n80,three"), `series.csv: line 3: alive: "three" is not a whole number`},
		{SeriesFile, edit("\n80,3", "\n80s,3"), `series.csv: line 3: time_s: "80s" is not a decimal number`},
		{SeriesFile, edit("\n80,3,1", "\n80,3,NaN"), `series.csv: line 3: registered: "NaN" is not a number`},
		{SeriesFile, edit("\n80,3,", "\n80,"), "series.csv: line 3: wrong number of fields"},
		{SeriesFile, func(string) string { return "" }, "series.csv: line 1: the file is empty"},
		{RequestsFile, edit("search,0", "find,0"), `requests.csv: line 2: kind: "find" is none of [search approval]`},
		{RequestsFile, edit("true", "yes"), `requests.csv: line 2: ok: "yes" is neither true nor false`},
		{RequestsFile, edit("7 2", "7 two"), "requests.csv: line 5: approvers:"},
		{NodesFile, edit("both", "boss"), `nodes.csv: line 2: role: "boss" is none of`},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		if err := exampleRun().Write(dir); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, c.file)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		mustWrite(t, path, c.change(string(text)))
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.file, err, c.want)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), c.file) {
			t.Errorf("without %s: error %v", c.file, err)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "nowhere")); !errors.Is(err, ErrNotResults) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

func TestDurationsKeepEveryNanosecond(t *testing.T) {
	for text, d := range map[string]time.Duration{
		"0": 0, "1.5": 1500 * time.Millisecond, "0.000000001": 1, "-0.000000001": -1,
		"-80.01":               -80010 * time.Millisecond,
		"9223372036.854775807": math.MaxInt64, "-9223372036.854775808": math.MinInt64, "0.05": 50 * time.Millisecond,
	} {
		if got := formatDuration(d, time.Second); got != text {
			t.Errorf("%d ns = %q, want %q", d, got, text)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64().Draw(t, "d"))
		unit := rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second}).Draw(t, "unit")
		if got, err := parseDuration(formatDuration(d, unit), unit); err != nil || got != d {
			t.Fatalf("%d came back as %d, %v", d, got, err)
		}
	})
}

// FuzzReadRequests: whatever is read as a table is written again with the same meaning.
func FuzzReadRequests(f *testing.F) {
	var b bytes.Buffer
	if err := writeTable(&b, exampleRun().Requests, requestCells); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("kind\n"))
	f.Add([]byte("\"\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, err := readTable(bytes.NewReader(text), requestCells)
		if err != nil {
			return
		}
		var once, twice bytes.Buffer
		if err := writeTable(&once, rows, requestCells); err != nil {
			t.Fatal(err)
		}
		again, err := readTable(bytes.NewReader(once.Bytes()), requestCells)
		if err != nil {
			t.Fatalf("cannot read what was written: %v\n%s", err, once.Bytes())
		}
		if err := writeTable(&twice, again, requestCells); err != nil || !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Fatalf("%s\nbecame\n%s", once.Bytes(), twice.Bytes())
		}
	})
}

func mustWrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// The copies of stores are in the folder of a run that has any, and are read back.
func TestCopiesOfStoresAreInTheFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	run := exampleRun()
	run.Copies = []CopiesRow{{Store: "files", Time: time.Second, Objects: 4, Held: 3, Whole: 2, Copies: 1.5}}
	if err := run.Write(dir); err != nil {
		t.Fatal(err)
	}
	back, err := Load(dir)
	if err != nil || !slices.Equal(back.Copies, run.Copies) {
		t.Errorf("%v, %v", back, err)
	}
}
