package main

import (
	"io"
	"sync"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
)

// exitExpectation is the exit code when the run is good, but the network did not do what
// the scenario expects.
const exitExpectation = 3

const exitCodeHelp = `EXIT CODES
   0  good
   1  a run failed or was interrupted
   2  bad usage or bad input; nothing was written
   3  an expectation of a scenario failed`

// program is the frame of the command line.
var program = sync.OnceValue(func() *command.Program {
	return &command.Program{
		Name:      "spreadsim",
		Usage:     "simulate networks of thousands of Spreadable nodes",
		Examples:  examples(),
		ExitCodes: exitCodeHelp,
		Layout:    command.Layout{Name: 18, Text: 56},
		Choices:   choices,
	}
})

// errExpectation tells that a run did not do what its scenario expects. The
// failed expectations are printed where they are found.
var errExpectation = command.Reported(exitExpectation, "an expectation failed")

// errReported is bad input that was already printed.
var errReported = command.Reported(command.ExitUsage, "bad input")

// run is main without the process: it runs one command line, with a simulator,
// and returns the exit code.
func run(args []string, stdout, stderr io.Writer, simulate simulator) int {
	return program().Run(newApp(stdout, stderr, simulate), args)
}

func newApp(stdout, stderr io.Writer, simulate simulator) *cli.App {
	return program().App(stdout, stderr,
		runCommand(simulate), viewCommand(simulate), explainCommand(), validateCommand(), twinCommand(),
		sweepCommand(simulate), workerCommand(simulate), queueCommand(),
		compareCommand(), detailsCommand(simulate), exportCommand(), plotCommand(),
		swarmCommand(), benchCommand(), approversCommand(), lawsCommand(), listCommand(), schemaCommand(),
	)
}

// documented completes a command with its help text.
func documented(c *cli.Command) *cli.Command { return program().Documented("", c) }

// needArgs refuses a command line without the arguments of its command.
func needArgs(c *cli.Context, what string) error { return command.Takes(c, 1, command.Many, what) }

// noArgs refuses arguments of a command that has none.
func noArgs(c *cli.Context) error { return command.Takes(c, 0, 0, "") }
