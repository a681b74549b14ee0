package inmem

import (
	"math/rand/v2"
	"time"

	"spreadable/core"
	"spreadable/core/message"
)

// Event is something that will happen to a host. The order of events at one time is by destination, source and the
// source's own count (To, From, Seq), never by when they were scheduled.
type Event struct {
	At            time.Duration
	To, From, Seq uint32
	Slot, Gen     uint32 // the lane's: a message, a call, or the tag of a timer
	Kind          EventKind
}

// EventKind says what happens.
type EventKind uint8

// What can happen to a host. Kinds from EventKinds on are the kernel's own.
const (
	arriveRequest EventKind = iota
	arriveAnswer
	expireCall
	refuseCall
	wakeNode
	finishWork
	EventKinds
)

// Scheduler is the kernel as a lane needs it. Times are virtual, since the start of the run.
type Scheduler interface {
	// Now is the time of the event being delivered.
	Now() time.Duration
	// Schedule makes the kernel call Lane.Deliver at e.At, which is not before Now.
	Schedule(e Event)
}

// Lane is a part of a network: the hosts that one kernel drives.
type Lane struct {
	net    *Network
	number int
	sched  Scheduler
	pool   *core.Pool
	rng    *rand.Rand // over source, whose stream is set for each use
	source switchSource

	calls    table[call]
	messages table[parcel]
	out      [][]Envelope // for each other lane: what is on its way there

	traces  []Trace // of clients' operations, by Request.Trace
	Upkeep  Trace   // requests that serve no client: what it takes to keep the network together
	Total   Trace
	Notes   [core.NumWhats]int
	Arrived uint64 // events delivered
}

// Trace counts the requests sent on behalf of one operation, and the bytes of both directions.
type Trace struct {
	Requests, Bytes uint64
}

// call is a request that a host of this lane waits for.
type call struct {
	sink core.Sink
	tag  uint32
}

// parcel is a request or an answer on its way to a host of this lane; a request stays here until it is answered.
type parcel struct {
	req     message.Request
	resp    message.Response
	call    uint32 // at the asker
	gen     uint32
	from    uint32
	back    time.Duration // latency of the way back, drawn by the asker
	expired bool          // the asker has given up already: no answer
}

// Envelope is an event for another lane, with its message.
type Envelope struct {
	event  Event
	parcel parcel
}

func newLane(n *Network, number, lanes int) *Lane {
	l := &Lane{net: n, number: number, pool: new(core.Pool), out: make([][]Envelope, lanes)}
	l.rng = rand.New(&l.source)
	return l
}

// Attach connects the lane with its kernel. Required before anything else.
func (l *Lane) Attach(s Scheduler) { l.sched = s }

// switchSource lets one rand.Rand draw from the streams of all hosts of a lane.
type switchSource struct{ stream *rand.PCG }

func (s *switchSource) Uint64() uint64 { return s.stream.Uint64() }

func (l *Lane) randFrom(stream *rand.PCG) *rand.Rand {
	l.source.stream = stream
	return l.rng
}

// Now implements core.Env.
func (e *endpoint) Now() time.Duration { return e.lane.net.opts.Epoch + e.lane.sched.Now() }

// Rand implements core.Env.
func (e *endpoint) Rand() *rand.Rand { return e.lane.randFrom(&e.random) }

// After implements core.Env.
func (e *endpoint) After(d time.Duration, tag uint32) {
	e.schedule(Event{At: e.lane.sched.Now() + max(0, d), To: e.index, Slot: tag, Kind: wakeNode})
}

// Offload implements core.Env: the work is done at once, and its price passes in virtual time.
func (e *endpoint) Offload(price time.Duration, work func(), sink core.Sink, tag uint32) {
	work()
	slot, gen := e.lane.calls.put(call{sink, tag})
	e.schedule(Event{At: e.lane.sched.Now() + max(0, price), To: e.index, Slot: slot, Gen: gen, Kind: finishWork})
}

// Note implements core.Env.
func (e *endpoint) Note(note core.Note) {
	e.lane.Notes[note.What]++
	if observe := e.lane.net.opts.Observe; observe != nil {
		observe(int(e.index), note)
	}
}

// schedule gives the event its source and number.
func (e *endpoint) schedule(ev Event) {
	e.number(&ev)
	e.lane.sched.Schedule(ev)
}

func (e *endpoint) number(ev *Event) {
	ev.From, ev.Seq = e.index, e.seq
	e.seq++
}

// Call implements core.Transport. The caller draws the latency of both ways. If the answer of a leaf request cannot be
// in time, only the timeout is scheduled; if it can, no timer is needed. For other requests, whose answer takes as long
// as it takes, a timer always is.
func (e *endpoint) Call(to core.Peer, req message.Request, sink core.Sink, tag uint32) {
	l := e.lane
	now := l.sched.Now()
	weather := l.randFrom(&e.weather)
	there := l.net.opts.Latency.Draw(weather)
	back := l.net.opts.Latency.Draw(weather)
	slot, gen := l.calls.put(call{sink, tag})
	late := there+back > req.Timeout
	if late || !req.Kind.Leaf() {
		e.schedule(Event{At: now + req.Timeout, To: e.index, Slot: slot, Gen: gen, Kind: expireCall})
	}
	bytes := l.net.requestBytes(&req)
	e.Traffic.RequestsSent++
	e.Traffic.BytesSent += bytes
	l.count(req.Trace, 1, bytes)
	if l.net.endpoint(to.ID()-1) == nil { // an address where nobody is
		e.schedule(Event{At: now + min(there+back, req.Timeout), To: e.index, Slot: slot, Gen: gen, Kind: refuseCall})
		return
	}
	m := parcel{req: req, call: slot, gen: gen, from: e.index, back: back, expired: late && req.Kind.Leaf()}
	l.dispatch(e, Event{At: now + there, To: to.ID() - 1, Kind: arriveRequest}, m)
}

// Reply implements core.Transport.
func (e *endpoint) Reply(ticket core.Ticket, resp message.Response) {
	e.lane.answer(e, uint32(ticket), resp)
}

// dispatch sends a message to a host, of this lane or another.
func (l *Lane) dispatch(from *endpoint, ev Event, m parcel) {
	from.number(&ev)
	lane := l.net.LaneOf(ev.To)
	if lane != l.number {
		l.out[lane] = append(l.out[lane], Envelope{ev, m})
		return
	}
	ev.Slot, _ = l.messages.put(m)
	l.sched.Schedule(ev)
}

// Waiting is how many envelopes are in the outbox for another lane.
func (l *Lane) Waiting(to int) int { return len(l.out[to]) }

// Outbox returns the envelopes for another lane since the last call. The lane goes on with empty, which it owns from now on.
func (l *Lane) Outbox(to int, empty []Envelope) []Envelope {
	sealed := l.out[to]
	l.out[to] = empty[:0]
	return sealed
}

// Accept takes over envelopes from another lane, and leaves them blank.
func (l *Lane) Accept(envelopes []Envelope) {
	for i := range envelopes {
		ev := envelopes[i].event
		ev.Slot, _ = l.messages.put(envelopes[i].parcel)
		l.sched.Schedule(ev)
	}
	clear(envelopes)
}

// Touch loads what delivering an event will need first, so that the memory for several events is fetched at the same time
// instead of one after the other: the host, and the message. It returns something that depends on it.
func (l *Lane) Touch(kind EventKind, host, slot uint32) uint64 {
	if int(host) >= len(l.net.hosts) {
		return 0
	}
	h := &l.net.hosts[host]
	touched := h.hash + h.Node.Touch()
	if kind == arriveRequest || kind == arriveAnswer {
		touched += uint64(l.messages.at(slot).call)
	}
	return touched
}

// TouchCall loads, after Touch, what an answer is waited for by.
func (l *Lane) TouchCall(kind EventKind, slot uint32) uint64 {
	if kind != arriveAnswer {
		return 0
	}
	return uint64(l.calls.slots[l.messages.at(slot).call].gen)
}

// Deliver makes an event happen.
func (l *Lane) Deliver(ev Event) {
	e := l.net.endpoint(ev.To)
	l.Arrived++
	switch ev.Kind {
	case arriveRequest:
		l.deliverRequest(e, ev)
	case arriveAnswer:
		l.deliverAnswer(e, ev)
	case expireCall:
		if c, ok := l.calls.take(ev.Slot, ev.Gen); ok {
			e.record(ev, outcomeTimeout)
			c.sink.Answer(c.tag, message.Response{Err: message.ErrTimeout})
		}
	case refuseCall:
		if c, ok := l.calls.take(ev.Slot, ev.Gen); ok {
			e.record(ev, outcomeFailed)
			c.sink.Answer(c.tag, message.Response{Err: message.ErrUnreachable})
		}
	case finishWork:
		if c, ok := l.calls.take(ev.Slot, ev.Gen); ok {
			e.record(ev, outcomeAnswered)
			c.sink.Answer(c.tag, message.Response{})
		}
	case wakeNode:
		e.record(ev, ev.Slot)
		if e.up {
			l.net.hosts[ev.To].Node.Wake(ev.Slot)
		}
	}
}

func (l *Lane) deliverRequest(e *endpoint, ev Event) {
	m := l.messages.at(ev.Slot)
	e.record(ev, uint32(m.req.Kind))
	e.Traffic.RequestsReceived++
	e.Traffic.BytesReceived += l.net.requestBytes(&m.req)
	if !e.up || int(ev.To) >= len(l.net.hosts) {
		l.answer(e, ev.Slot, message.Response{Err: message.ErrUnreachable})
		return
	}
	req := m.req // serving may grow the table
	if resp, done := l.net.hosts[ev.To].Node.Serve(&req, core.Ticket(ev.Slot)); done {
		l.answer(e, ev.Slot, resp)
	}
}

// answer ends a request that e received: the slot is free, and the answer on its way.
func (l *Lane) answer(e *endpoint, slot uint32, resp message.Response) {
	m := l.messages.at(slot)
	bytes := l.net.answerBytes(&resp)
	e.Traffic.BytesSent += bytes
	l.count(m.req.Trace, 0, bytes)
	back := parcel{resp: resp, call: m.call, gen: m.gen}
	ev := Event{At: l.sched.Now() + m.back, To: m.from, Kind: arriveAnswer}
	expired := m.expired
	l.messages.free(slot)
	if !expired {
		l.dispatch(e, ev, back)
	}
}

func (l *Lane) deliverAnswer(e *endpoint, ev Event) {
	m := l.messages.at(ev.Slot)
	resp := m.resp
	c, waiting := l.calls.take(m.call, m.gen)
	l.messages.free(ev.Slot)
	if !waiting {
		return // it timed out before
	}
	e.Traffic.BytesReceived += l.net.answerBytes(&resp)
	e.record(ev, outcome(resp.Err))
	c.sink.Answer(c.tag, resp)
}

// count books requests and bytes on an operation, or on the network's upkeep.
func (l *Lane) count(trace uint32, requests, bytes uint64) {
	t := &l.Upkeep
	if trace > 0 {
		if int(trace) >= len(l.traces) {
			l.traces = append(l.traces, make([]Trace, int(trace)+1-len(l.traces))...)
		}
		t = &l.traces[trace]
	}
	t.Requests += requests
	t.Bytes += bytes
	l.Total.Requests += requests
	l.Total.Bytes += bytes
}

// Trace returns what an operation has cost in all lanes.
func (n *Network) Trace(number uint32) Trace {
	var sum Trace
	for _, l := range n.lanes {
		if int(number) < len(l.traces) {
			sum.Requests += l.traces[number].Requests
			sum.Bytes += l.traces[number].Bytes
		}
	}
	return sum
}
