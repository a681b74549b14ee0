package httptransport

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/wire"
)

// caller sends requests to peers. It keeps connections in three ways, because a lost
// request is worse than a new connection: npm servers close a connection that was idle
// for five seconds, and a request that is sent at that moment is lost unnoticed.
//
//   - ours: peers that have shown our Server header keep idle connections for two
//     minutes, and so do we a little less;
//   - kept: all others are kept for less than npm's five seconds;
//   - fresh: a request that must not be sent twice, to a peer that is not ours, gets its
//     own connection.
//
// In the first two a request that finds its connection dead is sent again, once, by
// net/http: an Idempotency-Key without a value allows that.
type caller struct {
	ours, kept, fresh *http.Transport
	via               map[*http.Transport]http.RoundTripper // what wraps each; nil without Options.Via
	names             *names
	reach             *reach       // nil for a client, which calls what it is told
	own               peer.Address // zero for a client
	source            netip.Addr
	scheme            string
	logins            *logins
	refused           passwordRefusals

	mu    sync.Mutex
	known map[string]struct{} // texts of peers that are ours
}

const (
	serverIdle  = 2 * time.Minute  // how long our servers hold an idle connection
	oursIdle    = 90 * time.Second // less, so that the asker closes first
	keptIdle    = 3 * time.Second  // well below npm's 5 s
	maxKnown    = 1 << 16
	headerLimit = 16 << 10
)

func newCaller(o *Options, key []byte, n *names) *caller {
	c := &caller{
		names: n, logins: newLogins(o, key), own: o.Address, source: o.Source, scheme: "http",
		known: make(map[string]struct{}), refused: passwordRefusals{now: time.Now},
	}
	if o.HTTPS {
		c.scheme = "https"
	}
	c.ours = c.transport(o, oursIdle)
	c.kept = c.transport(o, keptIdle)
	c.fresh = c.transport(o, keptIdle)
	c.fresh.DisableKeepAlives = true
	if o.Via != nil {
		c.via = make(map[*http.Transport]http.RoundTripper)
		for _, t := range []*http.Transport{c.ours, c.kept, c.fresh} {
			c.via[t] = o.Via(t)
		}
	}
	return c
}

// transport keeps as many idle connections as there can be requests at a time: with fewer,
// each request of a flood would take a port of its own, and hold it for a minute after.
func (c *caller) transport(o *Options, idle time.Duration) *http.Transport {
	perPeer := min(max(o.CallsPerPeer, o.Concurrency), o.MaxCalls)
	return &http.Transport{
		DialContext:            c.dial,
		TLSClientConfig:        &tls.Config{RootCAs: o.CA, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		IdleConnTimeout:        idle,
		MaxIdleConns:           max(1, o.MaxCalls/2), // of each of the two that keep them
		MaxIdleConnsPerHost:    perPeer,
		MaxConnsPerHost:        perPeer,
		MaxResponseHeaderBytes: headerLimit,
	}
}

// received is an answer, or, between our nodes, the notice that nothing has changed.
type received struct {
	ip        netip.Addr // of the node that answered
	body      wire.Body  // nil for none
	etag      string
	unchanged bool
}

// do sends a request and reads the answer, within the timeout budget.
func (c *caller) do(ctx context.Context, o *wire.Outgoing, p *passage, budget time.Duration) (*received, error) {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	got, err := c.exchange(p.with(ctx), o, p)
	switch {
	case err == nil || !wire.IsEnd(ctx.Err()):
		return got, err
	case !p.begun.Load():
		return nil, errCrowded
	}
	return nil, message.ErrTimeout
}

// exchange sends a request and reads the answer.
func (c *caller) exchange(ctx context.Context, o *wire.Outgoing, p *passage) (got *received, failed error) {
	resp, err := c.withLogin(ctx, o.To, func(shown string) (resp *http.Response, err error) {
		got, resp, failed = c.try(ctx, o, p, shown)
		if resp == nil {
			return nil, failed
		}
		return resp, nil
	})
	if err != nil {
		return got, err
	}
	if c.logins.password != "" {
		failed = c.refused.note(o.To, resp.StatusCode, failed)
	}
	return got, failed
}

// withLogin sends a request to a node with what this node shows it, "" in an open network.
// An answer 401 may call for other credentials: then it is sent again, as it has had no
// effect. It is an error if the node has refused our password lately.
func (c *caller) withLogin(
	ctx context.Context, to peer.Address, send func(shown string) (*http.Response, error),
) (*http.Response, error) {
	shown := c.logins.first(to, c.isOurs(to))
	if shown != "" {
		if err := c.refused.check(to); err != nil {
			return nil, err
		}
	}
	for {
		resp, err := send(shown)
		if err != nil || resp.StatusCode != http.StatusUnauthorized || shown == "" {
			return resp, err
		}
		ours := resp.Header.Get("Server") == wire.ServerName
		if shown = c.logins.next(to, shown, ours, resp, c.sameNode(ctx, to)); shown == "" {
			return resp, nil
		}
		resp.Body.Close()
	}
}

// sameNode reports of an address whether it leads to an IP of another one.
func (c *caller) sameNode(ctx context.Context, as peer.Address) func(peer.Address) bool {
	return func(a peer.Address) bool {
		ips, err := c.names.resolve(ctx, a)
		known, knownErr := c.names.resolve(ctx, as)
		return err == nil && knownErr == nil && slices.ContainsFunc(ips, func(ip netip.Addr) bool {
			return slices.ContainsFunc(known, func(other netip.Addr) bool { return peer.SameIP(ip, other) })
		})
	}
}

// try sends a request with credentials, "" for none. The response is for its head: its
// body is read.
func (c *caller) try(
	ctx context.Context, o *wire.Outgoing, p *passage, shown string,
) (*received, *http.Response, error) {
	req, err := o.HTTP(ctx, c.scheme)
	if err != nil {
		return nil, nil, err
	}
	if shown != "" {
		req.Header["Authorization"] = []string{shown}
	}
	// not http.Client: a redirect counts as a failure
	resp, err := c.roundTrip(c.way(o), req)
	if err != nil {
		return nil, nil, noAnswer(err)
	}
	defer resp.Body.Close()
	c.names.prove(o.To, p.ip)
	got := &received{ip: p.ip, etag: c.learn(o.To, resp), unchanged: o.Unchanged(resp)}
	got.body, err = o.Read(resp)
	return got, resp, err
}

func (c *caller) way(o *wire.Outgoing) *http.Transport {
	switch {
	case c.isOurs(o.To):
		return c.ours
	case o.Kind.Row().Repeatable:
		return c.kept
	}
	return c.fresh
}

// roundTrip sends a request over a transport, or over what wraps it: from then on the call
// does not wait for this machine.
func (c *caller) roundTrip(t *http.Transport, req *http.Request) (*http.Response, error) {
	if c.via == nil {
		return t.RoundTrip(req)
	}
	markBegun(req.Context())
	return c.via[t].RoundTrip(req)
}

func (c *caller) isOurs(a peer.Address) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ours := c.known[a.String()]
	return ours
}

// learn records whether a peer is ours, by its Server header, and returns the answer's
// ETag if it is.
func (c *caller) learn(a peer.Address, resp *http.Response) (etag string) {
	ours := resp.Header.Get("Server") == wire.ServerName
	c.mu.Lock()
	defer c.mu.Unlock()
	if !ours {
		delete(c.known, a.String())
		return ""
	}
	if _, found := c.known[a.String()]; !found && len(c.known) >= maxKnown {
		return ""
	}
	c.known[a.String()] = struct{}{}
	return resp.Header.Get("ETag")
}

func (c *caller) close() {
	for _, t := range []*http.Transport{c.ours, c.kept, c.fresh} {
		t.CloseIdleConnections()
	}
}
