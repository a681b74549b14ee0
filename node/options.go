package node

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"spreadable/config"
	"spreadable/core"
	"spreadable/core/host"
	"spreadable/core/message"
)

// Options say which node to run. The zero value is a node of the default configuration.
type Options struct {
	// Config is what the owner of a node decides: where it is, which network it joins,
	// who may talk to it. It is config.Defaults() when nil: port 4000 of the machine's
	// last IPv4 address, a network of its own, its state in the directory
	// spreadnode-4000. New takes a copy, and resolves it (see config.Config.Resolve). The
	// program decides all other options.
	Config *config.Config

	// Reload reads the configuration anew when the owner asks for that, by Node.Reload or
	// at the local endpoint. What a running node cannot change is ignored until the next
	// start. With nil, the default, reloading is refused.
	Reload func() (*config.Config, error)

	// Ephemeral nodes keep nothing on disk and have no local endpoint: Config.Data and
	// Config.Admin do not count. After a restart the node starts from nothing. For tests
	// and experiments.
	Ephemeral bool

	// Approvals are kinds of approval besides "client", and "captcha" unless
	// Config.Captcha is false. Their names must differ. All nodes of a network need the
	// same kinds on the same terms.
	Approvals []core.ApprovalKind

	// Queries are requests to the whole network, served at POST /client/<name>. A name
	// must differ from those of the protocol, of other queries and of handlers, whatever
	// the case of letters. All nodes of a network need the same queries. See core.Query;
	// its methods run in the node's thread and must not block.
	Queries []core.Query

	// Extensions are applications on the node; see package core/host. Their names must
	// differ. Each Extension is for one node. All nodes of a network need the same. The
	// names in Config.Extensions are for the program that makes them; Config.ExtensionSpace
	// counts for each.
	Extensions []host.Extension

	// Via wraps each of the transports by which the node calls peers, for experiments; see
	// httptransport.Options.Via.
	Via func(*http.Transport) http.RoundTripper

	// Admit is the last check of every request of nodes and clients. An error refuses the
	// request: it is the message of a 403. Admit runs in the goroutine of the request.
	// Nil admits all.
	Admit func(*http.Request) error

	// TestAnswers makes the local endpoint reveal the answers that this node, as an
	// approver, expects. Only for tests: with them a program needs no person to read a
	// captcha.
	TestAnswers bool

	// Version is the program's, as the status and the log show it; "" is none. It is not
	// Config.NetworkVersion, by which nodes of one network know each other.
	Version string

	// Log gets what an operator should know; never a password. Nil, the default, is
	// silent. Config.LogFormat and Config.LogLevel are for the program that makes the
	// log.
	Log *slog.Logger

	// Level is set to Config.LogLevel by Reload. It should be that of Log's handler. Nil,
	// the default, leaves the level as it is.
	Level *slog.LevelVar
}

// resolved returns a complete copy of a configuration.
func resolved(c *config.Config) (*config.Config, error) {
	if c == nil {
		c = config.Defaults()
	}
	c = c.Clone()
	return c, c.Resolve(config.LastIPv4)
}

// clientPrefix is the path below which clients ask.
var clientPrefix = message.KindAction.Row().Path

// endpoints holds the names below clientPrefix that are taken, in lower case, and what
// takes each.
type endpoints map[string]string

// newEndpoints returns the names that the protocol takes.
func newEndpoints() endpoints {
	taken := make(endpoints)
	for kind := range message.NumKinds {
		if name, below := strings.CutPrefix(kind.Row().Path, clientPrefix); below && name != "" {
			taken[strings.ToLower(name)] = "the protocol"
		}
	}
	return taken
}

// maxEndpoint bounds the name of an endpoint, in bytes.
const maxEndpoint = 100

// take reserves a name for a query or a handler.
func (e endpoints) take(name, by string) error {
	const allowed = "abcdefghijklmnopqrstuvwxyz0123456789-_."
	lower := strings.ToLower(name)
	switch {
	case name == "" || len(name) > maxEndpoint || strings.Trim(lower, allowed) != "" || strings.Trim(name, ".") == "":
		return fmt.Errorf("%s %.*q: want a name of letters, digits, hyphens, underscores and dots, at most %d",
			by, maxEndpoint, name, maxEndpoint)
	case e[lower] != "":
		return fmt.Errorf("%s %q: the name is taken by %s", by, name, e[lower])
	}
	e[lower] = by
	return nil
}

// check says what is wrong with the options that are the program's.
func (o *Options) check(taken endpoints) error {
	for _, q := range o.Queries {
		if q == nil {
			return errors.New("a query that is nil")
		}
		if err := taken.take(q.Name(), "a query"); err != nil {
			return err
		}
	}
	for _, e := range o.Extensions {
		if e == nil {
			return errors.New("an extension that is nil")
		}
	}
	if o.Level != nil && o.Log == nil {
		return errors.New("a level without a log")
	}
	return nil
}

// checkApprovals says which kind of approval is none, or has the name of another.
func checkApprovals(kinds []core.ApprovalKind) error {
	names := make(map[string]bool)
	for _, k := range kinds {
		if k == nil {
			return errors.New("an approval that is nil")
		}
		if names[k.Name()] {
			return fmt.Errorf("two approvals are named %q", k.Name())
		}
		names[k.Name()] = true
	}
	return nil
}
