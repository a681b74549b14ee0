package core_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/behavior"
	"spreadable/core/peer"
)

func goodConfig() core.Config {
	return core.Config{Book: peer.NewBook(0), Bootstrap: []core.Peer{peer.FromID(1)}}
}

// The zero value of an option is its default, and a value that is given stays.
func TestConfigDefaults(t *testing.T) {
	c := goodConfig()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if c.SyncInterval != 16*time.Second || c.SyncPeriod != 24*time.Hour || c.ServerTimeout != 2*time.Second ||
		c.PingTimeout != time.Second || c.MaxFails != 10 {
		t.Errorf("the defaults are %+v", c)
	}
	if *c.Behavior != behavior.Rules() {
		t.Error("the rules of behaviour are not the original's")
	}
	if len(c.Approvals) != 1 || c.Approvals[0].Name() != "client" || c.Approvals[0].Terms() != core.DefaultTerms() {
		t.Errorf("the approvals are %v", c.Approvals)
	}

	rules := [behavior.NumActions]behavior.Rule{}
	given := goodConfig()
	given.SyncInterval, given.SyncPeriod, given.ServerTimeout, given.PingTimeout = 4*time.Second, time.Hour, 3*time.Second, 2*time.Second
	given.MaxFails, given.Behavior, given.Approvals = 3, &rules, []core.ApprovalKind{}
	c = given
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if c.SyncInterval != given.SyncInterval || c.SyncPeriod != given.SyncPeriod || c.ServerTimeout != given.ServerTimeout ||
		c.PingTimeout != given.PingTimeout || c.MaxFails != 3 || c.Behavior != &rules || len(c.Approvals) != 0 {
		t.Errorf("of %+v it makes %+v", given, c)
	}
}

// A ping takes no longer than any other request: its default follows a short server
// timeout.
func TestPingTimeoutFollowsTheServerTimeout(t *testing.T) {
	c := goodConfig()
	c.ServerTimeout = 300 * time.Millisecond
	if err := c.Validate(); err != nil || c.PingTimeout != c.ServerTimeout {
		t.Errorf("the ping timeout is %v: %v", c.PingTimeout, err)
	}
}

// Options that contradict each other are refused with the value that is wrong; those that
// just fit are accepted.
func TestConfigRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(*core.Config)
		want   string // "" is accepted
	}{
		"no book":                    {func(c *core.Config) { c.Book = nil }, "no address book"},
		"no bootstrap address":       {func(c *core.Config) { c.Bootstrap = nil }, "no bootstrap address"},
		"a negative interval":        {func(c *core.Config) { c.SyncInterval = -1 }, "negative"},
		"a negative period":          {func(c *core.Config) { c.SyncPeriod = -1 }, "negative"},
		"a negative server timeout":  {func(c *core.Config) { c.ServerTimeout, c.PingTimeout = -1, -2 }, "negative"},
		"a negative ping timeout":    {func(c *core.Config) { c.PingTimeout = -1 }, "negative"},
		"a longer ping timeout":      {func(c *core.Config) { c.PingTimeout = 2*time.Second + 1 }, "ping timeout 2.000000001s is longer than the server timeout 2s"},
		"an equal ping timeout":      {func(c *core.Config) { c.PingTimeout = 2 * time.Second }, ""},
		"a longer server timeout":    {func(c *core.Config) { c.SyncInterval = 2*time.Second - 1 }, "server timeout 2s is longer than the sync interval 1.999999999s"},
		"an equal server timeout":    {func(c *core.Config) { c.SyncInterval = 2 * time.Second }, ""},
		"a period below an interval": {func(c *core.Config) { c.SyncPeriod = 16*time.Second - 1 }, "sync period 15.999999999s must not be shorter"},
		"a period of an interval":    {func(c *core.Config) { c.SyncPeriod = 16 * time.Second }, ""},
		"negative fails":             {func(c *core.Config) { c.MaxFails = -1 }, "max fails -1 is negative"},
		"one fail":                   {func(c *core.Config) { c.MaxFails = 1 }, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := goodConfig()
			test.change(&c)
			err := c.Validate()
			if test.want == "" && err != nil {
				t.Errorf("it is refused: %v", err)
			}
			if test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), "config: ") || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("the error is %v, want %q", err, test.want)
			}
		})
	}
}

// A Config that has been validated stays as it is when it is validated again: many nodes
// share it.
func TestValidateTwice(t *testing.T) {
	c := goodConfig()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	again := c
	if err := again.Validate(); err != nil || !reflect.DeepEqual(c, again) {
		t.Errorf("validated again, %+v becomes %+v: %v", c, again, err)
	}
}
