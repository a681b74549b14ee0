package inmem

import (
	"time"

	"spreadable/core"
	"spreadable/core/message"
)

// Deliver makes an event happen.
func (p *Partition) Deliver(ev *Event) {
	e := p.net.endpoint(ev.To)
	p.Arrived++
	switch ev.Kind {
	case arriveRequest:
		if p.net.opts.Link == nil || p.arrive(ev) {
			p.deliverRequest(e, ev)
		}
	case arriveAnswer:
		if p.net.opts.Link == nil || p.arrive(ev) {
			p.deliverAnswer(e, ev)
		}
	case readRequest:
		p.deliverRequest(e, ev)
	case readAnswer:
		p.deliverAnswer(e, ev)
	case turnAway:
		e.record(ev, outcomeFailed)
		e.received(p.requests.at(ev.Slot))
		p.answer(e, ev.Slot, message.Response{Err: ErrBusy})
	case expireCall:
		if c, ok := p.calls.take(ev.Slot, ev.Gen); ok {
			e.record(ev, outcomeTimeout)
			c.sink.Answer(c.tag, message.Response{Err: message.ErrTimeout})
		}
	case refuseCall:
		if c, ok := p.calls.take(ev.Slot, ev.Gen); ok {
			e.record(ev, outcomeFailed)
			c.sink.Answer(c.tag, message.Response{Err: message.ErrUnreachable})
		}
	case finishWork:
		if c, ok := p.calls.take(ev.Slot, ev.Gen); ok {
			e.record(ev, outcomeAnswered)
			c.sink.Answer(c.tag, message.Response{})
		}
	case wakeNode:
		e.record(ev, ev.Slot)
		if e.up {
			p.net.hosts[ev.To].Node.Wake(ev.Slot)
		}
	}
}

func (p *Partition) deliverRequest(e *endpoint, ev *Event) {
	m := p.requests.at(ev.Slot)
	e.record(ev, uint32(m.req.Kind))
	if ev.From != ev.To {
		e.received(m)
	}
	if !e.up || int(ev.To) >= len(p.net.hosts) {
		if e.silent {
			p.swallow(e, ev)
			return
		}
		p.answer(e, ev.Slot, message.Response{Err: message.ErrUnreachable})
		return
	}
	if front := p.net.opts.Front; front != nil {
		if resp, answers := front(ev.From, ev.To, &m.req); answers {
			if resp.Err == message.ErrTimeout {
				p.requests.free(ev.Slot)
			} else {
				p.answer(e, ev.Slot, resp)
			}
			return
		}
	}
	// The slot is in use until the request is answered, so the node may look at it there.
	// (A copy would be an allocation.) Should serving grow the table, the old one stays
	// readable.
	if resp, done := p.net.hosts[ev.To].Node.Serve(&m.req, core.Ticket(ev.Slot)); done {
		p.answer(e, ev.Slot, resp)
	}
}

// received counts a request of another host.
func (e *endpoint) received(m *request) {
	e.Traffic.RequestsReceived++
	e.Traffic.received(m.bytes, m.req.Trace)
}

// swallow ends a request to a host that is silent. An asker that has a timer needs nothing
// more. In the fast case without a Link the asker of a leaf request has none: it hears of
// the timeout when its timer would have expired.
func (p *Partition) swallow(e *endpoint, ev *Event) {
	m := p.requests.at(ev.Slot)
	call, gen := m.call, m.gen
	timer := p.net.opts.Link != nil || m.expired || !m.req.Kind.Leaf()
	to, at := m.from, ev.At-since(ev.Gen)+m.req.Timeout
	p.requests.free(ev.Slot)
	if !timer {
		a := p.sendAnswer(e, Event{At: at, To: to})
		a.resp.Err, a.call, a.gen = message.ErrTimeout, call, gen
	}
}

// An arriving request carries how long it has travelled, in steps of 1,024 ns, so that
// up to 73 minutes fit into a number of an event. Rounded down: a timeout is never early.
const travelStep = 10

func travelled(d time.Duration) uint32 { return uint32(d >> travelStep) }

func since(steps uint32) time.Duration { return time.Duration(steps) << travelStep }

// answer ends a request that e received: the slot is free, and the answer on its way.
func (p *Partition) answer(e *endpoint, slot uint32, resp message.Response) {
	m := p.requests.at(slot)
	bytes, fresh := uint32(0), edition(0)
	if m.from != e.index {
		bytes, fresh = e.weighAnswer(m, &resp)
		e.Traffic.sent(bytes, m.req.Trace)
		p.count(m.req.Trace, 0, uint64(bytes))
	}
	call, gen, to, back, none := m.call, m.gen, m.from, m.back, m.expired
	p.requests.free(slot)
	if back < 0 { // drawnAtAnswer
		back, none = e.depart(Message{From: e.index, To: to, Bytes: bytes, Answer: true, Until: -back})
	}
	if !none {
		a := p.sendAnswer(e, Event{At: p.sched.Now() + back, To: to})
		a.resp, a.call, a.gen, a.bytes, a.fresh = resp, call, gen, bytes, fresh
	}
}

func (p *Partition) deliverAnswer(e *endpoint, ev *Event) {
	m := p.answers.at(ev.Slot)
	resp, bytes, fresh := m.resp, m.bytes, m.fresh
	c, waiting := p.calls.take(m.call, m.gen)
	p.answers.free(ev.Slot)
	if !waiting {
		return // it timed out before
	}
	e.Traffic.received(bytes, c.trace)
	if fresh != 0 {
		e.learn(ev.From, fresh)
	}
	e.record(ev, outcome(resp.Err))
	c.sink.Answer(c.tag, resp)
}
