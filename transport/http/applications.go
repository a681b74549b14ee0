package httptransport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"spreadable/core"
	"spreadable/core/host"
	"spreadable/core/message"
	"spreadable/wire"
)

// What extensions offer to other nodes: queries, and requests to this one node, which a
// stream may follow.

// serveApplications makes routes for what the node offers.
func (s *server) serveApplications(n *core.Node) {
	add := func(kind message.Kind, q wire.Query, approval string) {
		row := kind.Row()
		s.routes[strings.ToLower(row.Path+q.Name())] = route{kind: kind, query: q, queue: s.newQueue(row.Queue), approval: approval}
	}
	for _, f := range n.Folds() {
		leaf := message.KindQuerySlave
		if f.Terms().Work {
			leaf = message.KindWork
		}
		for _, kind := range []message.Kind{message.KindQueryMaster, message.KindQueryButler, leaf} {
			add(kind, f, "")
		}
		if f.Terms().Clients {
			add(message.KindQuery, f, f.Terms().Approval)
		}
	}
	for _, d := range n.Directs() {
		add(message.KindDirect, d, "")
	}
}

// prove adds the client's proof to a query that needs an approval of a kind.
func (s *server) prove(v *visit, in *incoming, approval string) error {
	proof, err := s.proof(v, approval, time.Duration(time.Now().UnixNano()))
	if err != nil {
		return err
	}
	query := in.body
	in.body = func(i *wire.Interner) any {
		q := query(i).(*message.QueryRequest)
		q.Proof = proof(i).(*message.ActionRequest).Proof
		return q
	}
	return nil
}

// receive serves a request with a stream: the node looks at the question before the
// stream is read, and serves it when the stream has come whole.
func (s *server) receive(v *visit, rt route) error {
	in, body, err := s.streamed(v, rt)
	if err == nil {
		err = s.screenStream(v.r.Context(), v, body)
	}
	var draft host.Draft
	if err == nil {
		draft, err = s.stored(v, body)
	}
	if err != nil {
		v.w.Header().Set("Connection", "close") // the stream, or its end, is unread
		return err
	}
	defer draft.Discard() // unless the application has committed it
	body.Stream.Held = draft
	in.body = func(*wire.Interner) any { return body }
	// what it took to send the stream does not count, and what the disk takes for it does
	in.timeout = max(in.timeout, defaultBudget) + time.Duration(body.Stream.Size/leastDiskRate)*time.Second
	ctx, cancel := context.WithTimeout(v.r.Context(), in.timeout+answerGrace)
	defer cancel()
	// no error: net/http's connections have deadlines
	_ = http.NewResponseController(v.w).SetWriteDeadline(time.Now().Add(in.timeout + bodyLimit))
	doc, err := s.ask(ctx, in)
	if err == nil {
		s.send(v, doc)
	}
	return err
}

// streamed reads the question of a request with a stream.
func (s *server) streamed(v *visit, rt route) (*incoming, *message.DirectRequest, error) {
	length, err := strconv.ParseInt(v.r.Header.Get(wire.QuestionHeader), 10, 64)
	if err != nil || length < 0 || length > s.options.MaxBody {
		return nil, nil, badBody("want a " + wire.QuestionHeader + " of at most " + strconv.FormatInt(s.options.MaxBody, 10))
	}
	paced := s.pace(v)
	defer paced.end()
	text := make([]byte, length)
	if _, err := io.ReadFull(paced, text); err != nil {
		return nil, nil, badBody("the question has not come whole")
	}
	if v.fields, err = wire.ParseJSON(text); err != nil {
		return nil, nil, err
	}
	in := &incoming{
		kind: rt.kind, from: v.from, ip: v.ip, root: v.r.Header.Get(wire.RootHeader), timeout: s.budget(v), place: v.place,
	}
	read, err := wire.ReadRequest(rt.kind, rt.query, v.fields)
	if err != nil {
		return nil, nil, err
	}
	body := read(nil).(*message.DirectRequest) // it has no addresses
	switch {
	case body.Stream == nil:
		return nil, nil, badBody(`"stream" field is missing`)
	case v.r.ContentLength != length+body.Stream.Size:
		return nil, nil, badBody("the stream is longer or shorter than it says")
	}
	return in, body, nil
}

// screenStream asks the node whether it would take the stream.
func (s *server) screenStream(ctx context.Context, v *visit, body *message.DirectRequest) error {
	var refusal error
	err := s.loop.look(ctx, func() {
		from := (&wire.Interner{Book: s.loop.book}).Peer(v.from)
		refusal = s.loop.node.ScreenDirect(from, body)
	})
	return errors.Join(err, refusal)
}

// stored reads the stream of a request into a draft of its extension.
func (s *server) stored(v *visit, body *message.DirectRequest) (host.Draft, error) {
	if s.options.Draft == nil {
		return nil, message.Refusal(message.CodeFailed, host.ErrFull.Error())
	}
	extension, _, _ := strings.Cut(body.Name, ".")
	draft, err := s.options.Draft(extension, body.Stream.Size)
	if err != nil {
		s.loop.limits.streams.hit("extension", extension, "host", v.ip)
		return nil, message.Refusal(message.CodeFailed, err.Error())
	}
	if err := s.fill(v, draft, body.Stream); err != nil {
		draft.Discard()
		return nil, err
	}
	return draft, nil
}

// fill reads the stream into its draft and verifies it. What is wrong with it is a refusal,
// so that its sender does not take it for a failure of this node.
func (s *server) fill(v *visit, draft host.Draft, stream *message.Stream) error {
	flow := s.flow(v.r.Body, v)
	n, err := io.CopyBuffer(onlyWriter{draft}, io.LimitReader(flow, stream.Size), make([]byte, flowBuffer))
	_ = flow.control.SetReadDeadline(time.Time{})
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return message.Refusal(message.CodeFailed, "the stream comes too slowly")
	case errors.Is(err, host.ErrFull):
		return message.Refusal(message.CodeFailed, err.Error())
	case err != nil || n != stream.Size:
		return message.Refusal(message.CodeFailed, fmt.Sprintf("of the stream %d bytes have come, %d were announced", n, stream.Size))
	}
	if key, size := draft.Sum(); key != stream.Hash || size != stream.Size {
		return message.Refusal(message.CodeFailed, "the stream does not have the hash that it was sent with")
	}
	return nil
}

// onlyWriter hides everything else that a writer can do from io.CopyBuffer.
type onlyWriter struct{ io.Writer }

// leastDiskRate is how fast a disk must be, in bytes per second, for a stream to be
// acknowledged.
const leastDiskRate = 8 << 20

// flowBuffer is how much of a stream is in memory.
const flowBuffer = 64 << 10

// flow is a body of any length that must come at a least rate: a long one may take hours.
type flow struct {
	paced
}

func (s *server) flow(body io.Reader, v *visit) *flow {
	f := &flow{*s.pace(v)}
	f.source = body
	return f
}

// Read implements io.Reader. A read has bodyLimit, and what the bytes so far have earned.
func (f *flow) Read(b []byte) (int, error) {
	earned := time.Duration(float64(f.got) / float64(f.rate) * float64(time.Second))
	limit := f.began.Add(bodyStart + earned)
	if most := time.Now().Add(bodyLimit); limit.After(most) {
		limit = most
	}
	_ = f.control.SetReadDeadline(limit) // no error: net/http's connections have deadlines
	n, err := f.source.Read(b)
	f.got += int64(n)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		f.slow.hit("host", f.host)
	}
	return n, err
}
