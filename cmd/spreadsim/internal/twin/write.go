package twin

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"spreadable/sim/plots"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// Names of the files that Write makes, beside plots/.
const (
	JSONFile     = "twin.json"
	CSVFile      = "twin.csv"     // the numbers: a row for each
	SeriesFile   = "series.csv"   // the registered share over time
	RequestsFile = "requests.csv" // each search and approval of both sides
)

// schema names the layout of twin.json.
const schema = "spreadsim-twin/1"

// document is twin.json.
type document struct {
	Schema   string  `json:"schema"`
	Scenario string  `json:"scenario"` // YAML, as resolved
	ServiceS float64 `json:"service_s"`
	Repeat   int     `json:"repeat"`
	Rows     []Row   `json:"numbers"`
}

// Write writes the comparison into a folder, which must not exist or hold an earlier one.
func (r *Result) Write(dir string, s *scenario.Scenario) error {
	if err := Writable(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r.document(s), "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, JSONFile), append(text, '\n'), 0o644)
	}
	return errors.Join(err,
		writeCSV(filepath.Join(dir, CSVFile), r.table()),
		writeCSV(filepath.Join(dir, SeriesFile), r.series()),
		writeCSV(filepath.Join(dir, RequestsFile), r.requests()),
		plots.WriteAll(dir, r.plots(s)))
}

// Writable says why a comparison cannot be written to a folder: it holds something else.
func Writable(dir string) error {
	files, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(files) == 0:
		return nil
	case err != nil:
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, JSONFile)); err != nil {
		return fmt.Errorf("%s: holds something else than a comparison: it has no %s", dir, JSONFile)
	}
	return nil
}

func (r *Result) document(s *scenario.Scenario) document {
	return document{schema, string(s.Resolved()), r.Service.Seconds(), len(r.Real), r.Rows()}
}

// JSON is what twin.json holds.
func (r *Result) JSON(s *scenario.Scenario) any { return r.document(s) }

func writeCSV(path string, rows [][]string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	return errors.Join(w.WriteAll(rows), f.Close())
}

func cell(x *float64) string {
	if x == nil {
		return ""
	}
	return strconv.FormatFloat(*x, 'g', -1, 64)
}

// table is twin.csv.
func (r *Result) table() [][]string {
	rows := [][]string{{"number", "unit", "simulated", "real", "difference", "percent", "low", "high"}}
	for _, row := range r.Rows() {
		rows = append(rows, []string{row.Name, row.Unit, cell(row.SimulatedMedian), cell(row.RealMedian),
			cell(row.Difference), cell(row.Percent), cell(row.Low), cell(row.High)})
	}
	return rows
}

// series is series.csv.
func (r *Result) series() [][]string {
	rows := [][]string{{"time_s", "simulated", "simulated_least", "simulated_most", "real", "real_least", "real_most"}}
	for _, p := range r.Course() {
		seconds := p.Time.Seconds()
		row := []string{cell(&seconds)}
		for _, x := range slices.Concat(p.Simulated[:], p.Real[:]) {
			row = append(row, cell(result.Finite(x)))
		}
		rows = append(rows, row)
	}
	return rows
}

// requests is requests.csv.
func (r *Result) requests() [][]string {
	rows := [][]string{{"side", "run", "kind", "index", "start_s", "outcome", "latency_ms", "coverage", "error"}}
	for k, side := range [][]*Run{r.Simulated, r.Real} {
		for i, run := range side {
			for _, q := range run.Requests {
				start, ms := q.Start.Seconds(), float64(q.Latency.Microseconds())/1000
				rows = append(rows, []string{[]string{"simulated", "real"}[k], strconv.Itoa(i), string(q.Kind), strconv.Itoa(q.Index),
					cell(&start), string(q.Outcome()), cell(&ms), cell(result.Finite(q.Coverage)), q.Error})
			}
		}
	}
	return rows
}

// plots are those of both sides.
func (r *Result) plots(s *scenario.Scenario) []plots.Plot {
	return drawn(s, len(r.Real), r.Course(), latencies(r.Simulated), latencies(r.Real))
}

// drawn are the plots of so many runs of each side: their course, and the latencies of their
// complete searches in milliseconds. All that they show stands in the files beside them.
func drawn(s *scenario.Scenario, repeat int, points []Point, simulated, real []float64) []plots.Plot {
	about := fmt.Sprintf("%s · %d nodes · %d runs of each side", s.Name, s.Nodes, repeat)
	course := plots.Pair{
		Name: "registered", Title: "How the networks settled", Subtitle: about,
		X: "time (s)", Y: "registered nodes (% of those that live)", Top: 103,
		First: plots.Curve{Name: "simulated"}, Second: plots.Curve{Name: "real"},
	}
	for _, p := range points {
		course.First.Add(p.Time.Seconds(), 100*p.Simulated[0])
		course.Second.Add(p.Time.Seconds(), 100*p.Real[0])
	}
	searches := plots.Pair{
		Name: "search-latency", Title: "How long searches took", Subtitle: about,
		X: "latency (ms)", Y: "complete by then (% of complete searches)", Top: 103,
		First: cumulative("simulated", simulated), Second: cumulative("real", real),
	}
	return []plots.Plot{course.Plot(), searches.Plot()}
}

// latencies are those of all complete searches, in milliseconds.
func latencies(runs []*Run) (ms []float64) {
	for _, run := range runs {
		for _, q := range run.Requests {
			if q.Kind == result.KindSearch && q.Outcome() == result.Complete {
				ms = append(ms, float64(q.Latency.Microseconds())/1000)
			}
		}
	}
	return ms
}

// cumulative is the share of complete searches that had ended, by their latency.
func cumulative(name string, ms []float64) plots.Curve {
	slices.Sort(ms)
	curve := plots.Curve{Name: name}
	for i, x := range ms {
		curve.Add(x, 100*float64(i)/float64(len(ms)))
		curve.Add(x, 100*float64(i+1)/float64(len(ms)))
	}
	return curve
}
