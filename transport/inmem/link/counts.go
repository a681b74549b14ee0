package link

import "time"

// Counts is what a Link has counted. What it has no part for is nil.
type Counts struct {
	Packets    *uint64 // sent for the first time, those of handshakes included
	Resent     *uint64 // packets, by TCP
	Lost       *uint64 // packets, for good
	Handshakes *uint64
	Refused    *uint64 // requests that came to a full queue
	Abandoned  *uint64 // messages whose asker gave up before their turn on a line
	Outside    *uint64 // requests to hosts that cannot be reached

	Up, Down, Service *Use
}

// Use is what has passed a kind of queue, over the hosts that have one: lines, or
// processors.
type Use struct {
	Passed    uint64        // messages, or requests
	Mean, Max time.Duration // wait, without the own time on the line or in service
	Load      float64       // share of the time that they were busy, in the mean over the hosts
	Busiest   uint32        // host that was busy for longest
	MaxLoad   float64       // its share of the time
}

// Counts returns what has been counted until a time. No partition may run meanwhile.
func (l *Link) Counts(now time.Duration) Counts {
	var c Counts
	if l.tcp != nil {
		c.Resent = sum(l.tcp.lines, func(line *losses) uint64 { return line.resent })
		c.countLosses(l.tcp.lines)
	}
	if l.datagrams != nil {
		c.countLosses(l.datagrams.lines)
	}
	if l.connections != nil {
		c.Handshakes = sum(l.connections.open, func(d *dialer) uint64 { return d.handshakes })
	}
	if l.outside != nil {
		c.Outside = sum(l.outside.lost, func(lost *uint64) uint64 { return *lost })
	}
	if l.up != nil {
		c.Up = use(l.up.lines, now, func(i int, line *line) (*queue, bool) {
			return &line.queue, l.Hosts.At(uint32(i)).Up > 0
		})
		c.countAbandoned(l.up.lines)
	}
	if l.down != nil {
		c.Down = use(l.down.lines, now, func(i int, line *line) (*queue, bool) {
			return &line.queue, l.Hosts.At(uint32(i)).Down > 0
		})
		c.countAbandoned(l.down.lines)
	}
	if l.server != nil {
		c.Service = use(l.server.desks, now, func(i int, d *desk) (*queue, bool) {
			return &d.queue, l.Hosts.At(uint32(i)).Service > 0
		})
	}
	if l.server != nil && l.Hosts.any(func(h *Host) bool { return h.Service > 0 && h.Queue != Unbounded }) {
		c.Refused = sum(l.server.desks, func(d *desk) uint64 { return d.refused })
	}
	return c
}

func (c *Counts) countLosses(lines []losses) {
	c.Packets = sum(lines, func(line *losses) uint64 { return line.sent })
	c.Lost = sum(lines, func(line *losses) uint64 { return line.lost })
}

// countAbandoned adds those of uplinks or downlinks.
func (c *Counts) countAbandoned(lines []line) {
	more := sum(lines, func(line *line) uint64 { return line.abandoned })
	if c.Abandoned != nil {
		*more += *c.Abandoned
	}
	c.Abandoned = more
}

// sum adds up what hosts have counted.
func sum[Part any](parts []Part, count func(*Part) uint64) *uint64 {
	total := new(uint64)
	for i := range parts {
		*total += count(&parts[i])
	}
	return total
}

// use sums up the queues of those hosts that have one.
func use[Part any](parts []Part, now time.Duration, of func(i int, p *Part) (q *queue, has bool)) *Use {
	var u Use
	var waited, busy float64 // in seconds: a sum over all hosts may be more than a Duration holds
	hosts := 0
	for i := range parts {
		q, has := of(i, &parts[i])
		if !has {
			continue
		}
		hosts++
		u.Passed += q.passed
		u.Max = max(u.Max, q.longest)
		waited += q.waited.Seconds()
		load := q.load(now)
		busy += load
		if load > u.MaxLoad {
			u.MaxLoad, u.Busiest = load, uint32(i)
		}
	}
	if u.Passed > 0 {
		u.Mean = time.Duration(waited / float64(u.Passed) * float64(time.Second))
	}
	if hosts > 0 {
		u.Load = busy / float64(hosts)
	}
	return &u
}

// load is the share of the time until now in which a queue was busy. What is still to come
// is one piece: the queue stays busy until it is free.
func (q *queue) load(now time.Duration) float64 {
	if now <= 0 {
		return 0
	}
	return (q.busy - max(0, q.free-now)).Seconds() / now.Seconds()
}
