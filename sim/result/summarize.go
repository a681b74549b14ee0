package result

import (
	"encoding/binary"
	"math"
	"slices"
	"time"

	"spreadable/sim/stats"
)

// ConvergedShare is what each of the three shares of a sample must reach before the
// network counts as settled.
const ConvergedShare = 0.999

// Finite returns a pointer to x, or nil, which becomes null, when x is NaN or infinite.
func Finite(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// Converged returns when the network settled: the time, in seconds, of the first sample
// from which registered, exact size and coverage all stay at or above [ConvergedShare] to
// the last sample, and the same in sync intervals, rounded up. Both are nil when the last
// sample is not settled, or there is none. A share that was not measured (NaN) counts as
// not settled.
func Converged(samples []Sample, interval time.Duration) (timeS, rounds *float64) {
	first := len(samples)
	for first > 0 && samples[first-1].Settled() {
		first--
	}
	if first == len(samples) {
		return nil, nil
	}
	at := samples[first].Time
	whole := (at + interval - 1) / interval
	return Finite(at.Seconds()), Finite(float64(whole))
}

// Settled reports whether all three shares are at [ConvergedShare] or above.
func (s *Sample) Settled() bool {
	return s.Registered >= ConvergedShare && s.ExactSize >= ConvergedShare && s.Coverage >= ConvergedShare
}

// ConvergenceSummary sums up the samples of a run with the given sync interval, which
// must be positive.
func ConvergenceSummary(samples []Sample, interval time.Duration) Convergence {
	var c Convergence
	if len(samples) > 0 {
		last := samples[len(samples)-1]
		c.Registered, c.ExactSize, c.Coverage = Finite(last.Registered), Finite(last.ExactSize), Finite(last.Coverage)
	}
	c.TimeS, c.Rounds = Converged(samples, interval)
	return c
}

// StructureSummary sums up the shape of a network with so many levels of masters: its
// live nodes, those that list slaves, and how many each of them lists. It describes level
// 1 only; LevelSummary the others.
func StructureSummary(nodes []Node, levels int) Structure {
	alive := 0
	var lists []float64
	for i := range nodes {
		if nodes[i].Role == RoleGone {
			continue
		}
		alive++
		if nodes[i].Slaves > 0 {
			lists = append(lists, float64(nodes[i].Slaves))
		}
	}
	return Structure{
		Masters:         len(lists),
		MastersExpected: ExpectedMasters(alive, levels),
		SlavesPerMaster: SpreadOf(lists),
		Levels:          []Level{{Level: 1, Masters: len(lists), Members: SpreadOf(lists)}},
	}
}

// LevelSummary describes a level of masters, of which each has so many members. Of level 1
// these are slaves, above masters of the level below.
func LevelSummary(level int, members []float64) Level {
	return Level{Level: level, Masters: len(members), Members: SpreadOf(members)}
}

// SpreadOf describes a distribution; nil without values.
func SpreadOf(values []float64) *Spread {
	if len(values) == 0 {
		return nil
	}
	low, high := slices.Min(values), slices.Max(values)
	// Rounding may put the mean of equal values just outside of them.
	return &Spread{Min: low, Mean: min(max(mean(values), low), high), Max: high}
}

// SearchSummary sums up the searches among the requests after the warm-up; nil when there is
// none.
func SearchSummary(requests []Request) *Search {
	latency := make(map[RequestOutcome][]float64)
	var hops, fanout, coverage, partial, messages []float64
	s := &Search{Errors: errorsOf(requests, KindSearch)}
	for i := range requests {
		r := &requests[i]
		if r.Kind != KindSearch || r.WarmUp {
			continue
		}
		outcome := r.Outcome()
		s.count(outcome)
		messages = append(messages, float64(r.Messages))
		latency[outcome] = appendMeasured(latency[outcome], milliseconds(r.Latency))
		if !math.IsNaN(r.Coverage) {
			coverage = append(coverage, r.Coverage)
		}
		if outcome == Partial {
			partial = append(partial, r.Coverage)
		}
		if r.OK {
			hops = appendMeasured(hops, float64(r.Hops))
			fanout = appendMeasured(fanout, float64(r.Fanout))
		}
	}
	if s.Count == 0 {
		return nil
	}
	if c := SpreadOf(coverage); c != nil {
		s.Coverage = &Coverage{Min: c.Min, Mean: c.Mean}
	}
	s.PartialCoverage = SpreadOf(partial)
	if h := SpreadOf(hops); h != nil {
		s.Hops = &Hops{Mean: h.Mean, Max: int(h.Max)}
	}
	if f := SpreadOf(fanout); f != nil {
		most := int(f.Max)
		s.FanoutMax = &most
	}
	s.LatencyMS = latencySummary(latency[Complete])
	s.PartialLatencyMS = latencySummary(latency[Partial])
	s.FailedLatencyMS = latencySummary(latency[Failed])
	s.MessagesMean = mean(messages)
	return s
}

// count adds a search.
func (s *Search) count(outcome RequestOutcome) {
	s.Count++
	switch outcome {
	case Complete:
		s.Complete++
	case Partial:
		s.Partial++
	default:
		s.Failed++
	}
}

// appendMeasured appends a value that is 0 only where it was not measured.
func appendMeasured(values []float64, x float64) []float64 {
	if x == 0 {
		return values
	}
	return append(values, x)
}

// errorsOf counts the failed requests of a kind by the names of their errors.
func errorsOf(requests []Request, kind Kind) map[string]int {
	names := make(map[string]int)
	for i := range requests {
		if r := &requests[i]; r.Kind == kind && !r.OK && !r.WarmUp {
			names[r.Error]++
		}
	}
	return names
}

// ApprovalSummary sums up the approvals among the requests after the warm-up; nil when
// there is none. load holds for each node that could be drawn how often it was, each draw
// counted once ([Node.Approvals]). What attackers reach is left null: only the runner of
// an attack knows it.
func ApprovalSummary(requests []Request, load []int) *Approval {
	var latency, messages, bytes []float64
	compared, agreed := 0, 0
	for i := range requests {
		r := &requests[i]
		if r.Kind != KindApproval || r.WarmUp {
			continue
		}
		messages = append(messages, float64(r.Messages))
		bytes = append(bytes, float64(r.Bytes))
		if r.OK {
			latency = append(latency, milliseconds(r.Latency))
		}
		if r.Compared > 0 {
			compared++
		}
		if r.Compared > 0 && r.Agreed {
			agreed++
		}
	}
	if len(messages) == 0 {
		return nil
	}
	drawn := Draws(requests)
	a := &Approval{
		Requested:    len(messages),
		Granted:      len(latency),
		Success:      float64(len(latency)) / float64(len(messages)),
		MessagesMean: mean(messages),
		BytesMean:    mean(bytes),
		LatencyMS:    latencySummary(latency),
		Errors:       errorsOf(requests, KindApproval),
		Draws:        len(drawn),
	}
	if len(drawn) > 0 {
		a.ApproversMean = Finite(float64(len(slices.Concat(drawn...))) / float64(len(drawn)))
	}
	if compared > 0 {
		a.Agreement = Finite(float64(agreed) / float64(compared))
	}
	a.judge(load)
	return a
}

// Draws lists the different draws that served approvals after the warm-up: the approvers of
// each, ascending. Entry nodes that agree name one set in each period; where they do not, each
// set counts.
func Draws(requests []Request) [][]int {
	var draws [][]int
	known := make(map[string]bool)
	var key []byte
	for i := range requests {
		r := &requests[i]
		if len(r.Approvers) == 0 || r.WarmUp {
			continue
		}
		set := slices.Sorted(slices.Values(r.Approvers))
		key = binary.AppendVarint(key[:0], int64(r.DrawStart))
		for _, node := range set {
			key = binary.AppendVarint(key, int64(node))
		}
		if !known[string(key)] {
			known[string(key)] = true
			draws = append(draws, set)
		}
	}
	return draws
}

// judge fills in how even the load of the approvers is.
func (a *Approval) judge(load []int) {
	fair := stats.FairOf(load, a.Draws)
	if !fair.Valid() || fair.Taken == 0 {
		return
	}
	a.LoadMean = Finite(fair.Mean())
	a.Jain, a.JainFair = Finite(stats.Jain(load)), Finite(fair.Jain())
	a.Gini, a.GiniFair = Finite(stats.Gini(load)), Finite(fair.Gini())
	if test, ok := stats.ChiSquare(load, a.Draws); ok {
		a.Chi2, a.Chi2DF, a.Chi2P = &test.Statistic, &test.DF, &test.P
	}
}

// ApproverLoad returns how often each node that is still there was an approver, for
// [ApprovalSummary].
func ApproverLoad(nodes []Node) []int {
	var load []int
	for i := range nodes {
		if nodes[i].Role != RoleGone {
			for range nodes[i].Weight() {
				load = append(load, nodes[i].Approvals)
			}
		}
	}
	return load
}

func latencySummary(ms []float64) *Latency {
	if len(ms) == 0 {
		return nil
	}
	slices.Sort(ms)
	return &Latency{
		P50: stats.Quantile(ms, 50),
		P90: stats.Quantile(ms, 90),
		P99: stats.Quantile(ms, 99),
		Max: ms[len(ms)-1],
	}
}

// milliseconds divides the whole number of nanoseconds once, so that 150 ms are exactly
// 150.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func mean(values []float64) float64 {
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
