package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/internal/largepages"
	"spreadable/sim"
	"spreadable/sim/experiment"
	"spreadable/sim/result"
	"spreadable/sim/result/words"
	"spreadable/sim/scenario"
)

// run runs what the folder of a sweep lacks, writes its tables and tells the outcome.
func (s *sweep) run(c *cli.Context, simulate simulator) (*experiment.Folder, error) {
	if s.note != "" && !c.Bool("quiet") {
		fmt.Fprintf(c.App.ErrWriter, "spreadsim: %s\n", s.note)
	}
	ctx, cancel := interruptible()
	defer cancel()
	folder, err := experiment.CreateFolder(s.dir, s.plan.Index, s.files)
	if err != nil {
		return nil, command.BadInput(notWritable(s.dir, err))
	}
	s.folder = folder
	schedule, err := experiment.NewSchedule(folder, s.shard)
	if err != nil {
		return nil, err
	}
	before := schedule.Done
	var unfinished error
	if c.String("queue") != "" {
		unfinished = s.collect(ctx, c, schedule)
	} else {
		crew := crew{sweep: s, context: ctx, simulate: simulate, check: c.Duration("check"), size: atATime(c),
			most: c.Int("max-failed"), progress: newSweepProgress(c, s.plan.Name)}
		unfinished = crew.work(schedule)
	}
	if ctx.Err() != nil && unfinished == nil {
		unfinished = fmt.Errorf("interrupted: %s of %s runs are done; the same command goes on with the others",
			count(schedule.Done), count(schedule.Runs))
	}
	if err := writeTables(folder); err != nil {
		return nil, errors.Join(unfinished, err)
	}
	return folder, s.tell(c, folder, schedule.Done-before, unfinished)
}

// crew runs whole runs, as many at a time as there are cores.
type crew struct {
	sweep    *sweep
	context  context.Context
	simulate simulator
	check    time.Duration
	size     int // runs at a time
	most     int // broken runs that end the sweep; 0: none do
	progress *sweepProgress
}

// ended is a run that has come to its end.
type ended struct {
	task   experiment.Task
	broken bool  // it is a result, but did not come to its end
	err    error // why it is not in the folder
}

// work runs all that a schedule has. It ends early when the context does, or when a run
// cannot be kept.
func (w *crew) work(schedule *experiment.Schedule) error {
	memory := availableMemory()
	if memory == 0 {
		memory = 1 << 62 // unknown
	}
	w.reserve(schedule, memory)
	done := make(chan ended)
	busy, taken, broken := 0, int64(0), 0
	var failed error
	for {
		for busy < w.size && failed == nil && w.context.Err() == nil {
			task, ok := schedule.Next(memory-taken, busy == 0)
			if !ok {
				break
			}
			beside := busy
			go func() {
				bad, err := w.do(task, beside)
				done <- ended{task, bad, err}
			}()
			busy++
			taken += task.Memory
		}
		w.progress.update(schedule, busy)
		if busy == 0 {
			break
		}
		e := <-done
		busy--
		taken -= e.task.Memory
		switch {
		case e.err == nil:
			failed = errors.Join(failed, schedule.Finish(e.task))
			if e.broken {
				broken++
				failed = errors.Join(failed, tooMany(broken, w.most))
			}
		case !errors.Is(e.err, sim.ErrStopped):
			failed = errors.Join(failed, e.err)
		}
	}
	w.progress.clear()
	return failed
}

// tooMany is the error that ends a sweep after so many broken runs; 0: none do.
func tooMany(broken, most int) error {
	if most > 0 && broken == most {
		return fmt.Errorf("ended early: %s (--max-failed)", words.Count(broken, "run failed", "runs failed"))
	}
	return nil
}

// reserve asks for large pages for the runs that go on at a time.
func (w *crew) reserve(schedule *experiment.Schedule, memory int64) {
	most := int64(0)
	for _, t := range schedule.Left()[:min(w.size, len(schedule.Left()))] {
		most += t.Memory
	}
	largepages.Reserve(min(most, memory/2))
}

// do does one run and puts its record into the folder, unless another process has. It
// reports whether the run is broken.
func (w *crew) do(t experiment.Task, beside int) (broken bool, err error) {
	folder := w.sweep.folder
	if folder.Has(t.Key) {
		return false, nil
	}
	job, s, err := w.sweep.plan.Job(t)
	if err != nil {
		return false, err
	}
	record, execution, err := w.simulate.perform(w.context, job, s, w.check, beside)
	if err != nil {
		return false, err
	}
	if err := folder.Put(record); err != nil {
		return false, err
	}
	return record.Broken(), folder.Executed(execution)
}

// perform does a job, and returns what is kept of it and how it was executed. It fails
// with sim.ErrStopped if the context ends first; a run that fails is a result.
func (simulate simulator) perform(ctx context.Context, job *experiment.Job, s *scenario.Scenario, check time.Duration, beside int) (*experiment.Record, experiment.Execution, error) {
	start := time.Now()
	r, failed := guarded(func() (*result.Run, error) {
		return simulate(s, sim.Options{Workers: 1, Check: check, Progress: func(sim.Progress) {},
			Stop: func() bool { return ctx.Err() != nil }})
	})
	wall := time.Since(start)
	outcome, reason := experiment.Complete, ""
	switch {
	case errors.Is(failed, sim.ErrStopped) && r != nil && r.Summary.Partial:
		return nil, experiment.Execution{}, sim.ErrStopped
	case errors.Is(failed, sim.ErrViolated):
		outcome, reason = experiment.Violated, failed.Error()
	case r == nil:
		outcome, reason = experiment.Failed, command.OneLine(failed.Error())
	default:
		r.Expectations = nil
		r.Expectations = s.Check(timeless(&r.Summary))
	}
	return job.Record(r, outcome, reason), execution(job.Key, start, wall, beside, r), nil
}

// timeless is a summary without what depends on the machine: a sweep judges nothing by
// it, as its runs share the machine.
func timeless(s *result.Summary) *result.Summary {
	t := s.Timeless()
	return &t
}

// guarded makes a failed run of a panic: one run must not end all others.
func guarded(run func() (*result.Run, error)) (r *result.Run, err error) {
	defer func() {
		if found := recover(); found != nil {
			r, err = nil, fmt.Errorf("panic: %v", found)
		}
	}()
	return run()
}

func execution(key string, start time.Time, wall time.Duration, beside int, r *result.Run) experiment.Execution {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	e := experiment.Execution{Key: key, Host: host, Started: start, WallS: wall.Seconds(), PeakRSSBytes: peakRSS(), Beside: beside}
	if r != nil {
		e.EventsPerS = float64(r.Summary.Engine.Events) / max(wall.Seconds(), 1e-9)
	}
	return e
}

// outcome is what a sweep prints as JSON.
type outcome struct {
	Folder string `json:"folder"`
	Name   string `json:"name"`
	Hash   string `json:"hash"`
	Now    int    `json:"runs_now"` // done by this command
	experiment.Tally
}

// mostTold is how many bad runs are named.
const mostTold = 10

// tell prints how a sweep ended, and returns the error that stands for it.
func (s *sweep) tell(c *cli.Context, f *experiment.Folder, now int, unfinished error) error {
	tally, err := f.Tally()
	if err != nil {
		return errors.Join(unfinished, err)
	}
	switch {
	case c.Bool("json"):
		err = command.PrintJSON(c, outcome{filepath.ToSlash(f.Dir), s.plan.Name, f.Index.Hash(), now, tally})
	case !c.Bool("quiet"):
		err = s.printTally(c, f, now, tally)
	}
	for i, bad := range tally.Bad {
		if i == mostTold {
			fmt.Fprintf(c.App.ErrWriter, "spreadsim: and %s more, in %s\n", count(len(tally.Bad)-i), filepath.ToSlash(filepath.Join(f.Dir, experiment.RunsFile)))
			break
		}
		fmt.Fprintf(c.App.ErrWriter, "spreadsim: run %s (%s, repetition %d): %s\n", bad.Key, f.Index.Label(bad.Variant), bad.Repetition, bad.Reason)
	}
	switch {
	case unfinished != nil || err != nil:
		return errors.Join(unfinished, err)
	case tally.Broken() > 0:
		return fmt.Errorf("%s of %s runs failed, violated an invariant or were lost; spreadsim details KEY repeats one", count(tally.Broken()), count(tally.Done))
	case tally.Unexpected > 0:
		return errExpectation
	}
	return nil
}

func (s *sweep) printTally(c *cli.Context, f *experiment.Folder, now int, tally experiment.Tally) error {
	t := &table{}
	fmt.Fprintln(t, s.plan.Name)
	t.line("sweep", "%s variants, %s runs: %s done, %s of them now", count(len(f.Index.Variants)), count(tally.Runs), count(tally.Done), count(now))
	if tally.Broken()+tally.Unexpected > 0 {
		t.line("", "%s failed, %s violated an invariant, %s without what was expected", count(tally.Failed), count(tally.Violated), count(tally.Unexpected))
	}
	if tally.Lost > 0 {
		t.line("", "%s lost: their workers died", count(tally.Lost))
	}
	t.line("results", "%s", filepath.ToSlash(filepath.Join(f.Dir, experiment.MeansFile)))
	_, err := c.App.Writer.Write(t.Bytes())
	return err
}
