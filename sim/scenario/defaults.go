package scenario

import "time"

// Defaults of a scenario. Those of nodes and approvals are npm spreadable's.
const (
	defaultSeed          = 1
	defaultLevels        = 1
	defaultSyncInterval  = 16 * time.Second
	defaultSamplesASync  = 4
	defaultModel         = "constant"
	defaultLatency       = 25 * time.Millisecond
	defaultInitial       = 10
	defaultServerTimeout = 2 * time.Second
	defaultPingTimeout   = time.Second
	defaultMaxFails      = 10
	defaultApprovers     = "r-6"
	defaultDecisionLevel = "66.6%"
	defaultPeriod        = 5 * time.Minute
)

// fillDefaults gives every key that was not given, and has a meaning beside
// those that were, its default. A key that was given is never touched, even
// if its value is zero: that is for validate to judge.
func (s *Scenario) fillDefaults() {
	fill(s, "seed", &s.Seed, defaultSeed)
	fill(s, "levels", &s.Levels, defaultLevels)
	fill(s, "sync_interval", &s.SyncInterval, defaultSyncInterval)
	fill(s, "sample", &s.Sample, s.SyncInterval/defaultSamplesASync)
	fill(s, "registration", &s.Registration, Directed)

	fill(s, "latency.model", &s.Latency.Model, defaultModel)
	if _, takes := s.Latency.row().parameter("mean"); takes {
		fill(s, "latency.mean", &s.Latency.Mean, defaultLatency)
	}

	fill(s, "join.mode", &s.Join.Mode, Mass)
	fill(s, "join.bootstrap", &s.Join.Bootstrap, 1)
	if s.Join.Mode == Growth {
		fill(s, "join.initial", &s.Join.Initial, max(1, min(defaultInitial, s.Nodes)))
	}

	fill(s, "node.server_timeout", &s.Node.ServerTimeout, defaultServerTimeout)
	fill(s, "node.ping_timeout", &s.Node.PingTimeout, min(defaultPingTimeout, s.Node.ServerTimeout))
	fill(s, "node.server_max_fails", &s.Node.ServerMaxFails, defaultMaxFails)

	fill(s, "approval.approvers", &s.Approval.Approvers, defaultApprovers)
	fill(s, "approval.decision_level", &s.Approval.DecisionLevel, defaultDecisionLevel)
	fill(s, "approval.period", &s.Approval.Period, defaultPeriod)

	fill(s, "workload.searches.over", &s.Workload.Searches.Over, s.SyncInterval)
	fill(s, "workload.approvals.over", &s.Workload.Approvals.Over, s.SyncInterval)
	fill(s, "workload.approvals.entries", &s.Workload.Approvals.Entries, 1)
}

// fill sets the field of a key that was not given.
func fill[T any](s *Scenario, path string, field *T, value T) {
	if !s.given(path) {
		*field = value
	}
}

// given reports whether the file or a set named the key at path.
func (s *Scenario) given(path string) bool {
	_, given := s.source[path]
	return given
}
