package httptransport

import (
	"log/slog"
	"math/rand/v2"
	"time"

	"spreadable/core"
	"spreadable/core/message"
)

// The loop is the node's world.

var _ core.Env = (*loop)(nil)

// Now implements core.Env: the time of the step.
func (l *loop) Now() time.Duration { return l.now }

// Rand implements core.Env.
func (l *loop) Rand() *rand.Rand { return l.random }

// After implements core.Env.
func (l *loop) After(d time.Duration, tag uint32) {
	l.setAlarm(alarm{at: l.now + max(0, d), tag: tag})
}

// Note implements core.Env. The first node of a network fails to register at every sync, until somebody joins it, and so
// does one whose bootstrap is gone: only a new reason is news. A node of no network has no root that could differ from
// that of others, so its reason is put into other words.
func (l *loop) Note(n core.Note) {
	level := slog.LevelInfo
	switch n.What {
	case core.NoteRegistered:
		l.outside = ""
	case core.NoteRegisterFailed:
		if n.Text == message.ErrWrongRoot.Error() && l.node.NetworkRoot().IsZero() {
			n.Text = noNetwork
		}
		if l.outside == n.Text {
			level = slog.LevelDebug
		}
		l.outside = n.Text
	}
	l.options.Log.Log(l.ctx, level, n.What.String(), l.logged(n.About), "detail", n.Text)
	if l.options.Observe != nil {
		l.options.Observe(n)
	}
}

// noNetwork is why a node without a root is not registered.
const noNetwork = "none of the bootstrap addresses has told us the network"

// Call implements core.Transport. A request to ourselves does not leave the process: what npm nodes ask of their own
// public address is answered here without a network that leads back to it.
func (l *loop) Call(to core.Peer, req message.Request, sink core.Sink, tag uint32) {
	c := &call{sink: sink, tag: tag, to: to, ends: l.now + req.Timeout}
	l.setAlarm(alarm{at: c.ends, call: c})
	if l.node != nil && to == l.self {
		l.own = append(l.own, ownCall{req, c})
		return
	}
	path, body, err := encodeRequest(l.book, &req, l.now)
	if err != nil {
		l.effects = append(l.effects, func() { l.deliver(c, nil, err) })
		return
	}
	c.out = outgoing{
		kind: req.Kind, to: l.book.Address(to), path: path, fields: body, query: l.queryOf(&req),
		self: text(l.book, l.self), root: text(l.book, req.Root),
	}
	if req.Kind == message.KindStructure {
		c.out.known = l.learned[to]
	}
	l.effects = append(l.effects, func() { l.launch(c) })
}

func (l *loop) queryOf(req *message.Request) core.Query {
	if body, ok := req.Body.(*message.QueryRequest); ok {
		return l.query(body.Name)
	}
	return nil
}

func (l *loop) query(name string) core.Query {
	for _, q := range l.options.Queries {
		if q.Name() == name {
			return q
		}
	}
	return nil
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
		got, err := l.caller.do(l.ctx, &c.out, left)
		l.post(l.ctx, func() {
			l.flying--
			l.launchQueued()
			l.receive(c, got, err)
		})
	})
}

// launchQueued fills the freed place with the next call that is still waited for. It is an effect, like any call.
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

// deliver posts an answer from the loop's own goroutine, which must not wait for its own inbox.
func (l *loop) deliver(c *call, got *received, err error) {
	l.calls.Go(func() { l.post(l.ctx, func() { l.receive(c, got, err) }) })
}

// receive turns what came over the wire into the answer of a call.
func (l *loop) receive(c *call, got *received, err error) {
	switch {
	case c.sink == nil: // it has timed out
	case err != nil:
		l.finish(c, message.Response{Err: err})
	default:
		l.book.SetIP(c.to, got.ip) // so that a ban of the peer, whose name says nothing, is one of its host
		l.finish(c, message.Response{Body: l.internAnswer(c, got)})
	}
}

// internAnswer gives the answer its peers. An unchanged structure is the very one that the peer answered with before, so
// that the node, too, sees that nothing has changed.
func (l *loop) internAnswer(c *call, got *received) any {
	if got.unchanged {
		return c.out.known.structure
	}
	if got.answer == nil {
		return nil
	}
	in := interner{book: l.book}
	body := got.answer.intern(&in, c.to)
	if s, ok := body.(*message.Structure); ok && got.etag != "" {
		if len(l.learned) >= maxLearned {
			clear(l.learned)
		}
		l.learned[c.to] = &learned{got.etag, s}
	}
	return body
}

// learned is a structure that a peer of our kind answered with, and the name by which it can say "as before".
type learned struct {
	etag      string
	structure *message.Structure
}

// maxLearned bounds how many peers' structures are kept: a few times the masters of a large network.
const maxLearned = 4096

// Reply implements core.Transport.
func (l *loop) Reply(ticket core.Ticket, resp message.Response) {
	who := l.asked[ticket]
	delete(l.asked, ticket)
	if who != nil {
		who.reply(l, resp)
	}
}

// serve gives the node a request; the answer goes to who, perhaps later.
func (l *loop) serve(req *message.Request, who asker) {
	l.ticket++
	ticket := l.ticket
	l.asked[ticket] = who
	if resp, done := l.node.Serve(req, ticket); done {
		l.Reply(ticket, resp)
	}
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
