package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"spreadable/cmd/internal/command"
	"spreadable/cmd/spreadsim/internal/export"
	"spreadable/sim/experiment"
)

func exportCommand() *cli.Command {
	return documented(&cli.Command{
		Name:      "export",
		Usage:     "write the tables of a sweep for other programs",
		ArgsUsage: "SWEEP",
		Description: `Writes runs, metrics and means into <sweep>/export: as CSV or Parquet files, or
as tables of the database sweep.sqlite. The same sweep gives the same bytes.`,
		Action: exportSweep,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "csv", Usage: "write CSV"},
			&cli.BoolFlag{Name: "parquet", Usage: "write Parquet, for pandas, DuckDB and Spark"},
			&cli.BoolFlag{Name: "sqlite", Usage: "write an SQLite database"},
			&cli.PathFlag{Name: "out", Usage: "write to `DIR`"},
			&cli.BoolFlag{Name: "quiet", Usage: "print only errors"},
		},
	})
}

func exportSweep(c *cli.Context) error {
	if err := command.Takes(c, 1, 1, "folder of a sweep"); err != nil {
		return err
	}
	var forms []export.Form
	for _, form := range []export.Form{export.CSV, export.Parquet, export.SQLite} {
		if c.Bool(string(form)) {
			forms = append(forms, form)
		}
	}
	if len(forms) == 0 {
		return command.BadInput(errors.New("export: name one or more of --csv, --parquet and --sqlite"))
	}
	folder, err := experiment.OpenFolder(c.Args().First())
	if err != nil {
		return command.BadInput(err)
	}
	dir := c.String("out")
	if dir == "" {
		dir = filepath.Join(folder.Dir, "export")
	}
	// Another sweep that was interrupted may have left old tables.
	if err := folder.WriteTables(); err != nil {
		return err
	}
	for _, form := range forms {
		files, err := export.Write(folder, form, dir)
		if err != nil {
			return err
		}
		for _, file := range files {
			if !c.Bool("quiet") {
				fmt.Fprintf(c.App.Writer, "written  %s\n", filepath.ToSlash(file))
			}
		}
	}
	return nil
}
