package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// Help texts in the order in which people need them, in 80 columns.

const appHelp = `spreadnode - {{.Usage}}

USAGE
   {{.UsageText}}

COMMANDS{{range .VisibleCommands}}
   {{printf "%-10s" .Name}}{{.Usage}}{{end}}

   spreadnode help <command> shows the options of a command.

EXAMPLES
   spreadnode cluster -n 9
   spreadnode run --hostname n1.example.com
   spreadnode run --hostname n2.example.com --bootstrap n1.example.com:4000
   spreadnode status

` + exitCodeHelp + `
`

const groupHelp = `spreadnode {{.Name}} - {{.Usage}}

USAGE
   spreadnode {{.Name}} <command> [options] [arguments]

COMMANDS{{range .Subcommands}}
   {{printf "%-10s" .Name}}{{.Usage}}{{end}}

   spreadnode help {{.Name}} <command> shows the options of a command.

` + exitCodeHelp + `
`

// documented completes a command with what all of them share: the help text, and the way in which a wrong flag is
// reported. Group is the name of the group in which it stands, or "".
func documented(group string, c *cli.Command) *cli.Command {
	path := strings.TrimSpace(group + " " + c.Name)
	c.HelpName = path
	c.HideHelpCommand = true
	c.OnUsageError = usageError
	usage := strings.TrimSpace("spreadnode " + path + " [options] " + c.ArgsUsage)
	about := ""
	if c.Description != "" {
		about = "\n" + c.Description + "\n"
	}
	c.CustomHelpTemplate = fmt.Sprintf("spreadnode %s - %s\n\nUSAGE\n   %s\n%s\nOPTIONS (before or after the arguments)\n%s\n%s\n",
		path, c.Usage, usage, about, optionLines(append(c.Flags[:len(c.Flags):len(c.Flags)], cli.HelpFlag)), exitCodeHelp)
	return c
}

// group makes a command of several.
func group(c *cli.Command) *cli.Command {
	c.HelpName = c.Name
	c.HideHelpCommand = true
	c.OnUsageError = usageError
	c.Action = noSubcommand
	c.CustomHelpTemplate = groupHelp
	return c
}

// Layout of a list of options, in columns.
const (
	optionIndent = 3
	optionName   = 24 // longer names take a line of their own
	optionText   = 80 - optionIndent - optionName - 1
)

// optionLines lists flags with their meaning, below headings where they have categories.
func optionLines(flags []cli.Flag) string {
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
		name, usage := flagName(flag.Names()), doc.GetUsage()
		if parts := strings.Split(usage, "`"); len(parts) == 3 { // the value's name: before the usage, or a word of it
			name = name + " " + parts[1]
			if parts[0] == "" {
				parts[1] = ""
			}
			usage = strings.Join(parts, "")
		}
		lines := wrap(usage, optionText)
		indent := strings.Repeat(" ", optionIndent+optionName+1)
		if len(name) > optionName {
			fmt.Fprintf(&b, "%*s%s\n%s%s\n", optionIndent, "", name, indent, lines[0])
		} else {
			fmt.Fprintf(&b, "%*s%-*s %s\n", optionIndent, "", optionName, name, lines[0])
		}
		for _, line := range lines[1:] {
			fmt.Fprintf(&b, "%s%s\n", indent, line)
		}
	}
	return b.String()
}

// flagName is how a flag is written, with its short form in front.
func flagName(names []string) string {
	if len(names) > 1 && len(names[1]) == 1 {
		return "-" + names[1] + ", --" + names[0]
	}
	return "--" + names[0]
}

// wrap breaks a text into lines of at most width characters, where words allow it.
func wrap(text string, width int) []string {
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
