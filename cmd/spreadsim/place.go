package main

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// plan reads and checks everything a command line asks for, and leaves nothing
// behind.
func plan(c *cli.Context) ([]job, error) {
	if c.Int("workers") < 0 {
		return nil, fmt.Errorf("flag --workers: expected 0 or more, not %d", c.Int("workers"))
	}
	if c.IsSet("check") && c.Duration("check") < time.Millisecond {
		return nil, fmt.Errorf("flag --check: expected 1ms or more, not %s", c.Duration("check"))
	}
	if c.IsSet("out") && c.String("out") == "" {
		return nil, errors.New("flag --out: expected the name of a folder, not \"\"")
	}
	if c.IsSet("seed") {
		text := c.String("seed")
		if seed, err := strconv.ParseUint(text, 10, 64); err != nil || strconv.FormatUint(seed, 10) != text {
			return nil, fmt.Errorf("flag --seed: expected a whole number from 0 to %d, not %q", uint64(math.MaxUint64), text)
		}
	}
	sets, err := settings(c)
	if err != nil {
		return nil, err
	}
	course, err := filmOf(c)
	if err != nil {
		return nil, err
	}
	var jobs []job
	in := newReader(c)
	taken := map[string]planned{}
	for _, file := range c.Args().Slice() {
		data, err := in.read(file)
		if err != nil {
			return nil, err
		}
		s, err := scenario.Parse(in.name(file), data, sets)
		if err != nil {
			return nil, err
		}
		window, err := windowOf(c, in.name(file), s)
		if err != nil {
			return nil, err
		}
		dir, note, err := freeDir(c, s, varied(s, in.name(file), data, sets), taken)
		if err != nil {
			return nil, err
		}
		if other, again := taken[dir]; again {
			return nil, fmt.Errorf("%s and %s would both write to %s", other.file, file, filepath.ToSlash(dir))
		}
		if err := result.Writable(dir, append(extras(nil, false), traced(nil), filmed(nil))...); err != nil {
			return nil, notWritable(dir, err)
		}
		taken[dir] = planned{file, s.Hash()}
		jobs = append(jobs, job{scenario: s, set: sets, dir: dir, note: note, drawn: !c.Bool("no-plots"), window: window, film: course})
	}
	return jobs, nil
}

// planned is the run that a folder is meant for.
type planned struct{ file, hash string }

// varied reports whether the settings make another scenario of a file. Name and seed do
// not: they are part of the folder's name.
func varied(s *scenario.Scenario, file string, data []byte, sets []string) bool {
	var named []string
	for _, set := range sets {
		if strings.HasPrefix(set, "seed=") || strings.HasPrefix(set, "name=") {
			named = append(named, set)
		}
	}
	plain, err := scenario.Parse(file, data, named)
	return err != nil || plain.Hash() != s.Hash()
}

// freeDir is where the results of a scenario go: the folder that was named with --out, or
// one named after scenario and seed. Where other results have that name, the beginning of
// the scenario's hash is added, and note says why.
func freeDir(c *cli.Context, s *scenario.Scenario, varied bool, taken map[string]planned) (dir, note string, err error) {
	out := c.String("out")
	if out != "" && c.Args().Len() == 1 {
		dir := filepath.Clean(out)
		return dir, "", refused(dir, mayWrite(dir, s))
	}
	if out == "" {
		out = "runs"
	}
	plain := filepath.Join(out, fmt.Sprintf("%s-%d", s.Name, s.Seed))
	hashed := plain + "-" + s.Hash()[:6]
	if varied {
		return hashed, "", refused(hashed, mayWrite(hashed, s))
	}
	err = mayWrite(plain, s)
	other, again := taken[plain]
	switch {
	case again && other.hash != s.Hash():
		note = filepath.ToSlash(plain) + ": is for " + other.file
	case errors.Is(err, result.ErrOtherRun):
		note = err.Error()
	case errors.Is(err, result.ErrNotResults):
		note = filepath.ToSlash(plain) + ": holds no results of a run"
	default:
		return plain, "", refused(plain, err)
	}
	note += ": these results go to " + filepath.ToSlash(hashed)
	return hashed, note, refused(hashed, mayWrite(hashed, s))
}

// mayWrite says why the results of a whole run of a scenario may not go to a folder.
func mayWrite(dir string, s *scenario.Scenario) error {
	whole := result.Summary{Scenario: result.Scenario{Hash: s.Hash()},
		Engine: result.Engine{VirtualS: s.Duration.Seconds()}}
	return whole.MayWrite(dir)
}

// refused is the error for a folder that holds something else. It comes before the run,
// which may take long.
func refused(dir string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, result.ErrNotResults):
		return fmt.Errorf("%s: holds no results of a run, and is left as it is: name another folder with --out",
			filepath.ToSlash(dir))
	case errors.Is(err, result.ErrOtherRun):
		return fmt.Errorf("%w, and is left as it is: name another folder with --out", err)
	}
	return notWritable(dir, err)
}

// notWritable says why results cannot be written, without the made-up name of
// the attempt.
func notWritable(dir string, err error) error {
	return fmt.Errorf("%s: results cannot be written there: %w; name another folder with --out",
		filepath.ToSlash(dir), command.Cause(err))
}
