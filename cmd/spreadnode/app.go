package main

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/wire"
)

const exitCodeHelp = `EXIT CODES
   0  good
   1  it failed, or (health) the node is not well
   2  bad usage or bad options; nothing was done`

// program describes the command line.
var program = sync.OnceValue(func() *command.Program {
	return &command.Program{
		Name:      "spreadnode",
		Usage:     "run and manage a node of a Spreadable network",
		Examples:  examples(),
		ExitCodes: exitCodeHelp,
		Layout:    command.Layout{Name: 24, Text: 52, ShortForms: true},
		Choices:   choices,
		Refused: map[string]string{ // people will try to give the password
			"password": "all users can read the list of processes; use SPREADNODE_PASSWORD or --password-file",
		},
	}
})

// errReported is a failure that has been reported already.
var errReported = command.Reported(command.ExitFailed, "failed")

// inputError is an error of the command line or of an option: exit code 2.
type inputError struct{ error }

func (e inputError) Unwrap() error { return command.BadInput(e.error) }

// run is main without the process: it runs one command line and returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return program().Run(newApp(stdin, stdout, stderr), args)
}

func newApp(stdin io.Reader, stdout, stderr io.Writer) *cli.App {
	app := program().App(stdout, stderr,
		runCommand(), configCommand(), statusCommand(), structureCommand(), membersCommand(),
		syncCommand(), banCommand(), backupCommand(),
		restoreCommand(), leaveCommand(), reloadCommand(), healthCommand(), extensionCommand(),
		docCommand(), fileCommand(), songCommand(), approveCommand(), clusterCommand(),
	)
	app.Reader = stdin
	return app
}

// documented adds the help text to a command of a group, or of none ("").
func documented(group string, c *cli.Command) *cli.Command { return program().Documented(group, c) }

// group makes a command of several.
func group(c *cli.Command) *cli.Command { return program().Group(c) }

// ofExtension makes a command of several that ask a node which must run an extension. One
// that does not says that there is no such route.
func ofExtension(name string, c *cli.Command) *cli.Command {
	for _, sub := range c.Subcommands {
		ask := sub.Action
		sub.Action = func(c *cli.Context) error {
			err := ask(c)
			if err != nil && strings.Contains(err.Error(), wire.RouteMessage) {
				return fmt.Errorf("the node does not run the extension %s: %w", name, err)
			}
			return err
		}
	}
	return group(c)
}

// takes checks the number of arguments; what names one of them.
func takes(c *cli.Context, least, most int, what string) error {
	return command.Takes(c, least, most, what)
}

// oneLine joins the lines of a message.
func oneLine(text string) string { return command.OneLine(text) }
