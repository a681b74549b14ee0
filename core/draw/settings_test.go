package draw

import (
	"strings"
	"testing"
	"time"
)

func mustSettings(t *testing.T, order, per, salt, group string) Settings {
	t.Helper()
	s, err := ParseSettings(order, per, salt, group, 0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSettingsThatNeedADrawByHostAreRefusedWithoutIt(t *testing.T) {
	for _, c := range []struct {
		order, per, salt, group string
		want                    string
	}{
		{"hosts", "network", "none", "prefix", `draw "hosts": want original or host`},
		{"host", "me", "none", "prefix", `per "me": want network or client`},
		{"host", "client", "sea", "prefix", `salt "sea": want none, verifier, network, reveal`},
		{"host", "client", "none", "/99,/1", `group "/99,/1": want`},
		{"original", "client", "none", "prefix", "per client needs draw host"},
		{"original", "network", "network", "prefix", "salt network needs draw host"},
		{"original", "network", "none", "ip", "group ip needs draw host"},
	} {
		_, err := ParseSettings(c.order, c.per, c.salt, c.group, 0)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c, err, c.want)
		}
	}
}

func TestADifferenceOfSettingsNamesTheOption(t *testing.T) {
	npm := mustSettings(t, "original", "network", "none", "prefix")
	plain := mustSettings(t, "host", "network", "none", "prefix")
	if npm != (Settings{}) || npm.String() != "" {
		t.Errorf("%+v are not the settings of npm nodes", npm)
	}
	aged := plain
	aged.MinAge = 90 * time.Minute
	for _, c := range []struct {
		ours   Settings
		theirs string
		want   string
	}{
		{npm, "", ""},
		{plain, plain.String(), ""},
		{plain, "", "draw is original there and host here"},
		{npm, plain.String(), "draw is host there and original here"},
		{plain, mustSettings(t, "host", "client", "none", "prefix").String(), "draw_per is client there and network here"},
		{plain, mustSettings(t, "host", "network", "verifier", "prefix").String(), "draw_salt is verifier there and none here"},
		{plain, mustSettings(t, "host", "network", "none", "/16,/32").String(), "draw_group is /16,/32 there and prefix here"},
		{plain, mustSettings(t, "host", "client", "network", "prefix").String(), "draw_per is client there and network here, draw_salt is network there and none here"},
		{plain, aged.String(), "draw_min_age is 1h30m there and 0s here"},
		{plain, "host\nnetwork " + strings.Repeat("x", 99), "draw_salt is xxxxxxxxxxxxxxxxxxxx there and none here"},
		{plain, "host", "they are of another version"},
		{plain, "h\x1bü", "draw is h?? there and host here"},
	} {
		if got := c.ours.Difference(c.theirs, "there", "here"); got != c.want {
			t.Errorf("%q and %q: %q, want %q", c.ours, c.theirs, got, c.want)
		}
	}
}

func TestAnAgeNeedsADrawByHostAndSomeBounds(t *testing.T) {
	for _, c := range []struct {
		order string
		age   time.Duration
		want  string
	}{
		{"original", time.Minute, "min_age 1m needs draw host"},
		{"host", -time.Second, "min_age -1s: want a duration from 0s to 720h"},
		{"host", 721 * time.Hour, "min_age 721h: want a duration from 0s to 720h"},
	} {
		if _, err := ParseSettings(c.order, "network", "none", "prefix", c.age); err == nil || err.Error() != c.want {
			t.Errorf("%+v: %v, want %s", c, err, c.want)
		}
	}
}

// A group must have been seen for the smaller one of the least age and of the age of the
// network less one period.
func TestAGroupIsOldEnoughAfterTheLeastAgeOrTheNetworksLessOnePeriod(t *testing.T) {
	const period, began = 5 * time.Minute, 1000 * time.Hour
	s := Settings{ByHost: true, MinAge: time.Hour}
	for after := time.Duration(0); after < 3*time.Hour; after += period {
		start := began + after
		need := min(s.MinAge, after-period)
		if got := s.SeenBy(start, began, period); got != start-need {
			t.Errorf("%v after the beginning a group must have been seen for %v, want %v", after, start-got, need)
		}
	}
}
