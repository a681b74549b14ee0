package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"spreadable/internal/largepages"
	"spreadable/sim"
	"spreadable/sim/scenario"
)

// muchMemory is what a run may take without being bounded, and without being
// announced where no terminal shows it.
const muchMemory = 1 << 30

// someMemory is what a run may take before its heap is kept small.
const someMemory = 128 << 20

// announce warns, before a run, of what can hardly be meant, and says what the run will
// take of the machine. It refuses nothing: the estimate may be wrong, and memory may
// become free.
func announce(c *cli.Context, j job) {
	if c.Bool("quiet") {
		return
	}
	s := j.scenario
	if j.note != "" {
		fmt.Fprintf(c.App.ErrWriter, "spreadsim: %s\n", j.note)
	}
	warn(c, s)
	file, ok := c.App.ErrWriter.(*os.File)
	watched := ok && term.IsTerminal(int(file.Fd()))
	forecast(c.App.ErrWriter, s.Name, memory(c, s), availableMemory(), watched)
	if _, reason := sim.Workers(s, workersFor(c, s)); reason != "" {
		fmt.Fprintf(c.App.ErrWriter, "spreadsim: %s: %s\n", s.Name, reason)
	}
	if check := c.Duration("check"); check > 0 {
		if _, reason := sim.FirstCheck(s, check); reason != "" {
			fmt.Fprintf(c.App.ErrWriter, "spreadsim: warning: %s: flag --check: %s\n", s.Name, reason)
		}
	}
}

// memory is what a run will take with the workers that it will have.
func memory(c *cli.Context, s *scenario.Scenario) int64 {
	workers, _ := sim.Workers(s, workersFor(c, s))
	return sim.Memory(s, workers)
}

// reserve asks for large pages for the largest of the runs, but for no more than half of
// the available memory, which other programs may want too.
func reserve(c *cli.Context, jobs []job) {
	most := int64(0)
	for _, j := range jobs {
		most = max(most, memory(c, j.scenario))
	}
	largepages.Reserve(min(most, availableMemory()/2))
}

// bound keeps the heap of a large run small. Its nodes live to the end and hold few
// pointers, so a collection takes little time: at 75 % instead of Go's 100 % a run
// takes less memory, and little more processor time. One that takes much memory is kept near
// its estimate besides. GOGC and GOMEMLIMIT override both.
func bound(c *cli.Context, s *scenario.Scenario) {
	expected := memory(c, s)
	if expected > someMemory && os.Getenv("GOGC") == "" {
		debug.SetGCPercent(75)
	}
	if expected > muchMemory && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(expected + expected/8)
	}
}

// forecast writes a line about expected memory, if it matters or a person watches at a
// terminal; available is 0 if unknown.
func forecast(w io.Writer, name string, expected, available int64, watched bool) {
	about := size(round2(float64(expected)))
	switch {
	case available > 0 && expected > available:
		fmt.Fprintf(w, "spreadsim: warning: %s: about %s of memory expected, only %s available; fewer nodes (--set nodes=N) take less\n",
			name, about, size(round2(float64(available))))
	case watched || expected > muchMemory:
		fmt.Fprintf(w, "spreadsim: %s: about %s of memory expected\n", name, about)
	}
}
