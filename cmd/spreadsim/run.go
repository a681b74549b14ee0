package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/sim"
	"spreadable/sim/report"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

const runDescription = `Each scenario is read and checked before the first one runs. A run ends with a
table of its summary on stdout, its expectations, and a results folder:
summary.json, series.csv, requests.csv, nodes.csv, run.json, scenario.yaml,
plots/ and report.html.`

// simulator runs one scenario; its errors are those of the run, not of the
// scenario, which is checked by then.
type simulator func(*scenario.Scenario, sim.Options) (*result.Run, error)

func runCommand(simulate simulator) *cli.Command {
	return documented(&cli.Command{
		Name:        "run",
		Usage:       "run scenario files",
		ArgsUsage:   "FILE...",
		Description: runDescription,
		Action:      func(c *cli.Context) error { return runFiles(c, simulate) },
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "set", Usage: "set `KEY=VALUE` of the scenario, such as latency.mean=80ms; may be repeated"},
			&cli.StringFlag{Name: "seed", Usage: "run with seed `N` instead of the scenario's"},
			&cli.PathFlag{Name: "out", Usage: "write results to `DIR`, or below it if there are several files (default: runs/<name>-<seed>)"},
			&cli.IntFlag{Name: "workers", Usage: "deliver events with `N` workers; 0, the default, is one below 20,000 nodes, where several mostly wait for each other, and one per processor from there on. The results do not depend on it"},
			&cli.DurationFlag{Name: "check", Usage: "check the network's invariants every `TIME` of virtual time, such as 32s"},
			&cli.BoolFlag{Name: "no-plots", Usage: "write neither plots nor the report"},
			&cli.BoolFlag{Name: "json", Usage: "print the summary as JSON instead of a table"},
			&cli.BoolFlag{Name: "quiet", Usage: "print only errors and failed expectations"},
		},
	})
}

// job is one run to do: a checked scenario and what to leave behind.
type job struct {
	scenario *scenario.Scenario
	dir      string // of the results
	drawn    bool   // with plots and report
}

// opens is what a person opens to see the results.
func (j job) opens() string {
	if !j.drawn {
		return filepath.ToSlash(j.dir)
	}
	return filepath.ToSlash(filepath.Join(j.dir, report.File))
}

// runFiles checks all files, then runs them one after the other. A failed
// expectation does not keep the later ones from running, an error does.
func runFiles(c *cli.Context, simulate simulator) error {
	if err := needArgs(c, "scenario file"); err != nil {
		return err
	}
	jobs, err := plan(c)
	if err != nil {
		return command.BadInput(err)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	context.AfterFunc(ctx, cancel) // a second interrupt ends the process at once
	reserve(jobs)
	var failed error
	for _, j := range jobs {
		err := j.run(ctx, c, simulate)
		if err != nil && !errors.Is(err, errExpectation) {
			return fmt.Errorf("%s: %w", j.scenario.Name, err)
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// plan reads and checks everything a command line asks for, and leaves nothing
// behind.
func plan(c *cli.Context) ([]job, error) {
	if c.Int("workers") < 0 {
		return nil, fmt.Errorf("flag --workers: expected 0 or more, not %d", c.Int("workers"))
	}
	if c.IsSet("check") && c.Duration("check") <= 0 {
		return nil, fmt.Errorf("flag --check: expected more than 0s, not %s", c.Duration("check"))
	}
	sets := c.StringSlice("set")
	if c.IsSet("seed") {
		if _, err := strconv.ParseUint(c.String("seed"), 10, 64); err != nil {
			return nil, fmt.Errorf("flag --seed: expected a whole number of 0 or more, not %q", c.String("seed"))
		}
		sets = append(sets, "seed="+c.String("seed"))
	}
	var jobs []job
	taken := map[string]string{} // results folder to file
	for _, file := range c.Args().Slice() {
		s, err := scenario.Load(file, sets)
		if err != nil {
			return nil, err
		}
		j := job{s, outDir(c, s), !c.Bool("no-plots")}
		if other, again := taken[j.dir]; again {
			return nil, fmt.Errorf("%s and %s would both write to %s", other, file, j.dir)
		}
		if err := checkWritable(j.dir); err != nil {
			return nil, err
		}
		if err := checkFree(j.dir); err != nil {
			return nil, err
		}
		taken[j.dir] = file
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// outDir is where the results of a scenario go.
func outDir(c *cli.Context, s *scenario.Scenario) string {
	own := fmt.Sprintf("%s-%d", s.Name, s.Seed)
	switch out := c.String("out"); {
	case out == "":
		return filepath.Join("runs", own)
	case c.Args().Len() > 1:
		return filepath.Join(out, own)
	default:
		return filepath.Clean(out)
	}
}

// checkFree refuses a results folder that holds something else, before the
// time of a run is spent: writing would refuse it too.
func checkFree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err == nil {
		_, err = os.Stat(filepath.Join(dir, result.RunFile))
	}
	if err != nil {
		return fmt.Errorf("%s: holds no results of a run, and is left as it is: name another folder with --out", dir)
	}
	return nil
}

// checkWritable refuses a results folder that cannot be written, before the
// time of a run is spent. Only an attempt can tell: it makes a folder beside
// the results, where writing them will begin, or in the nearest folder above
// that is there, and removes it.
func checkWritable(dir string) error {
	above, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	for {
		above = filepath.Dir(above)
		_, err := os.Stat(above)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || above == filepath.Dir(above) {
			return notWritable(dir, err)
		}
	}
	probe, err := os.MkdirTemp(above, ".spreadsim-*")
	if err != nil {
		return notWritable(dir, err)
	}
	return os.Remove(probe)
}

// notWritable says why results cannot be written, without the made-up name of
// the attempt.
func notWritable(dir string, err error) error {
	if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
		err = inner.Err
	}
	return fmt.Errorf("%s: results cannot be written there: %w; name another folder with --out", filepath.ToSlash(dir), err)
}

// run does one job: simulate, judge, write, report.
func (j job) run(ctx context.Context, c *cli.Context, simulate simulator) error {
	r, err := j.simulate(ctx, c, simulate)
	if err != nil {
		return err
	}
	r.Version = command.Version()
	if !r.Summary.Partial {
		r.Expectations = j.scenario.Check(&r.Summary) // again, now that the cost of the run is known
	}
	var drawn []func(dir string) error
	if j.drawn {
		drawn = extras(r)
	}
	if err := r.Write(j.dir, drawn...); err != nil {
		return err
	}
	if err := j.print(c, r); err != nil {
		return err
	}
	if r.Summary.Partial {
		return fmt.Errorf("interrupted at %s of %s; partial results in %s",
			short(seconds(r.Summary.Engine.VirtualS)), short(j.scenario.Duration), filepath.ToSlash(j.dir))
	}
	return j.judge(c, r)
}

// simulate runs the scenario and notes what the run cost: the simulator knows
// only virtual time.
func (j job) simulate(ctx context.Context, c *cli.Context, simulate simulator) (*result.Run, error) {
	announce(c, j.scenario)
	bound(j.scenario)
	progress := newProgress(c, j.scenario.Name)
	start := time.Now()
	r, err := simulate(j.scenario, sim.Options{
		Workers:  workersFor(c, j.scenario),
		Check:    c.Duration("check"),
		Progress: progress.update,
		Stop:     func() bool { return ctx.Err() != nil },
	})
	wall := time.Since(start)
	progress.clear()
	if err != nil && !errors.Is(err, sim.ErrStopped) {
		return nil, err
	}
	engine := &r.Summary.Engine
	engine.WallS = wall.Seconds()
	engine.EventsPerS = float64(engine.Events) / max(wall.Seconds(), 1e-9)
	if peak := peakRSS(); peak > 0 {
		engine.PeakRSSBytes = &peak
	}
	return r, nil
}

// manyNodes is from how many nodes on several workers are faster than one:
// below it a window of virtual time holds too few events to share out.
const manyNodes = 20_000

// workersFor is how many workers are wanted for a scenario.
func workersFor(c *cli.Context, s *scenario.Scenario) int {
	switch n := c.Int("workers"); {
	case n > 0:
		return n
	case s.Nodes < manyNodes:
		return 1
	}
	return runtime.GOMAXPROCS(0)
}

// print shows the summary in the form that was asked for.
func (j job) print(c *cli.Context, r *result.Run) error {
	if c.Bool("json") {
		return command.PrintJSON(c, &r.Summary)
	}
	if c.Bool("quiet") {
		return nil
	}
	return printTable(c.App.Writer, r, j)
}

// judge returns errExpectation if an expectation failed, and says which where
// the table does not.
func (j job) judge(c *cli.Context, r *result.Run) error {
	var failed error
	for _, e := range r.Expectations {
		if e.OK {
			continue
		}
		failed = errExpectation
		if c.Bool("json") || c.Bool("quiet") {
			fmt.Fprintf(c.App.ErrWriter, "spreadsim: %s: expected %s %s, got %s\n", j.scenario.Name, e.Path, e.Condition, measured(e))
		}
	}
	return failed
}
