package core

import (
	"testing"
	"time"

	"spreadable/core/peer"
)

// A newcomer that comes back again and again is one to which no node can connect: it still
// gets places, but counts at none, makes no master seem full, and is no place for others.
func TestNewcomersThatAlwaysComeBackAreNotPlannedFor(t *testing.T) {
	n, env, lg := provider(t)
	l, hidden := &n.level1, peer.FromID(60)
	for i := range 2 * mostAttempts {
		if outside := i >= mostAttempts; lg.isOutside(hidden) != outside {
			t.Fatalf("after %d attempts it is outside: %t", i, !outside)
		}
		if places, _ := l.place(hidden, Peer{}); len(places) == 0 {
			t.Fatalf("no places after %d attempts", i)
		}
		env.now += 5 * time.Second
	}
	if _, counted := lg.sent[hidden]; counted || lg.nodes != 20 {
		t.Errorf("the provider counts %d nodes, want 20 without the newcomer", lg.nodes)
	}
	misses := 0
	for _, tally := range lg.tallies {
		misses += tally.misses
	}
	l.place(hidden, Peer{})
	for _, tally := range lg.tallies {
		misses -= tally.misses
	}
	if misses != 0 {
		t.Error("a master seems fuller when it comes back once more")
	}
	c := choice{level: l, ledger: lg, target: peer.FromID(61), size: 21}
	if c.couldBecomeMaster(hidden) || !c.couldBecomeMaster(peer.FromID(62)) {
		t.Error("it could become a master for others, or a node that never asked could not")
	}
}

// What counts are attempts in a row: not those before a master has listed the newcomer, nor
// those of long ago.
func TestAttemptsCountInARow(t *testing.T) {
	n, env, lg := provider(t)
	newcomer := peer.FromID(60)
	try := func() {
		for range mostAttempts - 1 {
			n.level1.place(newcomer, Peer{})
		}
	}
	try()
	lg.report(peer.FromID(102), []Peer{newcomer})
	try()
	if lg.isOutside(newcomer) {
		t.Error("attempts count that were before it had a place")
	}
	env.now += attemptsFor*n.cfg.SyncInterval + 1
	lg.refresh(&n.level1)
	if try(); lg.isOutside(newcomer) || len(lg.tried) != 1 {
		t.Error("attempts of long ago count")
	}
	if n.level1.place(newcomer, Peer{}); !lg.isOutside(newcomer) {
		t.Errorf("%d attempts in a row do not count", mostAttempts)
	}
}
