package coretest_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/core/coretest"
)

// Whatever the order in which events are scheduled, they happen by time, receiver, sender
// and the sender's counter.
func TestEventsHappenInTheirOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		small := rapid.Uint32Range(0, 3)
		type key struct {
			at       time.Duration
			to, from uint32
			seq      uint64
		}
		var events coretest.Events
		var happened, want []key
		for seq := range rapid.Uint64Range(0, 40).Draw(t, "events") {
			k := key{time.Duration(small.Draw(t, "at")), small.Draw(t, "to"), small.Draw(t, "from"), seq}
			want = append(want, k)
			events.Schedule(coretest.Event{At: k.at, To: k.to, From: k.from, Seq: k.seq, Do: func() {
				if events.Now() != k.at {
					t.Fatalf("an event of %v happens at %v", k.at, events.Now())
				}
				happened = append(happened, k)
			}})
		}
		slices.SortFunc(want, func(a, b key) int {
			return slices.Compare([]int64{int64(a.at), int64(a.to), int64(a.from), int64(a.seq)},
				[]int64{int64(b.at), int64(b.to), int64(b.from), int64(b.seq)})
		})
		if events.Drain(); !slices.Equal(happened, want) {
			t.Fatalf("got %v, want %v", happened, want)
		}
	})
}

// Running lets the time pass to its end, and not what comes after it happen.
func TestRunEndsOnTime(t *testing.T) {
	var events coretest.Events
	var count int
	for _, at := range []time.Duration{1, 2, 3} {
		events.Schedule(coretest.Event{At: at * time.Second, Do: func() { count++ }})
	}
	events.Run(2500 * time.Millisecond)
	if count != 2 || events.Now() != 2500*time.Millisecond {
		t.Errorf("%d of 2 events happened until %v", count, events.Now())
	}
}
