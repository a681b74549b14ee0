package httptransport

import (
	"container/heap"
	"time"
)

// clock tells the node's time: wall time that never goes back. If the wall clock is set
// forward, clock follows at once. If it is set back, clock goes on at half speed until
// the two are equal again, so that timeouts still pass.
type clock struct {
	wall func() time.Time // with its monotonic reading
	last time.Time
	now  time.Duration
}

func newClock(wall func() time.Time) clock {
	t := wall()
	return clock{wall: wall, last: t, now: time.Duration(t.UnixNano())}
}

// read returns the time since the Unix epoch.
func (c *clock) read() time.Duration {
	t := c.wall()
	passed := max(0, t.Sub(c.last)) // monotonic
	c.last = t
	truth := time.Duration(t.UnixNano())
	c.now = max(c.now+passed/2, truth)
	return c.now
}

// truth is the wall time of the latest read, which may lie before that of an earlier one.
func (c *clock) truth() time.Duration { return time.Duration(c.last.UnixNano()) }

// alarm is something the loop has to do at a time: wake the node, or give up a call.
type alarm struct {
	at   time.Duration
	seq  uint64 // alarms of the same time go off in the order in which they were set
	tag  uint32
	call *call // nil for a timer of the node
}

// alarms is a heap of them, the next one first.
type alarms []alarm

func (a alarms) Len() int { return len(a) }
func (a alarms) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].seq < a[j].seq
}
func (a alarms) Swap(i, j int) { a[i], a[j] = a[j], a[i] }

// Push implements heap.Interface.
func (a *alarms) Push(x any) { *a = append(*a, x.(alarm)) }

// Pop implements heap.Interface.
func (a *alarms) Pop() any {
	last := len(*a) - 1
	x := (*a)[last]
	(*a)[last] = alarm{}
	*a = (*a)[:last]
	return x
}

// due takes the next alarm if its time has come.
func (a *alarms) due(now time.Duration) (alarm, bool) {
	if len(*a) == 0 || (*a)[0].at > now {
		return alarm{}, false
	}
	return heap.Pop(a).(alarm), true
}
