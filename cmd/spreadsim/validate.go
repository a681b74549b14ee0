package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/sim/scenario"
)

func validateCommand() *cli.Command {
	return documented(&cli.Command{
		Name:      "validate",
		Usage:     "check scenario files, run nothing",
		ArgsUsage: "FILE...",
		Action:    validateFiles,
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "set", Usage: "set `KEY=VALUE` of the scenario, such as latency.mean=80ms; may be repeated"},
			&cli.BoolFlag{Name: "quiet", Usage: "print only errors"},
		},
	})
}

// validateFiles checks every file, so that one look shows all that is wrong.
func validateFiles(c *cli.Context) error {
	if err := needArgs(c, "scenario file"); err != nil {
		return err
	}
	broken := 0
	for _, file := range c.Args().Slice() {
		if _, err := scenario.Load(file, c.StringSlice("set")); err != nil {
			fmt.Fprintf(c.App.ErrWriter, "spreadsim: %s\n", command.OneLine(err.Error()))
			broken++
		} else if !c.Bool("quiet") {
			fmt.Fprintf(c.App.Writer, "ok  %s\n", file)
		}
	}
	if broken > 0 {
		return errReported
	}
	return nil
}

func schemaCommand() *cli.Command {
	return documented(&cli.Command{
		Name:  "schema",
		Usage: "print the JSON Schema of scenario files, for editors",
		Action: func(c *cli.Context) error {
			if err := noArgs(c); err != nil {
				return err
			}
			_, err := c.App.Writer.Write(scenario.Schema())
			return err
		},
	})
}
