package result

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// Errors of a folder that must not be written to, beside [ErrNotResults].
var (
	// ErrOtherRun: it holds results of another scenario or seed.
	ErrOtherRun = errors.New("holds results of another run")
	// ErrFurther: it holds results of the same scenario and seed, of a run that went on
	// for longer.
	ErrFurther = errors.New("holds results of a run that went further")
)

// MayWrite says whether the run of this summary may be written to a folder: it does not
// exist, is empty, or holds results of the same scenario and seed that do not reach
// further. So a complete run takes the place of its own, complete or not, and never an
// interrupted run that of a complete one.
func (s *Summary) MayWrite(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	if err := isResults(dir); err != nil {
		return fmt.Errorf("%w; it is left as it is", err)
	}
	there, err := identify(dir)
	switch {
	case err != nil:
		return fmt.Errorf("%w; it is left as it is", err)
	case there.Scenario.Hash != s.Scenario.Hash:
		return fmt.Errorf("%s: %w (%s, seed %d, hash %s)", filepath.ToSlash(dir), ErrOtherRun,
			there.Scenario.Name, there.Scenario.Seed, there.Scenario.Hash)
	case there.Engine.VirtualS > s.Engine.VirtualS:
		return fmt.Errorf("%s: %w", filepath.ToSlash(dir), ErrFurther)
	}
	return nil
}

// Writable says why the results of a run, with extras, could not be put into a folder
// that may hold them, before the time of a run is spent. Only an attempt can tell: it makes
// a folder wherever writing will make or rename something, and removes it.
func Writable(dir string, extras ...Extra) error {
	place, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if at, err := os.Stat(place); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(place); err == nil {
			return fmt.Errorf("it is a link to a folder that does not exist")
		}
		return probeAbove(filepath.Dir(place))
	} else if err != nil {
		return inner(err)
	} else if !at.IsDir() {
		return syscall.ENOTDIR
	}
	if err := probe(place); err != nil {
		return err
	}
	return unblocked(place, append((*Run)(nil).files(), allFiles(extras)...))
}

// unblocked says which name of ours is taken by something that a file of ours, or its
// folder, cannot replace.
func unblocked(place string, ours []string) error {
	folders := map[string]bool{}
	for _, name := range ours {
		if at, err := os.Lstat(filepath.Join(place, filepath.FromSlash(name))); err == nil && at.IsDir() {
			return fmt.Errorf("%s is a folder", name)
		}
		if folder := path.Dir(name); folder != "." {
			folders[folder] = true
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		within := filepath.Join(place, filepath.FromSlash(folder))
		at, err := os.Stat(within)
		switch {
		case err == nil && !at.IsDir():
			return fmt.Errorf("%s is not a folder", folder)
		case err == nil:
			if err := probe(within); err != nil {
				return fmt.Errorf("%s: %w", folder, err)
			}
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("%s: %w", folder, inner(err))
		default:
			if _, err := os.Lstat(within); err == nil {
				return fmt.Errorf("%s is a link to a folder that does not exist", folder)
			}
		}
	}
	return nil
}

// probeAbove probes a folder, or the nearest one above it that exists.
func probeAbove(dir string) error {
	for {
		_, err := os.Stat(dir)
		if err == nil {
			return probe(dir)
		}
		if _, broken := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) || broken == nil || dir == filepath.Dir(dir) {
			return inner(err)
		}
		dir = filepath.Dir(dir)
	}
}

// probe makes a folder in another one and removes it.
func probe(dir string) error {
	made, err := os.MkdirTemp(dir, ".spreadsim-*")
	if err != nil {
		return inner(err)
	}
	return inner(os.Remove(made))
}

// identify reads from a summary, of any version, which run it is of.
func identify(dir string) (*Summary, error) {
	text, err := os.ReadFile(filepath.Join(dir, SummaryFile))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.ToSlash(filepath.Join(dir, SummaryFile)), inner(err))
	}
	var s struct {
		Scenario struct {
			Name, Hash string
			Seed       uint64
		}
		Engine struct {
			VirtualS float64 `json:"virtual_s"`
		}
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.ToSlash(filepath.Join(dir, SummaryFile)), err)
	}
	return &Summary{
		Scenario: Scenario{Name: s.Scenario.Name, Hash: s.Scenario.Hash, Seed: s.Scenario.Seed},
		Engine:   Engine{VirtualS: s.Engine.VirtualS},
	}, nil
}

// Place is where a run can be written at last, without losing anything: the folder that
// was meant, or the first of "-partial", "-partial-2" and so on beside it for a run that
// did not reach its end, and of "-2", "-3" and so on for one that did.
func (s *Summary) Place(dir string) string {
	if s.MayWrite(dir) == nil {
		return dir
	}
	if whole, err := filepath.Abs(dir); err == nil && filepath.Base(whole) != filepath.Base(dir) {
		dir = whole // "." has no name to add to
	}
	dir = filepath.Clean(dir)
	if s.Partial {
		dir += "-partial"
	}
	for n := 1; n < maxPlaces; n++ {
		name := numbered(dir, n)
		if n == 1 && !s.Partial {
			continue
		}
		if s.MayWrite(name) == nil {
			return name
		}
	}
	return dir // writing there will say why not
}

// maxPlaces bounds the search for a name.
const maxPlaces = 1000

// numbered is name, name-2, name-3 and so on.
func numbered(name string, n int) string {
	if n == 1 {
		return name
	}
	return name + "-" + strconv.Itoa(n)
}

// firstFree is the first of name, name-2 and so on that does not exist.
func firstFree(name string) (string, error) {
	for n := range maxPlaces {
		if _, err := os.Lstat(numbered(name, n+1)); errors.Is(err, fs.ErrNotExist) {
			return numbered(name, n+1), nil
		}
	}
	return "", fmt.Errorf("%s: %w", name, fs.ErrExist)
}

func isFolder(path string) bool {
	stat, err := os.Stat(path)
	return err == nil && stat.IsDir()
}
