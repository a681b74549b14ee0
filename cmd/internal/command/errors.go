package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"regexp"
	"strings"

	"github.com/urfave/cli/v2"

	"spreadable/internal/phrase"
)

// Exit codes that mean the same in every program.
const (
	ExitGood   = 0
	ExitFailed = 1 // what was asked for failed
	ExitUsage  = 2 // the command line or an input is wrong; nothing was done
)

// BadInput marks an error of the command line, of an option or of an input file: the program ends with ExitUsage.
func BadInput(err error) error { return badInput{err} }

type badInput struct{ error }

func (e badInput) Unwrap() error { return e.error }

// Reported is a failure of which all has been said: the program ends with the code and prints nothing more. Text is what
// the error is called in a program's own code; two with the same code and text are the same error.
func Reported(code int, text string) error { return reported{code, text} }

type reported struct {
	code int
	text string
}

func (e reported) Error() string { return e.text }

// exitCode prints an error in one line, where that was not done before, and turns it into an exit code.
func (p *Program) exitCode(err error, stderr io.Writer) int {
	if err == nil {
		return ExitGood
	}
	if said := (reported{}); errors.As(err, &said) {
		return said.code
	}
	fmt.Fprintf(stderr, "%s: %s\n", p.Name, OneLine(err.Error()))
	if errors.As(err, new(badInput)) {
		return ExitUsage
	}
	return ExitFailed
}

// Cause is an error without the name of a file and of a system call, for a message that
// names the file itself.
func Cause(err error) error {
	if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
		return inner.Err
	}
	return err
}

// OneLine joins the lines of a message, which joined errors and names of files may hold, and leaves out what a stack
// trace would add.
func OneLine(text string) string {
	text, _, _ = strings.Cut(text, "\ngoroutine ")
	return strings.NewReplacer("\r", `\r`, "\n", "; ").Replace(strings.TrimSpace(text))
}

// unknownCommand is the error for a command that is not among those of a group; group is "" or ends with a space.
func (p *Program) unknownCommand(commands []*cli.Command, group, name string) error {
	known := names(commands)
	return BadInput(fmt.Errorf("unknown command %q%s (commands: %s)", group+name, phrase.Suggest(name, known), strings.Join(known, ", ")))
}

// Messages of the flag package of the standard library, through which the command-line library reads flags.
var (
	undefinedFlag = regexp.MustCompile(`^flag provided but not defined: -+(.*)$`)
	flagWithout   = regexp.MustCompile(`^flag needs an argument: -+(.*)$`)
	invalidValue  = regexp.MustCompile(`(?s)^invalid (?:boolean )?value (".*") for (?:flag )?-+([^:]*): .*$`)
)

// usageError says in one line what is wrong with a flag.
func (p *Program) usageError(c *cli.Context, err error, _ bool) error {
	message := err.Error()
	if parts := undefinedFlag.FindStringSubmatch(message); parts != nil {
		message = fmt.Sprintf("unknown flag --%s%s", parts[1], p.flagAdvice(c, parts[1]))
	} else if parts := flagWithout.FindStringSubmatch(message); parts != nil {
		message = fmt.Sprintf("flag --%s needs a value", parts[1])
	} else if parts := invalidValue.FindStringSubmatch(message); parts != nil {
		message = fmt.Sprintf("flag --%s does not take %s", parts[2], parts[1])
	}
	help := p.Name + " help"
	if c.Command != nil && len(c.App.Commands) > 0 && c.Command.Name != c.App.Name {
		help += " " + path(c)
	}
	return BadInput(fmt.Errorf("%s (see %s)", message, help))
}

// flagAdvice says what could be meant by an unknown flag.
func (p *Program) flagAdvice(c *cli.Context, name string) string {
	if reason, ok := p.Refused[name]; ok {
		return ": " + reason
	}
	var known []string
	for _, flag := range c.Command.Flags {
		known = append(known, flag.Names()...)
	}
	switch near := phrase.Nearest(name, known); len(near) {
	case 0:
		return ""
	case 1:
		return "; did you mean -" + near + "?"
	default:
		return "; did you mean --" + near + "?"
	}
}

// path is the words that lead to a command: "ban add".
func path(c *cli.Context) string { return strings.TrimPrefix(c.Command.HelpName, c.App.Name+" ") }

// Many is no limit to the number of arguments.
const Many = math.MaxInt

// Takes checks the number of arguments of a command; what names one of them. The error is a [BadInput].
func Takes(c *cli.Context, least, most int, what string) error {
	path := path(c)
	switch n := c.Args().Len(); {
	case most == 0 && n > 0:
		return BadInput(fmt.Errorf("%s: takes no arguments, not %q", path, c.Args().First()))
	case n < least:
		return BadInput(fmt.Errorf("%s: no %s given (see %s help %s)", path, what, c.App.Name, path))
	case n > most:
		return BadInput(fmt.Errorf("%s: takes one %s, not also %q", path, what, c.Args().Get(most)))
	}
	return nil
}
