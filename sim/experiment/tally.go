package experiment

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"spreadable/sim/scenario"
)

// Tally counts the runs of a sweep by what became of them.
type Tally struct {
	Runs       int   `json:"runs"` // that there are to be; with until, as far as it is known
	Done       int   `json:"done"`
	Failed     int   `json:"failed"`
	Lost       int   `json:"lost"`
	Violated   int   `json:"violated"`
	Unexpected int   `json:"unexpected"` // complete, but an expectation was not met
	Bad        []Bad `json:"bad"`        // the runs of the four kinds above
}

// Bad is a run that did not do what it should.
type Bad struct {
	Key        string `json:"key"`
	Variant    int    `json:"variant"` // place in the plan
	Repetition int    `json:"repetition"`
	Reason     string `json:"reason"`
}

// Tally counts the runs of the folder.
func (f *Folder) Tally() (Tally, error) {
	t := Tally{Bad: []Bad{}}
	for v := range f.Index.Variants {
		records, err := f.Records(v)
		if err != nil {
			return t, err
		}
		t.Done += len(records)
		t.Runs += f.Index.wanted(len(records))
		for _, r := range records {
			t.add(v, r)
		}
	}
	return t, nil
}

// wanted is how many repetitions of a variant there are to be, if there are so many.
func (x *Index) wanted(have int) int {
	if x.Repeat.Count > 0 {
		return x.Repeat.Count
	}
	return max(have, scenario.LeastJudged)
}

func (t *Tally) add(variant int, r *Record) {
	reason := r.Reason
	switch {
	case r.Outcome == Failed:
		t.Failed++
	case r.Outcome == Lost:
		t.Lost++
	case r.Outcome == Violated:
		t.Violated++
	case r.Unexpected() > 0:
		t.Unexpected++
		for _, e := range slices.Backward(r.Expectations) {
			if !e.OK {
				reason = "expected " + e.Path + " " + e.Condition + ", got " + e.Value
			}
		}
	default:
		return
	}
	t.Bad = append(t.Bad, Bad{r.Key, variant, r.Repetition, reason})
}

// Broken counts the runs that did not come to their end.
func (t *Tally) Broken() int { return t.Failed + t.Violated + t.Lost }

// Scenario is what a run of the folder ran.
func (f *Folder) Scenario(r *Record) (*scenario.Scenario, error) {
	return scenario.Parse(filepath.Join(f.Dir, r.Key), []byte(r.Scenario), nil)
}

// Files are the scenario of the sweep and the files that it names.
func (f *Folder) Files() ([]File, error) {
	names := []string{ScenarioFile}
	entries, err := os.ReadDir(filepath.Join(f.Dir, scenario.FilesFolder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, entry := range entries {
		names = append(names, scenario.FilesFolder+"/"+entry.Name())
	}
	var files []File
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(f.Dir, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		files = append(files, File{name, content})
	}
	return files, nil
}
