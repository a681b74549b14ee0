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
	switch {
	case l.tcp != nil:
		packets, resent, lost := tally(l.tcp.lines)
		c.Packets, c.Resent, c.Lost = &packets, &resent, &lost
	case l.datagrams != nil:
		packets, _, lost := tally(l.datagrams.lines)
		c.Packets, c.Lost = &packets, &lost
	}
	if l.connections != nil {
		c.Handshakes = new(uint64)
		for i := range l.connections.open {
			*c.Handshakes += l.connections.open[i].handshakes
		}
	}
	if l.outside != nil {
		c.Outside = new(uint64)
		for _, lost := range l.outside.lost {
			*c.Outside += lost
		}
	}
	if l.up != nil {
		c.Up = use(len(l.up.lines), now, func(i int) *queue {
			return only(l.up.Hosts.At(uint32(i)).Up > 0, &l.up.lines[i].queue)
		})
	}
	if l.down != nil {
		c.Down = use(len(l.down.lines), now, func(i int) *queue {
			return only(l.down.Hosts.At(uint32(i)).Down > 0, &l.down.lines[i].queue)
		})
	}
	c.Abandoned = l.abandoned()
	if l.server != nil {
		c.Service = use(len(l.server.desks), now, func(i int) *queue {
			return only(l.server.Hosts.At(uint32(i)).Service > 0, &l.server.desks[i].queue)
		})
		c.Refused = l.server.refused()
	}
	return c
}

// refused counts the requests that were turned away; nil if no queue is bounded.
func (s *Server) refused() *uint64 {
	if !s.Hosts.any(func(h *Host) bool { return h.Service > 0 && h.Queue != Unbounded }) {
		return nil
	}
	sum := new(uint64)
	for i := range s.desks {
		*sum += s.desks[i].refused
	}
	return sum
}

// abandoned counts the messages whose asker gave up before their turn; nil without lines.
func (l *Link) abandoned() *uint64 {
	if l.up == nil && l.down == nil {
		return nil
	}
	sum := new(uint64)
	if l.up != nil {
		for i := range l.up.lines {
			*sum += l.up.lines[i].abandoned
		}
	}
	if l.down != nil {
		for i := range l.down.lines {
			*sum += l.down.lines[i].abandoned
		}
	}
	return sum
}

// only returns a queue if its host has one.
func only(has bool, q *queue) *queue {
	if !has {
		return nil
	}
	return q
}

// tally sums up the losses of all hosts.
func tally(lines []losses) (sent, resent, lost uint64) {
	for i := range lines {
		sent, resent, lost = sent+lines[i].sent, resent+lines[i].resent, lost+lines[i].lost
	}
	return sent, resent, lost
}

// use sums up the queues of those of n hosts that have one.
func use(n int, now time.Duration, at func(int) *queue) *Use {
	var u Use
	var waited, busy float64
	hosts := 0
	for i := range n {
		q := at(i)
		if q == nil {
			continue
		}
		hosts++
		u.Passed += q.passed
		u.Max = max(u.Max, q.longest)
		waited += float64(q.waited)
		// What is still to come is one piece: the queue is busy until it is free.
		load := max(0, (q.busy-max(0, q.free-now)).Seconds()) / max(1e-9, now.Seconds())
		busy += load
		if load > u.MaxLoad {
			u.MaxLoad, u.Busiest = load, uint32(i)
		}
	}
	if u.Passed > 0 {
		u.Mean = time.Duration(waited / float64(u.Passed))
	}
	if hosts > 0 {
		u.Load = busy / float64(hosts)
	}
	return &u
}
