package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"spreadable/config"
)

func configCommand() *cli.Command {
	return group(&cli.Command{
		Name:  "config",
		Usage: "show the options of a node",
		Subcommands: []*cli.Command{
			documented("config", &cli.Command{
				Name:   "print",
				Usage:  "show each option, its value, and where that came from",
				Action: printConfig,
				Flags:  append([]cli.Flag{jsonFlag()}, nodeFlags()...),
			}),
			documented("config", &cli.Command{
				Name:   "example",
				Usage:  "print a file with all options and their defaults",
				Action: printExample,
			}),
		},
	})
}

func printConfig(c *cli.Context) error {
	if err := takes(c, 0, 0, ""); err != nil {
		return err
	}
	options, err := nodeConfig(given(c))
	if err != nil {
		return err
	}
	warn(c, options)
	settings := options.Settings()
	if c.Bool("json") {
		return printJSON(c, settings)
	}
	t := newTable("OPTION", "VALUE", "FROM")
	for _, s := range settings {
		t.row(s.Key, s.Value, s.Source)
	}
	return t.print(c.App.Writer)
}

func printExample(c *cli.Context) error {
	if err := takes(c, 0, 0, ""); err != nil {
		return err
	}
	_, err := fmt.Fprint(c.App.Writer, config.Example())
	return err
}
