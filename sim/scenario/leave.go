package scenario

import (
	"math"
	"time"

	"spreadable/core/message"
)

// Leave describes how a network shrinks: the counterpart of a join in mode growth. Nodes
// are drawn at random, but the bootstrap nodes stay. It is off unless it has a rate.
type Leave struct {
	// Virtual time from which nodes leave (required).
	At time.Duration `yaml:"at"`

	// Share of the nodes that are there that leaves in every sync interval (required).
	Rate float64 `yaml:"rate"`

	// How many nodes stay. The bootstrap nodes if absent.
	To int `yaml:"to" jsonschema:"minimum=1"`

	// How long before its end a node hands over what it has: slaves, and branches that it
	// leads. 0s: it just ends. Nine quarters of the sync interval if absent.
	Notice time.Duration `yaml:"notice"`
}

// On reports whether nodes leave for good.
func (l Leave) On() bool { return l.Rate > 0 }

// Notice is how long before its end a node begins to leave that does not crash.
func (s *Scenario) Notice() time.Duration {
	if s.Leave.On() {
		return s.Leave.Notice
	}
	return s.Churn.Notice
}

// defaultNotice is as long as a node needs to be forgotten.
func (s *Scenario) defaultNotice() time.Duration { return message.LeaveNotice * s.SyncInterval / 4 }

// fillLeave fills in the defaults of leave, if there is any.
func (s *Scenario) fillLeave() {
	if s.Leave == (Leave{}) {
		return
	}
	fill(s, "leave.to", &s.Leave.To, s.Join.Bootstrap)
	fill(s, "leave.notice", &s.Leave.Notice, s.defaultNotice())
}

// firstLeaves is when the first node leaves, at the earliest: those of a sync interval are
// evenly spread over it.
func (s *Scenario) firstLeaves() time.Duration {
	leavers := min(math.Ceil(float64(s.Nodes)*s.Leave.Rate), float64(s.Nodes-s.Leave.To))
	return s.Leave.At + time.Duration(float64(s.SyncInterval)/leavers)
}

// checkLeave judges `leave`.
func (s *Scenario) checkLeave() error {
	l := s.Leave
	if l == (Leave{}) && !s.given("leave") {
		return nil
	}
	if err := s.needs("leave", "leave", "at", "rate"); err != nil {
		return err
	}
	switch {
	case s.Churn.On():
		return s.errorf("leave", "leave: has no meaning with churn, which says when nodes leave; want churn.notice")
	case l.Rate <= 0 || l.Rate > 1:
		return s.errorf("leave.rate", "leave.rate: expected a share above 0%% and at most 100%%, not %s", formatShare(l.Rate))
	case l.At >= s.Duration:
		return s.errorf("leave.at", "leave.at: %s is not before the end of the run at %s", formatDuration(l.At), formatDuration(s.Duration))
	case l.To < s.Nodes && s.firstLeaves() >= s.Duration:
		return s.errorf("leave.at", "leave.at: the first node leaves at %s, not before the end of the run at %s", formatDuration(s.firstLeaves()), formatDuration(s.Duration))
	case l.To < s.Join.Bootstrap:
		return s.errorf("leave.to", "leave.to: %d nodes are fewer than the %d bootstrap nodes, which stay", l.To, s.Join.Bootstrap)
	case l.To > s.Nodes:
		return s.errorf("leave.to", "leave.to: %d nodes are more than the %d nodes in all", l.To, s.Nodes)
	}
	return nil
}
