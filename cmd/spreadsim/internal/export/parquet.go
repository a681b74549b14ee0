package export

import (
	"errors"
	"os"
	"strconv"

	"github.com/parquet-go/parquet-go"

	"spreadable/sim/experiment"
)

// batch is how many rows are written at a time.
const batch = 1000

// writeParquet writes a table as Parquet. A cell may be null where a number was not
// measured.
func writeParquet(f *experiment.Folder, t experiment.Table, path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	group := parquet.Group{}
	for _, c := range t.Columns {
		group[c.Name] = parquet.Optional(nodeOf(c.Kind))
	}
	schema := parquet.NewSchema(t.Name, group)
	place := make(map[string]int) // parquet-go orders columns by name
	for i, path := range schema.Columns() {
		place[path[0]] = i
	}
	w := parquet.NewWriter(file, schema, parquet.Compression(&parquet.Zstd), parquet.CreatedBy("spreadsim", "", ""))
	var rows []parquet.Row
	flush := func() error {
		_, err := w.WriteRows(rows)
		rows = rows[:0]
		return err
	}
	err = f.ReadTable(t, func(cells []string) error {
		row := make(parquet.Row, len(cells))
		for i, c := range t.Columns {
			at := place[c.Name]
			value, err := valueOf(c.Kind, cells[i])
			if err != nil {
				return err
			}
			defined := 1
			if value.IsNull() {
				defined = 0
			}
			row[at] = value.Level(0, defined, at)
		}
		if rows = append(rows, row); len(rows) < batch {
			return nil
		}
		return flush()
	})
	return errors.Join(err, flush(), w.Close(), file.Close())
}

func nodeOf(kind experiment.Kind) parquet.Node {
	switch kind {
	case experiment.Whole:
		return parquet.Int(64)
	case experiment.Number:
		return parquet.Leaf(parquet.DoubleType)
	}
	return parquet.String()
}

func valueOf(kind experiment.Kind, cell string) (parquet.Value, error) {
	switch {
	case cell == "" && kind != experiment.Text:
		return parquet.NullValue(), nil
	case kind == experiment.Whole:
		n, err := strconv.ParseInt(cell, 10, 64)
		return parquet.Int64Value(n), err
	case kind == experiment.Number:
		x, err := strconv.ParseFloat(cell, 64)
		return parquet.DoubleValue(x), err
	}
	return parquet.ByteArrayValue([]byte(cell)), nil
}
