package twin

import (
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"spreadable/sim/result"
)

// Row compares one number of both sides.
type Row struct {
	Name string `json:"name"`
	Unit string `json:"unit"`
	// Values of each run, NaN left out.
	Simulated []float64 `json:"simulated_runs"`
	Real      []float64 `json:"real_runs"`
	// Medians; null when no run has measured it.
	SimulatedMedian *float64 `json:"simulated"`
	RealMedian      *float64 `json:"real"`
	// Difference is the simulated median less the real one; Percent is that of the real one.
	Difference *float64 `json:"difference"`
	Percent    *float64 `json:"percent"`
	// Low and High bound the difference of the means with a confidence of 95 %, by Welch's
	// t-test; null with fewer than two runs of a side.
	Low  *float64 `json:"low"`
	High *float64 `json:"high"`
}

// measure is a number of a run.
type measure struct {
	name, unit string
	of         func(*Run) *float64
}

// measures are all numbers that are compared, but for the share over time.
func measures() []measure {
	return []measure{
		{"rounds to convergence", "rounds", func(r *Run) *float64 { return r.Summary.Convergence.Rounds }},
		{"time to convergence", "s", func(r *Run) *float64 { return r.Summary.Convergence.TimeS }},
		{"registered at the end", "share", func(r *Run) *float64 { return atEnd(r, func(s *result.Sample) float64 { return s.Registered }) }},
		{"coverage at the end", "share", func(r *Run) *float64 { return atEnd(r, func(s *result.Sample) float64 { return s.Coverage }) }},
		{"masters at the end", "nodes", func(r *Run) *float64 {
			return atEnd(r, func(s *result.Sample) float64 { return float64(s.Masters) })
		}},
		{"search coverage, mean", "share", func(r *Run) *float64 {
			if r.Summary.Search == nil || r.Summary.Search.Coverage == nil {
				return nil
			}
			return &r.Summary.Search.Coverage.Mean
		}},
		{"search latency p50", "ms", searchLatency(func(l *result.Latency) float64 { return l.P50 })},
		{"search latency p90", "ms", searchLatency(func(l *result.Latency) float64 { return l.P90 })},
		{"search latency p99", "ms", searchLatency(func(l *result.Latency) float64 { return l.P99 })},
		{"requests per node and round", "requests", func(r *Run) *float64 {
			if r.Upkeep == nil {
				return nil
			}
			return &r.Upkeep.RequestsPerNodeRound
		}},
		{"bytes per node and round", "bytes", func(r *Run) *float64 {
			if r.Upkeep == nil {
				return nil
			}
			return &r.Upkeep.BytesPerNodeRound
		}},
		{"approvals granted", "share", func(r *Run) *float64 {
			if r.Summary.Approval == nil {
				return nil
			}
			return &r.Summary.Approval.Success
		}},
		{"approval latency p50", "ms", func(r *Run) *float64 {
			if r.Summary.Approval == nil || r.Summary.Approval.LatencyMS == nil {
				return nil
			}
			return &r.Summary.Approval.LatencyMS.P50
		}},
		{"approval load, Jain's index", "index", func(r *Run) *float64 {
			if r.Summary.Approval == nil {
				return nil
			}
			return r.Summary.Approval.Jain
		}},
	}
}

// atEnd is a value of the last sample.
func atEnd(r *Run, value func(*result.Sample) float64) *float64 {
	if len(r.Samples) == 0 {
		return nil
	}
	return result.Finite(value(&r.Samples[len(r.Samples)-1]))
}

func searchLatency(quantile func(*result.Latency) float64) func(*Run) *float64 {
	return func(r *Run) *float64 {
		if r.Summary.Search == nil || r.Summary.Search.LatencyMS == nil {
			return nil
		}
		return result.Finite(quantile(r.Summary.Search.LatencyMS))
	}
}

// Rows compares all numbers that a side has measured.
func (r *Result) Rows() []Row {
	var rows []Row
	for _, m := range measures() {
		row := compare(m.name, m.unit, collect(r.Simulated, m.of), collect(r.Real, m.of))
		if row.SimulatedMedian != nil || row.RealMedian != nil {
			rows = append(rows, row)
		}
	}
	return rows
}

func collect(runs []*Run, of func(*Run) *float64) []float64 {
	values := []float64{} // none is [] in JSON, not null
	for _, r := range runs {
		if x := of(r); x != nil {
			values = append(values, *x)
		}
	}
	return values
}

// compare makes the row of a number.
func compare(name, unit string, simulated, real []float64) Row {
	row := Row{Name: name, Unit: unit, Simulated: simulated, Real: real, SimulatedMedian: median(simulated), RealMedian: median(real)}
	if row.SimulatedMedian == nil || row.RealMedian == nil {
		return row
	}
	d := *row.SimulatedMedian - *row.RealMedian
	row.Difference, row.Percent = result.Finite(d), result.Finite(100*d / *row.RealMedian)
	if d == 0 {
		row.Percent = new(float64)
	}
	row.Low, row.High = welch(simulated, real)
	return row
}

// median is the middle value, of an even number the mean of the two.
func median(values []float64) *float64 {
	if len(values) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return result.Finite((sorted[(n-1)/2] + sorted[n/2]) / 2)
}

// welch is the interval of 95 % confidence of the difference of two means, by Welch's
// t-test: the variances need not be equal (B. L. Welch, Biometrika 34, 1947).
func welch(a, b []float64) (low, high *float64) {
	if len(a) < 2 || len(b) < 2 {
		return nil, nil
	}
	meanA, varA := stat.MeanVariance(a, nil)
	meanB, varB := stat.MeanVariance(b, nil)
	va, vb := varA/float64(len(a)), varB/float64(len(b))
	d := meanA - meanB
	if va+vb == 0 {
		return &d, &d
	}
	freedom := (va + vb) * (va + vb) / (va*va/float64(len(a)-1) + vb*vb/float64(len(b)-1))
	half := distuv.StudentsT{Sigma: 1, Nu: freedom}.Quantile(0.975) * math.Sqrt(va+vb)
	lowest, highest := d-half, d+half
	return &lowest, &highest
}

// Point is the registered share of each side at a time: mean, least and greatest of its
// runs.
type Point struct {
	Time            time.Duration
	Simulated, Real [3]float64
}

// Course is the registered share over time.
func (r *Result) Course() []Point {
	var points []Point
	for i := 0; ; i++ {
		p := Point{}
		for k, side := range [][]*Run{r.Simulated, r.Real} {
			var values []float64
			for _, run := range side {
				if i < len(run.Samples) {
					p.Time = run.Samples[i].Time
					values = append(values, run.Samples[i].Registered)
				}
			}
			if len(values) == 0 {
				return points
			}
			three := [3]float64{stat.Mean(values, nil), slices.Min(values), slices.Max(values)}
			if k == 0 {
				p.Simulated = three
			} else {
				p.Real = three
			}
		}
		points = append(points, p)
	}
}
