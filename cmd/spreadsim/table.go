package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"spreadable/cmd/internal/command"
	"spreadable/internal/phrase"
	"spreadable/sim/result"
	"spreadable/sim/result/words"
	"spreadable/sim/scenario"
)

// table collects the lines of a summary for people: a label, then text that
// stays within 80 columns.
type table struct {
	bytes.Buffer
}

// line adds one line below a label; an empty label continues the one before.
func (t *table) line(label, format string, args ...any) {
	fmt.Fprintf(t, "%-13s%s\n", label, fmt.Sprintf(format, args...))
}

// printTable prints a run for people. It is no interface for programs: they
// read summary.json.
func printTable(w io.Writer, r *result.Run, j job) error {
	t := &table{}
	s := &r.Summary
	fmt.Fprintln(t, s.Scenario.Name)
	t.line("scenario", "%s nodes, seed %d, %s of virtual time, %s registration",
		count(s.Scenario.Nodes), s.Scenario.Seed, short(seconds(s.Engine.VirtualS)), j.scenario.Registration)
	switch {
	case s.Violation != nil:
		for i, line := range command.Wrap(*s.Violation, 67) {
			t.line(map[bool]string{true: "violated"}[i == 0], "%s", line)
		}
	case s.Partial:
		t.line("partial", "interrupted at %s of %s: all numbers are of the time until then",
			short(seconds(s.Engine.VirtualS)), short(j.scenario.Duration))
	}
	t.network(s)
	t.searches(s.Search)
	t.approvals(s.Approval)
	t.churn(s.Churn)
	t.faults(s.Faults)
	t.attacks(s.Attacks)
	t.traffic(s)
	t.links(s.Network)
	t.cost(s)
	t.division(j.scenario, &s.Engine)
	t.line("fingerprint", "%s", s.Fingerprint)
	t.line("results", "%s", j.opens())
	t.traceLine(j)
	t.sampled(&s.Rows)
	t.expectations(r.Expectations)
	_, err := w.Write(t.Bytes())
	return err
}

func (t *table) network(s *result.Summary) {
	c := s.Convergence
	if c.Registered == nil && c.ExactSize == nil && c.Coverage == nil {
		t.line("network", "no node was left at the end")
	} else {
		t.line("network", "registered %s, exact size %s, coverage %s", maybe(c.Registered, percent),
			maybe(c.ExactSize, percent), maybe(c.Coverage, percent))
	}
	if c.Rounds != nil && c.TimeS != nil {
		t.line("", "settled for good after %s rounds (%s)", decimal(*c.Rounds), short(seconds(*c.TimeS)))
	} else {
		t.line("", "not settled at the end")
	}
	masters := fmt.Sprintf("%s (√N is %s)", count(s.Structure.Masters), decimal(s.Structure.MastersExpected))
	if spread := s.Structure.SlavesPerMaster; spread != nil {
		masters += fmt.Sprintf(", slaves of each %s (%s to %s)", decimal(spread.Mean), decimal(spread.Min),
			decimal(spread.Max))
	}
	t.line("masters", "%s", masters)
}

func (t *table) searches(s *result.Search) {
	if s == nil {
		return
	}
	t.line("searches", "%s: %s complete, %s partial, %s failed", count(s.Count), count(s.Complete),
		count(s.Partial), count(s.Failed))
	if c := s.Coverage; c != nil {
		partial := ""
		if p := s.PartialCoverage; p != nil {
			partial = fmt.Sprintf("; partial ones %s to %s", percent(p.Min), percent(p.Max))
		}
		t.line("", "coverage %s at worst, mean %s%s", percent(c.Min), percent(c.Mean), partial)
	}
	requests := amount(s.MessagesMean) + " requests each"
	if s.Hops != nil {
		requests = fmt.Sprintf("hops %d at most, mean %s; %s", s.Hops.Max, decimal(s.Hops.Mean), requests)
	}
	if s.FanoutMax != nil {
		requests += ", fan-out up to " + count(*s.FanoutMax)
	}
	t.line("", "%s", requests)
	t.latency("complete: ", s.LatencyMS)
	t.latency("partial: ", s.PartialLatencyMS)
	t.latency("failed: ", s.FailedLatencyMS)
	t.errors(s.Errors)
}

func (t *table) approvals(a *result.Approval) {
	if a == nil {
		return
	}
	t.line("approvals", "%s, %s granted, in %s, agreement %s", count(a.Requested), percent(a.Success),
		words.Count(a.Draws, "draw", "draws"), maybe(a.Agreement, percent))
	t.line("", "%s requests and %s each", amount(a.MessagesMean), size(a.BytesMean))
	t.latency("", a.LatencyMS)
	t.errors(a.Errors)
	if a.Jain != nil && a.Draws > 1 { // one draw says nothing about evenness
		t.line("", "evenness: Jain %s (a fair draw: %s), Gini %s (%s)", maybe(a.Jain, four),
			maybe(a.JainFair, four), maybe(a.Gini, four), maybe(a.GiniFair, four))
	}
	if a.Chi2 != nil && a.Chi2DF != nil {
		t.line("", "chi-square %s with %s degrees of freedom, p = %s", decimal(*a.Chi2), count(*a.Chi2DF),
			maybe(a.Chi2P, four))
	}
}

// latency adds a line of quantiles, of the requests that the words before it name.
func (t *table) latency(of string, l *result.Latency) {
	if l != nil {
		t.line("", "%slatency p50 %s, p90 %s, p99 %s, max %s ms", of, decimal(l.P50), decimal(l.P90),
			decimal(l.P99), decimal(l.Max))
	}
}

// errors adds a line for each error by which requests failed.
func (t *table) errors(counts map[string]int) {
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		t.line("", "error %s: %s", name, count(counts[name]))
	}
}

func (t *table) traffic(s *result.Summary) {
	if s.Sync != nil {
		t.line("sync", "%s requests and %s for each node and round", decimal(s.Sync.RequestsPerNodeRound),
			size(s.Sync.BytesPerNodeRound))
	}
	t.line("bans", "%s, of them %s of honest nodes", count(s.Behavior.Bans), count(s.Behavior.FalseBans))
}

// links adds what happened to messages beside their latency.
func (t *table) links(n *result.Network) {
	if n == nil {
		return
	}
	label := "messages"
	for _, part := range []struct {
		count *int64
		what  string
	}{
		{n.Retransmissions, "sent again"}, {n.Lost, "lost for good"}, {n.Refused, "refused by full queues"},
		{n.Abandoned, "given up before their turn on a line"}, {n.Unreachable, "to nodes behind a NAT"},
		{n.Handshakes, "connections opened"},
	} {
		if part.count != nil {
			t.line(label, "%s %s", count(int(*part.count)), part.what)
			label = ""
		}
	}
	for _, part := range []struct {
		use  *result.Use
		what string
	}{{n.Uplink, "uplinks"}, {n.Downlink, "downlinks"}, {n.Service, "nodes"}} {
		if u := part.use; u != nil {
			t.line(label, "%s busy %s, at most %s (node %d); waits %s ms, at most %s ms", part.what,
				percent(u.UtilisationMean), percent(u.UtilisationMax), u.Busiest, decimal(u.WaitMS.Mean),
				decimal(u.WaitMS.Max))
			label = ""
		}
	}
}

// churn says how many nodes left and came, and what that did to the network.
func (t *table) churn(c *result.Churn) {
	if c == nil {
		return
	}
	t.line("churn", "%s left, of them %s without a word; %s came, of them %s for the second time or more",
		count(c.Left), count(c.Crashed), count(c.Came), count(c.Returned))
	if c.Alive != nil && c.Registered != nil && c.Coverage != nil {
		t.line("", "%s alive in the mean (%s to %s), %s of them registered", decimal(c.Alive.Mean),
			decimal(c.Alive.Min), decimal(c.Alive.Max), percent(c.Registered.Mean))
		t.line("", "coverage %s in the mean, %s at worst", percent(c.Coverage.Mean), percent(c.Coverage.Min))
	}
	if c.RelistedS != nil && c.RelistedMaxS != nil {
		t.line("", "listed again %s s after the silent death of a master (%s at most)", decimal(*c.RelistedS),
			decimal(*c.RelistedMaxS))
	}
}

// faults says what broke, and when the network was whole again.
func (t *table) faults(f *result.Faults) {
	if f == nil {
		return
	}
	label := "faults"
	for _, step := range f.Steps {
		on := ""
		if step.Nodes > 0 {
			on = " of " + words.Count(step.Nodes, "node", "nodes")
		}
		t.line(label, "%s s: %s%s", decimal(step.AtS), step.Do, on)
		label = ""
	}
	if f.Rounds == nil {
		t.line(label, "not settled again at the end")
	} else {
		t.line(label, "settled for good within %s rounds after the last", decimal(*f.Rounds))
	}
}

// attacks says which nodes lied, and what that did to the others.
func (t *table) attacks(a *result.Attacks) {
	if a == nil {
		return
	}
	label := "attacks"
	for _, step := range a.Steps {
		t.line(label, "%s s: %s by %s", decimal(step.AtS), step.Lie, words.Count(step.Nodes, "host", "hosts"))
		label = ""
	}
	t.line(label, "%s of the masters lied; %s of %s banned", percent(a.MastersShare), count(a.Convicted),
		words.Count(a.Liars, "liar", "liars"))
	if a.Coverage != nil && a.Registered != nil {
		t.line("", "coverage of honest nodes %s in the mean, %s at worst; registered %s", percent(a.Coverage.Mean),
			percent(a.Coverage.Min), percent(a.Registered.Mean))
	}
}

func (t *table) cost(s *result.Summary) {
	e := s.Engine
	t.line("run", "%s s, %s events, %s events/s with %s", decimal(e.WallS), amount(float64(e.Events)),
		amount(e.EventsPerS), words.Count(e.Workers, "worker", "workers"))
	if e.PeakRSSBytes != nil {
		t.line("", "peak memory %s", size(float64(*e.PeakRSSBytes)))
	}
}

const (
	// machineLatency is what a message takes between two machines of one room, one way.
	machineLatency = 50 * time.Microsecond
	// muchDivision is the λ from which machines would seldom wait for each other.
	muchDivision = 10
)

// division says whether the run would gain from several machines, by the rule of thumb of
// the OMNeT++ manual (parallel simulation): λ = L·E/(τ·P) should be well above 1, with
// the lookahead L in virtual seconds, E events per virtual second, the latency τ between
// machines in seconds, and P events per second of one machine. We do not offer it:
// docs/distributed.md says why.
func (t *table) division(s *scenario.Scenario, e *result.Engine) {
	model, err := s.LatencyModel()
	if err != nil || e.EventsPerS <= 0 || e.VirtualS <= 0 {
		return
	}
	lambda := model.Min().Seconds() * float64(e.Events) / e.VirtualS / (machineLatency.Seconds() * e.EventsPerS)
	said := "they would mostly wait"
	if lambda >= muchDivision {
		said = "it could pay"
	}
	t.line("", "λ %s on machines %s apart: %s", decimal(lambda), machineLatency, said)
}

// sampled says which tables are samples.
func (t *table) sampled(r *result.Rows) {
	if r.NodesWritten < r.NodesTotal {
		t.line("", "nodes.csv is a sample: %s rows for %s", count(r.NodesWritten),
			words.Count(r.NodesTotal, "node", "nodes"))
	}
	if r.RequestsWritten < r.RequestsTotal {
		t.line("", "requests.csv is a sample: %s rows for %s", count(r.RequestsWritten),
			words.Count(r.RequestsTotal, "request", "requests"))
	}
	if r.NotesWritten < r.NotesTotal {
		t.line("", "notes.csv has the first %s of %s", count(r.NotesWritten), words.Count(r.NotesTotal, "ban", "bans"))
	}
}

func (t *table) expectations(list []result.Outcome) {
	label := "expected"
	for _, e := range list {
		verdict := "ok    "
		if !e.OK {
			verdict = "FAILED"
		}
		t.line(label, "%s  %s %s: %s", verdict, e.Path, e.Condition, measured(e))
		label = ""
	}
}

// measured is what an outcome found. For a number that is absent it leaves out the path,
// which stands beside it.
func measured(e result.Outcome) string {
	return strings.TrimPrefix(e.Value, e.Path+" is ")
}

// amount writes a number of any size in a few characters: 950, 12.3k, 4.56M.
func amount(x float64) string {
	switch {
	case x >= 1e9:
		return decimal(x/1e9) + "G"
	case x >= 1e6:
		return decimal(x/1e6) + "M"
	case x >= 1e4:
		return decimal(x/1e3) + "k"
	}
	return decimal(x)
}

// size writes a number of bytes: 950 B, 12.3 kB, 4.56 MB.
func size(bytes float64) string {
	units := []string{"B", "kB", "MB", "GB"}
	for bytes >= 1000 && len(units) > 1 {
		bytes, units = bytes/1000, units[1:]
	}
	return decimal(bytes) + " " + units[0]
}

// decimal writes a number with the digits that it needs, at most two after the point.
func decimal(x float64) string {
	if math.Abs(x) >= 1000 {
		return count(int(math.Round(x)))
	}
	text := strconv.FormatFloat(x, 'f', 2, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// count writes a whole number with commas: 10,000.
func count(n int) string { return words.Number(float64(n)) }

// percent writes a share: 99.99%.
func percent(share float64) string { return words.Percent(share) + "%" }

// four writes a number with four digits after the point.
func four(x float64) string {
	return strconv.FormatFloat(x, 'f', 4, 64)
}

// maybe writes a number that may be absent.
func maybe(x *float64, write func(float64) string) string {
	if x == nil {
		return "not measured"
	}
	return write(*x)
}

func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second))
}

// short writes a duration as people say it: to the second if it lasts that long, without
// zero parts.
func short(d time.Duration) string {
	if d < time.Second {
		return d.String()
	}
	return phrase.Duration(d.Round(time.Second))
}
