package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/sim/experiment"
	"spreadable/sim/scenario"
)

func validateCommand() *cli.Command {
	return documented(&cli.Command{
		Name:      "validate",
		Usage:     "check scenario files, run nothing",
		ArgsUsage: "FILE...",
		Description: `The file - is standard input. What is allowed and can never work, such as
searches before the nodes have found one another, is a warning on stderr; it
does not change the exit code.`,
		Action: validateFiles,
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "set",
				Usage: "set `KEY=VALUE` of the scenario, such as latency.mean=80ms; may be repeated"},
			&cli.BoolFlag{Name: "quiet", Usage: "print only errors, no warnings"},
		},
	})
}

// validateFiles checks every file, so that one call shows all that is wrong.
func validateFiles(c *cli.Context) error {
	if err := needArgs(c, "scenario file"); err != nil {
		return err
	}
	broken := 0
	in := newReader(c)
	sets, err := settings(c)
	if err != nil {
		return command.BadInput(err)
	}
	for _, file := range c.Args().Slice() {
		s, err := validateFile(in, file, sets)
		if err != nil {
			fmt.Fprintf(c.App.ErrWriter, "spreadsim: %s\n", command.OneLine(err.Error()))
			broken++
			continue
		}
		if !c.Bool("quiet") {
			warn(c, s)
			fmt.Fprintf(c.App.Writer, "ok  %s\n", in.name(file))
		}
	}
	if broken > 0 {
		return errReported
	}
	return nil
}

// validateFile checks a file, and if it describes an experiment all variants of it. It
// returns the scenario to warn of: that of the first variant.
func validateFile(in *reader, file string, sets []string) (*scenario.Scenario, error) {
	data, err := in.read(file)
	if err != nil {
		return nil, err
	}
	s, err := scenario.Parse(in.name(file), data, sets)
	if !errors.Is(err, scenario.ErrSwept) {
		return s, err
	}
	design, err := scenario.ParseDesign(in.name(file), data, sets)
	if err != nil {
		return nil, err
	}
	plan, err := experiment.NewPlan(design, "")
	if err != nil {
		return nil, err
	}
	return plan.Scenario(0, 1)
}

// warn prints the warnings of a scenario.
func warn(c *cli.Context, s *scenario.Scenario) {
	for _, warning := range s.Warnings() {
		fmt.Fprintf(c.App.ErrWriter, "spreadsim: warning: %s\n", command.OneLine(warning))
	}
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
