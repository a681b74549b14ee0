package httptransport

import (
	"errors"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/wire"
)

// How a request of the node is sent: the loop writes it, the caller sends it in a
// goroutine of its own, and the answer comes back as an event. See "What happens to a
// call" in doc.go.

// call is a request of the node that waits for its answer.
type call struct {
	sink core.Sink // nil once it has its answer
	tag  uint32
	to   core.Peer
	ends time.Duration

	out   wire.Outgoing
	way   *passage
	known *message.Structure // the structure that the ETag of out names
	once  bool               // see message.Request
}

// learned is the last structure that one of our nodes answered with, and its ETag, by
// which that node can answer "unchanged".
type learned struct {
	etag      string
	structure *message.Structure
}

// Call implements core.Transport. A request to the node itself does not leave the
// process. Npm nodes send it to their own public address, which a network may not lead
// back to them.
func (l *loop) Call(to core.Peer, req message.Request, sink core.Sink, tag uint32) {
	c := &call{sink: sink, tag: tag, to: to, ends: l.now + req.Timeout, once: req.Once}
	l.setAlarm(alarm{at: c.ends, call: c})
	if l.node != nil && to == l.speaker.Self {
		l.own = append(l.own, ownCall{req, c})
		return
	}
	c.out = l.speaker.Request(to, &req, l.now)
	c.way = newPassage(c.out.To, l.given(to))
	c.out.Query = l.query(&req)
	if k := l.learned[to]; k != nil && req.Kind == message.KindStructure {
		c.known, c.out.ETag = k.structure, k.etag
	}
	l.effects = append(l.effects, func() { l.launch(c) })
}

// launch puts a call on the wire, or in the queue for it.
func (l *loop) launch(c *call) {
	if l.flying >= l.options.MaxCalls {
		l.queued = append(l.queued, c)
		return
	}
	l.flying++
	left := c.ends - l.now
	l.calls.Go(func() {
		got, err := l.caller.do(l.ctx, &c.out, c.way, left)
		l.post(l.ctx, func() { l.land(c, got, err) })
	})
}

// land handles an answer from the wire: it frees the place of the call, and gives the
// sink its answer unless the call has timed out.
func (l *loop) land(c *call, got *received, err error) {
	l.flying--
	l.launchQueued()
	if c.sink == nil {
		return
	}
	resp := message.Response{Err: err}
	if err == nil {
		// so that a ban of the peer, known by name, is for its host
		l.book.SetIP(c.to, got.ip)
		resp.Body = l.intern(c, got)
	}
	l.finish(c, resp)
}

// intern makes the core's body of an answer. For an unchanged structure it returns the
// same pointer as before, so that the core sees, too, that nothing has changed.
func (l *loop) intern(c *call, got *received) any {
	if got.unchanged {
		return c.known
	}
	if got.body == nil {
		return nil
	}
	body := got.body(&wire.Interner{Book: l.book, Other: c.to})
	if s, ok := body.(*message.Structure); ok && got.etag != "" && !c.once {
		if len(l.learned) >= wire.MaxLearned {
			clear(l.learned)
		}
		l.learned[c.to] = &learned{got.etag, s}
	}
	return body
}

// expire ends a call whose timeout budget is spent. If it still waits on this machine, the
// peer is not to blame.
func (l *loop) expire(c *call) {
	err := message.ErrTimeout
	if c.way != nil && !c.way.begun.Load() {
		err = errCrowded
	}
	l.finish(c, message.Response{Err: err})
}

// finish delivers the answer of a call, once.
func (l *loop) finish(c *call, resp message.Response) {
	if sink := c.sink; sink != nil {
		c.sink = nil
		if errors.Is(resp.Err, message.ErrLocal) {
			l.limits.unsent.hit("error", resp.Err)
		}
		l.noteStep(c, resp.Err)
		sink.Answer(c.tag, resp)
	}
}

// launchQueued gives the free place to the next call that has not timed out. It is an
// effect, like any call.
func (l *loop) launchQueued() {
	for len(l.queued) > 0 {
		c := l.queued[0]
		l.queued[0] = nil
		l.queued = l.queued[1:]
		if c.sink != nil && c.ends > l.now {
			l.effects = append(l.effects, func() { l.launch(c) })
			return
		}
	}
}

// ownCall is a request that the node sent to itself.
type ownCall struct {
	req  message.Request
	call *call
}

// serveOwn answers the node's requests to itself, and those that follow from them.
func (l *loop) serveOwn() {
	for len(l.own) > 0 {
		next := l.own[0]
		l.own = l.own[1:]
		l.serve(&next.req, next.call)
	}
	l.own = nil
}

// reply implements asker for a node that asked itself.
func (c *call) reply(l *loop, resp message.Response) { l.finish(c, resp) }
