package link

import (
	"math/rand/v2"
	"time"

	"spreadable/transport/inmem"
)

// queue is a place that is busy with one thing at a time, in the order in which they
// come: a line, or a processor. Its waits follow Lindley's recursion (Lindley 1952): a
// customer waits until the one before it has left.
type queue struct {
	free    time.Duration // when all that has come so far has left
	busy    time.Duration // sum of all services
	waited  time.Duration // sum of all waits
	longest time.Duration // wait
	passed  uint64        // customers
}

// pass adds a customer, and returns when it leaves.
func (q *queue) pass(now, service time.Duration) time.Duration {
	wait := max(0, q.free-now)
	q.free = now + wait + service
	q.busy += service
	q.waited += wait
	q.longest = max(q.longest, wait)
	q.passed++
	return q.free
}

// line is an uplink or a downlink.
type line struct {
	queue
	abandoned uint64
}

// take adds a message to those that take the line, and returns when it has passed.
//
// A message whose asker gives up before its turn is not sent, and takes nothing of the
// line: its connection is closed by then. Otherwise a line that is too narrow for a
// moment would carry what comes too late for ever.
func (l *line) take(m inmem.Message, rate Rate, now time.Duration) (passed time.Duration, abandoned bool) {
	if m.Until > 0 && max(now, l.free) > m.Until {
		l.abandoned++
		return 0, true
	}
	return l.pass(now, rate.Time(m.Bytes)), false
}

// Uplink makes messages share the bandwidth of their sender's line: a message of b bytes
// takes it for 8b/rate, after those that came before.
//
// The handshake of a new connection comes before the message on a real line. Here the
// message takes the line first, so that those behind it do not wait for its handshake.
type Uplink struct {
	inmem.Link
	Hosts *Hosts
	lines []line
}

// Depart implements inmem.Link.
func (u *Uplink) Depart(m inmem.Message, now time.Duration, r *rand.Rand) (time.Duration, bool) {
	rate := u.Hosts.At(m.From).Up
	if rate == 0 {
		return u.Link.Depart(m, now, r)
	}
	sent, abandoned := u.lines[m.From].take(m, rate, now)
	if abandoned {
		return u.Least(), true
	}
	travel, lost := u.Link.Depart(m, sent, r)
	return sent - now + travel, lost
}

// Downlink makes messages share the bandwidth of their receiver's line.
type Downlink struct {
	inmem.Link
	Hosts *Hosts
	lines []line
}

// Arrive implements inmem.Link.
func (d *Downlink) Arrive(m inmem.Message, now time.Duration) (time.Duration, inmem.Reception) {
	rate := d.Hosts.At(m.To).Down
	if rate == 0 {
		return d.Link.Arrive(m, now)
	}
	received, abandoned := d.lines[m.To].take(m, rate, now)
	if abandoned {
		return 0, inmem.Dropped
	}
	wait, end := d.Link.Arrive(m, received)
	return received - now + wait, end
}
