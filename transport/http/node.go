package httptransport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	"spreadable/core"
	"spreadable/wire"
)

// Node is a node core on the real wire: its thread, its server and its connections to
// others.
type Node struct {
	options  Options
	loop     *loop
	server   *server
	http     *http.Server
	listener net.Listener
	core     core.Node
}

// New builds a node that does not run yet.
func New(o Options) (*Node, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	n := &Node{options: o}
	resolver := newNames(o.Lookup, wallClock)
	key, err := loginKey(o.Auth)
	if err != nil {
		return nil, fmt.Errorf("http: %w", err)
	}
	n.loop = newLoop(&n.options, o.Config.Book, newCaller(&n.options, key, resolver))
	n.loop.caller.reach = &reach{
		own: n.options.Address, names: resolver, allowed: n.options.AllowedRanges, refused: n.loop.limits.reach,
	}
	self, err := o.Config.Book.Intern(o.Address)
	if err != nil {
		return nil, fmt.Errorf("http: own address: %w", err)
	}
	n.loop.speaker.Self = self
	if n.server, err = newServer(&n.options, key, n.loop, resolver); err != nil {
		return nil, err
	}
	n.core.Init(o.Config, n.loop, &n.loop.pool, self)
	for _, q := range o.Queries {
		n.core.Offer(q)
	}
	n.loop.node = &n.core
	if o.Attach != nil {
		if err := o.Attach(&n.core); err != nil {
			return nil, err
		}
		n.server.serveApplications(&n.core)
	}
	return n, nil
}

// Handle serves POST /client/<path> by an application's handler, after the checks that
// all requests of clients pass. The handler runs in its own goroutine and asks the node
// through Do. It must be called before Start.
func (n *Node) Handle(path string, h http.Handler) {
	n.server.routes[strings.ToLower(wire.ClientPath+strings.Trim(path, "/"))] = route{app: h}
}

// Protect returns a handler, for Handle, that calls next only for requests whose
// approvalInfo holds the right answer. Refusals have the codes of npm nodes.
func (n *Node) Protect(action string, next http.Handler) http.Handler {
	return n.server.protect(action, next)
}

// Start listens and starts the node. Before that it calls restore in the node's thread,
// to put saved state into the node; nil if there is none.
func (n *Node) Start(restore func(*core.Node) error) error {
	// Each request has a time limit, so there is no need for probes of the system.
	quiet := net.ListenConfig{KeepAlive: -1}
	listener, err := quiet.Listen(context.Background(), "tcp", n.options.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("%w: end the program that has this port, or give the node another", err)
	}
	if err != nil {
		return fmt.Errorf("http: %w", err)
	}
	limited := n.newListener(listener)
	n.listener = limited
	if n.options.speaksTLS() {
		n.listener = tls.NewListener(n.listener, &tls.Config{
			Certificates: n.options.Certificates, GetCertificate: n.options.GetCertificate,
			MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		})
	}
	n.http = n.server.httpServer(limited.served)
	go n.loop.run()
	var failed error
	err = n.loop.do(context.Background(), func() {
		if restore != nil {
			failed = restore(&n.core)
		}
		if failed == nil {
			n.core.Start()
		}
	})
	if failed != nil {
		err = failed
	}
	if err != nil {
		n.listener.Close()
		n.loop.close()
		return fmt.Errorf("http: start: %w", err)
	}
	n.loop.calls.Go(func() {
		if err := n.http.Serve(n.listener); err != http.ErrServerClosed {
			n.options.Log.Error("the listener failed", "error", err)
		}
	})
	return nil
}

// Do runs f in the node's thread, between two events, and waits for it. F must not block.
func (n *Node) Do(ctx context.Context, f func(*core.Node)) error {
	return n.loop.do(ctx, func() { f(&n.core) })
}

// Run runs a procedure of the node's own in a task, and waits until it has ended and what
// it changed is saved. If ctx ends before, the procedure goes on.
func (n *Node) Run(ctx context.Context, procedure func(t *core.Task)) error {
	l, done := n.loop, make(chan struct{})
	return l.await(ctx, done, func() {
		l.orLater(func() {
			n.core.Go(func(t *core.Task) {
				procedure(t)
				l.effects = append(l.effects, func() { close(done) })
			})
		})
	})
}

// Addr is where the node listens. It may be called after Start.
func (n *Node) Addr() net.Addr { return n.listener.Addr() }

// Done is closed when the node's thread has ended, by Close, a panic or a failure to
// save; then Err says why.
func (n *Node) Done() <-chan struct{} { return n.loop.stopped }

// Err returns why the node's thread ended before Close; nil if it runs or was closed.
func (n *Node) Err() error {
	select {
	case <-n.loop.stopped:
		return n.loop.err
	default:
		return nil
	}
}

// Close ends the node: it takes no new connections, lets requests in progress finish
// until ctx ends, and then ends the node's thread. All goroutines of the node have ended
// when it returns.
func (n *Node) Close(ctx context.Context) error {
	if n.http == nil {
		return nil // it never started
	}
	if err := n.http.Shutdown(ctx); err != nil {
		n.http.Close()
	}
	return n.loop.close()
}
