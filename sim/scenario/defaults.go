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
	defaultFanOut        = 100
)

// fillDefaults gives every key that was not given, and has a meaning beside
// those that were, its default. A key that was given is never touched, even
// if its value is zero: that is for validate to judge.
func (s *Scenario) fillDefaults() {
	fill(s, "seed", &s.Seed, defaultSeed)
	fill(s, "levels", &s.Levels, defaultLevels)
	fill(s, "sync_interval", &s.SyncInterval, defaultSyncInterval)
	fill(s, "sample", &s.Sample, s.defaultSample())
	fill(s, "registration", &s.Registration, Directed)
	s.fillSchedule()

	s.fillLatency()

	s.fillClasses()
	s.fillNetwork()

	fill(s, "join.mode", &s.Join.Mode, Mass)
	fill(s, "join.bootstrap", &s.Join.Bootstrap, 1)
	if s.Join.Mode == Growth || s.Join.Mode == Flash {
		fill(s, "join.initial", &s.Join.Initial, max(1, min(max(defaultInitial, s.Join.Bootstrap), s.Nodes)))
	}

	if s.Join.Mode == Flash {
		fill(s, "join.over", &s.Join.Over, s.defaultOver(s.Join.At))
	}
	s.fillChurn()
	s.fillLeave()
	s.fillFaults()
	s.fillAttacks()

	fill(s, "node.server_timeout", &s.Node.ServerTimeout, s.defaultServerTimeout())
	fill(s, "node.ping_timeout", &s.Node.PingTimeout, min(defaultPingTimeout, s.Node.ServerTimeout))
	if s.Levels == AutoLevels {
		fill(s, "node.fan_out", &s.Node.FanOut, defaultFanOut)
	}
	fill(s, "node.server_max_fails", &s.Node.ServerMaxFails, defaultMaxFails)

	fill(s, "approval.approvers", &s.Approval.Approvers, defaultApprovers)
	fill(s, "approval.decision_level", &s.Approval.DecisionLevel, defaultDecisionLevel)
	fill(s, "approval.period", &s.Approval.Period, defaultPeriod)

	s.fillWorkload()
	s.fillStores()
}

// A default is always a value that may be given: what follows from other keys keeps to
// its own limits, so that no error is about a key that was not given.

// defaultSample is a quarter of the sync interval, or as many quarters as keep the rows
// of series.csv below their limit.
func (s *Scenario) defaultSample() time.Duration {
	quarter := max(s.SyncInterval/defaultSamplesASync, time.Millisecond)
	return quarter * (1 + s.Duration/(quarter*maxSamples+1))
}

// defaultServerTimeout is npm's, or half of a sync interval that is too short for it.
func (s *Scenario) defaultServerTimeout() time.Duration {
	if s.SyncInterval > defaultServerTimeout {
		return defaultServerTimeout
	}
	return max(s.SyncInterval/2, time.Millisecond)
}

// defaultOver is a sync interval, or what is left of the run from start on.
func (s *Scenario) defaultOver(start time.Duration) time.Duration {
	if s.Duration == 0 { // not known, for the schema
		return s.SyncInterval
	}
	return max(0, min(s.SyncInterval, s.Duration-start))
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
