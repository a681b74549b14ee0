package behavior_test

import (
	"testing"
	"time"

	"spreadable/core/behavior"
	"spreadable/core/peer"
)

// Every change of a memory changes its revision: a store looks at nothing else.
func TestRevisionsTellOfChanges(t *testing.T) {
	p, q := peer.FromID(1), peer.FromID(2)
	rules := behavior.Rules()
	rule := rules[behavior.Registration]
	var bans behavior.Bans
	var scores behavior.Scores
	var candidates behavior.Candidates
	for _, c := range []struct {
		name     string
		revision func() uint32
		do       func()
	}{
		{"a ban", bans.Revision, func() { bans.Add(behavior.Ban{Peer: p, Until: time.Hour}) }},
		{"a renewed ban", bans.Revision, func() { bans.Add(behavior.Ban{Peer: p, Until: 2 * time.Hour}) }},
		{"a lifted ban", bans.Revision, func() { bans.Remove(p) }},
		{"restored bans", bans.Revision, func() { bans.Restore([]behavior.Ban{{Peer: p, Until: time.Hour}}) }},
		{"an ended ban", bans.Revision, func() { bans.Sweep(2 * time.Hour) }},
		{"no bans at all", bans.Revision, bans.Clear},
		{"a fault", scores.Revision, func() { scores.Add(0, rule, behavior.Registration, p, 1) }},
		{"another fault", scores.Revision, func() { scores.Add(0, rule, behavior.Registration, p, 1) }},
		{"a good deed", scores.Revision, func() { scores.Sub(0, rule, behavior.Registration, p, 1) }},
		{"a forgotten fault", scores.Revision, func() { scores.Sweep(time.Hour, &rules, time.Minute) }},
		{"restored scores", scores.Revision, func() { scores.Restore([]behavior.Row{{Peer: p, Suspicion: 1}}) }},
		{"a win", candidates.Revision, func() { candidates.Add(0, "store", p, 9) }},
		{"another win", candidates.Revision, func() { candidates.Add(0, "store", p, 9) }},
		{"a win of another", candidates.Revision, func() { candidates.Add(time.Second, "store", q, 9) }},
		{"a sweep", candidates.Revision, func() { candidates.Sweep(2) }},
		{"restored candidates", candidates.Revision, func() { candidates.Restore([]behavior.Candidate{{Peer: p, Suspicion: 1}}) }},
	} {
		before := c.revision()
		if c.do(); c.revision() == before {
			t.Errorf("%s leaves the revision as it was", c.name)
		}
	}
}
