package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"spreadable/admin"
	"spreadable/config"
	"spreadable/core"
	"spreadable/core/peer"
	"spreadable/core/state"
	"spreadable/store"
	httptransport "spreadable/transport/http"
)

// Options say which node to run.
type Options struct {
	// Config is resolved; see config.Config.Resolve. It belongs to the service from now on.
	Config *config.Config

	// Again reads the options again, for a reload; nil if there is nothing to read.
	Again func() (*config.Config, error)

	// Forgetful nodes have no data directory and no admin endpoint: those of a network for trying things.
	Forgetful bool

	// TestAnswers lets the admin endpoint give away what approvers want to hear.
	TestAnswers bool

	// Version is the program's.
	Version string

	// Log gets what an operator should know. Level is what a reload changes; nil if nothing is to change.
	Log   *slog.Logger
	Level *slog.LevelVar
}

// OptionError is an error of what the owner has said: another try would end like this one.
type OptionError struct{ error }

// Unwrap returns the error itself.
func (e OptionError) Unwrap() error { return e.error }

// Service is a running node. Its methods, those of admin.Node among them, may be called from anywhere.
type Service struct {
	options Options
	core    *core.Config // belongs to the node's thread once the node runs
	node    *httptransport.Node
	store   *store.Store // nil for a forgetful node
	door    *http.Server // nil without an endpoint
	address peer.Address
	started time.Time
	peers   *directory
	load    *load
	cert    *certificate // nil without TLS of our own
	serving sync.WaitGroup
	alive   context.Context // until the service is closed
	die     context.CancelFunc

	leaving chan struct{} // closed by Leave
	leave   sync.Once

	reloading sync.Mutex     // a reload waits for the node's thread, so that must never wait for this one
	config    *config.Config // those that can change belong to who reloads

	mu     sync.Mutex // held for moments only, also in the node's thread
	failed string     // the latest failure to register; "" once registered

	rooted bool // the root has been logged; belongs to the node's thread
}

var _ admin.Node = (*Service)(nil)

// Start brings a node to life. When it returns without an error, the node serves, and its door is open.
func Start(ctx context.Context, o Options) (*Service, error) {
	s := &Service{options: o, config: o.Config, started: time.Now(), leaving: make(chan struct{}), load: &load{}}
	s.alive, s.die = context.WithCancel(context.WithoutCancel(ctx))
	if err := s.open(ctx); err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

// open does the steps of Start; what it has taken is given back by release when one fails.
func (s *Service) open(ctx context.Context) error {
	var err error
	if s.address, err = s.config.Address(); err != nil {
		return err
	}
	wire, err := s.transport()
	if err != nil {
		return OptionError{err}
	}
	var saved state.State
	known := false
	if !s.options.Forgetful {
		if s.store, err = store.Open(s.config.Data, store.Options{}); err != nil {
			return err
		}
		if saved, known, err = s.store.Load(); err != nil {
			return err
		}
	}
	node, err := httptransport.New(wire)
	if err != nil {
		return err
	}
	door, err := s.listen(ctx)
	if err != nil {
		return err
	}
	err = node.Start(func(n *core.Node) error {
		if !known {
			return nil
		}
		return n.Restore(saved)
	})
	if err != nil {
		return errors.Join(err, closeIf(door))
	}
	s.node = node
	s.peers = newDirectory(&wire)
	s.announce()
	s.serving.Go(s.checkName)
	if door != nil {
		s.serving.Go(func() { s.door.Serve(door) }) // ends with an error always: of its being closed
	}
	s.serving.Go(func() { s.load.watch(s.alive) })
	return nil
}

func closeIf(l net.Listener) error {
	if l == nil {
		return nil
	}
	return l.Close()
}

// listen opens the door, but nobody stands in it yet.
func (s *Service) listen(ctx context.Context) (net.Listener, error) {
	if s.options.Forgetful || s.config.Admin == config.AdminOff {
		return nil, nil
	}
	endpoint, token := admin.ParseEndpoint(s.config.Admin), ""
	if endpoint.Network == "tcp" {
		var err error
		if token, err = admin.MakeToken(s.config.AdminTokenFile); err != nil {
			return nil, err
		}
	}
	listener, err := admin.Listen(ctx, endpoint)
	if err != nil {
		return nil, fmt.Errorf("admin endpoint: %w", err)
	}
	s.door = &http.Server{
		Handler:           admin.NewHandler(admin.HandlerOptions{Node: s, Token: token, TestAnswers: s.options.TestAnswers, Metrics: s.metrics()}),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
	}
	return listener, nil
}

// announce says in the log where the node is.
func (s *Service) announce() {
	c := s.config
	s.options.Log.Info("node started", "address", s.address.String(), "listen", s.node.Addr().String(), "data", s.data(), "admin", s.admin(),
		"bootstrap", c.Bootstrap, "https", c.HTTPS, "closed", c.Username != "", "pid", os.Getpid(), "version", s.options.Version)
	if s.options.TestAnswers {
		s.options.Log.Warn("--test-answers: the admin endpoint gives away the answers to approvals; never run a public node like this")
	}
}

// checkName warns of a hostname that leads nowhere: other nodes will see it like that.
func (s *Service) checkName() {
	if s.address.IP().IsValid() {
		return
	}
	ctx, cancel := context.WithTimeout(s.alive, 5*time.Second)
	defer cancel()
	if _, err := net.DefaultResolver.LookupNetIP(ctx, "ip", s.address.Host()); err != nil && s.alive.Err() == nil {
		s.options.Log.Warn("the node's hostname is not found: other nodes will not accept it", "hostname", s.address.Host(), "error", err)
	}
}

func (s *Service) data() string {
	if s.options.Forgetful {
		return ""
	}
	return s.config.Data
}

func (s *Service) admin() string {
	if s.door == nil {
		return config.AdminOff
	}
	return s.config.Admin
}

// Done is closed when the node has ended by itself, which it does only when something is badly wrong; then Err says what.
func (s *Service) Done() <-chan struct{} { return s.node.Done() }

// Err is why the node has ended by itself.
func (s *Service) Err() error { return s.node.Err() }

// Leaving is closed when the owner has asked, through the door, that the node leave.
func (s *Service) Leaving() <-chan struct{} { return s.leaving }

// Leave implements admin.Node.
func (s *Service) Leave() { s.leave.Do(func() { close(s.leaving) }) }

// Close ends the node: requests in work may finish until ctx ends. The data directory is free before the door closes, so
// that whoever finds it closed can start the next node.
func (s *Service) Close(ctx context.Context) error {
	err := s.node.Close(ctx)
	return errors.Join(err, s.release())
}

// release gives back all but the node's thread.
func (s *Service) release() error {
	var err error
	s.die()
	if s.store != nil {
		err = s.store.Close()
	}
	if s.peers != nil {
		s.peers.close()
	}
	if s.door != nil {
		const flush = 200 * time.Millisecond // for the answer to the very request that made us leave
		ctx, cancel := context.WithTimeout(context.Background(), flush)
		defer cancel()
		if s.door.Shutdown(ctx) != nil {
			s.door.Close()
		}
	}
	s.serving.Wait()
	return err
}
