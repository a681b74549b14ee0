package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/sim"
	"spreadable/sim/film"
	"spreadable/sim/report"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
	"spreadable/sim/trace"
)

const runDescription = `Each scenario is read and checked before the first one runs; the file - is
standard input. A run ends with a table of its summary on stdout, its
expectations, and a results folder: summary.json, series.csv, requests.csv,
nodes.csv, notes.csv, run.json, scenario.yaml, plots/ and report.html.

With --web a page shows the network while it runs, and stays until Ctrl-C. The
command view shows it again later.

The folder is runs/<name>-<seed>, and runs/<name>-<seed>-<hash> for a scenario
that was changed with --set, or where the first name is taken by another one. A
run takes the place of the same scenario's results; all else in the folder
stays. Ctrl-C or SIGTERM ends a run with partial results, which never take the
place of complete ones; the second time ends it at once.`

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
		Flags: append([]cli.Flag{
			&cli.StringSliceFlag{Name: "set",
				Usage: "set `KEY=VALUE` of the scenario, such as latency.mean=80ms; may be repeated"},
			&cli.StringFlag{Name: "seed", Usage: "run with seed `N` instead of the scenario's"},
			&cli.PathFlag{Name: "out", Usage: "write results to `DIR`, or below it if there are several files"},
			&cli.IntFlag{Name: "workers",
				Usage: "deliver events with `N` workers; 0, the default, is one below 20,000 nodes, where several mostly wait for each other, and one per processor from there on. The results do not depend on it"},
			&cli.DurationFlag{Name: "check",
				Usage: "check the network's invariants every `TIME` of virtual time, such as 32s; a violation ends the run with exit code 1 and keeps the results until then"},
			&cli.StringFlag{Name: "trace",
				Usage: "record what some nodes do as `WINDOW`, such as nodes=0-20,from=100s,to=110s, in trace.pftrace, for ui.perfetto.dev, and trace.csv"},
			&cli.BoolFlag{Name: "film", Usage: "record the course of the run in run.film, for the command view; it costs less than 3 % of the time"},
			&cli.BoolFlag{Name: "web", Usage: "show the run on a page while it runs, and until Ctrl-C; it is recorded as with --film"},
			listenFlag(), filmLimitFlag(),
			&cli.BoolFlag{Name: "no-plots", Usage: "write neither plots nor the report"},
			&cli.BoolFlag{Name: "json", Usage: "print the summary as JSON instead of a table; of several files, a list of them"},
			&cli.BoolFlag{Name: "quiet", Usage: "print only errors and failed expectations"},
		}, againstFlags()...),
	})
}

// job is one run to do: a checked scenario and what to leave behind.
type job struct {
	scenario *scenario.Scenario
	set      []string // what was set beside the file
	dir      string   // of the results; empty once it is known that there are none
	note     string   // why they are there, where that is not as usual
	drawn    bool     // with plots and report
	window   *trace.Window
	film     *film.Options // nil without a film
}

// opens is what a person opens to see the results.
func (j job) opens() string {
	switch {
	case j.dir == "":
		return "none were written"
	case !j.drawn:
		return filepath.ToSlash(j.dir)
	}
	return filepath.ToSlash(filepath.Join(j.dir, report.File))
}

// runFiles checks all files, then runs them one after the other. After a failed
// expectation the later ones still run, after an error they do not.
func runFiles(c *cli.Context, simulate simulator) error {
	if err := needArgs(c, "scenario file"); err != nil {
		return err
	}
	if c.IsSet("against") {
		return runAgainst(c, simulate)
	}
	if c.IsSet("metric") || c.IsSet("margin") {
		return command.BadInput(errors.New("flags --metric and --margin: compare with a baseline, which --against names"))
	}
	jobs, err := plan(c)
	if err != nil {
		return command.BadInput(err)
	}
	ctx, cancel := interruptible() // until here there was nothing to keep
	defer cancel()
	if c.Bool("web") {
		return runOnPage(ctx, c, jobs, simulate)
	}
	return runJobs(ctx, c, jobs, simulate)
}

// runJobs runs one job after the other.
func runJobs(ctx context.Context, c *cli.Context, jobs []job, simulate simulator) error {
	reserve(c, jobs)
	var done []*result.Summary
	var failed error
	for _, j := range jobs {
		r, err := j.run(ctx, c, simulate)
		if r != nil {
			done = append(done, &r.Summary)
		}
		if err != nil && !errors.Is(err, errExpectation) {
			failed = fmt.Errorf("%s: %w", j.scenario.Name, err)
			break
		}
		failed = errors.Join(failed, err)
	}
	return errors.Join(failed, printSummaries(c, len(jobs), done))
}

// interruptible is done when the process is asked to end: by Ctrl-C (SIGINT), SIGTERM,
// SIGQUIT or, when a terminal closes, SIGHUP. The second signal ends the process at once.
func interruptible() (context.Context, context.CancelFunc) {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT}
	if !signal.Ignored(syscall.SIGHUP) { // nohup asks to go on
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), signals...)
	context.AfterFunc(ctx, cancel)
	return ctx, cancel
}

// printSummaries prints JSON, one document whatever happened: the summary of one file,
// the list of those of several.
func printSummaries(c *cli.Context, files int, done []*result.Summary) error {
	switch {
	case !c.Bool("json"), files == 1 && len(done) == 0:
		return nil
	case files == 1:
		return command.PrintJSON(c, done[0])
	}
	// A list without summaries is [], not null.
	return command.PrintJSON(c, append([]*result.Summary{}, done...))
}

// run does one job: simulate, judge, write, report. Whatever goes wrong after the
// simulation, its results are shown.
func (j job) run(ctx context.Context, c *cli.Context, simulate simulator) (*result.Run, error) {
	if ctx.Err() != nil {
		return nil, errors.New("interrupted before it began")
	}
	recorder, course := j.recorder(), j.course()
	r, stopped := j.simulate(ctx, c, simulate, recorder, course)
	if r == nil {
		return nil, stopped
	}
	j.sign(r)
	if stopped == nil {
		// Again: expectations may be about the cost, which is known only now.
		r.Expectations = j.scenario.Check(&r.Summary)
	}
	unwritten := j.write(c, r, recorder, course)
	j.traceLeft(c, recorder)
	j.filmLost(c, course)
	if !c.Bool("json") && !c.Bool("quiet") {
		if err := printTable(c.App.Writer, r, j); err != nil {
			unwritten = errors.Join(unwritten, err)
		}
	}
	return r, errors.Join(unwritten, j.verdict(c, r, stopped))
}

// sign notes in the results what ran and what it was given.
func (j job) sign(r *result.Run) {
	build := command.ReadBuild()
	r.Version = build.Version
	r.Summary.Program = result.Program{Name: program().Name, Version: build.Version, Modified: build.Modified}
	if build.Commit != "" {
		r.Summary.Program.Commit = &build.Commit
	}
	r.Summary.Parameters = result.Parameters{FileSHA256: j.scenario.FileSHA256(), Set: append([]string{}, j.set...)}
}

// write writes the results, where nothing is lost by it.
func (j *job) write(c *cli.Context, r *result.Run, recorder *trace.Recorder, course *film.Recorder) error {
	dir := r.Summary.Place(j.dir)
	if dir != j.dir && !r.Summary.Partial {
		fmt.Fprintf(c.App.ErrWriter, "spreadsim: %s: %s has been taken meanwhile: results are in %s\n",
			j.scenario.Name, filepath.ToSlash(j.dir), filepath.ToSlash(dir))
	}
	j.dir = dir
	added := append(extras(r, j.drawn), traced(recorder), filmed(course))
	err := r.Write(dir, append(added, attached(j.scenario)...)...)
	if incomplete := (*result.Incomplete)(nil); errors.As(err, &incomplete) {
		incomplete.Dir = near(incomplete.Dir)
		j.dir, j.drawn = incomplete.Dir, false
	} else if err != nil {
		j.dir = ""
	}
	return err
}

// near writes a path as seen from the current folder, if it is below it.
func near(path string) string {
	if path == "" {
		return ""
	}
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if below, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(below) {
		return below
	}
	return path
}

// verdict is the error that a simulated run ends with: nil, errExpectation or why it did
// not reach its end.
func (j job) verdict(c *cli.Context, r *result.Run, stopped error) error {
	where := "no results were written"
	if j.dir != "" {
		where = "partial results in " + filepath.ToSlash(j.dir)
	}
	switch {
	case errors.Is(stopped, sim.ErrViolated):
		return fmt.Errorf("%w; %s", stopped, where)
	case stopped != nil && r.Summary.Partial:
		return fmt.Errorf("interrupted at %s of %s; %s", short(seconds(r.Summary.Engine.VirtualS)),
			short(j.scenario.Duration), where)
	}
	return j.judge(c, r)
}

// simulate runs the scenario and notes what the run cost: the simulator knows
// only virtual time.
func (j job) simulate(ctx context.Context, c *cli.Context, simulate simulator, recorder *trace.Recorder, course *film.Recorder) (*result.Run, error) {
	announce(c, j)
	bound(c, j.scenario)
	progress := newProgress(c, j.scenario.Name)
	start := time.Now()
	r, err := simulate(j.scenario, sim.Options{
		Workers:  workersFor(c, j.scenario),
		Check:    c.Duration("check"),
		Progress: progress.update,
		Stop:     func() bool { return ctx.Err() != nil },
		Trace:    recorder,
		Film:     course,
	})
	wall := time.Since(start)
	progress.clear()
	if r == nil {
		return nil, err
	}
	engine := &r.Summary.Engine
	engine.WallS = wall.Seconds()
	engine.EventsPerS = float64(engine.Events) / max(wall.Seconds(), 1e-9)
	if peak := peakRSS(); peak > 0 {
		engine.PeakRSSBytes = &peak
	}
	return r, err
}

// manyNodes is the size from which several workers are faster than one: below it there
// are too few events at a time to share.
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
			fmt.Fprintf(c.App.ErrWriter, "spreadsim: %s: expected %s %s, got %s\n", j.scenario.Name, e.Path,
				e.Condition, measured(e))
		}
	}
	return failed
}
