package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"
)

// Program describes one program.
type Program struct {
	Name  string // as it is called
	Usage string // what it does, in one line

	// Examples are command lines that show how a command is used: by its path, such as "ban
	// add", what follows this path. Those by "" are to begin with.
	Examples map[string][]string

	// ExitCodes is the section of every help text that lists the exit codes, without a line break at its end.
	ExitCodes string

	// Layout is how the options of a command are listed.
	Layout Layout

	// Refused says of flags that do not exist, by their names without hyphens, why they do not, where people will try them.
	Refused map[string]string

	// Choices returns what a shell can offer at a place of the command line. A place is a
	// flag that takes a value ("--set"), or else the name that a value or an argument has
	// in the help texts ("FILE"). Nil, or the zero Choices, leave it to that name: see
	// [Choices].
	Choices func(place string) Choices
}

// App puts the program together from its commands; completion, version and help are added to them. The caller may set the Reader.
func (p *Program) App(stdout, stderr io.Writer, commands ...*cli.Command) *cli.App {
	return &cli.App{
		Name:                      p.Name,
		Usage:                     p.Usage,
		UsageText:                 p.Name + " <command> [options] [arguments]",
		CustomAppHelpTemplate:     p.appHelp(),
		HideVersion:               true,
		HideHelpCommand:           true,
		DisableSliceFlagSeparator: true, // a comma in a flag is part of its value
		Writer:                    &outlet{to: stdout},
		ErrWriter:                 stderr,
		ExitErrHandler:            func(*cli.Context, error) {}, // Run does it
		OnUsageError:              p.usageError,
		Action:                    p.noCommand,
		Flags:                     []cli.Flag{cli.HelpFlag, &cli.BoolFlag{Name: "version", Usage: "the command, for those who try the flag"}},
		Commands:                  append(commands[:len(commands):len(commands)], p.completionCommand(), p.versionCommand(), p.helpCommand(), p.answerCommand()),
	}
}

// Run runs one command line, whose first word is the program, and returns the exit code.
// Output that did not get out is a failure, whether or not the command looked: a full
// disk, or a reader that is gone, which is no reason to end before the work is done.
func (p *Program) Run(app *cli.App, args []string) int {
	signal.Ignore(syscall.SIGPIPE) // writing to a closed pipe is an error like others then
	defer signal.Reset(syscall.SIGPIPE)
	out, stderr := app.Writer, app.ErrWriter
	args, err := p.prepare(app, args)
	if err == nil {
		err = app.RunContext(context.Background(), args)
	}
	if left := (service{}); errors.As(err, &left) {
		err = left.run() // nothing here refers to the app any more
	}
	if out, ok := out.(*outlet); ok && out.failed != nil {
		failed := fmt.Errorf("standard output: %w", Cause(out.failed))
		if err != nil && !errors.Is(err, out.failed) && !errors.As(err, new(reported)) {
			failed = errors.Join(err, failed)
		}
		err = failed
	}
	return p.exitCode(err, stderr)
}

// Service is what the action of a command returns that runs for long: [Program.Run] goes on
// with run when the action has returned. All commands, flags and help texts, half a
// megabyte, are then garbage, if run does not refer to the command's context.
func Service(run func() error) error { return service{run} }

type service struct{ run func() error }

// Error is for those who call an action themselves.
func (service) Error() string { return "the work of a service is still to be done" }

// outlet is standard output. It remembers that a write failed, as not every writer looks.
type outlet struct {
	to     io.Writer
	failed error
}

// Write implements io.Writer.
func (o *outlet) Write(text []byte) (int, error) {
	n, err := o.to.Write(text)
	if err != nil && o.failed == nil {
		o.failed = err
	}
	return n, err
}

// noCommand answers a command line without a known command.
func (p *Program) noCommand(c *cli.Context) error {
	switch {
	case c.Bool("version"):
		return printVersion(c)
	case c.Args().Len() == 0:
		return cli.ShowAppHelp(c)
	}
	return p.unknownCommand(c.App.Commands, "", c.Args().First())
}

// noSubcommand answers a group of commands without a known one.
func (p *Program) noSubcommand(c *cli.Context) error {
	if c.Args().Len() == 0 {
		return BadInput(fmt.Errorf("%s: want one of %s (see %s help %s)",
			c.Command.Name, strings.Join(names(c.Command.Subcommands), ", "), c.App.Name, c.Command.Name))
	}
	return p.unknownCommand(c.Command.Subcommands, c.Command.Name+" ", c.Args().First())
}

func names(commands []*cli.Command) []string {
	var list []string
	for _, command := range commands {
		if !command.Hidden {
			list = append(list, command.Name)
		}
	}
	return list
}

// indexOf finds a command by its name; -1 if there is none.
func indexOf(commands []*cli.Command, name string) int {
	for i, command := range commands {
		if command.HasName(name) {
			return i
		}
	}
	return -1
}

// PrintJSON prints a value for programs: indented, as people read it too, and with < > & as they are.
func PrintJSON(c *cli.Context, value any) error {
	encoder := json.NewEncoder(c.App.Writer)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
