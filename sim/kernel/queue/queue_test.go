package queue

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

func TestEventIs32BytesAndBucketIs16(t *testing.T) {
	if n := unsafe.Sizeof(Event{}); n != eventSize {
		t.Errorf("an event has %d bytes, want %d", n, eventSize)
	}
	if n := unsafe.Sizeof(bucket{}); n != bucketSize {
		t.Errorf("a bucket has %d bytes, want %d", n, bucketSize)
	}
}

func TestOrderIsByTimeThenDestinationSourceAndCounter(t *testing.T) {
	sorted := []Event{
		{Time: 1, To: 9, From: 9, Seq: 9},
		{Time: 2, To: 1, From: 9, Seq: 9},
		{Time: 2, To: 2, From: 1, Seq: 9},
		{Time: 2, To: 2, From: 2, Seq: 1},
		{Time: 2, To: 2, From: 2, Seq: 2},
	}
	for i := range sorted {
		for j := range sorted {
			if got := sorted[i].Before(&sorted[j]); got != (i < j) {
				t.Errorf("%+v before %+v: %v", sorted[i], sorted[j], got)
			}
		}
	}
}

func TestEmptyQueueHasNothingToGive(t *testing.T) {
	w := newTwins(t, New())
	w.look()
	w.pop()
	w.popBefore(math.MaxInt64)
}

func TestZeroValueWorks(t *testing.T) {
	w := newTwins(t, new(Queue))
	for i := range uint32(1000) {
		w.push(int64(i*i), i, 0)
	}
	w.drain()
}

func TestEventOfTheInstantJustPoppedOvertakesThoseStillPending(t *testing.T) {
	w := newTwins(t, New())
	w.push(7, 5, 1)
	w.push(7, 6, 1)
	w.push(8, 0, 1)
	w.pop()
	w.push(0, 2, 5) // a smaller destination than the 6 still pending
	w.push(0, 6, 0) // the same destination from a smaller source
	if e, _ := w.pop(); e.To != 2 {
		t.Errorf("to %d, want 2", e.To)
	}
	w.drain()
}

func TestPushIntoThePastPanics(t *testing.T) {
	for name, at := range map[string]int64{"before the last popped": 99, "negative": -1} {
		t.Run(name, func(t *testing.T) {
			q := New()
			q.Push(Event{Time: 100})
			q.Pop()
			q.Push(Event{Time: 100}) // the present is allowed
			defer func() {
				if recover() == nil {
					t.Errorf("no panic at time %d", at)
				}
			}()
			q.Push(Event{Time: at})
		})
	}
}

func TestWholeRangeOfTimesIsCovered(t *testing.T) {
	w := newTwins(t, New())
	for i := range 63 {
		w.push(1<<i-1, 1, 1)
		w.push(math.MaxInt64-1<<i+1, 2, 2)
	}
	w.push(math.MaxInt64, 3, 3)
	w.drain()
	w.push(0, 1, 1) // at the end of time
	w.drain()
}

func TestHundredThousandEventsAtOneInstant(t *testing.T) {
	for name, nodes := range map[string]uint32{"to all": 1e5, "to few": 10, "to one": 1} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			w := newTwins(t, New())
			for range 2 { // at the start of time, then later
				for range 100_000 {
					w.push(1e9, r.Uint32N(nodes), r.Uint32N(nodes))
				}
				w.pop()
				for range 1000 { // and some more of the same instant
					w.push(0, r.Uint32N(nodes), r.Uint32N(nodes))
				}
				w.drain()
			}
		})
	}
}

func TestEventsThatAgreeInTheOrderAllComeOut(t *testing.T) {
	q := New()
	for range 1000 {
		q.Push(Event{Time: 5, To: 1, From: 2, Seq: 3})
	}
	for i := range 1000 {
		if e, ok := q.Pop(); !ok || e != (Event{Time: 5, To: 1, From: 2, Seq: 3}) {
			t.Fatalf("event %d: %+v, %v", i, e, ok)
		}
	}
}

// An event may wait on a coarse wheel while a later one, pushed when the present
// was nearer, lies on the finest already.
func TestPeekLooksAtAllWheels(t *testing.T) {
	const width = 1 << initialShift
	w := newTwins(t, New())
	w.push(1100*width, 1, 1) // out of reach of 1,024 buckets
	w.push(500*width, 2, 2)
	w.pop()
	w.push(800*width, 3, 3) // within reach, at 1300
	w.look()
	w.drain()
}

func TestAheadShowsWhatIsPoppedNext(t *testing.T) {
	w := newTwins(t, New())
	for i := range uint32(100) {
		w.push(1e9-int64(i), i, i)
	}
	if n := len(w.q.Ahead(10)); n != 0 {
		t.Errorf("%d events ahead before the first bucket is open", n)
	}
	w.pop()
	ahead := append([]Event(nil), w.q.Ahead(10)...)
	if len(ahead) != 10 {
		t.Fatalf("%d events ahead, want 10", len(ahead))
	}
	for _, want := range ahead {
		if e, _ := w.pop(); e != want {
			t.Errorf("popped %+v, expected %+v", e, want)
		}
	}
	if n := len(w.q.Ahead(1000)); n != 89 {
		t.Errorf("%d events ahead, want the 89 left", n)
	}
	w.drain()
}

func TestRefilledAfterGapsOfAnyLength(t *testing.T) {
	w := newTwins(t, New())
	for i := range 40 {
		for j := range uint32(200) {
			w.push(1<<i+int64(j), j%7, j)
		}
		w.drain()
	}
}

// A window must not open buckets beyond its end: what other windows push there
// would have to go to the heap of late events, one by one.
func TestWindowsLeaveLaterBucketsUnopened(t *testing.T) {
	w := newTwins(t, New())
	w.push(60e9, 1, 1)
	for end := int64(0); end < 30e9; end += 5e6 {
		w.look()
		if _, ok := w.popBefore(end); ok {
			t.Fatal("nothing is due in an empty window")
		}
		w.push(end+50e6-w.now, 2, 2)
		for ok := true; ok; {
			_, ok = w.popBefore(end + 5e6)
		}
	}
	if q := w.q; q.load.lates > 0 || len(q.late) > 0 {
		t.Errorf("%d events came late", q.load.lates)
	}
	w.drain()
}

func TestHoldAgreesWithReferenceForAllDelays(t *testing.T) {
	for _, d := range delays {
		t.Run(d.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 4))
			w := newTwins(t, New())
			for range 5000 {
				w.push(d.delay(r), r.Uint32N(100), r.Uint32N(100))
			}
			for range 50_000 {
				w.pop()
				w.push(d.delay(r), r.Uint32N(100), r.Uint32N(100))
			}
			w.drain()
		})
	}
}

func TestWidthOfBucketsFollowsTheDelays(t *testing.T) {
	hold := func(d delay) uint {
		h := newHold(New(), 20_000, d)
		for range 500_000 {
			h.step()
		}
		return h.q.shift
	}
	short := hold(func(r *rand.Rand) int64 { return 10 + r.Int64N(1000) })
	long := hold(func(r *rand.Rand) int64 { return r.Int64N(86400e9) })
	if short > 10 || long < 30 {
		t.Errorf("buckets of 2^%d ns for delays of a microsecond, 2^%d ns for a day", short, long)
	}
}

func TestWideBucketIsClosedAgainWhenTrafficSpringsUp(t *testing.T) {
	w := newTwins(t, New())
	w.q.rebuild(widestBits)
	w.push(0, 1, 1)
	w.push(1<<widestBits-1, 1, 1) // keeps the bucket open for 18 minutes
	w.pop()
	r := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		w.push(r.Int64N(1e6), 1, 1)
	}
	for range 100_000 {
		w.pop()
		w.push(r.Int64N(1e6), 1, 1)
	}
	if w.q.shift >= 20 || len(w.q.late) > crowd {
		t.Errorf("%d events in the heap of a bucket 2^%d ns wide", len(w.q.late), w.q.shift)
	}
	w.drain()
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	h := newHold(New(), 10_000, phold)
	for range 200_000 {
		h.step()
	}
	if n := testing.AllocsPerRun(10, func() {
		for range 20_000 {
			h.step()
		}
	}); n > 0 {
		t.Errorf("%v allocations in 20,000 events", n)
	}
}

func TestMemoryIsReusedByTheNextWave(t *testing.T) {
	w := newTwins(t, New())
	wave := func() int {
		for i := range uint32(20_000) {
			w.push(int64(i)*1e5, i, i)
		}
		w.drain()
		return w.q.Bytes()
	}
	wave()
	first := wave()
	for range 10 {
		wave()
	}
	// waves meet the buckets a little differently
	if n := w.q.Bytes(); n > first+first/20 {
		t.Errorf("%d bytes, %d after the first waves", n, first)
	}
}

// delayOf draws a delay of any scale: nothing, nanoseconds, up to 13 days.
func delayOf(t *rapid.T) int64 {
	bits := rapid.IntRange(0, 50).Draw(t, "bits")
	return rapid.Int64Range(0, 1<<bits-1).Draw(t, "delay")
}

func TestAnySequenceAgreesWithReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newTwins(t, New())
		node := rapid.Uint32Range(0, 4)
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				w.push(delayOf(t), node.Draw(t, "to"), node.Draw(t, "from"))
			},
			"push at once": func(t *rapid.T) {
				w.push(0, node.Draw(t, "to"), node.Draw(t, "from"))
			},
			"burst": func(t *rapid.T) {
				delay, step := delayOf(t), delayOf(t)>>20
				for i := range rapid.Uint32Range(1, 300).Draw(t, "size") {
					w.push(delay+int64(i)*step, i*7%5, i)
				}
			},
			"pop": func(t *rapid.T) {
				for range rapid.IntRange(1, 200).Draw(t, "count") {
					w.pop()
				}
			},
			"window": func(t *rapid.T) {
				limit := w.now + delayOf(t)
				for ok := true; ok; {
					_, ok = w.popBefore(limit)
				}
			},
			"retune": func(t *rapid.T) {
				w.q.rebuild(uint(rapid.IntRange(0, 40).Draw(t, "shift")))
			},
			"": func(*rapid.T) { w.look() },
		})
		w.drain()
	})
}
