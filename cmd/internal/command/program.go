package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"
)

// Program describes one program.
type Program struct {
	Name     string // as it is called
	Usage    string // what it does, in one line
	Examples string // command lines to begin with: whole lines, indented by three columns

	// ExitCodes is the section of every help text that lists the exit codes, without a line break at its end.
	ExitCodes string

	// Layout is how the options of a command are listed.
	Layout Layout

	// Refused says of flags that do not exist, by their names without hyphens, why they do not, where people will try them.
	Refused map[string]string
}

// App puts the program together from its commands; version and help are added to them. The caller may set the Reader.
func (p *Program) App(stdout, stderr io.Writer, commands ...*cli.Command) *cli.App {
	return &cli.App{
		Name:                      p.Name,
		Usage:                     p.Usage,
		UsageText:                 p.Name + " <command> [options] [arguments]",
		CustomAppHelpTemplate:     p.appHelp(),
		HideVersion:               true,
		HideHelpCommand:           true,
		DisableSliceFlagSeparator: true, // a comma in a flag is part of its value
		Writer:                    stdout,
		ErrWriter:                 stderr,
		ExitErrHandler:            func(*cli.Context, error) {}, // Run does it
		OnUsageError:              p.usageError,
		Action:                    p.noCommand,
		Flags:                     []cli.Flag{cli.HelpFlag, &cli.BoolFlag{Name: "version", Usage: "the command, for those who try the flag"}},
		Commands:                  append(commands[:len(commands):len(commands)], p.versionCommand(), p.helpCommand()),
	}
}

// Run runs one command line, whose first word is the program, and returns the exit code.
func (p *Program) Run(app *cli.App, args []string) int {
	args, err := p.prepare(app, args)
	if err == nil {
		err = app.RunContext(context.Background(), args)
	}
	return p.exitCode(err, app.ErrWriter)
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
		list = append(list, command.Name)
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

func (p *Program) versionCommand() *cli.Command {
	return p.Documented("", &cli.Command{
		Name:  "version",
		Usage: "print the version of " + p.Name + " and of Go",
		Action: func(c *cli.Context) error {
			if err := Takes(c, 0, 0, ""); err != nil {
				return err
			}
			return printVersion(c)
		},
	})
}

func printVersion(c *cli.Context) error {
	_, err := fmt.Fprintf(c.App.Writer, "%s %s %s %s/%s\n", c.App.Name, Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// Version is the module's version as Go built it; for a build of a checkout, also the commit and whether files were
// changed since. It is "(devel)" or "(unknown)" if Go noted none.
func Version() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	if build.Main.Version == "" {
		return "(devel)"
	}
	return build.Main.Version
}

// PrintJSON prints a value for programs: indented, as people read it too, and with < > & as they are.
func PrintJSON(c *cli.Context, value any) error {
	encoder := json.NewEncoder(c.App.Writer)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
