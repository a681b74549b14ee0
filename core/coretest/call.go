package coretest

import (
	"errors"
	"fmt"
	"time"

	"spreadable/core"
	"spreadable/core/message"
)

// Record is a request and what became of it.
type Record struct {
	At      time.Duration // when it was sent, since Begin
	From    string        // the asker's name
	To      core.Peer
	Kind    message.Kind
	Outcome string // see Outcome
}

func (r *Record) String() string {
	return fmt.Sprintf("%v %s->%d %s: %s", r.At, r.From, r.To.ID(), r.Kind, r.Outcome)
}

// Outcome names how a request ended: ok, the code of a refusal, or the error.
func Outcome(err error) string {
	var refusal *message.Error
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &refusal):
		return refusal.Code
	}
	return err.Error()
}

// SinkFunc takes an answer.
type SinkFunc func(message.Response)

// Answer implements core.Sink.
func (f SinkFunc) Answer(_ uint32, resp message.Response) { f(resp) }

// exchange is one request on its way, and its answer.
type exchange struct {
	by   *life
	sink core.Sink
	tag  uint32
	rec  Record
	done bool
}

// end gives the asker its answer. An exchange has one: whatever comes later is dropped.
func (x *exchange) end(resp message.Response) {
	if x.done {
		return
	}
	n := x.by.host.net
	x.done = true
	n.open--
	x.rec.Outcome = Outcome(resp.Err)
	if n.Observer != nil {
		n.Observer.Ended(&x.rec)
	}
	x.by.inside(func() { x.sink.Answer(x.tag, resp) })
}

// Call implements core.Transport.
func (l *life) Call(to core.Peer, req message.Request, sink core.Sink, tag uint32) {
	h, n := l.host, l.host.net
	x := &exchange{by: l, sink: sink, tag: tag, rec: Record{
		At: n.now - Begin, From: h.Name(), To: to, Kind: req.Kind, Outcome: "no answer yet",
	}}
	if !n.Untold {
		n.Trace = append(n.Trace, &x.rec)
	}
	n.open++
	n.schedule(h, n.now+req.Timeout, h.Number, func() { x.end(message.Response{Err: message.ErrTimeout}) })
	target := n.HostOf(to)
	if n.lost(h, target) {
		return
	}
	if !h.IP.IsValid() {
		req.Client = n.Book.IP(h.Peer())
	}
	n.schedule(h, n.now+n.latency(h, target), to.ID(), func() { n.arrive(target, &req, x) })
}

// lost draws whether a message between two hosts is lost; b is nil where there is none.
// What a host sends to itself does not cross the network.
func (n *Network) lost(a, b *Host) bool { return a != b && n.Loss > 0 && n.weather.Float64() < n.Loss }

// latency draws how long a message takes between two hosts, no time from one to itself.
func (n *Network) latency(a, b *Host) time.Duration {
	if a == b {
		return 0
	}
	d := n.Low
	if n.High > n.Low {
		d += time.Duration(n.weather.Int64N(int64(n.High - n.Low)))
	}
	d += a.Slow
	if b != nil {
		d += b.Slow
	}
	return d
}

// arrive brings a request to its host, which is nil where there is none.
func (n *Network) arrive(to *Host, req *message.Request, x *exchange) {
	switch {
	case to != nil && to.Group != x.by.host.Group:
		if !n.CutSwallows {
			n.refuse(nil, x)
		}
	case to == nil || !to.Up:
		if to == nil || !to.silent {
			n.refuse(to, x)
		}
	case to.Hung:
	default:
		l := to.life
		l.inside(func() { l.serve(req, x) })
	}
}

// serve lets the actor or the node answer. The request is the sender's: the node gets a
// copy.
func (l *life) serve(req *message.Request, x *exchange) {
	own := *req
	if l.host.Actor != nil {
		switch resp, reaction := l.host.Actor.Act(x.by.host.Peer(), &own); {
		case reaction == Answer:
			l.host.net.back(l.host, l.host, x, resp)
			return
		case reaction == Ignore || l.host.Node == nil:
			return
		}
	}
	l.tickets++
	ticket := l.tickets
	l.open[ticket] = x
	if resp, done := l.node.Serve(&own, ticket); done {
		l.Reply(ticket, resp)
	}
}

// Reply implements core.Transport.
func (l *life) Reply(ticket core.Ticket, resp message.Response) {
	x := l.open[ticket]
	if x == nil {
		panic("coretest: a ticket was used twice")
	}
	delete(l.open, ticket)
	if !l.host.Hung {
		l.host.net.back(l.host, l.host, x, resp)
	}
}

// refuse tells the asker that nothing answers at the host.
func (n *Network) refuse(at *Host, x *exchange) {
	n.back(x.by.host, at, x, message.Response{Err: message.ErrUnreachable})
}

// back sends an answer on its way from a place, nil where there is no host, by the doing
// of a host. An asker that a cut moves to another group meanwhile does not get it.
func (n *Network) back(by, from *Host, x *exchange, resp message.Response) {
	asker := x.by.host
	if n.lost(asker, from) {
		return
	}
	group := asker.Group
	if from != nil {
		group = from.Group
	}
	n.schedule(by, n.now+n.latency(asker, from), asker.Number, func() {
		switch {
		case asker.Group == group:
			x.end(resp)
		case !n.CutSwallows:
			x.end(message.Response{Err: message.ErrUnreachable})
		}
	})
}

// Ask sends one request from a host or a client and waits for its answer.
func (n *Network) Ask(from *Host, to core.Peer, req message.Request) (answer message.Response) {
	if from.IP.IsValid() {
		req.Client = from.IP
	} else {
		req.From = from.Peer()
	}
	from.Call(to, req, SinkFunc(func(r message.Response) { answer = r }), 0)
	n.Settle()
	return answer
}
