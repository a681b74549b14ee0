package command

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// Help texts in the order in which people need them, in 80 columns.

// appHelp is the template of the help of the program as a whole.
func (p *Program) appHelp() string {
	return p.Name + ` - {{.Usage}}

USAGE
   {{.UsageText}}

COMMANDS{{range .VisibleCommands}}
   {{printf "%-11s" .Name}}{{.Usage}}{{end}}

   ` + p.Name + ` help <command> shows the options of a command.

` + p.examples("") + p.ExitCodes + `
`
}

// examples is the section of the help of a command that shows how it is used, with a blank
// line behind it.
func (p *Program) examples(path string) string {
	lines := p.Examples[path]
	if len(lines) == 0 {
		return ""
	}
	text := "EXAMPLES\n"
	for _, line := range lines {
		text += "   " + strings.Join(strings.Fields(p.Name+" "+path), " ") + strings.TrimRight(" "+line, " ") + "\n"
	}
	return text + "\n"
}

// groupHelp is the template of the help of a group of commands.
func (p *Program) groupHelp(name string) string {
	return p.Name + ` {{.Name}} - {{.Usage}}

USAGE
   ` + p.Name + ` {{.Name}} <command> [options] [arguments]

COMMANDS{{range .Subcommands}}
   {{printf "%-11s" .Name}}{{.Usage}}{{end}}

   ` + p.Name + ` help {{.Name}} <command> shows the options of a command.

` + p.examples(name) + p.ExitCodes + `
`
}

// Documented completes a command with what all of them share: the help text, and the way in which a wrong flag is
// reported. Group is the name of the group in which it stands, or "".
func (p *Program) Documented(group string, c *cli.Command) *cli.Command {
	path := strings.TrimSpace(group + " " + c.Name)
	c.HelpName = path
	c.HideHelpCommand = true
	c.OnUsageError = p.usageError
	usage := strings.TrimSpace(p.Name + " " + path + " [options] " + c.ArgsUsage)
	about := ""
	if c.Description != "" {
		about = "\n" + c.Description + "\n"
	}
	c.CustomHelpTemplate = fmt.Sprintf("%s %s - %s\n\nUSAGE\n   %s\n%s\n%sOPTIONS (before or after the arguments)\n%s\n%s\n",
		p.Name, path, c.Usage, usage, about, p.examples(path), p.Layout.options(append(c.Flags[:len(c.Flags):len(c.Flags)], cli.HelpFlag)), p.ExitCodes)
	return c
}

// Group makes a command of several, its Subcommands.
func (p *Program) Group(c *cli.Command) *cli.Command {
	c.HelpName = c.Name
	c.HideHelpCommand = true
	c.OnUsageError = p.usageError
	c.Action = p.noSubcommand
	c.CustomHelpTemplate = p.groupHelp(c.Name)
	return c
}

func (p *Program) helpCommand() *cli.Command {
	return p.Documented("", &cli.Command{
		Name:      helpName,
		Usage:     "show the help of a command",
		ArgsUsage: "[COMMAND]",
		Action: func(c *cli.Context) error {
			if c.Args().Len() == 0 {
				return cli.ShowAppHelp(c)
			}
			found, err := p.find(c.App.Commands, c.Args().Slice())
			if err != nil {
				return err
			}
			cli.HelpPrinter(c.App.Writer, found.CustomHelpTemplate, found)
			return nil
		},
	})
}

// find follows the words of a path, at least one, to a command. Words behind a command that is no group are none of its
// business, as they are arguments.
func (p *Program) find(commands []*cli.Command, words []string) (found *cli.Command, err error) {
	path := ""
	for _, name := range words {
		at := indexOf(commands, name)
		if at < 0 {
			return nil, p.unknownCommand(commands, path, name)
		}
		found, path = commands[at], path+name+" "
		if commands = found.Subcommands; len(commands) == 0 {
			break
		}
	}
	return found, nil
}

// Layout is how a list of options stands in columns. All widths are in characters; with the indent and a space between
// the columns they should not exceed 80.
type Layout struct {
	Name       int  // width of the column of names; a longer name takes a line of its own
	Text       int  // width of the column of meanings
	ShortForms bool // short forms of flags are listed
}

// optionIndent is how far a list of options stands from the edge.
const optionIndent = 3

// options lists flags with their meaning, below headings where they have categories.
func (l Layout) options(flags []cli.Flag) string {
	var b strings.Builder
	category := ""
	for _, flag := range flags {
		doc, ok := flag.(cli.DocGenerationFlag)
		if !ok {
			continue
		}
		if sorted, ok := flag.(cli.CategorizableFlag); ok && sorted.GetCategory() != category {
			if category = sorted.GetCategory(); category != "" {
				fmt.Fprintf(&b, "\n   %s:\n", category)
			} else {
				b.WriteString("\n")
			}
		}
		l.option(&b, l.flagName(flag.Names()), doc.GetUsage())
	}
	return b.String()
}

// option writes one flag with its meaning.
func (l Layout) option(b *strings.Builder, name, usage string) {
	value, usage := splitUsage(usage)
	if value != "" {
		name += " " + value
	}
	lines := Wrap(usage, l.Text)
	indent := strings.Repeat(" ", optionIndent+l.Name+1)
	if len(name) > l.Name {
		fmt.Fprintf(b, "%*s%s\n%s%s\n", optionIndent, "", name, indent, lines[0])
	} else {
		fmt.Fprintf(b, "%*s%-*s %s\n", optionIndent, "", l.Name, name, lines[0])
	}
	for _, line := range lines[1:] {
		fmt.Fprintf(b, "%s%s\n", indent, line)
	}
}

// splitUsage takes the name of a flag's value out of the flag's usage, where it stands
// between backquotes: before the text, or as a word of it. It is "" if there is none.
func splitUsage(usage string) (value, text string) {
	parts := strings.Split(usage, "`")
	if len(parts) != 3 {
		return "", usage
	}
	if value = parts[1]; parts[0] == "" {
		return value, strings.TrimSpace(parts[2])
	}
	return value, strings.Join(parts, "")
}

// flagName is how a flag is written, with its short form in front.
func (l Layout) flagName(names []string) string {
	if l.ShortForms && len(names) > 1 && len(names[1]) == 1 {
		return "-" + names[1] + ", --" + names[0]
	}
	return "--" + names[0]
}

// Wrap breaks a text between words into lines of at most width characters; a longer word has a line of its own. It
// returns at least one line.
func Wrap(text string, width int) []string {
	lines := []string{""}
	for _, word := range strings.Fields(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case len([]rune(*last))+1+len([]rune(word)) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}
