package core_test

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/behavior"
	"spreadable/core/draw"
	"spreadable/core/message"
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

// revealing makes the salt of draws that of the masters, and their periods as long.
func revealing(c *core.Config, period time.Duration) {
	terms := core.DefaultTerms()
	terms.Period = period
	c.Draw = draw.Settings{ByHost: true, Salt: draw.RevealSalt}
	c.Approvals = []core.ApprovalKind{core.NewClientApproval(terms)}
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
		"negative noise":             {func(c *core.Config) { c.SyncNoise = -1 }, "sync noise -1ns is not from 0 to the sync interval 16s"},
		"noise of an interval":       {func(c *core.Config) { c.SyncNoise = 16 * time.Second }, ""},
		"more noise":                 {func(c *core.Config) { c.SyncNoise = 16*time.Second + 1 }, "sync noise 16.000000001s is not"},
		"a negative probe interval":  {func(c *core.Config) { c.ProbeInterval = -1 }, "negative"},
		"a negative login pause":     {func(c *core.Config) { c.LoginPause = -1 }, "negative"},
		"a negative look pause":      {func(c *core.Config) { c.LookPause = -1 }, "negative"},
		"negative probes":            {func(c *core.Config) { c.ProbeFails = -1 }, "probe fails -1 is not from 1 to 24"},
		"one probe":                  {func(c *core.Config) { c.ProbeFails = 1 }, ""},
		"many probes":                {func(c *core.Config) { c.ProbeFails = 24 }, ""},
		"more probes":                {func(c *core.Config) { c.ProbeFails = 25 }, "probe fails 25 is not from 1 to 24"},
		"little loss":                {func(c *core.Config) { c.MaxLoss = 0.2 }, ""},
		"less loss":                  {func(c *core.Config) { c.MaxLoss = 0.19 }, "max loss 0.19 is not from 0.2 to 0.9"},
		"much loss":                  {func(c *core.Config) { c.MaxLoss = 0.9 }, ""},
		"more loss":                  {func(c *core.Config) { c.MaxLoss = 0.91 }, "max loss 0.91"},
		"a loss that is no number":   {func(c *core.Config) { c.MaxLoss = math.NaN() }, "max loss NaN"},
		"negative levels":            {func(c *core.Config) { c.Levels = -1 }, "levels -1 is not from 1 to 4"},
		"four levels":                {func(c *core.Config) { c.Levels = 4 }, ""},
		"five levels":                {func(c *core.Config) { c.Levels = 5 }, "levels 5 is not from 1 to 4"},
		"levels by the network":      {func(c *core.Config) { c.Levels = message.AutoLevels }, ""},
		"two original levels":        {func(c *core.Config) { c.Levels, c.Registration = 2, core.Original }, "the original registration has one level, not 2"},
		"original auto levels":       {func(c *core.Config) { c.Levels, c.Registration = message.AutoLevels, core.Original }, "not auto"},
		"one original level":         {func(c *core.Config) { c.Levels, c.Registration = 1, core.Original }, ""},
		"the least fan-out":          {func(c *core.Config) { c.FanOut = 4 }, ""},
		"less fan-out":               {func(c *core.Config) { c.FanOut = 3 }, "fan-out 3 is below 4"},
		"negative places":            {func(c *core.Config) { c.HostPlaces = -1 }, "host places -1 is negative"},
		"one place":                  {func(c *core.Config) { c.HostPlaces = 1 }, ""},
		"negative checks":            {func(c *core.Config) { c.ClaimChecks = -1 }, "claim checks -1 is negative"},
		"negative cut periods":       {func(c *core.Config) { c.CutPeriods = -1 }, "cut periods -1 is negative"},
		"negative ages":              {func(c *core.Config) { c.AgesPerNode = -1 }, "ages per node -1 is negative"},
		"negative names":             {func(c *core.Config) { c.NewNames = -1 }, "new names -1 is negative"},
		"equal limits of approvals":  {func(c *core.Config) { c.ApprovalLimits = core.ApprovalLimits{Total: 7, PerPrefix: 7, PerHost: 7} }, ""},
		"all approvals":              {func(c *core.Config) { c.ApprovalLimits.Total = 100_000 }, ""},
		"more approvals":             {func(c *core.Config) { c.ApprovalLimits.Total = 100_001 }, "total <= 100000"},
		"a host above its prefix":    {func(c *core.Config) { c.ApprovalLimits = core.ApprovalLimits{PerPrefix: 5, PerHost: 6} }, "limits of approvals"},
		"a prefix above the total":   {func(c *core.Config) { c.ApprovalLimits = core.ApprovalLimits{Total: 5, PerPrefix: 6} }, "limits of approvals"},
		"no approvals of a host":     {func(c *core.Config) { c.ApprovalLimits.PerHost = -1 }, "limits of approvals"},
		"negative wrong answers":     {func(c *core.Config) { c.ApprovalLimits.WrongAnswers = -1 }, "1 wrong answer or more"},
		"a salt without a secret":    {func(c *core.Config) { c.Draw = draw.Settings{Salt: draw.NetworkSalt} }, "salt network needs the password"},
		"a salt of masters":          {func(c *core.Config) { revealing(c, 32*time.Second) }, ""},
		"a salt that soon ends":      {func(c *core.Config) { revealing(c, 32*time.Second-1) }, "salt reveal needs a period of approvals"},
		"a salt of auto levels": {func(c *core.Config) { revealing(c, time.Hour); c.Levels = message.AutoLevels },
			"salt reveal needs a fixed number of levels"},
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
