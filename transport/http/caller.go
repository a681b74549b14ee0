package httptransport

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
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
	names             *names
	source            netip.Addr
	scheme            string
	authorization     string // of Basic auth, "" for none

	mu    sync.Mutex
	known map[string]struct{} // texts of peers that are ours
}

const (
	serverIdle  = 2 * time.Minute  // how long our servers hold an idle connection
	oursIdle    = 90 * time.Second // less, so that the asker closes first
	keptIdle    = 3 * time.Second  // well below npm's 5 s
	maxKnown    = 1 << 16
	idlePerPeer = 8
	idleInTotal = 1024
	headerLimit = 16 << 10
)

func newCaller(o *Options, n *names) *caller {
	c := &caller{names: n, source: o.Source, scheme: "http", known: make(map[string]struct{})}
	if o.HTTPS {
		c.scheme = "https"
	}
	if o.Auth != nil {
		c.authorization = basic(*o.Auth)
	}
	c.ours = c.transport(o, oursIdle)
	c.kept = c.transport(o, keptIdle)
	c.fresh = c.transport(o, keptIdle)
	c.fresh.DisableKeepAlives = true
	return c
}

func (c *caller) transport(o *Options, idle time.Duration) *http.Transport {
	return &http.Transport{
		DialContext:            c.dial,
		TLSClientConfig:        &tls.Config{RootCAs: o.CA, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		IdleConnTimeout:        idle,
		MaxIdleConns:           idleInTotal,
		MaxIdleConnsPerHost:    idlePerPeer,
		MaxResponseHeaderBytes: headerLimit,
	}
}

// target is the key of the node's address in a request's context. The text that net/http
// passes to dial is not always the address: names that are not Latin come in the encoding
// of IDNA.
type target struct{}

// dial connects to the IP that the name had when it was checked, not to the one that it
// may have a moment later.
func (c *caller) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	a := ctx.Value(target{}).(peer.Address)
	ip, err := c.names.resolve(ctx, a)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	if c.source.IsValid() && c.source.Unmap().Is4() == ip.Is4() {
		d.LocalAddr = &net.TCPAddr{IP: c.source.AsSlice()}
	}
	return d.DialContext(ctx, network, netip.AddrPortFrom(ip, a.Port()).String())
}

// received is an answer, or, between our nodes, the notice that nothing has changed.
type received struct {
	ip        netip.Addr // of the node that answered
	body      wire.Body  // nil for none
	etag      string
	unchanged bool
}

// do sends a request and reads the answer, within the timeout budget.
func (c *caller) do(ctx context.Context, o *wire.Outgoing, budget time.Duration) (*received, error) {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	got, err := c.exchange(ctx, o)
	if err != nil && wire.IsEnd(ctx.Err()) {
		return nil, message.ErrTimeout
	}
	return got, err
}

func (c *caller) exchange(ctx context.Context, o *wire.Outgoing) (*received, error) {
	req, err := o.HTTP(context.WithValue(ctx, target{}, o.To), c.scheme)
	if err != nil {
		return nil, err
	}
	if c.authorization != "" {
		req.Header["Authorization"] = []string{c.authorization}
	}
	// not http.Client: a redirect counts as a failure
	resp, err := c.way(o).RoundTrip(req)
	if err != nil {
		return nil, wire.Unreachable(err)
	}
	defer resp.Body.Close()
	got := &received{etag: c.learn(o.To, resp), unchanged: o.Unchanged(resp)}
	got.ip, _ = c.names.resolve(ctx, o.To) // known since dial
	got.body, err = o.Read(resp)
	return got, err
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
