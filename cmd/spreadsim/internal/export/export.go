// Package export writes the tables of a sweep as CSV, Parquet and SQLite files. The same
// sweep gives the same bytes in every form.
package export

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"spreadable/sim/experiment"
)

// Form is a form of export.
type Form string

// The forms.
const (
	CSV     Form = "csv"     // a file for each table
	Parquet Form = "parquet" // a file for each table
	SQLite  Form = "sqlite"  // one file, sweep.sqlite
)

// Write writes the tables of a sweep into a folder, and returns the files in their order.
func Write(f *experiment.Folder, form Form, dir string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if form == SQLite {
		path := filepath.Join(dir, "sweep.sqlite")
		return []string{path}, replace(path, func(path string) error { return writeSQLite(f, path) })
	}
	var paths []string
	for _, t := range f.Index.Tables() {
		path := filepath.Join(dir, t.Name+"."+string(form))
		err := replace(path, func(path string) error {
			if form == CSV {
				return writeCSV(f, t, path)
			}
			return writeParquet(f, t, path)
		})
		if err != nil {
			return paths, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// replace writes a file beside its place and moves it there when it is whole.
func replace(path string, write func(path string) error) error {
	fresh := path + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := write(fresh); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", filepath.ToSlash(path), err), os.RemoveAll(fresh))
	}
	return os.Rename(fresh, path)
}

// writeCSV copies a table, which is CSV already.
func writeCSV(f *experiment.Folder, t experiment.Table, path string) error {
	text, err := os.ReadFile(filepath.Join(f.Dir, t.Name+".csv"))
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}
