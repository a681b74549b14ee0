package inmem

import (
	"math/rand/v2"
	"time"

	"spreadable/core"
	"spreadable/core/message"
)

// endpoint is what nodes and clients have in common on the network. It is the core.Env of
// both.
type endpoint struct {
	partition *Partition
	index     uint32
	seq       uint32 // numbers the events that this host causes
	up        bool
	silent    bool   // when down: swallows requests instead of refusing them
	life      uint16 // of the node, from 0: how often it was renewed
	others    uint32 // number in the partition's learned, from 1; 0 for none
	hash      uint64 // rolling hash over the events delivered here
	Traffic   Traffic
	learned   learned  // of one other host
	weather   rand.PCG // what happens to the messages that it sends
	random    rand.PCG // the node's own stream
}

// Traffic counts what a host sent to others and received from them. An answer's bytes
// count as sent by the host that answers.
type Traffic struct {
	RequestsSent, RequestsReceived uint32
	BytesSent, BytesReceived       uint64
	Upkeep                         uint64 // of these bytes, sent or received, those that serve no client
}

// sent counts the bytes of a request that the host sends, or of its answer to one.
func (t *Traffic) sent(bytes, trace uint32) {
	t.BytesSent += uint64(bytes)
	t.keptUp(bytes, trace)
}

// received counts the bytes of a request to the host, or of an answer.
func (t *Traffic) received(bytes, trace uint32) {
	t.BytesReceived += uint64(bytes)
	t.keptUp(bytes, trace)
}

func (t *Traffic) keptUp(bytes, trace uint32) {
	if trace == 0 {
		t.Upkeep += uint64(bytes)
	}
}

// Up reports whether the host is up.
func (e *endpoint) Up() bool { return e.up }

// Caused is how many events the host has caused; the latest has the Seq below it.
func (e *endpoint) Caused() uint32 { return e.seq }

// Now implements core.Env.
func (e *endpoint) Now() time.Duration {
	return e.partition.net.opts.Epoch + e.partition.sched.Now()
}

// Wall implements core.Env. All clocks of a simulation are right but those that are skewed.
func (e *endpoint) Wall() time.Duration {
	if skews := e.partition.net.skews; int(e.index) < len(skews) {
		return e.Now() + skews[e.index]
	}
	return e.Now()
}

// Rand implements core.Env.
func (e *endpoint) Rand() *rand.Rand { return e.partition.randFrom(&e.random) }

// After implements core.Env.
func (e *endpoint) After(d time.Duration, tag uint32) {
	e.schedule(Event{At: e.partition.sched.Now() + max(0, d), To: e.index, Slot: tag, Kind: wakeNode})
}

// Offload implements core.Env: the work is done at once, and its price passes in virtual
// time.
func (e *endpoint) Offload(price time.Duration, work func(), sink core.Sink, tag uint32) {
	work()
	slot, gen := e.partition.calls.put(&call{sink: sink, tag: tag})
	at := e.partition.sched.Now() + max(0, price)
	e.schedule(Event{At: at, To: e.index, Slot: slot, Gen: gen, Kind: finishWork})
}

// Note implements core.Env.
func (e *endpoint) Note(note core.Note) {
	e.partition.Notes[note.What]++
	if observe := e.partition.net.opts.Observe; observe != nil {
		observe(int(e.index), note)
	}
}

// schedule gives the event its source and number.
func (e *endpoint) schedule(ev Event) {
	e.number(&ev)
	e.partition.sched.Schedule(ev)
}

func (e *endpoint) number(ev *Event) {
	ev.From, ev.Seq = e.index, e.seq
	e.seq++
}

// Call implements core.Transport.
func (e *endpoint) Call(to core.Peer, req message.Request, sink core.Sink, tag uint32) {
	p := e.partition
	p.touched += p.calls.touch() + p.requests.touch() // both at the same time, before they are needed
	now := p.sched.Now()
	bytes, known := uint32(0), edition(0)
	own := to.ID()-1 == e.index
	if !own {
		bytes, known = e.weighRequest(to, &req)
	}
	way := e.passage(to.ID()-1, &req, bytes)
	slot, gen, c := p.calls.add()
	c.sink, c.tag, c.trace = sink, tag, req.Trace
	if way.fate&timed != 0 {
		e.schedule(Event{At: now + req.Timeout, To: e.index, Slot: slot, Gen: gen, Kind: expireCall})
	}
	if !own {
		e.Traffic.RequestsSent++
		e.Traffic.sent(bytes, req.Trace)
		p.count(req.Trace, 1, uint64(bytes))
	}
	switch {
	case way.fate&lost != 0:
	case p.net.endpoint(to.ID()-1) == nil: // an address without a host
		at := now + min(way.there+way.back, req.Timeout)
		e.schedule(Event{At: at, To: e.index, Slot: slot, Gen: gen, Kind: refuseCall})
	default:
		m := p.sendRequest(e, Event{At: now + way.there, To: to.ID() - 1, Gen: travelled(way.there)})
		m.req, m.call, m.gen, m.from = req, slot, gen, e.index
		m.bytes, m.known = bytes, known
		m.back, m.expired = way.back, way.fate&expired != 0
	}
}

// Reply implements core.Transport.
func (e *endpoint) Reply(ticket core.Ticket, resp message.Response) {
	if e.silent {
		e.partition.requests.free(uint32(ticket)) // it waits for a procedure, so its asker has a timer
		return
	}
	e.partition.answer(e, uint32(ticket), resp)
}
