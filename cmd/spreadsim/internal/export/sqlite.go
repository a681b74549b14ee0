package export

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite", without C

	"spreadable/sim/experiment"
)

// writeSQLite writes all tables into one database. Without a journal and in one
// transaction, the same rows give the same bytes.
func writeSQLite(f *experiment.Folder, path string) error {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)&_pragma=page_size(4096)")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	tx, err := db.Begin()
	if err != nil {
		return errors.Join(err, db.Close())
	}
	for _, t := range f.Index.Tables() {
		if err := insert(tx, f, t); err != nil {
			return errors.Join(err, tx.Rollback(), db.Close())
		}
	}
	return errors.Join(tx.Commit(), db.Close())
}

// insert makes a table and fills it.
func insert(tx *sql.Tx, f *experiment.Folder, t experiment.Table) error {
	var columns, marks []string
	for _, c := range t.Columns {
		kind := map[experiment.Kind]string{experiment.Whole: "INTEGER", experiment.Number: "REAL", experiment.Text: "TEXT"}[c.Kind]
		columns, marks = append(columns, quoted(c.Name)+" "+kind), append(marks, "?")
	}
	if _, err := tx.Exec(fmt.Sprintf("CREATE TABLE %s (%s)", quoted(t.Name), strings.Join(columns, ", "))); err != nil {
		return err
	}
	add, err := tx.Prepare(fmt.Sprintf("INSERT INTO %s VALUES (%s)", quoted(t.Name), strings.Join(marks, ", ")))
	if err != nil {
		return err
	}
	row := make([]any, len(t.Columns))
	err = f.ReadTable(t, func(cells []string) error {
		for i, c := range t.Columns {
			// The type of the column turns the text of a number into the number.
			row[i] = cells[i]
			if cells[i] == "" && c.Kind != experiment.Text {
				row[i] = nil
			}
		}
		_, err := add.Exec(row...)
		return err
	})
	return errors.Join(err, add.Close())
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
