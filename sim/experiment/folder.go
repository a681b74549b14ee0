package experiment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Names in the folder of a sweep.
const (
	IndexFile     = "sweep.json"
	ScenarioFile  = "scenario.yaml"
	RunsFolder    = "runs"
	RunsFile      = "runs.csv"
	MetricsFile   = "metrics.csv"
	MeansFile     = "means.csv"
	ExecutionFile = "execution.csv"

	indexSchema = "spreadsim-sweep/1"
	recordEnd   = ".json.gz"
)

// Errors of the folder of a sweep.
var (
	// ErrNoSweep: there is none in it.
	ErrNoSweep = errors.New("holds no sweep")
	// ErrOtherSweep: it holds runs that are not part of this one.
	ErrOtherSweep = errors.New("holds another sweep")
	// ErrNotSame: the same run has another outcome. That is a bug of the simulator, whose
	// runs are to be the same everywhere.
	ErrNotSame = errors.New("the same run has two outcomes, which is a bug of the simulator: please report it")
)

// Folder is a sweep on the disk: what it is, and the runs that are done.
type Folder struct {
	Dir string
	// Index says which runs there are to be.
	Index Index
}

// OpenFolder reads what the sweep in a folder is.
func OpenFolder(dir string) (*Folder, error) {
	path := filepath.Join(dir, IndexFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: it has no %s", filepath.ToSlash(dir), ErrNoSweep, IndexFile)
	}
	if err != nil {
		return nil, err
	}
	f := &Folder{Dir: dir}
	if err := json.Unmarshal(text, &f.Index); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.ToSlash(path), err)
	}
	if f.Index.Schema != indexSchema {
		return nil, fmt.Errorf("%s has schema %q, this program reads %q", filepath.ToSlash(path), f.Index.Schema, indexSchema)
	}
	return f, nil
}

// MayTake says why a sweep must not go to a folder: it holds something else, or runs that
// this sweep has not. A sweep with more variants or repetitions takes the folder of the
// smaller one, and its runs.
func (x *Index) MayTake(dir string) error {
	entries, err := os.ReadDir(dir)
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), fresh) })
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	there, err := OpenFolder(dir)
	if err != nil {
		return err
	}
	mine := x.keys()
	for key := range there.Index.keys() { // order-free: any key will do
		if !mine[key] {
			return fmt.Errorf("%s: %w (%s, %d variants)", filepath.ToSlash(dir), ErrOtherSweep, there.Index.Name, len(there.Index.Variants))
		}
	}
	return nil
}

// File is a file that a sweep keeps beside its plan: the scenario, and what that names.
type File struct {
	Name    string // with slashes
	Content []byte
}

// CreateFolder makes the folder of a sweep, or takes one as MayTake allows.
func CreateFolder(dir string, x Index, files []File) (*Folder, error) {
	if err := x.MayTake(dir); err != nil {
		return nil, err
	}
	f := &Folder{Dir: dir, Index: x}
	text, err := x.encode()
	if err != nil {
		return nil, err
	}
	// First what it is: other shards may be about to take the same folder.
	if err := f.write(IndexFile, text); err != nil {
		return nil, err
	}
	for _, file := range files {
		if err := f.write(file.Name, file.Content); err != nil {
			return nil, err
		}
	}
	return f, os.MkdirAll(filepath.Join(dir, RunsFolder), 0o755)
}

// fresh begins the names of files that are being written, or were when a process ended.
const fresh = ".new-"

// write puts a file into the folder: it is there whole, or not at all.
func (f *Folder) write(name string, content []byte) error {
	path := filepath.Join(f.Dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), fresh+"*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

func (f *Folder) recordPath(key string) string {
	return filepath.Join(f.Dir, RunsFolder, key+recordEnd)
}

// Has reports whether a run is done.
func (f *Folder) Has(key string) bool {
	_, err := os.Stat(f.recordPath(key))
	return err == nil
}

// Done are the keys of all runs that are done, of this sweep or of others.
func (f *Folder) Done() (map[string]bool, error) {
	entries, err := os.ReadDir(filepath.Join(f.Dir, RunsFolder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	done := make(map[string]bool, len(entries))
	for _, entry := range entries {
		if key, ok := strings.CutSuffix(entry.Name(), recordEnd); ok {
			done[key] = true
		}
	}
	return done, err
}

// Put keeps a run. One that is there stays, and must be the same.
func (f *Folder) Put(r *Record) error {
	content, err := r.Encode()
	if err != nil {
		return err
	}
	return f.put(r, content)
}

// Take keeps a run of which another process made the file, and returns it.
func (f *Folder) Take(key string, content []byte) (*Record, error) {
	r, err := decodeRecord(content)
	if err == nil && r.Key != key {
		err = fmt.Errorf("holds run %s", r.Key)
	}
	if err != nil {
		return nil, fmt.Errorf("the file of run %s: %w", key, err)
	}
	return r, f.put(r, content)
}

func (f *Folder) put(r *Record, content []byte) error {
	there, err := os.ReadFile(f.recordPath(r.Key))
	if errors.Is(err, fs.ErrNotExist) {
		return f.write(RunsFolder+"/"+r.Key+recordEnd, content)
	}
	if err != nil || bytes.Equal(there, content) {
		return err
	}
	// Compression may differ between versions of Go, and what is there may be broken.
	old, err := decodeRecord(there)
	if err != nil || old.Outcome == Lost {
		return f.write(RunsFolder+"/"+r.Key+recordEnd, content)
	}
	if r.Outcome == Lost {
		return nil
	}
	return old.sameAs(r)
}

// sameAs says that two records of one key are not of the same run.
func (r *Record) sameAs(other *Record) error {
	a, err := json.Marshal(r)
	if err != nil {
		return err
	}
	b, err := json.Marshal(other)
	if err != nil || bytes.Equal(a, b) {
		return err
	}
	return fmt.Errorf("run %s: %w (fingerprints %s and %s)", r.Key, ErrNotSame, r.Fingerprint(), other.Fingerprint())
}

// Fingerprint is that of the run, and "none" where it has no summary.
func (r *Record) Fingerprint() string {
	if r.Summary == nil {
		return "none"
	}
	return r.Summary.Fingerprint
}

// Get reads a run; nil if it is not done.
func (f *Folder) Get(key string) (*Record, error) {
	packed, err := os.ReadFile(f.recordPath(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r, err := decodeRecord(packed)
	if err == nil && r.Key != key {
		err = fmt.Errorf("holds run %s", r.Key)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.ToSlash(f.recordPath(key)), err)
	}
	return r, nil
}

// Find is the key of the one run that begins with a prefix.
func (f *Folder) Find(prefix string) (string, error) {
	done, err := f.Done()
	if err != nil {
		return "", err
	}
	var found []string
	for key := range done { // order-free: sorted below
		if strings.HasPrefix(key, prefix) {
			found = append(found, key)
		}
	}
	slices.Sort(found)
	switch {
	case len(found) == 0:
		return "", fmt.Errorf("%s: no run has a key that begins with %q", filepath.ToSlash(f.Dir), prefix)
	case len(found) > 1:
		return "", fmt.Errorf("%s: %d runs have keys that begin with %q, such as %s and %s", filepath.ToSlash(f.Dir), len(found), prefix, found[0], found[1])
	}
	return found[0], nil
}

// Merge takes over the runs of another folder of the same sweep.
func (f *Folder) Merge(from *Folder) (taken int, err error) {
	done, err := from.Done()
	if err != nil {
		return 0, err
	}
	mine := f.Index.keys()
	for _, key := range slices.Sorted(maps.Keys(done)) {
		if !mine[key] {
			continue
		}
		content, err := os.ReadFile(from.recordPath(key))
		if err != nil {
			return taken, err
		}
		had := f.Has(key)
		if _, err := f.Take(key, content); err != nil {
			return taken, fmt.Errorf("%s: %w", filepath.ToSlash(from.Dir), err)
		}
		if !had {
			taken++
		}
	}
	return taken, f.mergeExecution(from)
}

// mergeExecution takes over how the other folder's runs were executed.
func (f *Folder) mergeExecution(from *Folder) error {
	text, err := os.ReadFile(filepath.Join(from.Dir, ExecutionFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	mine, err := os.ReadFile(filepath.Join(f.Dir, ExecutionFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var fresh strings.Builder
	for line := range strings.Lines(strings.TrimPrefix(string(text), executionColumns)) {
		if !bytes.Contains(mine, []byte(line)) {
			fresh.WriteString(line)
		}
	}
	if fresh.Len() == 0 {
		return nil
	}
	return f.appendLines(fresh.String())
}

// Execution is how a run was executed: what differs from machine to machine.
type Execution struct {
	Key          string
	Host         string
	Started      time.Time
	WallS        float64 // wall time of the simulation, in seconds
	EventsPerS   float64
	PeakRSSBytes int64 // of the process, with the runs beside it
	Beside       int   // runs that went on when it began
}

const executionColumns = "key,host,started,wall_s,events_per_s,peak_rss_bytes,beside\n"

// Executed adds a line to execution.csv. Several processes may write to one folder: each
// line is one write at the end of the file.
func (f *Folder) Executed(e Execution) error {
	line := fmt.Sprintf("%s,%s,%s,%s,%s,%d,%d\n", e.Key, strings.Map(plainName, e.Host), e.Started.UTC().Format(time.RFC3339),
		number(e.WallS), strconv.FormatFloat(e.EventsPerS, 'f', 0, 64), e.PeakRSSBytes, e.Beside)
	return f.appendLines(line)
}

func (f *Folder) appendLines(lines string) error {
	file, err := os.OpenFile(filepath.Join(f.Dir, ExecutionFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if at, err := file.Stat(); err == nil && at.Size() == 0 {
		lines = executionColumns + lines
	}
	_, err = file.WriteString(lines)
	return errors.Join(err, file.Close())
}

// plainName keeps what needs no quotes in a table.
func plainName(r rune) rune {
	if strings.ContainsRune(",\"\r\n", r) {
		return '_'
	}
	return r
}
