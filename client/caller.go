package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"spreadable/core/message"
	"spreadable/wire"
)

// caller sends single requests to single nodes, with the headers of a client. Requests
// that may be sent twice go over connections that are kept. Each of the others gets a new
// connection: when a node closes a kept one, the client cannot know whether the node has
// seen the request that was just sent over it. (It does not use http.Client, because a
// redirect counts as a failure.)
type caller struct {
	kept, fresh http.RoundTripper
	pools       []*http.Transport // what kept and fresh stand on
	scheme      string
	version     string // "" to say none
	credentials *Credentials
	pingTimeout time.Duration
	maxAnswer   int64
}

const (
	// Npm nodes close a connection that was idle for five seconds, without notice. The
	// client closes it well before.
	idleTimeout = 3 * time.Second
	// a node that takes longer to accept a connection would not answer in time either
	dialTimeout = 3 * time.Second
	idlePerNode = 8
	maxIdle     = 256
	maxHeader   = 64 << 10
	maxRefusal  = 64 << 10 // bytes of an answer that is no success
)

func newCaller(o *Options) *caller {
	w := &caller{
		scheme: "http", version: o.Version, credentials: o.Auth, pingTimeout: o.PingTimeout, maxAnswer: o.MaxAnswer,
	}
	kept, fresh := newTransport(o), newTransport(o)
	fresh.DisableKeepAlives = true
	w.pools = []*http.Transport{kept, fresh}
	w.kept, w.fresh = kept, fresh
	if o.Via != nil {
		w.kept, w.fresh = o.Via(kept), o.Via(fresh)
	}
	if o.HTTPS {
		w.scheme = "https"
	}
	if o.IgnoreVersion {
		w.version = ""
	}
	return w
}

func newTransport(o *Options) *http.Transport {
	return &http.Transport{
		DialContext:            dialer(o.Source),
		TLSClientConfig:        &tls.Config{RootCAs: o.CA, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    dialTimeout,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    idlePerNode,
		MaxResponseHeaderBytes: maxHeader,
	}
}

func (w *caller) close() {
	for _, pool := range w.pools {
		pool.CloseIdleConnections()
	}
}

// dialer connects over IPv4 if possible: see "IP addresses" in the package's comment.
func dialer(source netip.Addr) func(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{Timeout: dialTimeout}
	if source.IsValid() {
		d.LocalAddr = &net.TCPAddr{IP: source.Unmap().AsSlice(), Zone: source.Zone()}
		return d.DialContext // the address of the other end must be of the same kind
	}
	return func(ctx context.Context, _, address string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, "tcp4", address)
		if err == nil {
			return conn, nil
		}
		conn, err6 := d.DialContext(ctx, "tcp6", address)
		if none := new(net.AddrError); err6 != nil && !errors.As(err, &none) {
			return nil, err // the host has an IPv4, so the error is about that
		}
		return conn, err6
	}
}

// ping checks whether a node answers. Any answer will do, also one of a proxy that asks
// for a password.
func (w *caller) ping(ctx context.Context, node string) error {
	limited, cancel := context.WithTimeout(ctx, w.pingTimeout)
	defer cancel()
	req, err := w.request(limited, http.MethodGet, node, message.KindPing.Row().Path, nil)
	if err != nil {
		return fmt.Errorf("client: %s: %w", node, err)
	}
	resp, err := w.kept.RoundTrip(req)
	if err != nil {
		return failure(limited, err).at(node, "ping")
	}
	// The rest of a short answer is read, so that the connection can be used again.
	_, _ = io.CopyN(io.Discard, resp.Body, maxRefusal)
	resp.Body.Close()
	return nil
}

// post sends a request to a node and decodes the answer into out, if that is not nil.
func (w *caller) post(ctx context.Context, node string, r *request, out any) error {
	if err := w.exchange(ctx, node, r, out); err != nil {
		return err.at(node, r.endpoint)
	}
	return nil
}

func (w *caller) exchange(ctx context.Context, node string, r *request, out any) *Error {
	deadline, _ := ctx.Deadline() // all of ours have one
	now := time.Now()
	left := deadline.Sub(now)
	body, err := r.body(now, left)
	if err != nil {
		return failure(ctx, err)
	}
	req, err := w.request(ctx, http.MethodPost, node, wire.ClientPath+r.endpoint, body)
	if err != nil {
		return failure(ctx, err)
	}
	req.Header.Set("Content-Type", wire.RequestType)
	req.Header.Set(wire.BudgetHeader, strconv.FormatInt(left.Milliseconds(), 10))
	transport := w.fresh
	if r.repeatable {
		transport = w.kept
		// allows net/http to send it twice; a header without values is not sent
		req.Header["Idempotency-Key"] = nil
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return failure(ctx, err)
	}
	defer resp.Body.Close()
	return w.read(ctx, resp, out)
}

// request builds a request with the headers of all clients' requests.
func (w *caller) request(ctx context.Context, method, node, path string, body []byte) (*http.Request, error) {
	where := url.URL{Scheme: w.scheme, Host: node, Path: path}
	req, err := http.NewRequestWithContext(ctx, method, where.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if w.version != "" {
		req.Header.Set(wire.ClientVersionHeader, w.version)
	}
	if w.credentials != nil {
		req.SetBasicAuth(w.credentials.Username, w.credentials.Password)
	}
	return req, nil
}

// read decodes an answer. As in npm clients a success is JSON, whatever its content type.
func (w *caller) read(ctx context.Context, resp *http.Response, out any) *Error {
	good := resp.StatusCode >= 200 && resp.StatusCode <= 299
	limit := w.maxAnswer
	if !good {
		limit = maxRefusal
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return failure(ctx, err)
	case !good:
		return refusal(resp, body)
	case int64(len(body)) > limit:
		return malformed(resp.StatusCode, fmt.Errorf("more than %d bytes", limit))
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return malformed(resp.StatusCode, err)
	}
	return nil
}

// at adds to an error which node was asked, and for what.
func (e *Error) at(node, endpoint string) *Error {
	e.Address, e.Endpoint = node, endpoint
	return e
}
