package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Names of the files in a results folder.
const (
	SummaryFile  = "summary.json"
	RunFile      = "run.json"
	ScenarioFile = "scenario.yaml"
	SeriesFile   = "series.csv"
	RequestsFile = "requests.csv"
	NodesFile    = "nodes.csv"
	NotesFile    = "notes.csv"
)

// runSchema names the layout of run.json, as [SummarySchema] does that of summary.json.
const runSchema = "spreadsim-run/1"

// ErrNotResults is the error of reading, or writing to, a folder that holds something
// other than results.
var ErrNotResults = errors.New("not a results folder")

// record is the contents of run.json: what it takes to repeat the run, and how its
// expectations fared.
type record struct {
	Schema       string    `json:"schema"`
	Version      string    `json:"version"`
	Seed         uint64    `json:"seed"`
	Fingerprint  string    `json:"fingerprint"`
	Scenario     string    `json:"scenario"` // YAML
	Expectations []Outcome `json:"expectations"`
}

// isResults says whether dir holds results of whatever version: a run.json that says so.
func isResults(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, RunFile))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w: it has no %s", dir, ErrNotResults, RunFile)
	}
	if err != nil {
		return err
	}
	var r struct{ Schema string }
	if json.Unmarshal(text, &r) != nil || !bytes.HasPrefix([]byte(r.Schema), []byte("spreadsim-run/")) {
		return fmt.Errorf("%s: %w: its %s was not written by spreadsim", dir, ErrNotResults, RunFile)
	}
	return nil
}

// Load reads a results folder back. It is strict: a missing file, an unknown field,
// another schema or a cell of the wrong type is an error that names the file and, where
// there is one, the line.
func Load(dir string) (*Run, error) {
	if err := isResults(dir); err != nil {
		return nil, err
	}
	var rec record
	run := &Run{}
	if err := readJSON(dir, RunFile, &rec); err != nil {
		return nil, err
	}
	if err := readJSON(dir, SummaryFile, &run.Summary); err != nil {
		return nil, err
	}
	if err := rec.matches(&run.Summary); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	run.Version, run.Scenario, run.Expectations = rec.Version, []byte(rec.Scenario), rec.Expectations
	var err error
	if run.Samples, err = readCSV(dir, SeriesFile, sampleCells); err != nil {
		return nil, err
	}
	if run.Requests, err = readCSV(dir, RequestsFile, requestCells); err != nil {
		return nil, err
	}
	if run.Copies, err = readCSV(dir, StoresFile, copiesCells); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if run.Loads, err = readCSV(dir, ApproversFile, loadCells); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if run.Nodes, err = readCSV(dir, NodesFile, nodeCells); err != nil {
		return nil, err
	}
	// Folders of older versions have none.
	run.Notes, err = readCSV(dir, NotesFile, noteCells)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return run, nil
}

// matches checks that run.json and summary.json are of versions that this program reads,
// and of one run.
func (rec *record) matches(s *Summary) error {
	switch {
	case rec.Schema != runSchema:
		return fmt.Errorf("%s has schema %q, this program reads %q", RunFile, rec.Schema, runSchema)
	case s.Schema != SummarySchema:
		return fmt.Errorf("%s has schema %q, this program reads %q", SummaryFile, s.Schema, SummarySchema)
	case rec.Seed != s.Scenario.Seed || rec.Fingerprint != s.Fingerprint:
		return fmt.Errorf("%s and %s are of different runs", RunFile, SummaryFile)
	}
	return nil
}

// readJSON reads one strict JSON value; an error names the file and the line.
func readJSON(dir, name string, value any) error {
	path := filepath.Join(dir, name)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(value); err != nil {
		return fmt.Errorf("%s: %w", path, withLine(text, err))
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: line %d: more than one value", path, line(text, in.InputOffset()))
	}
	return nil
}

// withLine puts the line in front of a JSON error that knows its place.
func withLine(text []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("line %d: %w", line(text, syntax.Offset), err)
	case errors.As(err, &kind):
		return fmt.Errorf("line %d: %w", line(text, kind.Offset), err)
	}
	return err
}

func line(text []byte, offset int64) int {
	return 1 + bytes.Count(text[:min(int(offset), len(text))], []byte("\n"))
}

func readCSV[Row any](dir, name string, cells func(*Row) []cell) ([]Row, error) {
	path := filepath.Join(dir, name)
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rows, err := readTable(file, cells)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rows, nil
}
