package httptransport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"spreadable/core"
	"spreadable/core/host"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/extensions/web"
	"spreadable/wire"
)

// Options of a node on the real wire. The zero value of an option means its default.
type Options struct {
	// Config is the core's. It is validated by New. Its Book must serve this node alone,
	// and should have a limit, such as DefaultBookLimit, because peers can send any
	// number of addresses.
	Config *core.Config

	// Address is what the node announces, and what peers call. Its host must resolve, as
	// peers see it, to the IP that our requests come from. Required.
	Address peer.Address

	// Listen is the local address of the listener: all interfaces at Address's port by
	// default.
	Listen string

	// Source is the local IP of outgoing connections: the operating system's choice by
	// default, but the own address when that is a literal loopback one, since peers
	// compare the two.
	Source netip.Addr

	// HTTPS makes the network one of https addresses. With Certificates the listener
	// speaks TLS itself; without, a proxy in front of it does (npm: https: true), and
	// loopback is a trusted proxy if TrustedProxies is empty.
	HTTPS        bool
	Certificates []tls.Certificate

	// GetCertificate chooses the certificate for each connection, in place of
	// Certificates: for one that is renewed while the node runs.
	GetCertificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)

	// CA signs the certificates of peers: the system's authorities by default.
	CA *x509.CertPool

	// Auth closes the network: only nodes and clients with the name and password may use
	// it. All nodes of a network share them.
	Auth *Credentials

	// CookieAge is how long a browser stays logged in: 7 days.
	CookieAge time.Duration

	// PlainCookie puts the password itself into the cookie of a browser, as npm nodes do.
	// Needed only where browsers use a network of both kinds of nodes with Auth: npm
	// nodes do not know our tokens.
	PlainCookie bool

	// TrustedProxies are proxies whose X-Forwarded-For is believed. None by default. (An
	// npm node always trusts its own host, so any program there can claim to be any
	// client.)
	TrustedProxies []netip.Prefix

	// Version is the version that other nodes and clients must have: "spreadable-0.3" by
	// default. Applications built on the network have their own.
	Version string

	// ProofsOnly keeps the password to ourselves: other nodes get proofs only that we know
	// it, which npm nodes do not understand.
	ProofsOnly bool

	// MaxBody is the most bytes of a request's body, after inflation: 512,000.
	MaxBody int64

	// Concurrency is how many requests of clients are in progress at a time, for each
	// endpoint that asks other nodes; the others wait in order: 50. (npm:
	// request.clientConcurrency)
	Concurrency int

	// MaxCalls is how many outgoing requests are on the wire at a time; the others wait,
	// within their timeout budgets: 1,024.
	MaxCalls int

	// CallsPerPeer is how many of them may be to one node, and as many connections to it are
	// kept: 64, or Concurrency if that is more, so that requests of clients, each of which
	// may ask the same node, do not wait for each other.
	CallsPerPeer int

	// MaxLookups is how many names that others claim are looked up at a time: 16. Apart
	// from these as many of names that the node calls may be, and twice as many of names
	// at which it knows a node. The others wait.
	MaxLookups int

	// MaxConnections is how many incoming connections are served at a time: 1,536. When
	// all are, a new one takes the place of one of the host that has most. One costs 20 KB
	// of memory, and with a request twice that.
	MaxConnections int

	// MaxSilent is how many incoming connections that have not sent anything may be open
	// besides: 8,192, at some 5 KB each. They are closed after 5 to 15 seconds.
	MaxSilent int

	// HostShare is what one host may have of each limit: of the connections of both kinds,
	// of the requests in progress at each endpoint, of the large bodies and the lookups of
	// names. 0.125 by default. It counts only where Config.Hosts tells hosts apart by IP.
	// Connections of TrustedProxies are exempt: behind a proxy, its clients are the hosts.
	HostShare float64

	// BodyRate is the least rate at which a large body must come, in bytes per second,
	// after the first five seconds: 4,096.
	BodyRate int64

	// AllowedRanges are IPs that are not public and may be called all the same. Without
	// them the node calls loopback, link-local and private IPs only if its own address is
	// of that scope, or for addresses that the owner gave (Config.Bootstrap, Whitelist,
	// Trustlist).
	AllowedRanges []netip.Prefix

	// SweepAt is how many addresses the Book holds when those that are no longer needed
	// are forgotten: seven eighths of DefaultBookLimit. It must be below the Book's
	// limit.
	SweepAt int

	// Queries are the applications' network-wide requests.
	Queries []core.Query

	// Attach gives the node its extensions, before it starts: see package core/host.
	Attach func(*core.Node) error

	// Draft begins the blob that a stream to an extension becomes. Nil refuses streams.
	Draft func(extension string, size int64) (host.Draft, error)

	// Web is what extensions serve by HTTP; nil for nothing. It may be set until Start.
	Web *web.Mux

	// Admit is the owner's own filter, asked after the address filter. An error refuses
	// the request: it is the message of a 403.
	Admit func(*http.Request) error

	// Persist saves what the node must not forget. It runs in the node's thread after
	// every step and before anything that the step caused, answers and requests, leaves
	// the process; it reads what it needs from the node. It is called often, so it must
	// be cheap when nothing has changed. It may leave changes for later: wait is after
	// what time it must be called again, and until it has saved all, what came of events
	// that changed the node's state is kept back. An error stops the node: a node that
	// cannot save must not answer.
	Persist func(*core.Node) (wait time.Duration, err error)

	// Observe gets the node's notes, in the node's thread.
	Observe func(core.Note)

	// Log gets what an operator should know; it never gets credentials. Silent by
	// default.
	Log *slog.Logger

	// Via wraps each of the transports by which the node calls peers, for experiments that
	// count what goes over them or make it take longer. It may change the transport. Nil,
	// the default, uses them as they are.
	Via func(*http.Transport) http.RoundTripper

	// Lookup resolves a host name: the system's resolver by default.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
}

// Defaults of Options.
const (
	DefaultVersion        = wire.DefaultVersion
	DefaultMaxBody        = 512_000
	DefaultConcurrency    = 50
	DefaultMaxCalls       = 1024
	DefaultCallsPerPeer   = 64
	DefaultMaxLookups     = 16
	DefaultMaxConnections = 1536
	DefaultMaxSilent      = 8192
	DefaultCookieAge      = 7 * 24 * time.Hour
	DefaultHostShare      = 0.125
	DefaultBodyRate       = 4 << 10
	DefaultBookLimit      = 1 << 18 // addresses: some 23 MB when all are used
)

// Credentials are the name and password of a closed network.
type Credentials struct{ Username, Password string }

// LogValue keeps credentials out of logs.
func (Credentials) LogValue() slog.Value { return slog.StringValue("***") }

// String keeps credentials out of messages.
func (Credentials) String() string { return "***" }

// validate fills in the defaults and says what is wrong with the rest.
func (o *Options) validate() error {
	switch {
	case o.Config == nil:
		return errors.New("http: no config")
	case o.Address.IsZero():
		return errors.New("http: no address")
	case o.speaksTLS() && !o.HTTPS:
		return errors.New("http: certificates without https")
	case o.MaxBody < 0 || o.Concurrency < 0 || o.MaxCalls < 0 || o.MaxConnections < 0 || o.MaxSilent < 0 || o.CookieAge < 0 ||
		o.CallsPerPeer < 0 || o.MaxLookups < 0 || o.BodyRate < 0 || !(o.HostShare >= 0):
		return errors.New("http: a limit is negative")
	case o.HostShare > 1:
		return errors.New("http: the share of a host is more than the whole")
	}
	if err := o.Config.Validate(); err != nil {
		return fmt.Errorf("http: %w", err)
	}
	orDefault(&o.Listen, net.JoinHostPort("", strconv.Itoa(int(o.Address.Port()))))
	orDefault(&o.Version, DefaultVersion)
	orDefault(&o.MaxBody, DefaultMaxBody)
	orDefault(&o.Concurrency, DefaultConcurrency)
	orDefault(&o.MaxCalls, DefaultMaxCalls)
	orDefault(&o.CallsPerPeer, DefaultCallsPerPeer)
	orDefault(&o.MaxLookups, DefaultMaxLookups)
	orDefault(&o.MaxConnections, DefaultMaxConnections)
	orDefault(&o.MaxSilent, DefaultMaxSilent)
	orDefault(&o.HostShare, DefaultHostShare)
	orDefault(&o.BodyRate, DefaultBodyRate)
	orDefault(&o.SweepAt, DefaultBookLimit*7/8)
	orDefault(&o.CookieAge, DefaultCookieAge)
	if ip := o.Address.IP(); !o.Source.IsValid() && ip.IsLoopback() && o.Address.Host() != "localhost" {
		o.Source = ip
	}
	if o.HTTPS && !o.speaksTLS() && len(o.TrustedProxies) == 0 {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}
	if o.Log == nil {
		o.Log = silent()
	}
	return nil
}

// speaksTLS reports whether the listener does it itself.
func (o *Options) speaksTLS() bool { return len(o.Certificates) > 0 || o.GetCertificate != nil }

// shareOf is how many of so many places a host may have: at least one, and all of them
// where hosts are not told apart by IP.
func (o *Options) shareOf(places int) int {
	if o.Config.Hosts.For(o.Address) == peer.HostsOff {
		return places
	}
	return max(1, int(o.HostShare*float64(places)))
}

// query is what an application offers under the name of a request; nil for nothing.
func (l *loop) query(req *message.Request) wire.Query {
	switch body := req.Body.(type) {
	case *message.QueryRequest:
		for _, q := range l.options.Queries {
			if q.Name() == body.Name {
				return q
			}
		}
		if l.node != nil {
			return named(l.node.Folds(), body.Name)
		}
	case *message.DirectRequest:
		return named(l.node.Directs(), body.Name)
	}
	return nil
}

// named is the one of a name in a list; nil if there is none.
func named[Q wire.Query](list []Q, name string) wire.Query {
	for _, q := range list {
		if q.Name() == name {
			return q
		}
	}
	return nil
}

func orDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }
