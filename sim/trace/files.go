package trace

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// Names of the files of a recording in a results folder.
const (
	TimelineFile = "trace.pftrace"
	TableFile    = "trace.csv"
)

// Files are the names of both files.
func Files() []string { return []string{TimelineFile, TableFile} }

// Write writes both files into a folder.
func Write(r *Recorder, dir string) error {
	return errors.Join(
		write(filepath.Join(dir, TimelineFile), func(w io.Writer) error { return WritePerfetto(w, r) }),
		write(filepath.Join(dir, TableFile), func(w io.Writer) error { return WriteCSV(w, r) }),
	)
}

func write(path string, fill func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(file)
	return errors.Join(fill(buffered), buffered.Flush(), file.Close())
}
