package experiment

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"

	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// Job is one run with all that it takes to do it, for a machine that has neither the sweep
// nor the files of its scenario.
type Job struct {
	Key        string   `json:"key"`
	Version    string   `json:"version"` // of the program that must run it
	Values     []string `json:"values"`  // of the keys of its sweep
	Repetition int      `json:"repetition"`
	Seed       uint64   `json:"seed"`
	Scenario   string   `json:"scenario"` // resolved
	// Files are those that the scenario names.
	Files []JobFile `json:"files"`
	// Memory is what the run is expected to take, in bytes.
	Memory int64 `json:"expected_bytes"`
}

// JobFile names a file of a job, whose content is kept elsewhere, once for all jobs.
type JobFile struct {
	Name   string `json:"name"`   // as in File
	SHA256 string `json:"sha256"` // of the content, in hexadecimal digits
}

// Job is a task of the plan, and the scenario that it runs.
func (p *Plan) Job(t Task) (*Job, *scenario.Scenario, error) {
	s, err := p.Scenario(t.Variant, t.Repetition)
	if err != nil {
		return nil, nil, err
	}
	j := &Job{
		Key: t.Key, Version: p.Version, Values: p.Variants[t.Variant].Values, Repetition: t.Repetition, Seed: s.Seed,
		Scenario: string(s.Resolved()), Files: []JobFile{}, Memory: t.Memory,
	}
	for _, file := range s.Attachments() {
		j.Files = append(j.Files, JobFile{file.Name, Digest(file.Content)})
	}
	return j, s, nil
}

// Digest names a content, in hexadecimal digits of SHA-256.
func Digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// Parse is the scenario of the job; dir is the folder that has its files. No other file is
// read: a job may come from a stranger.
func (j *Job) Parse(dir string) (*scenario.Scenario, error) {
	d, err := scenario.ParseDesign(filepath.Join(dir, ScenarioFile), []byte(j.Scenario), nil)
	if err != nil {
		return nil, err
	}
	s, err := d.Variant(nil)
	if err != nil {
		return nil, err
	}
	for _, name := range s.Named() {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return nil, fmt.Errorf("run %s: its scenario names a file of this machine, %s", j.Key, name)
		}
	}
	if err := d.Judge(s); err != nil {
		return nil, err
	}
	if string(s.Resolved()) != j.Scenario {
		return nil, fmt.Errorf("run %s: its scenario reads back as another one", j.Key)
	}
	return s, nil
}

// Record keeps what became of the job; r may be nil where reason says why.
func (j *Job) Record(r *result.Run, outcome Outcome, reason string) *Record {
	record := &Record{
		Schema: recordSchema, Key: j.Key, Version: j.Version, Values: j.Values, Repetition: j.Repetition, Seed: j.Seed,
		Outcome: outcome, Reason: reason, Scenario: j.Scenario, Expectations: []result.Outcome{},
	}
	if r != nil {
		summary := r.Summary.Timeless()
		summary.Parameters.Set = []string{} // those of the sweep are in its plan
		record.Summary = &summary
		record.Expectations = append(record.Expectations, r.Expectations...)
	}
	return record
}
