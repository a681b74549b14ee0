package client

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"spreadable/core/peer"
	"spreadable/wire"
)

// Options of a Client. The zero value of an option means its default, which is that of
// the npm client.
type Options struct {
	// Addresses are some nodes of the network, "host:port" each, in any order. One is
	// enough; with more, the client survives the loss of some. Required.
	Addresses []string

	// HTTPS is on for networks whose nodes are called by https.
	HTTPS bool

	// CA signs the certificates of nodes: the system's authorities by default. Only with
	// HTTPS.
	CA *x509.CertPool

	// Auth is the name and password of a closed network.
	Auth *Credentials

	// Version is what nodes must be: "spreadable-0.3". Applications built on the network
	// have their own.
	Version string

	// IgnoreVersion sends no version, so that nodes of any version answer.
	IgnoreVersion bool

	// Timeout bounds a request: 10 s. (npm: request.clientTimeout)
	Timeout time.Duration

	// QuestionTimeout bounds all requests for a question together: 20 s. It should be
	// longer than Timeout, after which approvers are no longer waited for. (npm:
	// request.approvalQuestionTimeout)
	QuestionTimeout time.Duration

	// PingTimeout bounds a ping: 1 s. (npm: request.pingTimeout)
	PingTimeout time.Duration

	// WorkerChange is how often the client asks for a node with free capacity: every 30
	// s. Below 0 it never does, and stays at its entry. (npm: task.workerChangeInterval)
	WorkerChange time.Duration

	// MaxAnswer is the most bytes of an answer, after inflation: 8 MiB.
	MaxAnswer int64

	// Source is the local IP that requests come from: the operating system's choice by
	// default. Approvals are for one IP.
	Source netip.Addr

	// Via wraps each of the transports by which the client calls nodes, for experiments that
	// count what goes over them or make it take longer. It may change the transport. Nil,
	// the default, uses them as they are.
	Via func(*http.Transport) http.RoundTripper

	// Log gets changes of the worker, and approvers that do not vouch for the client;
	// never credentials or answers. Silent by default.
	Log *slog.Logger
}

// Defaults of Options.
const (
	DefaultVersion         = wire.DefaultVersion
	DefaultTimeout         = 10 * time.Second
	DefaultQuestionTimeout = 20 * time.Second
	DefaultPingTimeout     = time.Second
	DefaultWorkerChange    = 30 * time.Second
	DefaultMaxAnswer       = 8 << 20
)

// Credentials are the name and password of a closed network.
type Credentials struct{ Username, Password string }

// LogValue keeps credentials out of logs.
func (Credentials) LogValue() slog.Value { return slog.StringValue("***") }

// String keeps credentials out of messages.
func (Credentials) String() string { return "***" }

// validate fills in the defaults, brings the addresses to their one form, and says what
// is wrong with the rest.
func (o *Options) validate() error {
	switch {
	case len(o.Addresses) == 0:
		return errors.New("client: no address of a node")
	case o.Timeout < 0 || o.QuestionTimeout < 0 || o.PingTimeout < 0:
		return errors.New("client: a timeout is negative")
	case o.MaxAnswer < 0:
		return errors.New("client: the limit of answers is negative")
	case o.CA != nil && !o.HTTPS:
		return errors.New("client: authorities without https")
	}
	addresses := make([]string, len(o.Addresses)) // the caller's list is not changed
	for i, text := range o.Addresses {
		a, err := peer.Parse(text)
		if err != nil {
			return fmt.Errorf("client: %w", err)
		}
		addresses[i] = a.String()
	}
	o.Addresses = addresses
	orDefault(&o.Version, DefaultVersion)
	orDefault(&o.Timeout, DefaultTimeout)
	orDefault(&o.QuestionTimeout, DefaultQuestionTimeout)
	orDefault(&o.PingTimeout, DefaultPingTimeout)
	orDefault(&o.WorkerChange, DefaultWorkerChange)
	orDefault(&o.MaxAnswer, DefaultMaxAnswer)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

func orDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}
