package httptransport

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"spreadable/core/peer"
)

// names looks up the IPs of peers' hosts. A result is kept for ten minutes, a failure for
// one. The number of names and of lookups at a time is bounded, since any peer can make
// the node look up names.
type names struct {
	lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	now    func() time.Time
	gate   chan struct{} // a place for each lookup that may run

	mu    sync.Mutex
	known map[string]resolved
}

type resolved struct {
	ip    netip.Addr // zero: there is none
	until time.Time
}

const (
	nameLife    = 10 * time.Minute // as in npm nodes
	failedLife  = time.Minute
	maxNames    = 10_000
	maxLookups  = 32
	lookupLimit = 5 * time.Second
)

func newNames(lookup func(context.Context, string) ([]netip.Addr, error), now func() time.Time) *names {
	if lookup == nil {
		lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	return &names{lookup: lookup, now: now, gate: make(chan struct{}, maxLookups), known: make(map[string]resolved)}
}

// resolve returns the IP of an address. Literals and localhost need no lookup. A name
// that leads to a loopback address is refused, as npm nodes do: it would make the node
// call its own machine.
func (n *names) resolve(ctx context.Context, a peer.Address) (netip.Addr, error) {
	if ip := a.IP(); ip.IsValid() {
		return ip, nil
	}
	host := a.Host()
	n.mu.Lock()
	r, found := n.known[host]
	n.mu.Unlock()
	if !found || !n.now().Before(r.until) {
		ip, err := n.ask(ctx, host)
		if err != nil {
			return ip, err
		}
		r.ip = ip
	}
	if !r.ip.IsValid() {
		return r.ip, fmt.Errorf("hostname %s is not found", host)
	}
	return r.ip, nil
}

// ask looks a name up and remembers the result; an error means that the request's timeout
// budget has ended.
func (n *names) ask(ctx context.Context, host string) (netip.Addr, error) {
	select {
	case n.gate <- struct{}{}:
		defer func() { <-n.gate }()
	case <-ctx.Done():
		return netip.Addr{}, ctx.Err()
	}
	limited, cancel := context.WithTimeout(ctx, lookupLimit)
	defer cancel()
	ips, err := n.lookup(limited, host)
	if err != nil && ctx.Err() != nil {
		return netip.Addr{}, ctx.Err()
	}
	r := resolved{until: n.now().Add(failedLife)}
	if err == nil && len(ips) > 0 && !ips[0].Unmap().IsLoopback() {
		r = resolved{ips[0].Unmap().WithZone(""), n.now().Add(nameLife)}
	}
	n.remember(host, r)
	return r.ip, nil
}

func (n *names) remember(host string, r resolved) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.known) >= maxNames {
		clear(n.known) // simple, and costs each name one lookup
	}
	n.known[host] = r
}
