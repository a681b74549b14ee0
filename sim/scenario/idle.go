package scenario

import (
	"math"
	"slices"
	"strconv"
	"time"
)

// off warns of keys that have another value than their default, and no effect.
func (w *warner) off(reason string, keys ...string) {
	for _, key := range keys {
		if s := w.scenario; s.given(key) && !s.isDefault(key) {
			w.add([]string{key}, "has no effect: %s", reason)
		}
	}
}

// unused looks for keys that have another value than their default and no effect.
func (w *warner) unused() {
	s := w.scenario
	if s.Workload.Searches.Count == 0 {
		w.off("workload.searches.count is 0", "workload.searches.start", "workload.searches.over")
	}
	if s.Workload.Approvals.Count == 0 {
		w.off("workload.approvals.count is 0", "workload.approvals.start", "workload.approvals.over",
			"workload.approvals.entries",
			"approval.approvers", "approval.decision_level", "approval.period",
			"approval.draw", "approval.per", "approval.salt", "approval.group", "approval.min_age")
		w.approversWithoutWork()
	}
	if s.Workload.Searches.Count == 0 && s.Workload.Approvals.Count == 0 {
		reason := "clients ask nothing"
		if s.Workload.Documents.Rate > 0 || s.Workload.Files.Rate > 0 {
			reason = "it is about searches and approvals, and there are none"
		}
		w.off(reason, "workload.arrivals", "workload.entry", "workload.exponent", "workload.ips",
			"workload.retries", "workload.timeout", "measure")
	}
	w.treesWithoutBranches()
	if s.Churn.Crash == 1 {
		w.off("churn.crash is 100%: no session ends with a word", "churn.notice")
	}
}

// approversWithoutWork looks for lies of approvers that none asks.
func (w *warner) approversWithoutWork() {
	for i, a := range w.scenario.Attacks {
		if isOneOf(a.Lie, "approves", "rejects") {
			w.add([]string{"attacks." + strconv.Itoa(i) + ".lie"}, "%s has no effect: workload.approvals.count is 0", a.Lie)
		}
	}
}

// treesWithoutBranches looks for lies about branches in a network that has none.
func (w *warner) treesWithoutBranches() {
	for i, a := range w.scenario.Attacks {
		if kind, _ := w.scenario.Lie(a.Lie); kind.Tree && w.scenario.Levels == 1 {
			w.add([]string{"attacks." + strconv.Itoa(i) + ".lie"}, "%s has no effect: levels is 1, so there are no branches", a.Lie)
		}
	}
}

// idle looks for keys whose effect others take away.
func (w *warner) idle() {
	s := w.scenario
	timed := func(x seriesKeys) bool { return *x.count == 0 || x.times != "" }
	series := s.series()
	if slices.ContainsFunc(series, func(x seriesKeys) bool { return x.times != "" }) && !slices.ContainsFunc(series, func(x seriesKeys) bool { return !timed(x) }) {
		w.off("a file says when requests come", "workload.arrivals")
	}
	if s.losesMessages() && !s.everLoses() {
		w.off("no message is lost", "network.rto", "network.datagram")
	}
	if growing := s.Join.Mode == Growth || s.Join.Mode == Flash; growing && s.Join.Initial >= s.Nodes && s.Nodes > 1 {
		w.add([]string{"join.initial", "join.mode"}, "all %d nodes are there from the start: mode %s has no effect", s.Nodes, s.Join.Mode)
	}
	if s.Leave.On() && s.Leave.To >= s.Nodes {
		w.add([]string{"leave.to"}, "all %d nodes stay: leave has no effect", s.Nodes)
	}
	if s.hasStores() && !s.Workload.Documents.writes() && !s.Workload.Files.writes() {
		w.off("clients write nothing", "extensions.acks")
	}
}

// everLoses reports whether messages are lost at any time.
func (s *Scenario) everLoses() bool {
	return s.Network.Loss > 0 || slices.ContainsFunc(s.Classes.present(), func(c namedClass) bool { return c.Loss > 0 }) ||
		slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.Do == Loss })
}

// warmUp looks for series of requests none of which counts.
func (w *warner) warmUp() {
	for _, x := range w.scenario.series() {
		if w.scenario.warmUp(x.path) {
			w.add([]string{"measure"}, "the last of %s begins at %s: none counts", x.path, formatDuration(w.scenario.last(x).Round(time.Millisecond)))
		}
	}
}

// crowd looks for more newcomers at a time than bootstrap nodes can serve while these wait.
func (w *warner) crowd() {
	s := w.scenario
	over, comers := time.Duration(0), s.Nodes-s.Join.Bootstrap
	switch s.Join.Mode {
	case Mass:
	case Spread:
		over = s.Join.Over
	case Flash:
		over, comers = s.Join.Over, s.Nodes-s.Join.Initial
	default:
		return
	}
	busy := time.Duration(float64(comers) / float64(s.Join.Bootstrap) * float64(s.Network.Service))
	when := "at once"
	if over > 0 {
		when = "within " + formatDuration(over)
	}
	if wait := busy - over; s.Network.Queue == 0 && wait > s.Node.ServerTimeout {
		w.add([]string{"network.service"}, "%d newcomers register %s at a node that all know (join.bootstrap): the last wait %s there, and a node waits %s for an answer (node.server_timeout); give network.queue, or let them come later",
			comers, when, formatDuration(wait.Round(time.Millisecond)), formatDuration(s.Node.ServerTimeout))
	}
}

// stores looks for what clients do with documents and files in vain.
func (w *warner) stores() {
	s := w.scenario
	for _, x := range s.stores() {
		path, o := "workload."+x.name, x.objects
		at := s.preloadAt()
		switch {
		case o.Rate > 0 && s.startOf(o) >= s.Duration:
			w.add([]string{path + ".rate"}, "clients begin at %s, and the run ends at %s: they do nothing", formatDuration(s.startOf(o)), formatDuration(s.Duration))
		case o.reads() && x.preload > 0 && o.Start > 0 && o.Start < at:
			w.add([]string{path + ".start", "preload.at"}, "clients read from %s on, and what is preloaded is there from %s on: before, they do not find it", formatDuration(o.Start), formatDuration(at))
		case o.reads() && x.preload == 0 && o.Reads >= 1:
			w.add([]string{path + ".reads"}, "clients only read, and nothing is preloaded: they find nothing (preload.%s)", x.name)
		}
	}
	rate := s.masterRate() + s.approverRate() + s.storeRate()
	if load := s.Network.Service.Seconds() * rate; s.storeRate() > 0 && s.Network.Queue == 0 && load >= 1 {
		w.add([]string{"network.service"}, "a master gets up to %.3g requests a second, one of each operation with documents and files, and serves one in %s: a load of %s; from 1 on a queue without a bound grows (network.queue)",
			rate, formatDuration(s.Network.Service), strconv.FormatFloat(math.Round(load*100)/100, 'f', -1, 64))
	}
}

// startOf is when the first operation of a store comes.
func (s *Scenario) startOf(o *Objects) time.Duration {
	if o.Start > 0 {
		return o.Start
	}
	return s.preloadAt()
}
