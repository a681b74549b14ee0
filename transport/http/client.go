package httptransport

import (
	"context"
	"crypto/x509"
	"net/netip"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
)

func wallClock() time.Time { return time.Now() }

// ClientOptions are the options of a Client. The zero value is a client of an open
// network over HTTP.
type ClientOptions struct {
	HTTPS   bool
	CA      *x509.CertPool // the system's authorities by default
	Auth    *Credentials
	Version string        // "spreadable-0.3"
	Timeout time.Duration // of each request: 10 s
	// queries whose results have types of their own: see wire.Values
	Queries []core.Query
	Lookup  func(ctx context.Context, host string) ([]netip.Addr, error)
}

// Client is the core's client on the real wire. Many goroutines may use it.
type Client struct {
	loop *loop
	core core.Client
}

// DefaultClientTimeout is the timeout of an npm client.
const DefaultClientTimeout = 10 * time.Second

// NewClient returns a client that is ready to ask. It must be closed.
func NewClient(o ClientOptions) *Client {
	options := &Options{
		HTTPS: o.HTTPS, CA: o.CA, Auth: o.Auth, Version: o.Version, Queries: o.Queries, MaxCalls: DefaultMaxCalls,
		Log: silent(),
	}
	orDefault(&options.Version, DefaultVersion)
	orDefault(&o.Timeout, DefaultClientTimeout)
	c := &Client{}
	caller := newCaller(options, nil, newNames(o.Lookup, wallClock))
	c.loop = newLoop(options, peer.NewBook(DefaultBookLimit), caller)
	c.core.Init(c.loop, &c.loop.pool, netip.Addr{}, o.Timeout)
	go c.loop.run()
	return c
}

// Close ends the client and all that it waits for.
func (c *Client) Close() { c.loop.close() }

func texts(book *peer.Book, peers []core.Peer) []string {
	list := make([]string, len(peers))
	for i, p := range peers {
		list[i] = book.Text(p)
	}
	return list
}

// outcome is the result of an operation of the core.
type outcome[T any] struct {
	value T
	err   error
}

// await runs an operation of the core in the client's thread and waits until it is done.
func await[T any](
	ctx context.Context, c *Client, entry peer.Address, begin func(entry core.Peer, done func(T, error)),
) (T, error) {
	result := make(chan outcome[T], 1)
	err := c.loop.post(ctx, func() {
		p, err := c.loop.book.Intern(entry)
		if err != nil {
			result <- outcome[T]{err: err}
			return
		}
		begin(p, func(value T, err error) { result <- outcome[T]{value, err} })
	})
	var none T
	if err != nil {
		return none, err
	}
	select {
	case r := <-result:
		return r.value, r.err
	case <-c.loop.stopped:
		return none, errStopped
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// Ask sends a network-wide request through an entry node.
func (c *Client) Ask(ctx context.Context, entry peer.Address, q *message.QueryRequest) (*message.QueryAnswer, error) {
	return await(ctx, c, entry, func(p core.Peer, done func(*message.QueryAnswer, error)) { c.core.Ask(p, 0, q, done) })
}

// Draw asks an entry node which nodes approve this client for the action in the current
// period, and returns the approvers' addresses in the order of the draw.
func (c *Client) Draw(ctx context.Context, entry peer.Address, action string) ([]string, error) {
	return await(ctx, c, entry, func(p core.Peer, done func([]string, error)) {
		c.core.Draw(p, 0, action, func(key *message.ApprovalKey, err error) {
			if err != nil {
				done(nil, err)
				return
			}
			done(texts(c.loop.book, key.Approvers), nil)
		})
	})
}

// Approve gets an approval and takes the action at the entry node, by POST
// /client/<action>. Answer is given the question; it runs in the client's thread and must
// not block.
func (c *Client) Approve(
	ctx context.Context, entry peer.Address, action string, answer func(question string) string,
) error {
	_, err := await(ctx, c, entry, func(p core.Peer, done func(struct{}, error)) {
		c.core.Approve(p, 0, action, answer, func(_ *message.ApprovalKey, err error) { done(struct{}{}, err) })
	})
	return err
}
