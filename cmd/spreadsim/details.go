package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/sim/experiment"
	"spreadable/sim/result"
)

// detailsCommand repeats runs of sweeps in full.
func detailsCommand(simulate simulator) *cli.Command {
	return documented(&cli.Command{
		Name:      "details",
		Usage:     "repeat a run of a sweep, with tables, plots and report",
		ArgsUsage: "KEY...",
		Description: `A sweep keeps the summaries of its runs. This repeats one by its key, of which
the beginning is enough, and writes the results folder of a whole run to
<sweep>/details/<key>.`,
		Action: func(c *cli.Context) error { return details(c, simulate) },
		Flags: []cli.Flag{
			&cli.PathFlag{Name: "sweep", Usage: "look in the sweep's `FOLDER`; if absent, in all of sweeps/"},
			&cli.DurationFlag{Name: "check", Usage: "check the network's invariants every `TIME` of virtual time, as the sweep did"},
			&cli.IntFlag{Name: "workers", Usage: "deliver events with `N` workers, as run does"},
			&cli.BoolFlag{Name: "no-plots", Usage: "write neither plots nor the report"},
			&cli.BoolFlag{Name: "json", Usage: "print the summary as JSON instead of a table"},
			&cli.BoolFlag{Name: "quiet", Usage: "print only errors and failed expectations"},
		},
	})
}

func details(c *cli.Context, simulate simulator) error {
	if err := needArgs(c, "key of a run"); err != nil {
		return err
	}
	var jobs []job
	var records []*experiment.Record
	for _, key := range c.Args().Slice() {
		folder, record, err := findRun(c.String("sweep"), key)
		if err != nil {
			return command.BadInput(err)
		}
		s, err := folder.Scenario(record)
		if err != nil {
			return command.BadInput(err)
		}
		dir := filepath.Join(folder.Dir, "details", record.Key)
		if err := refused(dir, mayWrite(dir, s)); err != nil {
			return command.BadInput(err)
		}
		jobs, records = append(jobs, job{scenario: s, dir: dir, drawn: !c.Bool("no-plots")}), append(records, record)
	}
	ctx, cancel := interruptible()
	defer cancel()
	var done []*result.Summary
	var failed error
	for i, j := range jobs {
		r, err := j.run(ctx, c, simulate)
		if r == nil {
			failed = errors.Join(failed, err)
			break
		}
		done = append(done, &r.Summary)
		if kept := records[i].Summary; kept != nil && kept.Fingerprint != r.Summary.Fingerprint && !r.Summary.Partial {
			err = errors.Join(err, fmt.Errorf("run %s: its fingerprint was %s in the sweep, by %s, and is %s now", records[i].Key,
				kept.Fingerprint, records[i].Version, r.Summary.Fingerprint))
		}
		failed = errors.Join(failed, err)
	}
	return errors.Join(failed, printSummaries(c, len(jobs), done))
}

// findRun finds the one run whose key begins so.
func findRun(dir, prefix string) (*experiment.Folder, *experiment.Record, error) {
	dirs := []string{dir}
	if dir == "" {
		dirs, _ = filepath.Glob(filepath.Join("sweeps", "*")) // fails for a bad pattern only
	}
	var failed error
	for _, dir := range dirs {
		folder, err := experiment.OpenFolder(dir)
		if err == nil {
			var key string
			if key, err = folder.Find(prefix); err == nil {
				record, err := folder.Get(key)
				return folder, record, err
			}
		}
		failed = err
	}
	if failed == nil || dir == "" {
		failed = fmt.Errorf("no sweep in sweeps/ has one run whose key begins with %q; --sweep names the folder of another", prefix)
	}
	return nil, nil, failed
}
