package scenario

import (
	"slices"
	"strings"
	"time"
)

// checkExpect refuses expectations that no run of this scenario could meet,
// because what they are about does not happen in it.
func (s *Scenario) checkExpect() error {
	for _, e := range s.Expect {
		if missing := s.unmeasured(e.Path); missing != "" {
			return s.errorf("expect."+e.Path, "expect.%s: is never measured, because %s", e.Path, missing)
		}
	}
	return nil
}

// unmeasured says why a number of the summary is never measured; "" if it is, or may be.
func (s *Scenario) unmeasured(path string) string {
	section, name, _ := strings.Cut(path, ".")
	switch {
	case section == "search" && s.Workload.Searches.Count == 0:
		return "workload.searches.count is 0"
	case section == "approval" && s.Workload.Approvals.Count == 0:
		return "workload.approvals.count is 0"
	case section == "search" && s.warmUp("workload.searches"), section == "approval" && s.warmUp("workload.approvals"):
		return "all requests begin before measure, " + s.Measure
	case section == "faults" && len(s.Faults) == 0:
		return "nothing breaks"
	case section == "attacks" && len(s.Attacks) == 0, isOneOf(path, "approval.captured", "approval.captured_expected", "approval.denied", "approval.denied_expected") && len(s.Attacks) == 0:
		return "nothing attacks"
	case section == "churn" && !s.Churn.On() && !s.Leave.On():
		return "there is no churn"
	case path == "approval.agreement" && s.Workload.Approvals.Entries < 2:
		return "workload.approvals.entries is 1"
	case section == "network":
		return s.unmeasuredLink(path)
	case isOneOf(section, "documents", "files"):
		return s.unmeasuredStore(section, name)
	}
	return ""
}

// warmUp reports whether all requests of a series begin before the time of measure.
func (s *Scenario) warmUp(series string) bool {
	from, timed := s.MeasureFrom()
	if !timed {
		return false
	}
	return slices.ContainsFunc(s.series(), func(x seriesKeys) bool {
		return x.path == series && *x.count > 0 && s.last(x) < from
	})
}

// last is when the last request of a series begins, at the latest.
func (s *Scenario) last(x seriesKeys) time.Duration {
	if x.rate > 0 || x.times != "" || s.Workload.Arrivals == ArrivePoisson {
		return *x.start + *x.over
	}
	return *x.start + time.Duration(float64(*x.over)*float64(*x.count-1)/float64(*x.count))
}

// unmeasuredStore says why a number of a store is never measured; "" if it is, or may be.
func (s *Scenario) unmeasuredStore(kind, path string) string {
	stores := s.stores()
	o := stores[slices.IndexFunc(stores, func(x store) bool { return x.name == kind })].objects
	name, _, _ := strings.Cut(path, ".")
	switch {
	case !s.Runs(kind):
		return "nodes have no store of " + kind + " (preload." + kind + " or workload." + kind + ".rate)"
	case kind == "files" && isOneOf(name, "stale", "stale_s_max"):
		return "a file does not change"
	case isOneOf(name, "availability", "stale", "stale_s_max", "read_ms", "read_requests") && !o.reads():
		return "clients read no " + kind
	case isOneOf(name, "acknowledged", "write_ms", "write_requests") && !o.writes():
		return "clients write no " + kind
	}
	return ""
}

// unmeasuredLink says why a number of the section network is never measured; "" if it is.
func (s *Scenario) unmeasuredLink(path string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(path, "network."), ".")
	has := func(holds func(Class) bool) bool {
		n := &s.Network
		return holds(Class{Up: n.Up, Down: n.Down, Loss: n.Loss, Service: n.Service, Queue: n.Queue}) ||
			slices.ContainsFunc(s.Classes.Present(), holds)
	}
	switch {
	case !s.HasLink():
		return "there is neither network nor classes"
	case isOneOf(name, "lost", "retransmissions") && !has(func(c Class) bool { return c.Loss > 0 }):
		return "there is no loss"
	case name == "retransmissions" && s.Network.Datagram:
		return "network.datagram is true"
	case name == "handshakes" && s.Network.Connection == "":
		return "there is no network.connection"
	case name == "refused" && !has(func(c Class) bool { return c.Service > 0 && c.Queue > 0 }):
		return "there is no queue"
	case name == "abandoned" && !has(func(c Class) bool { return c.Up > 0 || c.Down > 0 }):
		return "no node has an up or a down"
	case name == "uplink" && !has(func(c Class) bool { return c.Up > 0 }):
		return "no node has an up"
	case name == "downlink" && !has(func(c Class) bool { return c.Down > 0 }):
		return "no node has a down"
	case name == "service" && !has(func(c Class) bool { return c.Service > 0 }):
		return "there is no service"
	case name == "unreachable" && !has(func(c Class) bool { return c.NAT }):
		return "no class has nat true"
	}
	return ""
}
