package experiment_test

import (
	"slices"
	"testing"

	"spreadable/sim/experiment"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// A tally counts each run once, by what became of it, and says why one is not good: its own
// reason, or the first expectation that was not met.
func TestATallyCountsWhatBecameOfRuns(t *testing.T) {
	p := plan(t, grid)
	f := folder(t, p)
	expected := []result.Outcome{
		{Path: "a", Condition: "< 1", Value: "0", OK: true}, {Path: "b", Condition: "< 2", Value: "3"}, {Path: "c", Condition: "< 4", Value: "5"},
	}
	s, err := experiment.NewSchedule(f, experiment.Shard{})
	if err != nil {
		t.Fatal(err)
	}
	outcomes := []experiment.Outcome{experiment.Complete, experiment.Violated, experiment.Failed, experiment.Lost, experiment.Complete, experiment.Failed}
	for i, outcome := range outcomes {
		task, ok := s.Next(0, true)
		if !ok {
			t.Fatal("the schedule is at its end")
		}
		j, _, err := p.Job(task)
		if err != nil {
			t.Fatal(err)
		}
		r, reason := &result.Run{}, ""
		if outcome != experiment.Complete {
			reason = "it is " + string(outcome)
		}
		if i == 4 {
			r.Expectations = expected
		}
		if outcome == experiment.Failed || outcome == experiment.Lost {
			r = nil
		}
		if err := f.Put(j.Record(r, outcome, reason)); err != nil {
			t.Fatal(err)
		}
		if err := s.Finish(task); err != nil {
			t.Fatal(err)
		}
	}
	got, err := f.Tally()
	if err != nil {
		t.Fatal(err)
	}
	if got.Runs != 12 || got.Done != 6 || got.Violated != 1 || got.Failed != 2 || got.Lost != 1 || got.Unexpected != 1 || got.Broken() != 4 {
		t.Errorf("%+v", got)
	}
	var reasons []string
	for _, b := range got.Bad {
		r, err := f.Get(b.Key)
		if err != nil || r.Repetition != b.Repetition || !slices.Equal(r.Values, f.Index.Variants[b.Variant].Values) {
			t.Errorf("%+v is of %+v, %v", b, r, err)
		}
		reasons = append(reasons, b.Reason)
		if s, err := f.Scenario(r); err != nil || s.Seed != r.Seed {
			t.Errorf("its scenario is %+v, %v", s, err)
		}
	}
	slices.Sort(reasons)
	if want := []string{"expected b < 2, got 3", "it is failed", "it is failed", "it is lost", "it is violated"}; !slices.Equal(reasons, want) {
		t.Errorf("the reasons are %q", reasons)
	}
}

// Where runs are repeated until a number is sure, as many are foreseen as there are, and at
// first as many as can be judged.
func TestATallyForeseesRepetitions(t *testing.T) {
	p := plan(t, "name: until\nduration: 160s\nnodes: 10\nworkload: {searches: {count: 10, start: 100s}}\nsweep: {nodes: [10]}\nrepeat: {until: {search.latency_ms.p90: 1%}, max: 20}\n")
	f := folder(t, p)
	if got, err := f.Tally(); err != nil || got.Runs != scenario.LeastJudged || got.Done != 0 {
		t.Errorf("before the first run: %+v, %v", got, err)
	}
	finish(t, p, f, experiment.Shard{}, byRepetition)
	if got, err := f.Tally(); err != nil || got.Runs != got.Done || got.Done <= scenario.LeastJudged || len(got.Bad) != 0 {
		t.Errorf("after all: %+v, %v", got, err)
	}
}

// The files of a folder are its scenario and what that names.
func TestAFolderHasTheFilesOfItsScenario(t *testing.T) {
	p := plan(t, grid)
	files := []experiment.File{{Name: experiment.ScenarioFile, Content: []byte(grid)}, {Name: scenario.FilesFolder + "/a.csv", Content: []byte("1,2")}}
	for n := 1; n <= len(files); n++ {
		f, err := experiment.CreateFolder(t.TempDir(), p.Index, files[:n])
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Files()
		if err != nil || !slices.EqualFunc(got, files[:n], func(a, b experiment.File) bool { return a.Name == b.Name && string(a.Content) == string(b.Content) }) {
			t.Errorf("%q, %v", got, err)
		}
	}
	if got, err := folder(t, p).Files(); err == nil {
		t.Errorf("without a scenario: %q", got)
	}
}
