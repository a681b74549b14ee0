package main

import (
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/sim/report"
	"spreadable/sim/result"
)

func plotCommand() *cli.Command {
	return documented(&cli.Command{
		Name:      "plot",
		Usage:     "draw the plots and the report of results folders again",
		ArgsUsage: "RUN...",
		Action:    plotRuns,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "quiet", Usage: "print only errors"},
		},
	})
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
