package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/urfave/cli/v2"
)

// Exit codes, documented in the help text.
const (
	exitGood        = 0
	exitFailed      = 1 // a run or a write failed, or was interrupted
	exitUsage       = 2 // the command line or an input is wrong; nothing was written
	exitExpectation = 3 // the run is good, the network did not do what the scenario expects
)

const exitCodeHelp = `EXIT CODES
   0  good
   1  a run failed or was interrupted
   2  bad usage or bad input; nothing was written
   3  an expectation of a scenario failed`

// inputError is an error of the command line or of an input file: exit code 2.
type inputError struct{ error }

func (e inputError) Unwrap() error { return e.error }

// errExpectation tells that a run did not do what its scenario expects. The
// failed expectations are printed where they are found.
var errExpectation = errors.New("an expectation failed")

// errReported is bad input that was already printed.
var errReported = errors.New("bad input")

// run is main without the process: it runs one command line, with a simulator,
// and returns the exit code.
func run(args []string, stdout, stderr io.Writer, simulate simulator) int {
	app := newApp(stdout, stderr, simulate)
	return exitCode(app.Run(flagsFirst(app, args)), stderr)
}

// exitCode prints an error in one line and turns it into an exit code.
func exitCode(err error, stderr io.Writer) int {
	switch {
	case err == nil:
		return exitGood
	case errors.Is(err, errExpectation):
		return exitExpectation
	case errors.Is(err, errReported):
		return exitUsage
	}
	fmt.Fprintf(stderr, "spreadsim: %s\n", oneLine(err.Error()))
	if errors.As(err, new(inputError)) {
		return exitUsage
	}
	return exitFailed
}

// oneLine joins the lines of a message: joined errors and names of files may
// hold line breaks.
func oneLine(text string) string {
	return strings.NewReplacer("\r", `\r`, "\n", "; ").Replace(strings.TrimSpace(text))
}

func newApp(stdout, stderr io.Writer, simulate simulator) *cli.App {
	return &cli.App{
		Name:                      "spreadsim",
		Usage:                     "simulate networks of thousands of Spreadable nodes",
		UsageText:                 "spreadsim <command> [options] [arguments]",
		CustomAppHelpTemplate:     appHelp,
		HideVersion:               true,
		HideHelpCommand:           true,
		DisableSliceFlagSeparator: true, // a comma in --set is part of the value
		Writer:                    stdout,
		ErrWriter:                 stderr,
		ExitErrHandler:            func(*cli.Context, error) {}, // exitCode does it
		OnUsageError:              usageError,
		Action:                    noCommand,
		Flags:                     []cli.Flag{cli.HelpFlag, &cli.BoolFlag{Name: "version", Usage: "the command, for those who try the flag"}},
		Commands: []*cli.Command{
			runCommand(simulate), plotCommand(), validateCommand(), benchCommand(), listCommand(), schemaCommand(), versionCommand(), helpCommand(),
		},
	}
}

// noCommand answers a command line without a known command.
func noCommand(c *cli.Context) error {
	switch {
	case c.Bool("version"):
		return printVersion(c)
	case c.Args().Len() == 0:
		return cli.ShowAppHelp(c)
	}
	return unknownCommand(c.App, c.Args().First())
}

func unknownCommand(app *cli.App, name string) error {
	var names []string
	for _, command := range app.Commands {
		names = append(names, command.Name)
	}
	advice := strings.TrimSpace(cli.SuggestCommand(app.Commands, name))
	advice = strings.NewReplacer("Did you mean", "did you mean").Replace(advice)
	return inputError{fmt.Errorf("unknown command %q; %s (commands: %s)", name, advice, strings.Join(names, ", "))}
}

func helpCommand() *cli.Command {
	return documented(&cli.Command{
		Name:      "help",
		Usage:     "show the help of a command",
		ArgsUsage: "[COMMAND]",
		Action: func(c *cli.Context) error {
			if c.Args().Len() == 0 {
				return cli.ShowAppHelp(c)
			}
			if c.App.Command(c.Args().First()) == nil {
				return unknownCommand(c.App, c.Args().First())
			}
			return cli.ShowCommandHelp(c, c.Args().First())
		},
	})
}

// Messages of the flag package of the standard library, through which the
// command-line library reads flags.
var (
	undefinedFlag = regexp.MustCompile(`^flag provided but not defined: -+(.*)$`)
	flagWithout   = regexp.MustCompile(`^flag needs an argument: -+(.*)$`)
	invalidValue  = regexp.MustCompile(`(?s)^invalid (?:boolean )?value (".*") for (?:flag )?-+([^:]*): .*$`)
)

// usageError says in one line what is wrong with a flag.
func usageError(c *cli.Context, err error, _ bool) error {
	message := err.Error()
	if parts := undefinedFlag.FindStringSubmatch(message); parts != nil {
		message = fmt.Sprintf("unknown flag --%s", parts[1])
		if near := cli.SuggestFlag(c.Command.Flags, parts[1], false); near != "" {
			message += fmt.Sprintf("; did you mean %s?", near)
		}
	} else if parts := flagWithout.FindStringSubmatch(message); parts != nil {
		message = fmt.Sprintf("flag --%s needs a value", parts[1])
	} else if parts := invalidValue.FindStringSubmatch(message); parts != nil {
		message = fmt.Sprintf("flag --%s does not take %s", parts[2], parts[1])
	}
	return inputError{fmt.Errorf("%s (see spreadsim %s)", message, helpOf(c))}
}

func helpOf(c *cli.Context) string {
	if c.Command == nil || c.App.Command(c.Command.Name) == nil {
		return "help"
	}
	return "help " + c.Command.Name
}

// needArgs refuses a command line without the arguments of its command.
func needArgs(c *cli.Context, what string) error {
	if c.Args().Len() > 0 {
		return nil
	}
	return inputError{fmt.Errorf("%s: no %s given (see spreadsim help %s)", c.Command.Name, what, c.Command.Name)}
}

// noArgs refuses arguments of a command that has none.
func noArgs(c *cli.Context) error {
	if c.Args().Len() == 0 {
		return nil
	}
	return inputError{fmt.Errorf("%s: takes no arguments, not %q", c.Command.Name, c.Args().First())}
}
