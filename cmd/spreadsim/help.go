package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// Help texts in the order in which people need them, in 80 columns.

const appHelp = `spreadsim - {{.Usage}}

USAGE
   {{.UsageText}}

COMMANDS{{range .VisibleCommands}}
   {{printf "%-10s" .Name}}{{.Usage}}{{end}}

   spreadsim help <command> shows the options of a command.

EXAMPLES
   spreadsim run scenarios/quickstart.yaml
   spreadsim run scenarios/quickstart.yaml --seed 7 --set latency.mean=80ms
   spreadsim plot runs/quickstart-1

` + exitCodeHelp + `
`

const commandHelp = `spreadsim {{.Name}} - {{.Usage}}

USAGE
   spreadsim {{.Name}} [options]{{if .ArgsUsage}} {{.ArgsUsage}}{{end}}
{{if .Description}}
{{.Description}}
{{end}}
OPTIONS (before or after the arguments)
`

// documented completes a command with what all of them share: the help text,
// and the way in which a wrong flag is reported.
func documented(c *cli.Command) *cli.Command {
	c.HideHelpCommand = true
	c.OnUsageError = usageError
	c.CustomHelpTemplate = commandHelp + optionLines(append(c.Flags, cli.HelpFlag)) + "\n" + exitCodeHelp + "\n"
	return c
}

// optionLines lists flags with their meaning.
func optionLines(flags []cli.Flag) string {
	var b strings.Builder
	for _, flag := range flags {
		doc, ok := flag.(cli.DocGenerationFlag)
		if !ok {
			continue
		}
		name, usage := "--"+flag.Names()[0], doc.GetUsage()
		if parts := strings.Split(usage, "`"); len(parts) == 3 { // the value's name stands in the usage
			name, usage = name+" "+parts[1], strings.Join(parts, "")
		}
		lines := wrap(usage, 56)
		fmt.Fprintf(&b, "   %-18s %s\n", name, lines[0])
		for _, line := range lines[1:] {
			fmt.Fprintf(&b, "%22s%s\n", "", line)
		}
	}
	return b.String()
}
