package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func TestOptionsAreChecked(t *testing.T) {
	for _, args := range [][]string{
		{"-duration", "10ms"}, {"-idle", "0s"}, {"-scale", "0"}, {"more"}, {"-no"}, {"-only", "approvals,nothing"},
	} {
		if o, err := parse(args, io.Discard); err == nil {
			t.Errorf("%v is taken as %+v", args, o)
		}
	}
	o, err := parse([]string{"-only", "approvals,port scan", "-duration", "3s"}, io.Discard)
	if err != nil || o.duration != 3*time.Second || o.scale != 1 {
		t.Errorf("%+v, %v", o, err)
	}
	if list, err := attacksNamed(o.only); err != nil || len(list) != 2 || list[0].name != "approvals" || list[1].name != "port scan" {
		t.Errorf("the attacks are %+v, %v", list, err)
	}
	if list, err := attacksNamed(""); err != nil || len(list) != len(attacks) {
		t.Errorf("without a name there are %d attacks, %v", len(list), err)
	}
}

// Every attack is one of the items 2, 3, 6, 7 and 8, and has either a rate or tries that
// are held.
func TestAttacksAreComplete(t *testing.T) {
	items := make(map[int]bool)
	for _, a := range attacks {
		items[a.item] = true
		if a.hosts < 1 || a.hosts > 255 || (a.rate > 0) == (a.held > 0) || a.try == nil {
			t.Errorf("attack %+v is not complete", a)
		}
	}
	for _, item := range []int{2, 3, 6, 7, 8} {
		if !items[item] {
			t.Errorf("no attack of item %d", item)
		}
	}
}

func TestTriesAreCountedByWhatBecameOfThem(t *testing.T) {
	outcomes := []error{nil, &refused{status: 401}, errors.New("reset"), nil, &refused{status: 403}}
	a := attack{name: "any", rate: 1000, try: func(_ context.Context, _ *attacker, i int) error { return outcomes[i%5] }}
	got := a.run(t.Context(), &attacker{duration: 50 * time.Millisecond, liars: &liars{}})
	if got.Served != 20 || got.Refused != 20 || got.Failed != 10 {
		t.Errorf("of 50 tries at 1000 a second in 50 ms the tally is %+v", got)
	}
}

func TestQuantilesAreOfWhatWasMeasured(t *testing.T) {
	var list []time.Duration
	for i := range 100 {
		list = append(list, time.Duration(i+1))
	}
	for share, want := range map[float64]time.Duration{0: 1, 0.5: 51, 0.99: 100, 1: 100} {
		if got := quantile(list, share); got != want {
			t.Errorf("quantile %g is %d, want %d", share, got, want)
		}
	}
	if got := quantile(nil, 0.5); got != 0 {
		t.Errorf("of nothing the median is %v", got)
	}
}

func TestALimitThatIsExceededIsAnError(t *testing.T) {
	var b strings.Builder
	good := verdict{"memory, peak", 20, 200, 200, "MB"}
	if err := writeLimits(&b, []verdict{good}); err != nil || strings.Contains(b.String(), "EXCEEDED") {
		t.Errorf("%v\n%s", err, b.String())
	}
	bad := verdict{"p99 of honest clients", 2, 21, 20, "ms"}
	err := writeLimits(&b, []verdict{good, bad})
	if err == nil || err.Error() != "p99 of honest clients: 21.0 ms, want at most 20.0" || !strings.Contains(b.String(), "EXCEEDED") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

// A liar names the node that is attacked, and new services each time.
func TestLiarsNameNewServices(t *testing.T) {
	l, a := &liars{}, &attacker{target: target{Address: "127.0.0.1:4000", Hidden: "5000"}}
	seen := make(map[string]bool)
	for range 2 {
		masters := l.lie("127.9.0.1:4000", a)["masters"].([]fields)
		if masters[0]["address"] != a.Address || len(masters) != 1+3*fakes {
			t.Errorf("%d masters, the first %v", len(masters), masters[0])
		}
		for _, m := range masters[1:] {
			if address := m["address"].(string); strings.HasPrefix(address, "127.") {
				seen[address] = true
			}
		}
	}
	if len(seen) != 2*fakes {
		t.Errorf("two answers name %d services of loopback, want %d", len(seen), 2*fakes)
	}
}
