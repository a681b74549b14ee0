package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"strings"
	"time"

	"spreadable/core/peer"
)

// request is what to ask, whichever node gets it.
type request struct {
	endpoint string
	// without those that differ in each attempt
	fields     map[string]json.RawMessage
	at         string // the one node to ask; "" for the worker
	repeatable bool
	timeout    time.Duration
}

// RequestOption changes how one request is made.
type RequestOption func(*request) error

// WithApproval adds an approval to the request.
func WithApproval(a *Approval) RequestOption {
	return func(r *request) error { return r.set("approvalInfo", a) }
}

// At sends the request to this node and no other.
func At(address string) RequestOption {
	return func(r *request) error {
		a, err := peer.Parse(address)
		r.at = a.String()
		return err
	}
}

// Within is the timeout of this request, above 0, in place of Options.Timeout.
func Within(timeout time.Duration) RequestOption {
	return func(r *request) error {
		r.timeout = timeout
		if timeout <= 0 {
			return fmt.Errorf("a timeout of %v", timeout)
		}
		return nil
	}
}

// Repeatable says that it does no harm if the endpoint gets the request twice. So the
// client may send it again when it does not know whether a node has seen it.
func Repeatable() RequestOption {
	return func(r *request) error {
		r.repeatable = true
		return nil
	}
}

// Request is POST /client/<endpoint> at the worker. Body is what becomes a JSON object,
// nil for one without fields; "timeout", "timestamp" and "approvalInfo" are set by the
// client. Out is what the answer's JSON goes into, nil if only its success matters. The
// error is an *Error, or several joined, unless an argument is wrong.
func (c *Client) Request(ctx context.Context, endpoint string, body, out any, options ...RequestOption) error {
	r, err := newRequest(endpoint, body, options)
	if err != nil {
		return err
	}
	if r.timeout == 0 {
		r.timeout = c.options.Timeout
	}
	ctx, end := c.limit(ctx, r.timeout)
	defer end()
	if r.at != "" {
		return c.caller.post(ctx, r.at, r, out)
	}
	return c.somewhere(ctx, c.Worker, r.mayRepeat, func(node string) error { return c.caller.post(ctx, node, r, out) })
}

func newRequest(endpoint string, body any, options []RequestOption) (*request, error) {
	r := &request{endpoint: strings.Trim(endpoint, "/")}
	if !fs.ValidPath(r.endpoint) || r.endpoint == "." {
		return nil, fmt.Errorf("client: no endpoint: %.80q", endpoint)
	}
	if body != nil {
		text, err := json.Marshal(body)
		if err == nil {
			err = json.Unmarshal(text, &r.fields)
		}
		if err != nil {
			return nil, fmt.Errorf("client: body of %s: want what becomes a JSON object: %w", r.endpoint, err)
		}
	}
	for _, option := range options {
		if err := option(r); err != nil {
			return nil, fmt.Errorf("client: %s: %w", r.endpoint, err)
		}
	}
	return r, nil
}

// set puts a field into the body.
func (r *request) set(name string, value any) error {
	text, err := json.Marshal(value)
	if r.fields == nil {
		r.fields = make(map[string]json.RawMessage)
	}
	r.fields[name] = text
	return err
}

// body is the JSON to send now, with the rest of the timeout in left. Npm nodes count
// from the timestamp, by their own clock.
func (r *request) body(now time.Time, left time.Duration) ([]byte, error) {
	fields := make(map[string]json.RawMessage, len(r.fields)+2)
	maps.Copy(fields, r.fields)
	fields["timeout"] = fmt.Append(nil, left.Milliseconds())
	fields["timestamp"] = fmt.Append(nil, now.UnixMilli())
	return json.Marshal(fields)
}

// mayRepeat reports whether a request may be sent again, to another node, after this
// error.
func (r *request) mayRepeat(err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.Code != "" {
		return false
	}
	if op := new(net.OpError); errors.As(err, &op) && op.Op == "dial" {
		return true // no node has seen it
	}
	return r.repeatable && (e.Status == 0 || e.Status >= 500)
}
