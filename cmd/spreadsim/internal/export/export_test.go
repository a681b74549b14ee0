package export_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"spreadable/cmd/spreadsim/internal/export"
	"spreadable/sim/experiment"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// folder makes a sweep of six runs, of which one failed.
func folder(t *testing.T) *experiment.Folder {
	t.Helper()
	d, err := scenario.ParseDesign("s.yaml", []byte("name: s\nduration: 60s\nsweep: {latency.mean: [20ms, 40ms], nodes: [10]}\nrepeat: 3\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := experiment.NewPlan(d, "v1")
	if err != nil {
		t.Fatal(err)
	}
	f, err := experiment.CreateFolder(filepath.Join(t.TempDir(), "s"), p.Index, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := experiment.NewSchedule(f, experiment.Shard{})
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		task, ok := s.Next(0, true)
		if !ok {
			break
		}
		run, outcome := &result.Run{Summary: result.Summary{Fingerprint: "f"}}, experiment.Complete
		if i == 0 {
			run, outcome = nil, experiment.Failed
		}
		job, _, err := p.Job(task)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Put(job.Record(run, outcome, "no, \"never\"")); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.WriteTables(); err != nil {
		t.Fatal(err)
	}
	return f
}

// rows counts the rows of a table as it was written.
func rows(t *testing.T, f *experiment.Folder, table experiment.Table) (n int64) {
	t.Helper()
	if err := f.ReadTable(table, func([]string) error { n++; return nil }); err != nil || n == 0 {
		t.Fatalf("%s has %d rows, %v", table.Name, n, err)
	}
	return n
}

func TestEveryFormHasAllRows(t *testing.T) {
	f, dir := folder(t), t.TempDir()
	for _, form := range []export.Form{export.CSV, export.Parquet, export.SQLite} {
		if _, err := export.Write(f, form, dir); err != nil {
			t.Fatal(err)
		}
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "sweep.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, table := range f.Index.Tables() {
		want := rows(t, f, table)
		text, err := os.ReadFile(filepath.Join(dir, table.Name+".parquet"))
		if err != nil {
			t.Fatal(err)
		}
		file, err := parquet.OpenFile(bytes.NewReader(text), int64(len(text)))
		if err != nil || file.NumRows() != want {
			t.Errorf("%s.parquet has %d rows, want %d (%v)", table.Name, file.NumRows(), want, err)
		}
		var got int64
		if err := db.QueryRow("SELECT count(*) FROM " + table.Name).Scan(&got); err != nil || got != want {
			t.Errorf("the database has %d rows of %s, want %d (%v)", got, table.Name, want, err)
		}
	}
	var failed, latency string
	if err := db.QueryRow(`SELECT reason, "latency.mean_s" + 0.01 FROM runs WHERE outcome = 'failed'`).Scan(&failed, &latency); err != nil || failed != "no, \"never\"" || !strings.HasPrefix(latency, "0.03") {
		t.Errorf("%q, %q, %v", failed, latency, err)
	}
}

func TestTheSameSweepGivesTheSameBytes(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	for _, form := range []export.Form{export.CSV, export.Parquet, export.SQLite} {
		a, err := export.Write(folder(t), form, first)
		if err != nil {
			t.Fatal(err)
		}
		b, err := export.Write(folder(t), form, second)
		if err != nil {
			t.Fatal(err)
		}
		for i := range a {
			x, err := os.ReadFile(a[i])
			y, err2 := os.ReadFile(b[i])
			if err != nil || err2 != nil || !bytes.Equal(x, y) {
				t.Errorf("%s differs (%v, %v)", filepath.Base(a[i]), err, err2)
			}
		}
	}
}
