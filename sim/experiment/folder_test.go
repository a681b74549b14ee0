package experiment_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spreadable/sim/experiment"
	"spreadable/sim/result"
)

// folder makes the folder of a plan.
func folder(t *testing.T, p *experiment.Plan) *experiment.Folder {
	t.Helper()
	f, err := experiment.CreateFolder(filepath.Join(t.TempDir(), "sweep"), p.Index, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// measured is a run of a task that measured a latency.
func measured(p *experiment.Plan, task experiment.Task, latency float64) *experiment.Record {
	r := &result.Run{Summary: result.Summary{
		Schema: result.SummarySchema, Fingerprint: fmt.Sprintf("%016x", task.Repetition),
		Search: &result.Search{Count: 1, LatencyMS: &result.Latency{P90: latency}, Errors: map[string]int{"B": 1, "A": 2}},
	}}
	j, _, err := p.Job(task)
	if err != nil {
		panic(err) // the plan was made of the same file
	}
	return j.Record(r, experiment.Complete, "")
}

// finish runs all that a schedule has; latency says what each run measures.
func finish(t *testing.T, p *experiment.Plan, f *experiment.Folder, shard experiment.Shard, latency func(experiment.Task) float64) (order []experiment.Task) {
	t.Helper()
	s, err := experiment.NewSchedule(f, shard)
	if err != nil {
		t.Fatal(err)
	}
	for {
		task, ok := s.Next(0, true)
		if !ok {
			break
		}
		order = append(order, task)
		if err := f.Put(measured(p, task, latency(task))); err != nil {
			t.Fatal(err)
		}
		if err := s.Finish(task); err != nil {
			t.Fatal(err)
		}
	}
	if s.Done != s.Runs {
		t.Errorf("%d of %d runs are done", s.Done, s.Runs)
	}
	if err := f.WriteTables(); err != nil {
		t.Fatal(err)
	}
	return order
}

func table(t *testing.T, f *experiment.Folder, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(f.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func byRepetition(task experiment.Task) float64 {
	return 100 + float64(task.Variant) + 10*float64(task.Repetition%2)
}

func TestLongRunsComeFirst(t *testing.T) {
	p := plan(t, grid)
	order := finish(t, p, folder(t, p), experiment.Shard{}, byRepetition)
	for i := 1; i < len(order); i++ {
		if order[i].Cost > order[i-1].Cost {
			t.Errorf("run %d of %v comes after one of %v", i, order[i].Cost, order[i-1].Cost)
		}
	}
	if len(order) != 12 {
		t.Errorf("%d runs", len(order))
	}
}

func TestARunWaitsForMemoryUnlessNothingElseRuns(t *testing.T) {
	p := plan(t, grid)
	s, err := experiment.NewSchedule(folder(t, p), experiment.Shard{})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Next(1, false); ok {
		t.Error("a run began without the memory for it")
	}
	if _, ok := s.Next(1, true); !ok {
		t.Error("nothing runs though nothing else does")
	}
}

func TestTablesFollowFromTheRunsAlone(t *testing.T) {
	p := plan(t, grid)
	whole, parts := folder(t, p), folder(t, p)
	finish(t, p, whole, experiment.Shard{}, byRepetition)
	for i := 1; i <= 5; i++ {
		part := folder(t, p)
		finish(t, p, part, experiment.Shard{I: i, N: 5}, byRepetition)
		if err := part.Executed(experiment.Execution{Key: "k", Host: "a,b", Started: time.Unix(int64(i), 0)}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := parts.Merge(part); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := parts.WriteTables(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{experiment.RunsFile, experiment.MetricsFile, experiment.MeansFile} {
		if table(t, whole, name) != table(t, parts, name) {
			t.Errorf("%s differs", name)
		}
	}
	if lines := strings.Split(table(t, parts, experiment.ExecutionFile), "\n"); len(lines) != 7 || !strings.HasPrefix(lines[1], "k,a_b,1970-01-01T00:00:01Z,") {
		t.Errorf("executions %q", lines)
	}
	if line := "1,10,0.02,search.errors.A,3,2,2,2,0,2,2\n"; !strings.Contains(table(t, whole, experiment.MeansFile), line) {
		t.Errorf("no line %s", line)
	}
	if line := "1,10,0.02,search.latency_ms.p90,3,106.66666666666667,"; !strings.Contains(table(t, whole, experiment.MeansFile), line) {
		t.Errorf("no line %s", line)
	}
}

// What a killed process was writing does not make a folder a stranger's.
func TestAFolderThatWasBegunIsTaken(t *testing.T) {
	p, dir := plan(t, grid), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".new-123"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := p.MayTake(dir); err != nil {
		t.Error(err)
	}
}

func TestTheSameRunWithAnotherOutcomeIsABug(t *testing.T) {
	p := plan(t, grid)
	a, b := folder(t, p), folder(t, p)
	finish(t, p, a, experiment.Shard{}, byRepetition)
	finish(t, p, b, experiment.Shard{}, func(experiment.Task) float64 { return 7 })
	if _, err := a.Merge(b); !errors.Is(err, experiment.ErrNotSame) {
		t.Errorf("%v", err)
	}
}

func TestAFolderBelongsToASweepAndLargerOnes(t *testing.T) {
	small, large := plan(t, grid), plan(t, strings.Replace(grid, "repeat: 3", "repeat: 9", 1))
	other := plan(t, grid, "seed=2")
	f := folder(t, small)
	if err := large.MayTake(f.Dir); err != nil {
		t.Error(err)
	}
	if err := other.MayTake(f.Dir); !errors.Is(err, experiment.ErrOtherSweep) {
		t.Errorf("%v", err)
	}
	g := folder(t, large)
	if err := small.MayTake(g.Dir); !errors.Is(err, experiment.ErrOtherSweep) {
		t.Errorf("%v", err)
	}
	if err := small.MayTake(filepath.Dir(g.Dir)); !errors.Is(err, experiment.ErrNoSweep) {
		t.Errorf("%v", err)
	}
	read, err := experiment.OpenFolder(g.Dir)
	if err != nil || read.Index.Hash() != large.Hash() || read.Index.Hash() == small.Hash() {
		t.Errorf("read %+v, %v", read, err)
	}
}

const precise = "name: precise\nduration: 60s\nworkload: {searches: {count: 10, start: 30s}}\nsweep: {nodes: [10, 20]}\nrepeat: {until: {search.latency_ms.p90: 5%}, max: 12}\n"

// The values alternate by ±5 around 100: the half width of the interval is t·s/√n, below
// 5 for the first time at n = 7 (2.447 · 5.345 / √7 = 4.94).
func TestRepetitionsEndWhenTheNumberIsKnown(t *testing.T) {
	p := plan(t, precise)
	f := folder(t, p)
	finish(t, p, f, experiment.Shard{}, func(task experiment.Task) float64 {
		if task.Variant == 1 {
			return 100
		}
		return 95 + 10*float64(task.Repetition%2)
	})
	for v, want := range []int{7, 5} {
		if list, err := f.Records(v); err != nil || len(list) != want {
			t.Errorf("variant %d has %d repetitions, want %d (%v)", v, len(list), want, err)
		}
	}
	if rows := strings.Count(table(t, f, experiment.RunsFile), "\n"); rows != 1+12 {
		t.Errorf("%d rows of runs", rows)
	}
}

func TestRepetitionsEndAtTheirLimit(t *testing.T) {
	p := plan(t, precise)
	if order := finish(t, p, folder(t, p), experiment.Shard{}, func(task experiment.Task) float64 {
		return float64(task.Repetition)
	}); len(order) != 24 {
		t.Errorf("%d runs, want twice the limit", len(order))
	}
}

func TestABrokenFileOfARunIsNoResult(t *testing.T) {
	p := plan(t, grid)
	f := folder(t, p)
	order := finish(t, p, f, experiment.Shard{}, byRepetition)
	path := filepath.Join(f.Dir, experiment.RunsFolder, order[0].Key+".json.gz")
	if err := os.WriteFile(path, []byte("junk"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteTables(); err == nil || !strings.Contains(err.Error(), order[0].Key) {
		t.Errorf("%v", err)
	}
	if _, err := f.Find("zz"); err == nil {
		t.Error("found a run that is none")
	}
	if key, err := f.Find(order[0].Key[:12]); err != nil || key != order[0].Key {
		t.Errorf("found %s, %v", key, err)
	}
}
