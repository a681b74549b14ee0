package httptransport

import (
	"slices"
	"testing"
	"time"
)

// Alarms go off in the order of their times, those of one time in the order of setting.
func TestAlarmsGoOffInOrder(t *testing.T) {
	l := &loop{}
	for tag, at := range []time.Duration{5, 3, 5, 1, 3, 9} {
		l.setAlarm(alarm{at: at, tag: uint32(tag)})
	}
	var tags []uint32
	for a, ok := l.alarms.due(5); ok; a, ok = l.alarms.due(5) {
		tags = append(tags, a.tag)
	}
	if !slices.Equal(tags, []uint32{3, 1, 4, 0, 2}) || len(l.alarms) != 1 {
		t.Errorf("went off %v, left %d", tags, len(l.alarms))
	}
}

// The wait for an alarm is that to the first, none if it is late, and an hour without.
func TestWaitsForAlarms(t *testing.T) {
	now := time.Unix(1000, 0)
	l := &loop{clock: newClock(func() time.Time { return now })}
	if got := l.untilNext(); got != time.Hour {
		t.Errorf("without an alarm it waits %v", got)
	}
	l.setAlarm(alarm{at: 1005 * time.Second})
	l.setAlarm(alarm{at: 1003 * time.Second})
	if got := l.untilNext(); got != 3*time.Second {
		t.Errorf("to the first alarm it waits %v", got)
	}
	now = now.Add(time.Minute)
	if got := l.untilNext(); got != 0 {
		t.Errorf("for a late alarm it waits %v", got)
	}
	l.now = 7 * time.Second
	l.After(-time.Minute, 3)
	if l.alarms[0].at != 7*time.Second || l.alarms[0].tag != 3 {
		t.Errorf("an alarm in the past is set to %v", l.alarms[0].at)
	}
}

// The wall time is that of the clock on the wall, also while the node's own time waits for
// it after it was set back.
func TestWallTimeFollowsTheClock(t *testing.T) {
	now := time.Unix(10_000, 0)
	l := &loop{clock: newClock(func() time.Time { return now })}
	now = time.Unix(10_000, 0).Add(-time.Hour)
	if own := l.clock.read(); own < 10_000*time.Second {
		t.Errorf("the node's time goes back to %v", own)
	}
	if got := l.Wall(); got != 6_400*time.Second {
		t.Errorf("the wall time is %v, want that of the clock, 1h46m40s", got)
	}
}
