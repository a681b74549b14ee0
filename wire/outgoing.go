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
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// Outgoing is a request on its way to a node: written in the sender's thread, sent and
// its answer read in any other.
type Outgoing struct {
	Kind  message.Kind
	To    peer.Address
	Query Query // of the application that the request is for; nil for none
	// names the answer that the sender still has of an earlier request; "" for none
	ETag string

	path       string
	body       Encoded
	self, root string // the sender and its network; self is "" for a client
	version    string
}

// Request writes a request to a peer. Now is the time since the Unix epoch, from which
// npm peers count the timeout.
func (s *Speaker) Request(to peer.Peer, req *message.Request, now time.Duration) Outgoing {
	w := writer{speaker: s, timeout: req.Timeout, now: now}
	w.request(req)
	return Outgoing{
		Kind: req.Kind, To: s.Book.Address(to), path: req.Kind.Row().Path + url.PathEscape(w.name), body: w.encoded(),
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
		// sent when empty, too: npm nodes tell that from a missing one
		h[RootHeader] = []string{o.root}
	} else {
		h[ClientVersionHeader] = []string{o.version}
	}
	h["Content-Type"] = []string{RequestType}
	h["User-Agent"] = []string{ServerName}
	if deadline, ok := ctx.Deadline(); ok {
		h[BudgetHeader] = []string{strconv.FormatInt(time.Until(deadline).Milliseconds(), 10)}
	}
	if o.ETag != "" {
		h["If-None-Match"] = []string{o.ETag}
	}
	if o.Kind.Row().Repeatable {
		// replayable, without a header on the wire: see http.Transport
		h["Idempotency-Key"] = []string{}
	}
	return req, nil
}

// Read reads the answer. A nil Body with no error says success, or, to a request with an
// ETag, that nothing has changed: see Unchanged.
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
	case !good:
		return nil, readFailure(resp, text)
	}
	return ReadAnswer(o.Kind, o.Query, text)
}

// tooLong is what an answer beyond the limit counts as. The long page of a proxy says
// that no peer is there. How long the answer of an application is, is up to that, and
// often to a client.
func (o *Outgoing) tooLong(good bool) error {
	switch {
	case !good:
		return message.ErrUnreachable
	case o.Query != nil:
		return message.ErrUnusable
	}
	return message.ErrMalformed
}

// Unchanged reports that an answer says: as in the answer that the ETag names.
func (o *Outgoing) Unchanged(resp *http.Response) bool {
	return o.ETag != "" && resp.StatusCode == http.StatusNotModified
}

// Unreachable says in short why no answer could be had.
func Unreachable(err error) error {
	if op := new(net.OpError); errors.As(err, &op) {
		err = op.Err
	}
	return fmt.Errorf("%w: %.200s", message.ErrUnreachable, err.Error())
}

// Method is the method of HTTP for a kind: GET for what not only nodes and clients ask.
func Method(kind message.Kind) string {
	if kind.Row().Sender == message.Anybody {
		return http.MethodGet
	}
	return http.MethodPost
}
