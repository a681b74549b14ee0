package main

import (
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"spreadable/sim/explain"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
	"spreadable/sim/trace"
)

// windowOf reads --trace for a scenario; nil without.
func windowOf(c *cli.Context, file string, s *scenario.Scenario) (*trace.Window, error) {
	if !c.IsSet("trace") {
		return nil, nil
	}
	w, err := trace.ParseWindow(c.String("trace"))
	if err == nil {
		err = w.Check(explain.Hosts(s), s.Duration)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: flag --trace: %w", file, err)
	}
	return &w, nil
}

// traced are the files of a recording; without one, those of an earlier run are removed.
func traced(r *trace.Recorder) result.Extra {
	files := result.Extra{Files: trace.Files()}
	if r != nil {
		files.Write = func(dir string) error { return trace.Write(r, dir) }
	}
	return files
}

// recorder is a new recorder of a job's window; nil without one.
func (j job) recorder() *trace.Recorder {
	if j.window == nil {
		return nil
	}
	return trace.New(trace.Options{Window: *j.window})
}

// traceLeft says that a recording is not whole.
func (j job) traceLeft(c *cli.Context, r *trace.Recorder) {
	if r != nil && r.Left() > 0 {
		fmt.Fprintf(c.App.ErrWriter, "spreadsim: warning: %s: the trace leaves out %s entries, the last ones of some nodes: choose fewer nodes or a shorter time, or more entries (entries=%d)\n",
			j.scenario.Name, count(r.Left()), r.Wanted())
	}
}

// traceLine says where the timeline is.
func (t *table) traceLine(j job) {
	if j.window != nil && j.dir != "" {
		t.line("trace", "%s, for ui.perfetto.dev", filepath.ToSlash(filepath.Join(j.dir, trace.TimelineFile)))
	}
}
