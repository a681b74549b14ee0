package command

import (
	"embed"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

// The scripts that the command completion prints, for PROGRAM. They know nothing of the
// program: each time they run it with the words of the line, see [Choices.String]. Those
// of the command-line library do likewise, but hand the line to eval, which would run a
// $(command) in it, split words at "=" and complete neither values nor files.
//
//go:embed completion/script.*
var scripts embed.FS

const (
	helpName   = "help"
	answerName = "__complete"

	// shells are those with a script, as the help text names the argument.
	shells = "bash|zsh|fish"
)

const completionDescription = `   Prints a script by which the shell completes commands, options, their values
   and names of files when you press TAB. The script asks PROGRAM what
   fits, which writes nothing and asks no other machine. To have it always:

   bash (4 or newer), in ~/.bashrc:
      source <(PROGRAM completion bash)
   zsh, in ~/.zshrc, after compinit:
      source <(PROGRAM completion zsh)
   fish, once:
      PROGRAM completion fish > ~/.config/fish/completions/PROGRAM.fish

   PROGRAM must be in a folder of $PATH.`

func (p *Program) completionCommand() *cli.Command {
	return p.Documented("", &cli.Command{
		Name:        "completion",
		Usage:       "print a script for completion by TAB",
		ArgsUsage:   shells,
		Description: p.forProgram(completionDescription),
		Action: func(c *cli.Context) error {
			if err := Takes(c, 1, 1, "shell"); err != nil {
				return err
			}
			script, err := scripts.ReadFile("completion/script." + c.Args().First())
			if err != nil {
				return BadInput(fmt.Errorf("completion: want one of %s, not %q", strings.ReplaceAll(shells, "|", ", "), c.Args().First()))
			}
			_, err = io.WriteString(c.App.Writer, p.forProgram(string(script)))
			return err
		},
	})
}

// forProgram puts the name of the program into a text.
func (p *Program) forProgram(text string) string { return strings.ReplaceAll(text, "PROGRAM", p.Name) }

// answerCommand answers the scripts. It is no command for people, and not listed.
func (p *Program) answerCommand() *cli.Command {
	return p.Documented("", &cli.Command{
		Name:      answerName,
		Hidden:    true,
		Usage:     "answer the scripts of completion",
		ArgsUsage: "-- WORD...",
		Action: func(c *cli.Context) error {
			_, err := io.WriteString(c.App.Writer, p.complete(c.App, c.Args().Slice()).String())
			return err
		},
	})
}
