package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/sim/scenario"
)

func listCommand() *cli.Command {
	return documented(&cli.Command{
		Name:   "list",
		Usage:  "list the scenarios of a folder",
		Action: listScenarios,
		Flags: []cli.Flag{
			&cli.PathFlag{Name: "dir", Value: "scenarios", Usage: "look in `FOLDER` instead of scenarios"},
			&cli.BoolFlag{Name: "json", Usage: "print a JSON list instead of a table"},
		},
	})
}

// listed is one scenario of a folder, as `list --json` shows it.
type listed struct {
	File        string `json:"file"`
	Name        string `json:"name"`
	Nodes       int    `json:"nodes"`
	Description string `json:"description"`
}

// listScenarios lists the good scenarios of a folder and reports the others.
func listScenarios(c *cli.Context) error {
	if err := noArgs(c); err != nil {
		return err
	}
	files, err := yamlFiles(c.String("dir"))
	if err != nil {
		return command.BadInput(err)
	}
	list, broken := []listed{}, false
	for _, file := range files {
		s, err := scenario.Load(file, nil)
		if err != nil {
			fmt.Fprintf(c.App.ErrWriter, "spreadsim: %s\n", command.OneLine(err.Error()))
			broken = true
			continue
		}
		list = append(list, listed{filepath.ToSlash(file), s.Name, s.Nodes,
			strings.Join(strings.Fields(s.Description), " ")})
	}
	if err := printList(c, list); err != nil {
		return err
	}
	if broken {
		return errReported
	}
	return nil
}

// yamlFiles lists the YAML files of a folder by name.
func yamlFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w (a folder of scenarios is named with --dir)", dir, command.Cause(err))
	}
	var files []string
	for _, entry := range entries {
		if ext := filepath.Ext(entry.Name()); ext == ".yaml" || ext == ".yml" {
			files = append(files, filepath.Join(dir, entry.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no scenario files in this folder", dir)
	}
	return files, nil
}

func printList(c *cli.Context, list []listed) error {
	if c.Bool("json") {
		return command.PrintJSON(c, list)
	}
	for _, s := range list {
		head := fmt.Sprintf("%-20s %9s", s.Name, count(s.Nodes))
		for _, line := range command.Wrap(s.Description, 48) {
			text := fmt.Sprintf("%-30s  %s", head, line)
			fmt.Fprintln(c.App.Writer, strings.TrimRight(text, " "))
			head = ""
		}
	}
	return nil
}
