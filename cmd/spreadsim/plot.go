package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/sim/experiment"
	"spreadable/sim/report"
	"spreadable/sim/result"
)

func plotCommand() *cli.Command {
	return documented(&cli.Command{
		Name:      "plot",
		Usage:     "draw results folders again, or the numbers of a sweep",
		ArgsUsage: "RUN...",
		Description: `Of a run, draws its plots and its report. Of a sweep, draws numbers over a
varied key, as means with bands of 95 % confidence, into <sweep>/plots.`,
		Action: plotFolders,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "quiet", Usage: "print only errors"},
		}, effectFlags()...),
	})
}

// plotFolders draws a sweep, or runs.
func plotFolders(c *cli.Context) error {
	if c.Args().Len() == 1 {
		folder, err := experiment.OpenFolder(c.Args().First())
		if err == nil {
			return plotSweep(c, folder)
		}
		if !errors.Is(err, experiment.ErrNoSweep) {
			return command.BadInput(err)
		}
	}
	for _, flag := range effectFlags() {
		if name := flag.Names()[0]; c.IsSet(name) {
			return command.BadInput(fmt.Errorf("flag --%s: is for the folder of one sweep", name))
		}
	}
	return plotRuns(c)
}

// plotRuns reads all folders before it draws the first.
func plotRuns(c *cli.Context) error {
	if err := needArgs(c, "results folder"); err != nil {
		return err
	}
	dirs := c.Args().Slice()
	runs := make([]*result.Run, len(dirs))
	for i, dir := range dirs {
		var err error
		if runs[i], err = result.Load(dir); err != nil {
			return command.BadInput(err)
		}
		if err := result.Writable(dir, extras(runs[i], true)...); err != nil {
			return command.BadInput(fmt.Errorf("%s: nothing can be written there: %w", filepath.ToSlash(dir), err))
		}
	}
	for i, dir := range dirs {
		if err := result.Add(dir, extras(runs[i], true)...); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		if !c.Bool("quiet") {
			fmt.Fprintf(c.App.Writer, "drawn  %s\n", filepath.ToSlash(filepath.Join(dir, report.File)))
		}
	}
	return nil
}
