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
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// Extra is a part of a results folder that is made from a run by another package, such
// as its plots.
type Extra struct {
	// Files are the paths that it may have in the folder, with slashes. They are ours:
	// what a run before has left under these names is replaced or removed.
	Files []string
	// Write adds the files to a folder; nil adds none.
	Write func(dir string) error
}

// Incomplete is the error of a write that did not get everything onto the disk.
type Incomplete struct {
	Dir     string   // holds what was written; empty if that is nothing
	Missing []string // the files that were not written; none if all are there, at Dir
	Err     error    // why the first of them was not
}

// Error implements error.
func (e *Incomplete) Error() string {
	if e.Dir == "" {
		return fmt.Sprintf("results cannot be written: %v", inner(e.Err))
	}
	if len(e.Missing) == 0 {
		return fmt.Sprintf("results cannot be put where they belong: %v; they are in %s", inner(e.Err),
			filepath.ToSlash(e.Dir))
	}
	return fmt.Sprintf("results are incomplete, without %s: %v; what was written is in %s",
		strings.Join(e.Missing, ", "), inner(e.Err), filepath.ToSlash(e.Dir))
}

// Unwrap implements errors.Unwrap.
func (e *Incomplete) Unwrap() error { return e.Err }

// inner is an error without the name of a file that has another name by now.
func inner(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	if l := (*os.LinkError)(nil); errors.As(err, &l) {
		return l.Err
	}
	return err
}

// Write puts the run into the folder dir, as [Summary.MayWrite] allows. The error of a
// write that fails on its way, on a full disk say, is an [Incomplete].
//
// A new folder appears complete or not at all. In one that is there, each file of ours
// takes the place of its predecessor, run.json last, or goes if this run has none; all
// other files are the user's and stay. Everything is written beside them first: what a
// run before has left stays until all of this one is on the disk.
//
// Numbers of the summary that are not finite become null where null is allowed, in r as
// well, and are an error elsewhere.
func (r *Run) Write(dir string, extras ...Extra) error {
	if err := finite(&r.Summary); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	if _, err := os.ReadDir(dir); err == nil {
		if err := r.Summary.MayWrite(dir); err != nil {
			return err
		}
	} // a place that is none is lost, not the results: they are kept elsewhere
	s, err := newStage(dir)
	if err != nil {
		return &Incomplete{Missing: r.files(), Err: err}
	}
	r.fill(s)
	for _, e := range extras {
		s.extra(e)
	}
	return s.settle(append(r.files(), allFiles(extras)...))
}

// Add puts the extras of a run into the folder that holds it, in place of those that are
// there, all of them or none.
func Add(dir string, extras ...Extra) error {
	s, err := newStage(dir)
	if err != nil {
		return err
	}
	for _, e := range extras {
		s.extra(e)
	}
	if s.failed != nil {
		return errors.Join(fmt.Errorf("%s: %w", strings.Join(s.missing, ", "), inner(s.failed)), os.RemoveAll(s.dir))
	}
	return s.settle(allFiles(extras))
}

func allFiles(extras []Extra) []string {
	var names []string
	for _, e := range extras {
		names = append(names, e.Files...)
	}
	return names
}

// files are the names of the run's own files. The last makes a folder one of results.
// Those of a nil run are all that a run may have.
func (r *Run) files() []string {
	names := []string{ScenarioFile, SummaryFile, SeriesFile, RequestsFile, NodesFile, NotesFile, RunFile}
	if r == nil || len(r.Loads) > 0 {
		names = slices.Insert(names, len(names)-1, ApproversFile)
	}
	if r == nil || len(r.Copies) > 0 {
		names = slices.Insert(names, len(names)-1, StoresFile)
	}
	return names
}

// fill writes the run's own files, the small ones first: on a full disk they are worth
// most.
func (r *Run) fill(s *stage) {
	s.file(ScenarioFile, func(w io.Writer) error { _, err := w.Write(r.Scenario); return err })
	s.file(SummaryFile, func(w io.Writer) error { return writeJSON(w, &r.Summary) })
	s.file(RunFile, func(w io.Writer) error {
		return writeJSON(w, &record{
			Schema:      runSchema,
			Version:     r.Version,
			Seed:        r.Summary.Scenario.Seed,
			Fingerprint: r.Summary.Fingerprint,
			Scenario:    string(r.Scenario),
			// No expectations are [], not null.
			Expectations: slices.Concat([]Outcome{}, r.Expectations),
		})
	})
	s.file(SeriesFile, func(w io.Writer) error { return writeTable(w, r.Samples, sampleCells) })
	s.file(NodesFile, func(w io.Writer) error { return writeTable(w, r.Nodes, nodeCells) })
	s.file(NotesFile, func(w io.Writer) error { return writeTable(w, r.Notes, noteCells) })
	if len(r.Loads) > 0 {
		s.file(ApproversFile, func(w io.Writer) error { return writeTable(w, r.Loads, loadCells) })
	}
	if len(r.Copies) > 0 {
		s.file(StoresFile, func(w io.Writer) error { return writeTable(w, r.Copies, copiesCells) })
	}
	s.file(RequestsFile, func(w io.Writer) error { return writeTable(w, r.Requests, requestCells) })
}

// stage is a folder in which results are made before they go to their place.
type stage struct {
	place   string // where they go
	fresh   bool   // the place does not exist: it takes the folder whole
	dir     string
	missing []string // what could not be written
	failed  error    // why the first of it could not
}

// newStage makes a folder beside a place that does not exist, and in one that does: that
// is the same disk, and may be all that can be written to. Where this fails at the end of
// a run, though it worked before, the current folder is better than nowhere.
func newStage(dir string) (*stage, error) {
	place, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	s := &stage{place: place}
	_, err = os.Stat(place)
	s.fresh = errors.Is(err, fs.ErrNotExist)
	in := place
	if s.fresh {
		in = filepath.Dir(place)
	}
	var failed error
	for _, beside := range []string{in, filepath.Dir(place), "."} {
		s.dir, err = makeStage(beside, filepath.Base(place))
		if err == nil {
			return s, nil
		}
		if failed == nil {
			failed = err
		}
	}
	return nil, failed
}

func makeStage(beside, name string) (string, error) {
	if err := os.MkdirAll(beside, 0o755); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(beside, "."+name+".new-*")
	if err != nil {
		return "", err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	// Temporary folders are private; results are meant to be shown around.
	return dir, os.Chmod(dir, 0o755)
}

// file writes one file whole, or notes that it is missing.
func (s *stage) file(name string, write func(io.Writer) error) {
	path := filepath.Join(s.dir, name)
	file, err := os.Create(path)
	if err == nil {
		err = errors.Join(write(file), file.Close())
	}
	if err != nil {
		s.miss(name, err)
		// Half a file is no use, and its space may be enough for another file.
		_ = os.Remove(path)
	}
}

// extra writes an extra, or notes which of its files are missing. It may have files that
// this run is without: of an extra that fails, those that are there are kept.
func (s *stage) extra(e Extra) {
	if e.Write == nil {
		return
	}
	if err := e.Write(s.dir); err != nil {
		top, _, _ := strings.Cut(e.Files[0], "/")
		s.miss(top, err)
	}
}

func (s *stage) miss(name string, err error) {
	s.missing = append(s.missing, name)
	if s.failed == nil {
		s.failed = err
	}
}

// settle moves the results to their place; ours are the files that a run may have.
func (s *stage) settle(ours []string) error {
	if s.failed != nil {
		return s.keep()
	}
	if s.fresh {
		err := os.Rename(s.dir, s.place)
		if err == nil || !errors.Is(err, fs.ErrExist) && !isFolder(s.place) {
			return s.orKeep(err)
		}
		// Another process was faster: its folder may be written like any other.
	}
	for _, name := range ours {
		if err := s.move(name); err != nil {
			return s.orKeep(err)
		}
	}
	return os.RemoveAll(s.dir)
}

// move gives one file its place, or removes its predecessor if there is no such file.
func (s *stage) move(name string) error {
	from, to := filepath.Join(s.dir, filepath.FromSlash(name)), filepath.Join(s.place, filepath.FromSlash(name))
	if _, err := os.Lstat(from); errors.Is(err, fs.ErrNotExist) {
		return s.remove(name, to)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// remove removes a file of ours and its folder, if that is then empty.
func (s *stage) remove(name, file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	folder := filepath.Dir(file)
	if at, err := os.Lstat(folder); path.Dir(name) == "." || err != nil || !at.IsDir() {
		return nil // a link to a folder is the user's
	}
	// Fails while it holds a file of the user's.
	_ = os.Remove(folder)
	return nil
}

// orKeep keeps what could not be moved.
func (s *stage) orKeep(err error) error {
	if err == nil {
		return nil
	}
	s.failed = err
	return s.keep()
}

// keep leaves what was written under a name that says what it is.
func (s *stage) keep() error {
	e := &Incomplete{Missing: s.missing, Err: s.failed}
	entries, _ := os.ReadDir(s.dir)
	for _, entry := range entries {
		if entry.IsDir() {
			// Fails unless it is empty.
			_ = os.Remove(filepath.Join(s.dir, entry.Name()))
		}
	}
	if os.Remove(s.dir) == nil { // nothing was written
		return e
	}
	e.Dir = s.dir
	name := filepath.Base(s.place) + "-incomplete"
	// The first may be on another disk.
	for _, parent := range []string{filepath.Dir(s.place), filepath.Dir(s.dir)} {
		if kept, err := firstFree(filepath.Join(parent, name)); err == nil && os.Rename(s.dir, kept) == nil {
			e.Dir = kept
			break
		}
	}
	return e
}

// finite makes pointers to numbers that are not finite nil, and returns an error for such
// a number in a plain field, which by its definition cannot be missing.
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

func writeJSON(w io.Writer, value any) error {
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if err := out.Encode(value); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}
