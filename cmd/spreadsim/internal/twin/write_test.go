package twin

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"spreadable/sim"
	"spreadable/sim/plots"
	"spreadable/sim/scenario"
)

// Every number in the plots of a comparison stands in its files: what is drawn from these
// alone is the same picture, to the byte. Both sides are simulated here, with other seeds.
func TestPlotsAreDrawnFromTheFilesAlone(t *testing.T) {
	const text = "name: sides\nnodes: 30\nduration: 120s\njoin: {mode: spread, over: 40s}\nlatency: {model: lognormal, mean: 40ms, stddev: 20ms}\n" +
		"workload: {searches: {count: 30, start: 10s, over: 100s}, approvals: {count: 5, start: 60s}}\n"
	var r Result
	for seed := range 4 {
		s, err := scenario.Parse("sides.yaml", []byte(text), []string{"seed=" + strconv.Itoa(seed+1)})
		if err != nil {
			t.Fatal(err)
		}
		run, err := sim.Run(s, sim.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if seed%2 == 0 {
			r.Simulated = append(r.Simulated, &Run{Run: run})
		} else {
			r.Real = append(r.Real, &Run{Run: run})
		}
	}
	s, err := scenario.Parse("sides.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, JSONFile), nil, 0o644); err != nil { // an earlier one
		t.Fatal(err)
	}
	if err := r.Write(dir, s); err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(t.TempDir(), "again")
	if err := plots.WriteAll(again, fromFiles(t, dir)); err != nil {
		t.Fatal(err)
	}
	written, err := filepath.Glob(filepath.Join(dir, plots.Dir, "*"))
	if err != nil || len(written) != 4 {
		t.Fatalf("the plots are %v, %v", written, err)
	}
	for _, path := range written {
		a, errA := os.ReadFile(path)
		b, errB := os.ReadFile(filepath.Join(again, plots.Dir, filepath.Base(path)))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s drawn from the files is another picture (%v, %v)", filepath.Base(path), errA, errB)
		}
	}
}

// fromFiles draws the plots of a folder from its other files.
func fromFiles(t *testing.T, dir string) []plots.Plot {
	t.Helper()
	var doc document
	text, err := os.ReadFile(filepath.Join(dir, JSONFile))
	if err == nil {
		err = json.Unmarshal(text, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenario.Parse("twin.yaml", []byte(doc.Scenario), nil)
	if err != nil {
		t.Fatal(err)
	}
	var points []Point
	for _, row := range rows(t, filepath.Join(dir, SeriesFile)) {
		at := time.Duration(number(t, row["time_s"]) * float64(time.Second))
		points = append(points, Point{Time: at, Simulated: [3]float64{number(t, row["simulated"])}, Real: [3]float64{number(t, row["real"])}})
	}
	ms := make(map[string][]float64)
	for _, row := range rows(t, filepath.Join(dir, RequestsFile)) {
		if row["kind"] == "search" && row["outcome"] == "complete" {
			ms[row["side"]] = append(ms[row["side"]], number(t, row["latency_ms"]))
		}
	}
	if len(points) == 0 || len(ms["simulated"]) == 0 || len(ms["real"]) == 0 {
		t.Fatalf("the files have %d points and the latencies %v", len(points), ms)
	}
	return drawn(s, doc.Repeat, points, ms["simulated"], ms["real"])
}

// rows are those of a CSV file, each by the names of the columns.
func rows(t *testing.T, path string) (list []map[string]string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(all) < 2 {
		t.Fatalf("%s: %d rows, %v", path, len(all), err)
	}
	for _, cells := range all[1:] {
		row := make(map[string]string)
		for i, name := range all[0] {
			row[name] = cells[i]
		}
		list = append(list, row)
	}
	return list
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}
