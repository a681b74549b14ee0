package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/urfave/cli/v2"
	"github.com/xrash/smetrics"
)

// Exit codes, documented in the help text.
const (
	exitGood   = 0
	exitFailed = 1
	exitUsage  = 2
)

const exitCodeHelp = `EXIT CODES
   0  good
   1  it failed, or (health) the node is not well
   2  bad usage or bad options; nothing was done`

// inputError is an error of the command line or of an option: exit code 2.
type inputError struct{ error }

func (e inputError) Unwrap() error { return e.error }

// errReported is a failure of which all has been said.
var errReported = errors.New("failed")

// run is main without the process: it runs one command line and returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	app := newApp(stdin, stdout, stderr)
	err := app.RunContext(context.Background(), flagsFirst(app, args))
	switch {
	case err == nil:
		return exitGood
	case errors.Is(err, errReported):
		return exitFailed
	}
	fmt.Fprintf(stderr, "spreadnode: %s\n", oneLine(err.Error()))
	if errors.As(err, new(inputError)) {
		return exitUsage
	}
	return exitFailed
}

// oneLine joins the lines of a message, and leaves out what a stack trace would add.
func oneLine(text string) string {
	text, _, _ = strings.Cut(text, "\ngoroutine ")
	return strings.NewReplacer("\r", `\r`, "\n", "; ").Replace(strings.TrimSpace(text))
}

func newApp(stdin io.Reader, stdout, stderr io.Writer) *cli.App {
	return &cli.App{
		Name:                      "spreadnode",
		Usage:                     "run and manage a node of a Spreadable network",
		UsageText:                 "spreadnode <command> [options] [arguments]",
		CustomAppHelpTemplate:     appHelp,
		HideVersion:               true,
		HideHelpCommand:           true,
		DisableSliceFlagSeparator: true,
		Reader:                    stdin,
		Writer:                    stdout,
		ErrWriter:                 stderr,
		ExitErrHandler:            func(*cli.Context, error) {}, // run does it
		OnUsageError:              usageError,
		Action:                    noCommand,
		Flags:                     []cli.Flag{cli.HelpFlag, &cli.BoolFlag{Name: "version", Usage: "the command, for those who try the flag"}},
		Commands: []*cli.Command{
			runCommand(), configCommand(), statusCommand(), structureCommand(), membersCommand(), syncCommand(), banCommand(), backupCommand(),
			restoreCommand(), leaveCommand(), reloadCommand(), healthCommand(), approveCommand(), clusterCommand(), versionCommand(), helpCommand(),
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
	return unknownCommand(c.App.Commands, "", c.Args().First())
}

// noSubcommand answers a group of commands without a known one.
func noSubcommand(c *cli.Context) error {
	if c.Args().Len() == 0 {
		return inputError{fmt.Errorf("%s: want one of %s (see spreadnode help %s)", c.Command.Name, strings.Join(names(c.Command.Subcommands), ", "), c.Command.Name)}
	}
	return unknownCommand(c.Command.Subcommands, c.Command.Name+" ", c.Args().First())
}

func names(commands []*cli.Command) []string {
	var list []string
	for _, command := range commands {
		list = append(list, command.Name)
	}
	return list
}

func unknownCommand(commands []*cli.Command, group, name string) error {
	advice := ""
	if near := nearest(name, names(commands)); near != "" {
		advice = fmt.Sprintf("; did you mean %q?", near)
	}
	return inputError{fmt.Errorf("unknown command %q%s (commands: %s)", group+name, advice, strings.Join(names(commands), ", "))}
}

// nearest is the word that the fewest changes make of what was given; "" if they would make anything of it.
func nearest(given string, words []string) string {
	best, fewest := "", 2+len(given)/2
	for _, word := range words {
		if changes := smetrics.WagnerFischer(given, word, 1, 1, 1); changes < fewest {
			best, fewest = word, changes
		}
	}
	return best
}

func helpCommand() *cli.Command {
	return documented("", &cli.Command{
		Name:      "help",
		Usage:     "show the help of a command",
		ArgsUsage: "[COMMAND]",
		Action: func(c *cli.Context) error {
			if c.Args().Len() == 0 {
				return cli.ShowAppHelp(c)
			}
			commands, path := c.App.Commands, ""
			var found *cli.Command
			for _, name := range c.Args().Slice() {
				at := indexOf(commands, name)
				if at < 0 {
					return unknownCommand(commands, path, name)
				}
				found, path = commands[at], path+name+" "
				commands = found.Subcommands
			}
			cli.HelpPrinter(c.App.Writer, found.CustomHelpTemplate, found)
			return nil
		},
	})
}

func indexOf(commands []*cli.Command, name string) int {
	for i, command := range commands {
		if command.HasName(name) {
			return i
		}
	}
	return -1
}

// Messages of the flag package of the standard library, through which the command-line library reads flags.
var (
	undefinedFlag = regexp.MustCompile(`^flag provided but not defined: -+(.*)$`)
	flagWithout   = regexp.MustCompile(`^flag needs an argument: -+(.*)$`)
	invalidValue  = regexp.MustCompile(`(?s)^invalid (?:boolean )?value (".*") for (?:flag )?-+([^:]*): .*$`)
)

// usageError says in one line what is wrong with a flag.
func usageError(c *cli.Context, err error, _ bool) error {
	message := err.Error()
	if parts := undefinedFlag.FindStringSubmatch(message); parts != nil {
		message = fmt.Sprintf("unknown flag --%s%s", parts[1], flagAdvice(c, parts[1]))
	} else if parts := flagWithout.FindStringSubmatch(message); parts != nil {
		message = fmt.Sprintf("flag --%s needs a value", parts[1])
	} else if parts := invalidValue.FindStringSubmatch(message); parts != nil {
		message = fmt.Sprintf("flag --%s does not take %s", parts[2], parts[1])
	}
	help := "spreadnode help"
	if c.Command != nil && len(c.App.Commands) > 0 && c.Command.Name != c.App.Name {
		help += " " + pathOf(c)
	}
	return inputError{fmt.Errorf("%s (see %s)", message, help)}
}

// flagAdvice says what could be meant by an unknown flag. People will try to give the password.
func flagAdvice(c *cli.Context, name string) string {
	if name, _, _ := strings.Cut(name, "="); name == "password" {
		return ": everybody can read the list of processes; use SPREADNODE_PASSWORD or --password-file"
	}
	var known []string
	for _, flag := range c.Command.Flags {
		known = append(known, flag.Names()...)
	}
	if near := nearest(name, known); near != "" {
		return "; did you mean --" + near + "?"
	}
	return ""
}

// pathOf is the words that lead to a command: "ban add".
func pathOf(c *cli.Context) string { return strings.TrimPrefix(c.Command.HelpName, c.App.Name+" ") }

// takes checks the number of arguments.
func takes(c *cli.Context, least, most int, what string) error {
	path := pathOf(c)
	switch n := c.Args().Len(); {
	case most == 0 && n > 0:
		return inputError{fmt.Errorf("%s: takes no arguments, not %q", path, c.Args().First())}
	case n < least:
		return inputError{fmt.Errorf("%s: no %s given (see spreadnode help %s)", path, what, path)}
	case n > most:
		return inputError{fmt.Errorf("%s: takes one %s, not also %q", path, what, c.Args().Get(most))}
	}
	return nil
}
