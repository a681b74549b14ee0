package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
)

// Names of the files in a results folder.
const (
	SummaryFile  = "summary.json"
	RunFile      = "run.json"
	ScenarioFile = "scenario.yaml"
	SeriesFile   = "series.csv"
	RequestsFile = "requests.csv"
	NodesFile    = "nodes.csv"
)

// runSchema names the layout of run.json, as [SummarySchema] does that of summary.json.
const runSchema = "spreadsim-run/1"

// ErrNotResults is the error of reading, or overwriting, a folder that holds no results.
var ErrNotResults = errors.New("not a results folder")

// record is the contents of run.json: what it takes to repeat the run, and how its expectations fared.
type record struct {
	Schema       string    `json:"schema"`
	Version      string    `json:"version"`
	Seed         uint64    `json:"seed"`
	Fingerprint  string    `json:"fingerprint"`
	Scenario     string    `json:"scenario"` // YAML
	Expectations []Outcome `json:"expectations"`
}

// Write puts the run into the folder dir, which is created, or replaced if it holds results already. Any other
// folder or file of that name is left alone and is an error ([ErrNotResults]), except an empty folder.
//
// The files are first written to a folder next to dir, which then takes its place: a failing write leaves
// what was there before, never half a result. also is called with that folder to add files of its own, such as
// plots and the report.
//
// Numbers of the summary that are not finite become null where null is allowed, in r as well, and are an error
// elsewhere.
func (r *Run) Write(dir string, also ...func(dir string) error) (err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	if err := mayReplace(dir); err != nil {
		return err
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	fresh, err := os.MkdirTemp(parent, "."+filepath.Base(dir)+".new-*")
	if err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(fresh)) }()
	if err := r.fill(fresh); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	for _, add := range also {
		if err := add(fresh); err != nil {
			return fmt.Errorf("write results: %w", err)
		}
	}
	return swap(fresh, dir)
}

// fill writes the run's own files.
func (r *Run) fill(dir string) error {
	// Temporary folders are private; results are meant to be shown around.
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	if err := finite(&r.Summary); err != nil {
		return err
	}
	return errors.Join(
		writeJSON(filepath.Join(dir, SummaryFile), &r.Summary),
		writeJSON(filepath.Join(dir, RunFile), &record{
			Schema:       runSchema,
			Version:      r.Version,
			Seed:         r.Summary.Scenario.Seed,
			Fingerprint:  r.Summary.Fingerprint,
			Scenario:     string(r.Scenario),
			Expectations: slices.Concat([]Outcome{}, r.Expectations), // [] rather than null
		}),
		os.WriteFile(filepath.Join(dir, ScenarioFile), r.Scenario, 0o644),
		writeCSV(filepath.Join(dir, SeriesFile), r.Samples, sampleCells),
		writeCSV(filepath.Join(dir, RequestsFile), r.Requests, requestCells),
		writeCSV(filepath.Join(dir, NodesFile), r.Nodes, nodeCells),
	)
}

// mayReplace says whether the folder may be written: it does not exist, is empty, or holds results.
func mayReplace(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	if err := isResults(dir); err != nil {
		return fmt.Errorf("%w; it is left as it is", err)
	}
	return nil
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

// swap gives the folder fresh the name dir and removes what had it before. When the last step fails, the old
// folder gets its name back.
func swap(fresh, dir string) error {
	old := fresh + ".old"
	err := os.Rename(dir, old)
	if errors.Is(err, fs.ErrNotExist) {
		return os.Rename(fresh, dir)
	}
	if err != nil {
		return fmt.Errorf("replace results: %w", err)
	}
	if err := os.Rename(fresh, dir); err != nil {
		return errors.Join(fmt.Errorf("replace results: %w", err), os.Rename(old, dir))
	}
	return os.RemoveAll(old)
}

// finite makes pointers to numbers that are not finite nil, and returns an error for such a number in a plain
// field, which by its definition cannot be missing.
func finite(s *Summary) error {
	return finiteAt(reflect.ValueOf(s).Elem(), "")
}

func finiteAt(v reflect.Value, path string) error {
	switch v.Kind() {
	case reflect.Float64:
		if x := v.Float(); math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%s is %v", path, x)
		}
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		err := finiteAt(v.Elem(), path)
		if err != nil && v.Elem().Kind() == reflect.Float64 {
			v.SetZero()
			return nil
		}
		return err
	case reflect.Struct:
		for i := range v.NumField() {
			if err := finiteAt(v.Field(i), join(path, jsonName(v.Type().Field(i)))); err != nil {
				return err
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if err := finiteAt(v.Index(i), fmt.Sprintf("%s.%d", path, i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func writeJSON(path string, value any) error {
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if err := out.Encode(value); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

func writeCSV[Row any](path string, rows []Row, cells func(*Row) []cell) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return writeTable(file, rows, cells)
}

// Load reads a results folder back. It is strict: a missing file, an unknown field, another schema or a cell of
// the wrong type is an error that names the file and, where there is one, the line.
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
	if run.Nodes, err = readCSV(dir, NodesFile, nodeCells); err != nil {
		return nil, err
	}
	return run, nil
}

// matches checks that run.json and summary.json are of versions that this program reads, and of one run.
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
