package scenario

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"spreadable/core/draw"

	"spreadable/internal/phrase"
)

// ClientTimeout is how long clients wait for an answer by default, as those of npm
// spreadable do.
const ClientTimeout = 10 * time.Second

// How many messages follow one another, at least, in what a network of several nodes
// does: a request with its answer, a search (client, entry node, masters, slaves and
// back), a draw of approvers as far as the client waits for it, and a whole approval.
const (
	requestMessages  = 2
	searchMessages   = 6
	drawMessages     = 6
	approvalMessages = 16
)

// Warnings says what is allowed and can hardly be meant, as it can never work or changes
// nothing. Each is one line that starts with the place of the key it is about.
func (s *Scenario) Warnings() []string {
	w := &warner{scenario: s}
	w.timeouts()
	w.classes()
	w.times()
	w.joining()
	w.stores()
	w.rare()
	w.requests("workload.searches", s.Workload.Searches.Count, s.Workload.Searches.Start,
		s.Workload.Searches.Over, searchMessages)
	w.requests("workload.approvals", s.Workload.Approvals.Count, s.Workload.Approvals.Start,
		s.Workload.Approvals.Over, approvalMessages)
	w.warmUp()
	w.approval()
	w.crowd()
	w.unused()
	w.idle()
	w.expectations()
	return w.list
}

type warner struct {
	scenario *Scenario
	keys     []string // that there is a warning about
	list     []string
}

// add adds a warning about a key, the first of some, at the place of the first of them
// that was given, or of the group that should have held it.
func (w *warner) add(keys []string, format string, args ...any) {
	if slices.Contains(w.keys, keys[0]) { // one reason is enough
		return
	}
	w.keys = append(w.keys, keys[0])
	at := keys[max(0, slices.IndexFunc(keys, w.scenario.given))]
	w.list = append(w.list, w.scenario.errorf(at, "%s: %s", keys[0], fmt.Sprintf(format, args...)).Error())
}

// shortest is the least time that a message can take, typical the mean.
func (s *Scenario) shortest() (shortest, typical time.Duration) {
	model, err := s.LatencyModel()
	if err != nil {
		return 0, 0 // validate has refused it
	}
	return model.Min(), model.Mean()
}

// latencyOr is the first key of latency that was given, or another key.
func (w *warner) latencyOr(other string) []string {
	return []string{w.given("latency.mean", "latency.min", "latency.max", other)}
}

// given is the first of some keys that was given, or the last of them.
func (w *warner) given(keys ...string) string {
	if i := slices.IndexFunc(keys, w.scenario.given); i >= 0 {
		return keys[i]
	}
	return keys[len(keys)-1]
}

// timeouts compares how long messages take with how long nodes and clients wait.
func (w *warner) timeouts() {
	s := w.scenario
	shortest, typical := s.shortest()
	shortest, typical = s.withHandshakes(shortest), s.withHandshakes(typical)
	for _, limit := range []struct {
		key, what string
		messages  time.Duration
		timeout   time.Duration
	}{
		{"node.server_timeout", "a request with its answer takes %s, and a node waits %s for it (node.server_timeout)", requestMessages, s.Node.ServerTimeout},
		{"node.ping_timeout", "a ping with its answer takes %s, and a node waits %s for it (node.ping_timeout)",
			requestMessages, s.Node.PingTimeout},
		{"workload", "a search and a draw of approvers take %s, three requests in a row, and a client waits %s",
			drawMessages, s.TimeoutBudget()},
	} {
		if limit.key == "workload" && (s.Nodes == 1 ||
			s.Workload.Searches.Count == 0 && s.Workload.Approvals.Count == 0) {
			continue
		}
		said := fmt.Sprintf(limit.what, "%s", formatDuration(limit.timeout))
		switch {
		case limit.messages*shortest > limit.timeout:
			w.add(w.latencyOr(limit.key), said+": none succeeds", "at least "+formatDuration(limit.messages*shortest))
			return
		case limit.messages*typical > limit.timeout:
			w.add(w.latencyOr(limit.key), said+": most fail",
				"mostly "+formatDuration(limit.messages*typical)+" or more")
			return
		}
	}
}

// withHandshakes is the time of a message, with its part of the handshake if each request
// has one.
func (s *Scenario) withHandshakes(message time.Duration) time.Duration {
	switch {
	case s.Network.Connection != Each:
		return message
	case s.Network.TLS:
		return 3 * message // two round trips before the one of the request
	}
	return 2 * message
}

// classes looks for classes whose nodes answer too late to find a place: to register
// takes a request, and while that waits, one to the newcomer.
func (w *warner) classes() {
	s := w.scenario
	shortest, _ := s.shortest()
	for _, c := range s.Classes.present() {
		takes := 2*requestMessages*s.withHandshakes(shortest+c.Delay) + c.Service
		if takes > s.Node.ServerTimeout && s.Nodes > 1 {
			w.add([]string{join(c.path(), "delay"), join(c.path(), "service"), join(c.path(), "share")},
				"to register, a %s node sends a request and is asked meanwhile: that takes at least %s, and it waits %s (node.server_timeout): none finds a place",
				c.name, formatDuration(takes), formatDuration(s.Node.ServerTimeout))
		}
	}
	if takes := s.Network.Service; takes > s.Node.ServerTimeout {
		w.add([]string{"network.service"}, "a node waits %s for an answer (node.server_timeout): most requests fail",
			formatDuration(s.Node.ServerTimeout))
	}
}

// times looks at a run as a whole.
func (w *warner) times() {
	s := w.scenario
	if s.Duration < s.SyncInterval {
		w.add([]string{"duration", "sync_interval"},
			"the run ends after %s, within the first sync interval (%s): no network settles in that time",
			formatDuration(s.Duration), formatDuration(s.SyncInterval))
	}
	if s.Sample > s.Duration {
		w.add([]string{"sample", "duration"},
			"one every %s is more than the run lasts (%s): series.csv will hold its start and its end",
			formatDuration(s.Sample), formatDuration(s.Duration))
	}
}

// joining looks for nodes that start too late to find a place.
func (w *warner) joining() {
	s := w.scenario
	switch s.Join.Mode {
	case Growth:
		if here := s.grown(); here < s.Nodes {
			w.add([]string{"join.rate", "duration"},
				"%s for each sync interval brings %d of the %d nodes until the end at %s",
				formatShare(s.Join.Rate), here, s.Nodes, formatDuration(s.Duration))
		}
	case Poisson:
		if here := float64(s.Join.Bootstrap) + float64(s.Join.PerSecond)*s.Duration.Seconds(); here < float64(s.Nodes) {
			w.add([]string{"join.per_second", "duration"}, "%s a second bring some %d of the %d nodes until the end at %s",
				number(float64(s.Join.PerSecond)), int(here), s.Nodes, formatDuration(s.Duration))
		}
	case Spread:
		if s.Join.Over+s.SyncInterval > s.Duration && s.Nodes > 1 {
			w.add([]string{"join.over", "duration"},
				"the last nodes start less than a sync interval (%s) before the end at %s, too late for all to find a place",
				formatDuration(s.SyncInterval), formatDuration(s.Duration))
		}
	}
}

// rare looks for rates at which, as likely as not, nothing happens in the run.
func (w *warner) rare() {
	s := w.scenario
	seldom := func(keys []string, mean float64, what string) {
		if mean < math.Ln2 { // the chance of none is exp(-mean)
			w.add(keys, "brings %.2g %s in the mean until the end at %s: most likely none", mean, what, formatDuration(s.Duration))
		}
	}
	if s.Workload.Arrivals == ArrivePoisson {
		for _, x := range s.series() {
			if x.rate > 0 {
				seldom([]string{x.path + ".rate", x.path + ".over"}, float64(x.rate)*x.over.Seconds(), "requests")
			}
		}
	}
	for _, x := range s.stores() {
		over := s.Duration - x.objects.Start
		if x.objects.Over > 0 {
			over = x.objects.Over
		}
		if path := "workload." + x.name; x.objects.Rate > 0 {
			seldom([]string{path + ".rate", path + ".over"}, float64(x.objects.Rate)*over.Seconds(), "operations")
		}
	}
	if session, _ := s.Churn.Lifetimes(); session.On() {
		leaves := float64(s.Nodes-s.Join.Bootstrap) * (s.Duration - s.Churn.Start).Seconds() / s.meanOf(session)
		seldom([]string{w.given("churn.preset", "churn.session.mean", "churn.session.median", "churn.session.scale")}, leaves, "ends of sessions")
	}
}

// grown is how many nodes of a growing network have been due by the last whole sync
// interval of the run.
func (s *Scenario) grown() int {
	here := float64(s.Join.Initial)
	for at := time.Duration(0); at <= s.Duration-s.SyncInterval && here < float64(s.Nodes); at += s.SyncInterval {
		here += math.Ceil(here * s.Join.Rate)
	}
	return int(min(here, float64(s.Nodes)))
}

// requests looks for clients that call before there is a network, or shortly before the
// end.
func (w *warner) requests(path string, count int, start, over, messages time.Duration) {
	s := w.scenario
	if count == 0 || s.Nodes == 1 {
		return
	}
	keys := []string{path + ".start", path + ".over", path + ".count"}
	if start < s.SyncInterval {
		w.add([]string{keys[0], keys[2]},
			"clients call from %s on, and nodes have not found one another before the first sync interval is over (%s)",
			formatDuration(start), formatDuration(s.SyncInterval))
	}
	shortest, _ := s.shortest()
	last := start + time.Duration(float64(over)*float64(count-1)/float64(count))
	needed := messages * shortest
	switch {
	case start+needed >= s.Duration: // what falls on the end is not delivered
		w.add(keys, "the first client calls at %s, and the run ends at %s, before it can have its answer after some %s",
			formatDuration(start), formatDuration(s.Duration), formatDuration(needed))
	case last+needed >= s.Duration:
		w.add(keys, "the last client calls at %s, and the run ends at %s, before it can have its answer after some %s",
			formatDuration(last.Round(time.Millisecond)), formatDuration(s.Duration), formatDuration(needed))
	}
}

// approval looks for approvals that cannot be granted.
func (w *warner) approval() {
	s := w.scenario
	count, err := draw.ParseCount(s.Approval.Approvers)
	if err != nil {
		return // validate has refused it
	}
	level, err := draw.ParseDecision(s.Approval.DecisionLevel)
	if err != nil {
		return
	}
	if drawn, agree := count.Of(s.Nodes), level.Of(count.Of(s.Nodes)); agree > drawn {
		w.add([]string{"approval.decision_level", "approval.approvers"},
			"%d must agree, and %s of %d nodes are %d approvers: none is granted",
			agree, s.Approval.Approvers, s.Nodes, drawn)
	}
	shortest, _ := s.shortest()
	if s.Workload.Approvals.Count > 0 && s.Nodes > 1 && 2*s.Approval.Period < approvalMessages*3/4*shortest {
		w.add([]string{"approval.period"},
			"an approval is good for two periods at most, %s, and takes some %s: none is granted",
			formatDuration(2*s.Approval.Period), formatDuration(approvalMessages*shortest))
	}
}

// isDefault reports whether the key at path has the value that it would have if it were
// absent.
func (s *Scenario) isDefault(path string) bool {
	absent := *s
	absent.source = maps.Clone(s.source)
	delete(absent.source, path)
	value, err := find(reflect.ValueOf(&absent).Elem(), path)
	if err != nil {
		return false
	}
	value.SetZero()
	absent.fillDefaults()
	given, err := find(reflect.ValueOf(s).Elem(), path)
	return err == nil && given.Equal(value)
}

// expectations looks for conditions that no number of the summary can meet.
func (w *warner) expectations() {
	for _, e := range w.scenario.Expect {
		high, span := w.scenario.most(e.Path)
		impossible := false
		switch e.Op {
		case AtMost:
			impossible = e.Low < 0
		case Less:
			impossible = e.Low <= 0
		case AtLeast:
			impossible = e.Low > high
		case Greater:
			impossible = e.Low >= high
		case Equal:
			impossible = e.Low < 0 || e.Low > high
		case Within:
			impossible = e.High < 0 || e.Low > high
		}
		if impossible {
			w.add([]string{"expect." + e.Path}, "%s is never met: the number is %s", phrase.Quote(e.Condition()), span)
		}
	}
}

// most is the greatest value that a number of the summary can have in a run of the
// scenario, and the span of its values in words. None is below 0.
func (s *Scenario) most(path string) (float64, string) {
	of := func(count int, rate Number, key string) (float64, string) {
		if rate > 0 {
			return math.Inf(1), "0 or more" // how many come is drawn, or rounded
		}
		return float64(count), fmt.Sprintf("at most %d (%s)", count, key)
	}
	switch group, name, _ := strings.Cut(path, "."); {
	case isShare(path):
		return 1, "a share of 0 to 1"
	case group == "search" && isOneOf(name, "count", "complete", "partial", "failed"), strings.HasPrefix(path, "search.errors."):
		return of(s.Workload.Searches.Count, s.Workload.Searches.Rate, "workload.searches.count")
	case group == "approval" && isOneOf(name, "requested", "granted"), strings.HasPrefix(path, "approval.errors."):
		return of(s.Workload.Approvals.Count, s.Workload.Approvals.Rate, "workload.approvals.count")
	case group == "structure" && !strings.HasSuffix(name, ".level"):
		return of(s.Nodes, 0, "nodes")
	case isOneOf(path, "convergence.time_s", "engine.virtual_s"):
		return s.Duration.Seconds(), fmt.Sprintf("at most %g (duration, in seconds)", s.Duration.Seconds())
	}
	return math.Inf(1), "0 or more"
}

func isOneOf(word string, words ...string) bool { return slices.Contains(words, word) }

// isShare reports whether the number of the summary is a share, at most 1.
func isShare(path string) bool {
	return isOneOf(path,
		"convergence.registered", "convergence.exact_size", "convergence.coverage", "approval.success",
		"approval.agreement", "approval.captured", "approval.captured_expected", "approval.denied", "approval.denied_expected",
		"documents.availability", "documents.stale", "documents.acknowledged", "documents.whole", "documents.missing",
		"files.availability", "files.stale", "files.acknowledged", "files.whole", "files.missing",
		"approval.jain", "approval.jain_fair", "approval.gini", "approval.gini_fair", "approval.chi2_p",
	) || strings.HasPrefix(path, "search.coverage.") || strings.HasPrefix(path, "search.partial_coverage.") ||
		strings.Contains(path, ".utilisation_")
}
