package experiment

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"spreadable/sim/result"
	"spreadable/sim/scenario"
	"spreadable/sim/stats"
)

// Column is a varied key as a column of tables. If all of its values are numbers with one
// unit, it holds numbers: seconds, bits per second, fractions of 1.
type Column struct {
	Name    string // the key, with _s or _bit_s behind it for seconds and bits per second
	Numeric bool
}

// Columns are the varied keys as columns.
func (x *Index) Columns() []Column {
	columns := make([]Column, len(x.Keys))
	for i, key := range x.Keys {
		columns[i] = Column{key, true}
		for row := range x.Variants {
			q, ok := scenario.ParseQuantity(x.Variants[row].Values[i])
			first, _ := scenario.ParseQuantity(x.Variants[0].Values[i])
			columns[i].Numeric = columns[i].Numeric && ok && q.Unit == first.Unit
		}
		if q, _ := scenario.ParseQuantity(x.Variants[0].Values[i]); columns[i].Numeric {
			columns[i].Name += map[scenario.Unit]string{scenario.Seconds: "_s", scenario.BitRate: "_bit_s"}[q.Unit]
		}
	}
	return columns
}

// cells are the values of a variant in these columns.
func (x *Index) cells(columns []Column, variant int) []string {
	cells := slices.Clone(x.Variants[variant].Values)
	for i, c := range columns {
		if q, ok := scenario.ParseQuantity(cells[i]); ok && c.Numeric {
			cells[i] = number(q.Number)
		}
	}
	return cells
}

// number is the shortest text that reads back as x.
func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// Metrics are the numbers that a run measured: those of its summary, without what it was
// given and what depends on the machine.
func (r *Record) Metrics() []result.Number {
	if r.Summary == nil || r.Outcome != Complete {
		return nil
	}
	return slices.DeleteFunc(r.Summary.Numbers(), func(n result.Number) bool {
		group, name, _ := strings.Cut(n.Path, ".")
		return group == "scenario" || group == "rows" ||
			group == "engine" && name != "events" && name != "virtual_s"
	})
}

// Records are the repetitions of a variant that count, in their order. Repetitions that a
// sweep with until did not ask for do not.
func (f *Folder) Records(variant int) ([]*Record, error) {
	runs := f.Index.Variants[variant].Runs
	if f.Index.Repeat.Count == 0 {
		have, _, err := f.Index.judged(f, variant)
		if err != nil {
			return nil, err
		}
		runs = runs[:have]
	}
	var list []*Record
	for _, key := range runs {
		r, err := f.Get(key)
		if err != nil {
			return nil, err
		}
		if r != nil {
			list = append(list, r)
		}
	}
	return list, nil
}

// Kind is what the cells of a column are.
type Kind string

// The kinds of columns. Cells of numbers may be empty: not measured.
const (
	Text   Kind = "text"
	Whole  Kind = "whole"
	Number Kind = "number"
)

// Table is one of the tables of a sweep.
type Table struct {
	Name    string // the file, without .csv
	Columns []TableColumn
}

// TableColumn is a column of a table.
type TableColumn struct {
	Name string
	Kind Kind
}

// Tables describes the tables of a sweep, in the order in which they are written: runs has
// a row for each run, metrics one for each number of each run, means one for each number
// of each variant.
func (x *Index) Tables() []Table {
	var varied []TableColumn
	for _, c := range x.Columns() {
		varied = append(varied, TableColumn{c.Name, map[bool]Kind{true: Number, false: Text}[c.Numeric]})
	}
	return []Table{
		{"runs", slices.Concat([]TableColumn{{"key", Text}, {"variant", Whole}, {"repetition", Whole}, {"seed", Text}, {"outcome", Text},
			{"unmet", Whole}, {"fingerprint", Text}, {"reason", Text}}, varied)},
		{"metrics", []TableColumn{{"key", Text}, {"variant", Whole}, {"repetition", Whole}, {"metric", Text}, {"value", Number}}},
		{"means", slices.Concat([]TableColumn{{"variant", Whole}}, varied, []TableColumn{{"metric", Text}, {"n", Whole}, {"mean", Number},
			{"low", Number}, {"high", Number}, {"sd", Number}, {"min", Number}, {"max", Number}})},
	}
}

// WriteTables writes the tables of the runs that are done. They follow from the runs
// alone.
func (f *Folder) WriteTables() error {
	columns := f.Index.Columns()
	var written [3]table
	for i, t := range f.Index.Tables() {
		if err := written[i].create(filepath.Join(f.Dir, t.Name+".csv")); err != nil {
			return errors.Join(err, discard(written[:]))
		}
		var head []string
		for _, c := range t.Columns {
			head = append(head, c.Name)
		}
		written[i].row(head...)
	}
	runs, metrics, means := &written[0], &written[1], &written[2]
	for v := range f.Index.Variants {
		records, err := f.Records(v)
		if err != nil {
			return errors.Join(err, discard(written[:]))
		}
		cells := f.Index.cells(columns, v)
		name := strconv.Itoa(v + 1)
		for _, r := range records {
			repetition := strconv.Itoa(r.Repetition)
			runs.row(slices.Concat([]string{r.Key, name, repetition, strconv.FormatUint(r.Seed, 10), string(r.Outcome),
				strconv.Itoa(r.Unexpected()), r.Fingerprint(), r.Reason}, cells)...)
			for _, n := range r.Metrics() {
				metrics.row(r.Key, name, repetition, n.Path, number(n.Value))
			}
		}
		for _, m := range Means(records) {
			means.row(slices.Concat([]string{name}, cells, m.cells())...)
		}
	}
	return errors.Join(runs.close(), metrics.close(), means.close())
}

// MetricMean is what the repetitions of a variant say about one number.
type MetricMean struct {
	Metric string
	stats.Mean
	Min, Max float64
}

func (m MetricMean) cells() []string {
	low, high, sd := "", "", ""
	if m.N > 1 {
		low, high, sd = number(m.Low()), number(m.High()), number(m.SD)
	}
	return []string{m.Metric, strconv.Itoa(m.N), number(m.Value), low, high, sd, number(m.Min), number(m.Max)}
}

// Means are the means of all numbers over the repetitions that measured them, by name.
func Means(records []*Record) []MetricMean {
	values := map[string][]float64{}
	for _, r := range records {
		for _, n := range r.Metrics() {
			values[n.Path] = append(values[n.Path], n.Value)
		}
	}
	var means []MetricMean
	for _, metric := range slices.Sorted(maps.Keys(values)) {
		list := values[metric]
		means = append(means, MetricMean{metric, stats.MeanOf(list), slices.Min(list), slices.Max(list)})
	}
	return means
}

// table is a CSV file that appears when it is complete.
type table struct {
	path string
	file *os.File
	csv  *csv.Writer
	err  error
}

func (t *table) create(path string) error {
	file, err := os.CreateTemp(filepath.Dir(path), fresh+"*")
	if err != nil {
		return err
	}
	t.path, t.file, t.csv = path, file, csv.NewWriter(file)
	return nil
}

func (t *table) row(cells ...string) {
	if t.err == nil {
		t.err = t.csv.Write(cells)
	}
}

func (t *table) close() error {
	t.csv.Flush()
	if err := errors.Join(t.err, t.csv.Error(), t.file.Chmod(0o644), t.file.Close()); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", filepath.ToSlash(t.path), err), os.Remove(t.file.Name()))
	}
	return os.Rename(t.file.Name(), t.path)
}

// discard removes tables that cannot be completed.
func discard(tables []table) error {
	var failed error
	for _, t := range tables {
		if t.file != nil {
			failed = errors.Join(failed, t.file.Close(), os.Remove(t.file.Name()))
		}
	}
	return failed
}

// ReadTable calls a function with the cells of each row of a table as it was written.
func (f *Folder) ReadTable(t Table, row func(cells []string) error) error {
	file, err := os.Open(filepath.Join(f.Dir, t.Name+".csv"))
	if err != nil {
		return err
	}
	defer file.Close()
	in := csv.NewReader(file)
	in.ReuseRecord = true
	in.FieldsPerRecord = len(t.Columns)
	for first := true; ; first = false {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && !first {
			err = row(cells)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.ToSlash(file.Name()), err)
		}
	}
}
