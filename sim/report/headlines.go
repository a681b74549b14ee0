package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"spreadable/sim/result"
	"spreadable/sim/result/words"
)

// headline is a number of the first page, and what it means.
type headline struct {
	Name  string
	Value string
	Unit  string
	Means string
}

// subtitle says what was simulated and what it cost.
func subtitle(run *result.Run) string {
	s := &run.Summary
	text := fmt.Sprintf("%s nodes · seed %d · %s s simulated", words.Short(float64(s.Scenario.Nodes)), s.Scenario.Seed,
		words.Short(s.Engine.VirtualS))
	if s.Engine.WallS > 0 {
		text += fmt.Sprintf(" in %s s", words.Short(s.Engine.WallS))
	}
	return text
}

// headlines are the numbers that answer the first questions about a run. Sections that
// the run does not have are left out.
func headlines(s *result.Summary) []headline {
	list := append(settling(s), structure(s)...)
	if s.Search != nil {
		list = append(list, search(s.Search)...)
	}
	if s.Approval != nil {
		list = append(list, approval(s.Approval)...)
	}
	if s.Churn != nil {
		list = append(list, churn(s.Churn)...)
	}
	if f := s.Faults; f != nil {
		h := headline{"Faults", words.Short(float64(f.Count)), "", "The network had not settled again at the end."}
		if f.Rounds != nil {
			h.Means = fmt.Sprintf("The network had settled for good %s sync rounds after the end of the last one.", words.Short(*f.Rounds))
		}
		list = append(list, h)
	}
	if s.Attacks != nil {
		list = append(list, attacks(s.Attacks))
	}
	if s.Sync != nil {
		list = append(list, headline{"Upkeep", words.Short(s.Sync.RequestsPerNodeRound), "requests a round",
			"What each node sends in a sync round to keep the network together; in bytes, answers included, " +
				words.Short(s.Sync.BytesPerNodeRound) + "."})
	}
	if s.Network != nil {
		list = append(list, network(s.Network)...)
	}
	return append(list, cost(&s.Engine))
}

func settling(s *result.Summary) []headline {
	c := &s.Convergence
	if c.Rounds == nil || c.TimeS == nil {
		return []headline{{"Settled", "not at the end", "", atTheEnd(c) + "."}}
	}
	unit := "sync rounds"
	if *c.Rounds == 1 {
		unit = "sync round"
	}
	return []headline{{"Settled after", words.Short(*c.Rounds), unit,
		fmt.Sprintf("From %s s on, at least 99.9 %% of the nodes "+
			"were registered, knew the size of the network, and could be reached by a search.", words.Short(*c.TimeS))}}
}

// atTheEnd says how far the network had settled when the run ended.
func atTheEnd(c *result.Convergence) string {
	if c.Registered == nil && c.ExactSize == nil && c.Coverage == nil {
		return "At the end no node was left"
	}
	return fmt.Sprintf("At the end %s of the nodes were registered, %s knew the size of the network, and a search would have reached %s",
		measured(c.Registered), measured(c.ExactSize), measured(c.Coverage))
}

// measured writes a share that may not have been measured.
func measured(share *float64) string {
	if share == nil {
		return "an unknown share"
	}
	return percent(*share)
}

func structure(s *result.Summary) []headline {
	m := &s.Structure
	h := headline{"Masters", words.Short(float64(m.Masters)), "",
		fmt.Sprintf("The square root of the number of nodes, %s, would be ideal.", words.Short(m.MastersExpected))}
	if l := m.SlavesPerMaster; l != nil {
		h.Means += fmt.Sprintf(" Each has %s to %s slaves.", words.Short(l.Min), words.Short(l.Max))
	}
	return []headline{h}
}

func search(s *result.Search) []headline {
	h := headline{"Searches", percent(float64(s.Complete) / float64(s.Count)), "complete", fmt.Sprintf(
		"Of %s, %s had the answer of every node that lived throughout, %s of some of these nodes, and %s failed%s. One search takes %s requests%s.",
		words.Count(s.Count, "search", "searches"), none(s.Complete), none(s.Partial), none(s.Failed), causes(s.Errors),
		words.Short(s.MessagesMean), fanout(s))}
	list := []headline{h}
	if c := s.Coverage; c != nil {
		h := headline{"Search coverage", percent(c.Mean), "of live nodes", fmt.Sprintf(
			"Nodes that answered, in the mean over all searches; %s in the search that reached the fewest.",
			percent(c.Min))}
		if p := s.PartialCoverage; p != nil {
			h.Means += fmt.Sprintf(" Partial searches reached %s to %s, %s in the mean.", percent(p.Min),
				percent(p.Max), percent(p.Mean))
		}
		list = append(list, h)
	}
	if s.Hops != nil {
		list = append(list, headline{"Hops", words.Short(float64(s.Hops.Max)), "at most",
			fmt.Sprintf("Requests that had to wait for "+
				"each other, from the client to the last node reached; %s in the mean.", words.Short(s.Hops.Mean))})
	}
	for _, l := range []struct {
		name    string
		latency *result.Latency
	}{
		{"Latency of complete searches", s.LatencyMS},
		{"Latency of partial searches", s.PartialLatencyMS},
		{"Time until searches failed", s.FailedLatencyMS},
	} {
		if l.latency != nil {
			list = append(list, headline{l.name, words.Short(l.latency.P50), "ms in the median", within(l.latency)})
		}
	}
	return list
}

// causes lists the errors with their counts, in brackets; empty when there is none.
func causes(errors map[string]int) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(errors)) {
		list = append(list, name+" "+words.Short(float64(errors[name])))
	}
	if len(list) == 0 {
		return ""
	}
	return " (" + strings.Join(list, ", ") + ")"
}

func fanout(s *result.Search) string {
	if s.FanoutMax == nil {
		return ""
	}
	return fmt.Sprintf("; no node has more than %s of them in flight at a time", words.Short(float64(*s.FanoutMax)))
}

// churn tells how a network fares in which nodes leave and come.
func churn(c *result.Churn) []headline {
	h := headline{"Churn", words.Short(float64(c.Left)), "sessions ended", fmt.Sprintf(
		"%s of them without a word. %s sessions began after the start, %s of nodes that had been there before.",
		capital(none(c.Crashed)), capital(none(c.Came)), none(c.Returned))}
	if c.Alive != nil {
		h.Means += fmt.Sprintf(" From %s to %s nodes were alive, %s in the mean.", words.Short(c.Alive.Min),
			words.Short(c.Alive.Max), words.Short(c.Alive.Mean))
	}
	list := []headline{h}
	if c.Coverage != nil && c.Registered != nil {
		list = append(list, headline{"Coverage under churn", percent(c.Coverage.Mean), "of live nodes", fmt.Sprintf(
			"What a search would have reached, in the mean over the samples; %s at worst. %s of the nodes were registered in the mean.",
			percent(c.Coverage.Min), percent(c.Registered.Mean))})
	}
	if c.RelistedS != nil && c.RelistedMaxS != nil {
		list = append(list, headline{"Listed again after", words.Short(*c.RelistedS), "s in the mean", fmt.Sprintf(
			"The time from the silent death of a master until another lists its slave; %s s at most.",
			words.Short(*c.RelistedMaxS))})
	}
	return list
}

// attacks tells what liars have reached.
func attacks(a *result.Attacks) headline {
	h := headline{"Liars", words.Short(float64(a.Liars)), "", fmt.Sprintf(
		"%s of the masters lied. %s of the liars were banned by honest nodes.", capital(percent(a.MastersShare)),
		capital(none(a.Convicted)))}
	if a.Coverage != nil {
		h.Means += fmt.Sprintf(" A search would have reached %s of the honest nodes in the mean, %s at worst.",
			percent(a.Coverage.Mean), percent(a.Coverage.Min))
	}
	return h
}

func approval(a *result.Approval) []headline {
	h := headline{"Approvals", percent(a.Success), "granted", fmt.Sprintf("%s of %s, at %s requests and %s bytes each.",
		words.Short(float64(a.Granted)), words.Short(float64(a.Requested)), words.Short(a.MessagesMean),
		words.Short(a.BytesMean))}
	if failed := a.Requested - a.Granted; failed > 0 {
		h.Means += fmt.Sprintf(" %s failed%s.", capital(none(failed)), causes(a.Errors))
	}
	if a.Agreement != nil {
		h.Means += fmt.Sprintf(" Where several nodes drew approvers for the same period, they named the same ones %s of the time.", percent(*a.Agreement))
	}
	list := []headline{h}
	if l := a.LatencyMS; l != nil {
		list = append(list, headline{"Approval latency", words.Short(l.P50), "ms in the median", within(l)})
	}
	// One draw says nothing about evenness.
	if a.Jain != nil && a.JainFair != nil && a.Draws > 1 {
		list = append(list, evenness(a))
	}
	return list
}

// evenness puts the measured index beside that of a fair draw; by itself it would say
// nothing.
func evenness(a *result.Approval) headline {
	h := headline{"Evenness of the draw", words.Short(*a.Jain), "fair: " + words.Short(*a.JainFair), fmt.Sprintf(
		"Jain's index of how often each node was drawn in %s, and what chance alone gives a fair draw.",
		words.Count(a.Draws, "draw", "draws"))}
	switch {
	case a.Chi2P == nil:
		h.Means += " There were too few draws for a chi-square test."
	case *a.Chi2P < 0.01:
		h.Means += fmt.Sprintf(" The chi-square test finds it uneven: p = %s.", words.Short(*a.Chi2P))
	default:
		h.Means += fmt.Sprintf(" The chi-square test finds nothing wrong: p = %s.", words.Short(*a.Chi2P))
	}
	return h
}

func cost(e *result.Engine) headline {
	h := headline{"The run", words.Short(float64(e.Events)), "events",
		"This is what the simulator did, not the network."}
	if e.WallS > 0 {
		h.Means = fmt.Sprintf("It took %s s, %s events a second", words.Short(e.WallS), words.Short(e.EventsPerS))
		if e.PeakRSSBytes != nil {
			h.Means += fmt.Sprintf(", and %s MB of memory", words.Short(float64(*e.PeakRSSBytes)/1e6))
		}
		h.Means += "."
	}
	return h
}

// within tells the tail of a distribution.
func within(l *result.Latency) string {
	return fmt.Sprintf("90 %% ended within %s ms, 99 %% within %s ms, the slowest after %s ms.",
		words.Short(l.P90), words.Short(l.P99), words.Short(l.Max))
}

// section is a part of the table of all numbers.
type section struct {
	Name string
	Rows []row
}

// row is one number: its path, its value, and if it has none, why.
type row struct {
	Path, Value, Absent string
}

// numbers lists every number of the summary, divided by the first part of its path.
func numbers(s *result.Summary) []section {
	var list []section
	paths := result.Paths()
	for i := range s.Structure.Levels {
		for _, name := range []string{"level", "masters", "members.min", "members.mean", "members.max"} {
			paths = append(paths, fmt.Sprintf("structure.levels.%d.%s", i, name))
		}
	}
	if s.Search != nil {
		paths = append(paths, named("search.errors.", s.Search.Errors)...)
	}
	if s.Approval != nil {
		paths = append(paths, named("approval.errors.", s.Approval.Errors)...)
	}
	for _, path := range paths {
		name, _, _ := strings.Cut(path, ".")
		r := row{Path: path, Absent: s.Absent(path)}
		if x, ok := s.Value(path); ok {
			r.Value = exact(path, x, s)
		}
		i := 0
		for i < len(list) && list[i].Name != name {
			i++
		}
		if i == len(list) {
			list = append(list, section{Name: name})
		}
		list[i].Rows = append(list[i].Rows, r)
	}
	return list
}

// named lists the paths of the errors that happened.
func named(prefix string, errors map[string]int) []string {
	names := slices.Sorted(maps.Keys(errors))
	for i := range names {
		names[i] = prefix + names[i]
	}
	return names
}

// exact writes a value as summary.json has it. Only the seed may be too large for a
// float64.
func exact(path string, x float64, s *result.Summary) string {
	if path == "scenario.seed" {
		return strconv.FormatUint(s.Scenario.Seed, 10)
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}

// percent writes a share: 99.99 %.
func percent(share float64) string { return words.Percent(share) + " %" }

// none writes how many there are: none, 7.
func none(n int) string {
	if n == 0 {
		return "none"
	}
	return words.Short(float64(n))
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
