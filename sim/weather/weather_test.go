package weather_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"spreadable/sim/kernel"
	"spreadable/sim/weather"
	"spreadable/transport/inmem"
	"spreadable/transport/inmem/latency"
	"spreadable/transport/inmem/link"
)

// over is weather over a link of 20 ms, with four hosts, and two clients behind them.
func over() *weather.Weather {
	return weather.New(link.Path{Way: link.Latency{Model: latency.Constant(20 * time.Millisecond)}}, 4, 6, 1)
}

// sent sends a message, and returns how long it travels; lost if it does not arrive.
func sent(w *weather.Weather, m inmem.Message) (travel time.Duration, lost bool) {
	travel, lost = w.Depart(m, time.Second, rand.New(rand.NewPCG(1, 2)))
	_, end := w.Arrive(m, time.Second+travel)
	return travel, lost || end == inmem.Dropped
}

func between(a, b uint32) inmem.Message { return inmem.Message{From: a, To: b} }

// A cut is between hosts of different groups, and never between a host and a client. It
// swallows messages, those on their way as well, or leaves them to its owner.
func TestCutsAreBetweenGroups(t *testing.T) {
	w := over()
	w.Host(1).Group, w.Host(2).Group = 1, 1
	for _, test := range []struct {
		a, b uint32
		cut  bool
	}{{0, 1, true}, {1, 0, true}, {1, 2, false}, {0, 3, false}, {1, 4, false}, {5, 1, false}, {4, 5, false}} {
		if _, lost := sent(w, between(test.a, test.b)); lost != test.cut || w.Cut(test.a, test.b) != test.cut {
			t.Errorf("from %d to %d: lost %t", test.a, test.b, lost)
		}
	}
	if _, end := w.Arrive(between(0, 1), 0); end != inmem.Dropped {
		t.Error("a message that was on its way when the cut came arrives")
	}
	w.Swallows = false
	if _, lost := sent(w, between(0, 1)); lost || !w.Cut(0, 1) {
		t.Error("a cut that does not swallow loses messages, or is none")
	}
	w.Swallows = true
	w.Heal()
	if _, lost := sent(w, between(0, 1)); lost {
		t.Error("a message is lost after the cut has ended")
	}
}

// Both ends of a message make it slow, and a late host answers just before its asker gives
// up, but not before the message could be there.
func TestSlowAndLateHosts(t *testing.T) {
	w := over()
	w.Host(0).Slow, w.Host(1).Slow = 300*time.Millisecond, 50*time.Millisecond
	w.Host(2).Late = true
	for _, test := range []struct {
		m           inmem.Message
		least, most time.Duration
	}{
		{between(0, 1), 370 * time.Millisecond, 370 * time.Millisecond},
		{between(3, 0), 320 * time.Millisecond, 320 * time.Millisecond},
		{between(4, 5), 20 * time.Millisecond, 20 * time.Millisecond},
		{between(2, 3), 20 * time.Millisecond, 20 * time.Millisecond}, // a request
		{inmem.Message{From: 2, To: 3, Answer: true, Until: 2 * time.Second}, 900 * time.Millisecond, 999 * time.Millisecond},
		{inmem.Message{From: 2, To: 3, Answer: true, Until: time.Second}, 20 * time.Millisecond, 20 * time.Millisecond},
	} {
		if travel, lost := sent(w, test.m); lost || travel < test.least || travel > test.most {
			t.Errorf("%+v travels %v, want %v to %v", test.m, travel, test.least, test.most)
		}
	}
}

// As many messages are lost as the probability says, of clients as well, and none after it
// is 0 again.
func TestLossIsItsShare(t *testing.T) {
	w := over()
	count := func() (lost int) {
		for i := range uint32(20_000) {
			if _, gone := sent(w, between(i%6, (i+1)%6)); gone {
				lost++
			}
		}
		return lost
	}
	if lost := count(); lost > 0 {
		t.Errorf("%d are lost in good weather", lost)
	}
	w.SetLoss(0.1)
	if lost := count(); lost < 1800 || lost > 2200 {
		t.Errorf("%d of 20,000 are lost, want a tenth", lost)
	}
	w.SetLoss(0)
	if lost := count(); lost > 0 {
		t.Errorf("%d are lost afterwards", lost)
	}
}

// All that happens to a held host waits for its release, and happens then, in its order.
func TestHeldHostsWait(t *testing.T) {
	w := over()
	w.Hold(1)
	for i, test := range []struct {
		event kernel.Event
		kept  bool
	}{
		{kernel.Event{To: 0, Time: 5}, false}, {kernel.Event{To: 1, Time: 6, Seq: 7}, true}, {kernel.Event{To: 1, Time: 9, Seq: 8}, true},
		{kernel.Event{To: 4, Time: 9}, false},
		{kernel.Event{To: 1, Time: 9, Kind: uint8(inmem.EventKinds)}, false}, // the scenario's own
	} {
		if kept := w.Intercept(&test.event); kept != test.kept {
			t.Errorf("event %d is kept: %t", i, kept)
		}
	}
	var got []kernel.Event
	w.Release(1, 20, func(e kernel.Event) { got = append(got, e) })
	if len(got) != 2 || got[0].Seq != 7 || got[1].Seq != 8 || got[0].Time != 20 || w.Held(1) {
		t.Errorf("released %+v", got)
	}
	w.Release(1, 30, func(kernel.Event) { t.Error("something happens twice") })
}
