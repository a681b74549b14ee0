package inmem

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"spreadable/core/message"
	"spreadable/wire"
)

// Link is how messages get from host to host. A message departs from its sender, travels,
// arrives at its receiver's end of the link, and waits there until the receiver reads it.
//
// A request and its answer are two messages: the way back is asked for when the answer
// departs, with the answer's size. The asker knows nothing of all this: when its timeout
// has passed without an answer, the call has failed.
//
// A link is called from all partitions at the same time. So Depart may change only state
// of the sender, Arrive only state of the receiver, and neither may read what the other
// changes.
type Link interface {
	// Depart says how long a message travels, its wait in the sender's uplink included:
	// never less than Least. lost means that it never arrives. It is called at the time
	// now at which the sender sends; r is the sender's random stream for all its
	// messages.
	Depart(m Message, now time.Duration, r *rand.Rand) (travel time.Duration, lost bool)

	// Arrive says how long a message that has travelled waits at its receiver's end, for
	// the downlink, in a queue, for the receiver's processor, and what becomes of it
	// after that wait. It is called in the order in which messages arrive at the
	// receiver.
	Arrive(m Message, now time.Duration) (wait time.Duration, end Reception)

	// Least is the shortest travel of all: how far partitions may run apart.
	Least() time.Duration
}

// Message is what a link needs to know of a request or an answer.
type Message struct {
	From, To uint32 // indexes of hosts: nodes, and after them clients
	Bytes    uint32
	Answer   bool // to a request
	// Down says of a message that arrives that the receiver is down: no node serves it.
	Down bool
	// Until is when the asker gives up: it closes the connection, and what has not left
	// the sender by then never does. It is 0 for none, and of an answer that arrives.
	Until time.Duration
}

// Reception is what becomes of a message at its receiver's end of a Link.
type Reception uint8

const (
	// Read: the receiver reads it.
	Read Reception = iota
	// Dropped: it is lost, unnoticed by both hosts.
	Dropped
	// Busy, of a request only: the receiver's host has no capacity left, and says so in
	// place of the node. The asker gets message.ErrUnreachable with a status, as from an
	// HTTP server that answers 503. An answer that is Busy is Dropped.
	Busy
)

// ErrBusy is the answer of a host without capacity. It is no refused connection: a
// program listens there.
var ErrBusy = fmt.Errorf("%w: it answers 503 Service Unavailable: %w", message.ErrUnreachable,
	wire.WithStatus(http.StatusServiceUnavailable, "too many requests wait"))

// passage is how a request gets to its receiver, and what is known of the way back. (With
// more than four fields the compiler would keep it in memory instead of registers.)
type passage struct {
	there, back time.Duration // back may be drawnAtAnswer of a time
	fate        fate
}

// fate is a set of what is certain of a request when it departs.
type fate uint8

const (
	timed   fate = 1 << iota // the asker needs a timer
	expired                  // the answer will be late, and need not be sent
	lost                     // the request never arrives
)

// drawnAtAnswer is the way back of a request over a Link: not known yet. In its place
// stands, negated, the time at which the asker gives up; that costs no field.
func drawnAtAnswer(until time.Duration) time.Duration { return -max(1, until) }

// passage draws what happens to a request that e sends. One to itself does not cross the
// network: both ways take no time, but what it asks of others may take longer than its
// timeout.
func (e *endpoint) passage(to uint32, req *message.Request, bytes uint32) passage {
	switch {
	case to == e.index && req.Kind.Leaf():
		return passage{}
	case to == e.index:
		return passage{fate: timed}
	case e.partition.net.opts.Link == nil:
		return e.bothWays(to, req)
	}
	until := e.partition.sched.Now() + req.Timeout
	there, gone := e.depart(Message{From: e.index, To: to, Bytes: bytes, Until: until})
	way := passage{there, drawnAtAnswer(until), timed}
	if gone {
		way.fate |= lost
	}
	if e.partition.net.endpoint(to) == nil {
		way.back = there // no host, no answer: what says so takes as long as the request
	}
	return way
}

// bothWays is the fast case of a network without a Link, in which a message has a latency
// and nothing else happens to it. The asker draws both ways at the call. So it knows
// whether the answer of a leaf request can be in time: if it cannot, only the timeout is
// scheduled and the answer is not sent; if it can, no timer is needed. A request whose
// answer takes as long as it takes always needs one.
func (e *endpoint) bothWays(to uint32, req *message.Request) passage {
	latency, weather := e.partition.net.opts.Latency, e.partition.randFrom(&e.weather)
	there := latency.Draw(e.index, to, weather)
	back := latency.Draw(to, e.index, weather)
	switch late, leaf := there+back > req.Timeout, req.Kind.Leaf(); {
	case late && leaf:
		return passage{there, back, timed | expired}
	case late || !leaf:
		return passage{there, back, timed}
	}
	return passage{there, back, 0}
}

// depart sends a message on its way over the Link.
func (e *endpoint) depart(m Message) (travel time.Duration, lost bool) {
	p := e.partition
	return p.net.opts.Link.Depart(m, p.sched.Now(), p.randFrom(&e.weather))
}

// arrive takes a message off the Link. It reports whether the receiver reads it at once;
// otherwise the event comes again when the wait is over, as one that is read or turned
// away, or never.
func (p *Partition) arrive(ev *Event) bool {
	if ev.From == ev.To {
		return true // a host's own, which never was on the link
	}
	sent, read := Message{From: ev.From, To: ev.To, Answer: ev.Kind == arriveAnswer}, readRequest
	sent.Down = !p.net.endpoint(ev.To).up
	if sent.Answer {
		sent.Bytes, read = p.answers.at(ev.Slot).bytes, readAnswer
	} else {
		m := p.requests.at(ev.Slot)
		sent.Bytes, sent.Until = m.bytes, -m.back
	}
	wait, end := p.net.opts.Link.Arrive(sent, ev.At)
	switch {
	case end == Read && wait <= 0:
		return true
	case end == Busy && !sent.Answer:
		read = turnAway
	case end != Read && sent.Answer:
		p.answers.free(ev.Slot)
		return false
	case end != Read:
		p.requests.free(ev.Slot)
		return false
	}
	later := *ev
	later.At, later.Kind = ev.At+max(0, wait), read
	p.sched.Schedule(later)
	return false
}
