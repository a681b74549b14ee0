package node

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"spreadable/admin"
	"spreadable/config"
	"spreadable/core"
	"spreadable/core/host"
	"spreadable/core/peer"
	"spreadable/core/state"
	"spreadable/store"
	httptransport "spreadable/transport/http"
)

// Node is a node of the network. Its methods may be called from any goroutine.
type Node struct {
	options Options
	address peer.Address
	core    *core.Config // belongs to the node's thread once the node runs
	wire    *httptransport.Node
	load    *load
	world   *world       // what extensions get
	hosts   []*host.Host // of the extensions, in their order
	cert    *certificate // nil without TLS of its own
	// that sign other nodes' certificates, as read at the start; nil for the system's
	authorities *x509.CertPool

	leave    chan struct{} // closed by Leave
	leaveOne sync.Once
	ready    chan struct{} // closed when the node serves; guards the fields of Run
	leaving  chan struct{} // closed when it begins to end
	ended    chan struct{} // closed when Run returns; guards err
	err      error

	// Fields of Run.
	started time.Time
	store   *store.Store   // nil for an ephemeral node
	local   *http.Server   // the local endpoint; nil without one
	serving sync.WaitGroup // goroutines besides those of the transport

	// held by a reload, which waits for the node's thread; that thread must never take it
	reloading sync.Mutex
	config    *config.Config // values that can change are guarded by reloading

	mu     sync.Mutex // guards the fields below; held briefly, also in the node's thread
	used   bool       // by Run
	taken  endpoints
	failed string // the latest failure to register; "" once registered

	rooted bool // the root has been logged; belongs to the node's thread
}

var _ admin.Node = (*Node)(nil)

// Errors that callers can test for, by errors.Is.
var (
	ErrNotRunning = errors.New("the node is not running")
	ErrUsed       = errors.New("the node has been started before: a node runs once")
)

// New makes a node. It checks all options and reads the files of certificates and
// passwords, but opens neither data nor ports: it fails only for reasons that another try
// would not change. An error names the option and, if it was read, where its value came
// from.
func New(o Options) (*Node, error) {
	c, err := resolved(o.Config)
	if err != nil {
		return nil, err
	}
	n := &Node{
		options: o, config: c, load: &load{}, taken: newEndpoints(),
		leave: make(chan struct{}), ready: make(chan struct{}),
		leaving: make(chan struct{}), ended: make(chan struct{}),
	}
	if err := o.check(n.taken); err != nil {
		return nil, err
	}
	if n.options.Log == nil {
		n.options.Log = slog.New(slog.DiscardHandler)
	}
	if n.address, err = c.Address(); err != nil {
		return nil, err
	}
	n.world = &world{node: n, buckets: make(map[string]*bucket), blobs: make(map[string]*store.Blobs)}
	wire, err := n.transport()
	if err != nil {
		return nil, err
	}
	if n.wire, err = httptransport.New(wire); err != nil {
		return nil, err
	}
	return n, nil
}

// Address is what the node announces, "host:port": clients and other nodes call it there.
func (n *Node) Address() string { return n.address.String() }

// Run runs the node: it opens everything, serves, and closes everything. The package
// comment says what ends it. From then on it takes up to the option leave_timeout, 10 s
// by default, and returns nil if the end was asked for, or why the node failed. The log
// gives the cause of ctx (context.WithCancelCause) as the reason of leaving. A second Run
// returns ErrUsed; a Run after Stop returns nil at once.
func (n *Node) Run(ctx context.Context) error {
	if n.use() {
		return ErrUsed
	}
	defer close(n.ended)
	select {
	case <-n.leave:
	default:
		n.err = n.run(ctx)
	}
	return n.err
}

// use records that Run has begun, and reports whether it had before.
func (n *Node) use() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	before := n.used
	n.used = true
	return before
}

func (n *Node) isUsed() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.used
}

// Ready waits until the node serves and its local endpoint is open. It returns why that
// will not happen: the error of Run, ErrNotRunning after a Run without one, or the error
// of ctx.
func (n *Node) Ready(ctx context.Context) error {
	select {
	case <-n.ended:
		return cmp.Or(n.err, ErrNotRunning)
	default:
	}
	select {
	case <-n.ready:
		return nil
	case <-n.ended:
		return cmp.Or(n.err, ErrNotRunning)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Leave makes the node end and does not wait for it. It may be called more than once.
func (n *Node) Leave() { n.leaveOne.Do(func() { close(n.leave) }) }

// Leaving is closed when a running node begins to end, for whatever reason.
func (n *Node) Leaving() <-chan struct{} { return n.leaving }

// Stop makes the node end, waits until Run has returned, and returns the same. It may be
// called more than once. If it is called before Run, that returns at once.
func (n *Node) Stop() error {
	n.Leave()
	if !n.isUsed() {
		return nil
	}
	<-n.ended
	return n.err
}

// Do runs f in the node's thread, between two events, and waits until it has run and what
// it changed is on disk. F must not block, nor keep its argument; it may call all methods
// of core.Node. Without a running node it returns ErrNotRunning.
func (n *Node) Do(ctx context.Context, f func(*core.Node)) error {
	if !n.isRunning() {
		return ErrNotRunning
	}
	return n.wire.Do(ctx, f)
}

// isRunning reports whether the node serves. Only then may the fields of Run be read.
func (n *Node) isRunning() bool {
	select {
	case <-n.ended:
		return false
	default:
	}
	select {
	case <-n.ready:
		return true
	default:
		return false
	}
}

// run opens everything, waits, and closes everything.
func (n *Node) run(ctx context.Context) error {
	// alive ends when the node is closed, not when it begins to leave.
	alive, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	if err := n.open(ctx, alive); err != nil {
		end()
		n.release()
		return err
	}
	reason := n.wait(ctx)
	close(n.leaving)
	n.options.Log.Info("leaving", "reason", reason)
	failed := n.wire.Err()
	finish, cancel := context.WithTimeout(alive, n.config.LeaveTimeout)
	defer cancel()
	n.sayGoodbye(finish)
	err := n.wire.Close(finish)
	end()
	if err = errors.Join(failed, err, n.release()); err == nil {
		n.options.Log.Info("left")
	}
	// the first failure says more than those that follow from it
	return cmp.Or(failed, err)
}

// sayGoodbye tells others that the node leaves, within ctx. An error means that the node
// has ended already or that time is up, and changes nothing.
func (n *Node) sayGoodbye(ctx context.Context) {
	if notice := n.config.LeaveNotice; notice > 0 {
		n.wire.Run(ctx, func(t *core.Task) { t.Leave(notice) })
	}
}

// wait returns when the node is to end, and says why.
func (n *Node) wait(ctx context.Context) string {
	select {
	case <-n.wire.Done():
		return "the node has ended"
	case <-n.leave:
		return "the owner asked"
	case <-ctx.Done():
		return context.Cause(ctx).Error()
	}
}

// open does what can fail for reasons outside of the options. If a step fails, release
// frees what the others have taken.
func (n *Node) open(ctx, alive context.Context) error {
	n.started = time.Now()
	var saved state.State
	known := false
	if !n.options.Ephemeral {
		var err error
		if n.store, err = store.Open(n.config.Data, store.Options{Pause: n.config.SavePause, BucketLimit: n.config.ExtensionKeys}); err != nil {
			return err
		}
		if saved, known, err = n.store.Load(); err != nil {
			return err
		}
	}
	if err := n.world.open(); err != nil {
		return err
	}
	listener, err := n.listen(ctx)
	if err != nil {
		return err
	}
	err = n.wire.Start(func(c *core.Node) error {
		if !known {
			return nil
		}
		return c.Restore(saved)
	})
	if err != nil {
		return errors.Join(err, closeIf(listener))
	}
	n.announce()
	if !known {
		n.propose()
	}
	close(n.ready) // before the local endpoint, where the owner may ask at once
	n.serving.Go(func() { n.checkName(alive) })
	n.serving.Go(func() { n.load.watch(alive) })
	if listener != nil {
		// always returns an error: that it is closed
		n.serving.Go(func() { n.local.Serve(listener) })
	}
	return nil
}

// release frees everything but the transport. It closes the local endpoint last: once
// that is closed the data directory is free, and the next node can be started.
func (n *Node) release() error {
	var err error
	if n.store != nil {
		err = n.store.Close()
	}
	if n.local != nil {
		// for the answer to the request that made the node leave
		const flush = 200 * time.Millisecond
		ctx, cancel := context.WithTimeout(context.Background(), flush)
		defer cancel()
		if n.local.Shutdown(ctx) != nil {
			n.local.Close()
		}
	}
	n.serving.Wait()
	return errors.Join(err, n.world.close())
}

// announce logs where the node is.
func (n *Node) announce() {
	c := n.config
	n.options.Log.Info("node started",
		"address", n.Address(), "listen", n.wire.Addr().String(), "data", n.data(), "admin", n.endpoint(),
		"bootstrap", c.Bootstrap, "https", c.HTTPS, "closed", c.Username != "",
		"pid", os.Getpid(), "version", n.options.Version)
	if n.options.TestAnswers {
		n.options.Log.Warn("test answers: the local endpoint reveals the answers to approvals; " +
			"never run a public node like this")
	}
}

// checkName warns of a hostname that is not found: other nodes will not find it either.
func (n *Node) checkName(ctx context.Context) {
	if n.address.IP().IsValid() {
		return
	}
	lookup, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := net.DefaultResolver.LookupNetIP(lookup, "ip", n.address.Host()); err != nil && ctx.Err() == nil {
		n.options.Log.Warn("the node's hostname is not found: other nodes will not accept it",
			"hostname", n.address.Host(), "error", err)
	}
}

// data is the node's directory; "" without one.
func (n *Node) data() string {
	if n.options.Ephemeral {
		return ""
	}
	return n.config.Data
}
