package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// Outgoing is a request to a node. It is written in the sender's thread; any other thread
// may send it and read its answer.
type Outgoing struct {
	Kind  message.Kind
	To    peer.Address
	Query Query // of the application that the request is for; nil for none
	// of the answer to an earlier request that the sender still has; "" for none
	ETag string

	path       string
	body       Encoded
	stream     *message.Stream // what follows the body; nil for nothing
	self, root string          // the sender and its network; self is "" for a client
	version    string
}

// Request writes a request to a peer. Now is the time since the Unix epoch, from which
// npm peers count the timeout.
func (s *Speaker) Request(to peer.Peer, req *message.Request, now time.Duration) Outgoing {
	w := writer{speaker: s, timeout: req.Timeout, now: now}
	w.request(req)
	var stream *message.Stream
	if direct, ok := req.Body.(*message.DirectRequest); ok {
		stream = direct.Stream
	}
	return Outgoing{
		Kind: req.Kind, stream: stream, To: s.Book.Address(to), path: req.Kind.Row().Path + url.PathEscape(w.name), body: w.encoded(),
		self: s.Text(s.Self), root: s.Text(req.Root), version: s.Version,
	}
}

// HTTP is the request for net/http, with the headers that nodes, or clients, send. The
// deadline of ctx is the timeout budget.
func (o *Outgoing) HTTP(ctx context.Context, scheme string) (*http.Request, error) {
	body, err := o.body.JSON()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Kind, err)
	}
	where := scheme + "://" + o.To.String() + o.path
	req, err := http.NewRequestWithContext(ctx, Method(o.Kind), where, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Kind, err)
	}
	h := req.Header
	if o.self != "" {
		h[AddressHeader] = []string{o.self}
		h[NodeVersionHeader] = []string{o.version}
		// sent even if empty: npm nodes distinguish that from a missing one
		h[RootHeader] = []string{o.root}
	} else {
		h[ClientVersionHeader] = []string{o.version}
	}
	h["Content-Type"] = []string{RequestType}
	if o.stream != nil {
		if err := o.follow(req, len(body)); err != nil {
			return nil, err
		}
	}
	h["User-Agent"] = []string{ServerName}
	if deadline, ok := ctx.Deadline(); ok {
		h[BudgetHeader] = []string{strconv.FormatInt(time.Until(deadline).Milliseconds(), 10)}
	}
	if o.ETag != "" {
		h["If-None-Match"] = []string{o.ETag}
	}
	if o.Kind.Row().Repeatable {
		// may be sent twice; a header without values is not sent: see http.Transport
		h["Idempotency-Key"] = []string{}
	}
	return req, nil
}

// follow makes the stream follow the question, which has so many bytes. Such a request is
// never sent twice: the stream is gone.
func (o *Outgoing) follow(req *http.Request, question int) error {
	if o.stream.Open == nil {
		return fmt.Errorf("%s: %w: a stream without bytes", o.Kind, message.ErrLocal)
	}
	source, err := o.stream.Open()
	if err != nil {
		return fmt.Errorf("%s: %w: %w", o.Kind, message.ErrLocal, err)
	}
	req.Header["Content-Type"] = []string{StreamType}
	req.Header[QuestionHeader] = []string{strconv.Itoa(question)}
	req.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(req.Body, io.LimitReader(source, o.stream.Size)), source}
	req.ContentLength, req.GetBody = int64(question)+o.stream.Size, nil
	return nil
}

// Read reads the answer. A nil Body without an error means success, or, for a request
// with an ETag, that nothing has changed: see Unchanged.
func (o *Outgoing) Read(resp *http.Response) (Body, error) {
	limit, good := o.Kind.Row().Limit, resp.StatusCode >= 200 && resp.StatusCode <= 299
	text, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return nil, Unreachable(err)
	case int64(len(text)) > limit:
		return nil, fmt.Errorf("%w: more than %d bytes", o.tooLong(good), limit)
	case o.Unchanged(resp):
		return nil, nil
	case resp.StatusCode == http.StatusNotFound && o.Kind.Row().Ours:
		return nil, message.Refusal(message.CodeUnknownQuery, "it does not know the request "+o.Kind.String())
	case !good:
		return nil, readFailure(resp, text)
	}
	return ReadAnswer(o.Kind, o.Query, text)
}

// tooLong returns the error for an answer beyond the limit. A long page of a proxy means
// that there is no peer. The length of an application's answer is up to the application,
// and often to a client, so the peer is not blamed for it.
func (o *Outgoing) tooLong(good bool) error {
	switch {
	case !good:
		return fmt.Errorf("%w: a page of more than %d bytes", message.ErrUnreachable, o.Kind.Row().Limit)
	case o.Query != nil:
		return message.ErrUnusable
	}
	return message.ErrMalformed
}

// Unchanged reports whether the answer is the same as the one that the ETag names.
func (o *Outgoing) Unchanged(resp *http.Response) bool {
	return o.ETag != "" && resp.StatusCode == http.StatusNotModified
}

// Unreachable says in short why there was no answer.
func Unreachable(err error) error {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return message.ErrRefused
	}
	if op := new(net.OpError); errors.As(err, &op) {
		err = op.Err
	}
	return fmt.Errorf("%w: %.200s", message.ErrUnreachable, err.Error())
}

// Method is the HTTP method of a kind: GET for kinds that people and browsers ask for,
// too.
func Method(kind message.Kind) string {
	if kind.Row().Sender == message.AnyParticipant {
		return http.MethodGet
	}
	return http.MethodPost
}
