package behavior

import (
	"testing"
	"time"
)

func TestRulesAreNpms(t *testing.T) {
	weeks := 18 * 24 * time.Hour
	want := [NumActions]struct {
		name      string
		exp       bool
		threshold float64
		life      time.Duration
	}{
		{"requestDelays", false, 200, 20 * time.Minute},
		{"authentication", false, 10, 0},
		{"registration", false, 10, 10 * time.Minute},
		{"responseSchema", true, 30, weeks},
		{"slaveMasters", true, 8, weeks},
		{"slaveBacklink", true, 30, weeks},
		{"backlinkMasters", true, 30, weeks},
		{"backlinkSlaves", true, 30, weeks},
		{"backlinkNetworkSize", true, 8, weeks},
		{"foreignSlaves", true, 30, weeks},
		{"browserAuthentication", false, 10, 0},
	}
	for i, got := range Rules() {
		w := want[i]
		if name := Action(i).String(); name != w.name {
			t.Errorf("action %d is called %s, want %s", i, name, w.name)
		}
		rule := Rule{Exp: w.exp, Threshold: w.threshold, Ban: true, BanLife: w.life, FailLife: Auto, BanDelay: Auto}
		switch Action(i) {
		case RequestDelays, Registration, SlaveBacklink, BacklinkMasters, BacklinkSlaves:
			rule.Ban = false // ours: honest nodes do that
		case SlaveMasters, BacklinkNetworkSize:
			rule.BanDelay = 0
		case Authentication, BrowserAuthentication: // ours: a host that guesses is slowed down, and not banned
			rule = Rule{Threshold: w.threshold, Most: w.threshold, FailLife: 15 * time.Minute}
		}
		if got != rule {
			t.Errorf("%s has the rule %+v, want %+v", w.name, got, rule)
		}
	}
}

func TestRulesAreACopy(t *testing.T) {
	rules := Rules()
	rules[Registration].Threshold = 1
	if Rules()[Registration].Threshold != 10 {
		t.Error("changing the rules of one node changed the defaults")
	}
}

func TestAnUnknownActionHasAName(t *testing.T) {
	if got := NumActions.String(); got != "action11" {
		t.Errorf("no action is called %q", got)
	}
}
