package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/sim/experiment"
)

// listedRun is a run as `sweep --list --json` shows it.
type listedRun struct {
	Key         string            `json:"key"`
	Variant     int               `json:"variant"` // from 1
	Repetition  int               `json:"repetition"`
	Seed        uint64            `json:"seed"`
	Values      map[string]string `json:"values"`
	Nodes       int               `json:"nodes"`
	TimeS       float64           `json:"expected_s"`
	MemoryBytes int64             `json:"expected_bytes"`
	Done        bool              `json:"done"`
}

// listSweep shows the runs of a file or of a folder, which lists itself.
func listSweep(c *cli.Context) error {
	if folder, err := experiment.OpenFolder(c.Args().First()); err == nil {
		return listRuns(c, &folder.Index, folder.Dir, experiment.Shard{})
	}
	s, err := planSweep(c, c.Args().First())
	if err != nil {
		return command.BadInput(err)
	}
	return listRuns(c, &s.plan.Index, s.dir, s.shard)
}

// listRuns shows all runs of a sweep, or of one shard, and runs none.
func listRuns(c *cli.Context, x *experiment.Index, dir string, shard experiment.Shard) error {
	runs, err := x.List(dir, shard)
	if err != nil {
		return err
	}
	if !c.Bool("json") {
		return printRuns(c, x, dir, runs)
	}
	listed := make([]listedRun, len(runs))
	for i, r := range runs {
		v := x.Variants[r.Variant]
		listed[i] = listedRun{r.Key, r.Variant + 1, r.Repetition, v.SeedOf(r.Repetition), map[string]string{}, v.Nodes,
			r.Cost.Seconds(), r.Memory, r.Done}
		for k, key := range x.Keys {
			listed[i].Values[key] = v.Values[k]
		}
	}
	return command.PrintJSON(c, listed)
}

func printRuns(c *cli.Context, x *experiment.Index, dir string, runs []experiment.Listed) error {
	var b strings.Builder
	var left time.Duration
	var most int64
	done := 0
	fmt.Fprintf(&b, "%-16s  %10s  %8s  %8s  %-7s  %s\n", "key", "repetition", "time", "memory", "state", "values")
	for _, r := range runs {
		state := "missing"
		if r.Done {
			done++
			state = "done"
		} else {
			left += r.Cost
			most = max(most, r.Memory)
		}
		fmt.Fprintf(&b, "%-16s  %10d  %8s  %8s  %-7s  %s\n", r.Key, r.Repetition, about(r.Cost), size(round2(float64(r.Memory))), state, x.Label(r.Variant))
	}
	fmt.Fprintf(&b, "%s runs of %s variants in %s, %s done", count(len(runs)), count(len(x.Variants)), filepath.ToSlash(dir), count(done))
	if x.Repeat.Count == 0 {
		fmt.Fprintf(&b, "; repeat.until may want fewer")
	}
	if missing := len(runs) - done; missing > 0 {
		n := min(atATime(c), missing)
		fmt.Fprintf(&b, "; the others take about %s with %d at a time, and up to %s of memory each", about(left/time.Duration(n)), n, size(round2(float64(most))))
	}
	fmt.Fprintln(&b)
	_, err := c.App.Writer.Write([]byte(b.String()))
	return err
}

// about is a duration of two digits or so.
func about(d time.Duration) string {
	switch {
	case d < 100*time.Millisecond:
		return short(d.Round(time.Millisecond))
	case d < 10*time.Second:
		return short(d.Round(100 * time.Millisecond))
	}
	return short(d.Round(time.Second))
}
