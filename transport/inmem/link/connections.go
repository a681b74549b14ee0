package link

import (
	"maps"
	"math/rand/v2"
	"time"

	"spreadable/transport/inmem"
)

// KeepAlive is how long a connection stays open that is not used, as in transport/http.
const KeepAlive = 90 * time.Second

// Connections opens a connection before a request can be sent: a round trip for TCP (RFC
// 9293, 3.5), and another one for TLS 1.3 (RFC 8446, 2). Its packets are subject to all
// that happens on the Way. They take nothing of the bandwidth.
//
// Each opens one for each request, as the npm package does. Otherwise a connection is
// used again until it has been idle for KeepAlive; requests to one peer at the same time
// share it. A receiver that is down refuses the request, not the handshake before it:
// that takes a round trip more than it should.
type Connections struct {
	inmem.Link
	Way  Way
	Each bool
	TLS  bool
	open []dialer // by host
}

// dialer is what one host remembers of its connections.
type dialer struct {
	handshakes uint64
	used       map[uint32]time.Duration // when the connection to each host was last used
	sweepAt    int                      // size of used at which it is swept
}

// Depart implements inmem.Link.
func (c *Connections) Depart(m inmem.Message, now time.Duration, r *rand.Rand) (time.Duration, bool) {
	if m.Answer {
		return c.Link.Depart(m, now, r)
	}
	opening, lost := c.dial(m, now, r)
	if lost {
		return c.Least(), true
	}
	travel, lost := c.Link.Depart(m, now+opening, r)
	return opening + travel, lost
}

// dial returns how long it takes until there is a connection.
func (c *Connections) dial(m inmem.Message, now time.Duration, r *rand.Rand) (opening time.Duration, lost bool) {
	d := &c.open[m.From]
	if !c.Each && d.has(m.To, now) {
		d.used[m.To] = now
		return 0, false
	}
	d.handshakes++
	trips := 1
	if c.TLS {
		trips = 2
	}
	for range trips {
		there, lostThere := c.Way.Trip(Packet{From: m.From, To: m.To, By: m.From}, r)
		back, lostBack := c.Way.Trip(Packet{From: m.To, To: m.From, By: m.From}, r)
		if lostThere || lostBack {
			return 0, true
		}
		opening += there + back
	}
	if !c.Each {
		d.keep(m.To, now+opening)
	}
	return opening, false
}

func (d *dialer) has(to uint32, now time.Duration) bool {
	used, known := d.used[to]
	return known && now-used <= KeepAlive
}

// keep remembers a connection. Those that were closed are forgotten whenever the number
// of connections has doubled.
func (d *dialer) keep(to uint32, now time.Duration) {
	const few = 16
	if d.used == nil {
		d.used, d.sweepAt = make(map[uint32]time.Duration), few
	}
	if len(d.used) >= d.sweepAt {
		maps.DeleteFunc(d.used, func(_ uint32, used time.Duration) bool { return now-used > KeepAlive })
		d.sweepAt = max(few, 2*len(d.used))
	}
	d.used[to] = now
}
