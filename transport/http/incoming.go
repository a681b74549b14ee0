package httptransport

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/wire"
)

// How a request from outside is answered: the server reads it, the loop takes it, the
// node answers, the loop writes the answer, and the server finishes and sends it. See
// "What happens to a request" in doc.go.

// incoming is a request before the node's thread has seen it.
type incoming struct {
	kind    message.Kind
	from    peer.Address // a node's, proven to live at ip; zero for a client
	ip      netip.Addr
	root    string
	timeout time.Duration
	body    wire.Body // nil for none
	place   *place    // held until the node has answered; nil for none
	// has capacity for the one answer, so that it never blocks the loop
	done chan answer
}

// answer is the node's answer, as the loop has written it.
type answer struct {
	body wire.Encoded
	doc  *wire.Document // in place of body: the structure, which is written already
	err  error          // or this: the refusal
}

// ask gives a request to the node and waits for its answer. A refusal is an error.
func (s *server) ask(ctx context.Context, in *incoming) (*wire.Document, error) {
	in.done = make(chan answer, 1)
	in.place.hold()
	if err := s.loop.post(ctx, func() { s.loop.orLater(func() { s.loop.take(in) }) }); err != nil {
		in.place.leave()
		return nil, err
	}
	var a answer
	select {
	case a = <-in.done:
	case <-s.loop.stopped:
		return nil, errStopped
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if a.err != nil || a.doc != nil {
		return a.doc, a.err
	}
	text, err := a.body.JSON()
	if err != nil {
		s.options.Log.Error("an answer cannot be encoded", "kind", in.kind.String(), "error", err)
		return nil, errInternal
	}
	return wire.NewDocument(text), nil
}

var (
	errFull     = wire.WithStatus(http.StatusServiceUnavailable, "too many addresses")
	errInternal = wire.WithStatus(http.StatusInternalServerError, "internal error")
)

// take makes the core's request and gives it to the node. The root is only looked up, not
// interned: one that the book does not hold is of another network.
func (l *loop) take(in *incoming) {
	interner := wire.Interner{Book: l.book}
	req := message.Request{Kind: in.kind, Client: in.ip, Timeout: in.timeout}
	if req.From = interner.Peer(in.from); !req.From.IsZero() {
		l.book.SetIP(req.From, in.ip)
	}
	if in.kind.FromNode() {
		req.Root, _ = l.book.Find(in.root)
	}
	if in.body != nil {
		interner.Other = req.From
		req.Body = in.body(&interner)
	}
	if interner.Full {
		l.release(in, answer{err: errFull})
		return
	}
	l.serve(&req, in)
}

// serve gives the node a request; the answer goes to from, perhaps later.
func (l *loop) serve(req *message.Request, from asker) {
	l.ticket++
	ticket := l.ticket
	l.asked[ticket] = from
	if resp, done := l.node.Serve(req, ticket); done {
		l.Reply(ticket, resp)
	}
}

// Reply implements core.Transport.
func (l *loop) Reply(ticket core.Ticket, resp message.Response) {
	from := l.asked[ticket]
	delete(l.asked, ticket)
	if from != nil {
		from.reply(l, resp)
	}
}

// reply implements asker for a request from outside.
func (in *incoming) reply(l *loop, resp message.Response) {
	switch s, _ := resp.Body.(*message.Structure); {
	case resp.Err != nil:
		l.release(in, answer{err: resp.Err})
	case s != nil:
		l.release(in, answer{doc: l.structure(s)})
	default:
		l.release(in, answer{body: l.speaker.Answer(in.kind, resp.Body)})
	}
}

// release delivers an answer once the step is saved.
func (l *loop) release(in *incoming, a answer) {
	l.effects = append(l.effects, func() {
		in.place.leave()
		in.done <- a
	})
}

// structure returns the document of a snapshot, a new one only for a new snapshot.
func (l *loop) structure(s *message.Structure) *wire.Document {
	if l.shown != s {
		body := l.speaker.Answer(message.KindStructure, s)
		text, _ := body.JSON() // no error: it has only peers and numbers
		l.shown, l.document = s, wire.NewDocument(text)
	}
	return l.document
}
