package httptransport

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"spreadable/core/peer"
)

// names looks up the IPs of peers' hosts. A result is kept for ten minutes, a failure for
// one. Any peer can make the node look up names, and can name hosts whose name servers
// never answer. So lookups have three gates, which do not wait for each other: for names
// that are in use, because a node has proven to live there; for other names that we call;
// and for those that strangers claim in requests. Names in use are the last to be
// forgotten, some of each host, and keep their IPs while name servers fail.
type names struct {
	lookup    func(ctx context.Context, host string) ([]netip.Addr, error)
	now       func() time.Time
	used      chan struct{} // a place for each lookup of a name in use
	called    chan struct{} // and of another name that we call
	strangers *line         // and of one that a stranger claims
	waits     *limit        // counts calls that wait for a place; nil for a client

	mu    sync.Mutex
	known map[string]resolved
}

// resolved is what is known of a name.
type resolved struct {
	ips    []netip.Addr // none if the name is not found
	at     time.Time    // of the lookup
	until  time.Time
	proven time.Time  // when a node was last seen to live there; zero for never
	home   netip.Addr // its host; zero if that is not known
}

const (
	nameLife    = 10 * time.Minute // as in npm nodes
	failedLife  = time.Minute
	movedLife   = 15 * time.Second // after which a name that did not lead to its node is looked up again
	usedLife    = 24 * time.Hour   // how long a name is in use after its node was seen
	maxNames    = 10_000
	maxIPs      = 8  // of one name
	namesOfHost = 64 // in use that are the last to be forgotten: one owner can name a host without end
	lookupLimit = 5 * time.Second

	// lookups of strangers of one host that may wait: more requests are refused at once,
	// because one that waits costs 40 KB of memory
	waitingLookups = 8
)

func newNames(lookup func(context.Context, string) ([]netip.Addr, error), now func() time.Time) *names {
	if lookup == nil {
		lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	n := &names{lookup: lookup, now: now, known: make(map[string]resolved)}
	n.allow(DefaultMaxLookups, nil, newLine(DefaultMaxLookups, 0, nil))
	return n
}

// allow sets how many names that we call are looked up at a time, and who counts those
// that wait; and the places for names that strangers claim. Names in use have twice as
// many places: when their IPs have ended at once, all our calls wait for them.
func (n *names) allow(lookups int, waits *limit, strangers *line) {
	n.used, n.called = make(chan struct{}, 2*lookups), make(chan struct{}, lookups)
	n.waits, n.strangers = waits, strangers
}

// resolve returns the IPs of an address that we want to call, at least one. Literals and
// localhost need no lookup. IPs of loopback are left out, as npm nodes do: a name that
// leads there would make the node call its own machine.
func (n *names) resolve(ctx context.Context, a peer.Address) ([]netip.Addr, error) {
	if ip := a.IP(); ip.IsValid() {
		return []netip.Addr{ip}, nil
	}
	r, fresh := n.recall(a.Host(), 0)
	if !fresh {
		gate := n.called
		if n.inUse(r) {
			gate = n.used
		}
		if err := n.enter(ctx, gate, a.Host()); err != nil {
			return nil, err
		}
		defer func() { <-gate }()
		markBegun(ctx)
		var err error
		if r, err = n.ask(ctx, a.Host(), 0); err != nil {
			return nil, err
		}
	}
	if len(r.ips) == 0 {
		return nil, fmt.Errorf("hostname %s is not found", a.Host())
	}
	return r.ips, nil
}

// enter waits for a place for the lookup of a name that we call.
func (n *names) enter(ctx context.Context, gate chan struct{}, host string) error {
	select {
	case gate <- struct{}{}:
		return nil
	default:
		if n.waits != nil {
			n.waits.hit("name", host)
		}
	}
	select {
	case gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leadsTo reports whether the host of an address that a request from ip claims is there.
// A name that leads elsewhere may have moved: it is looked up again, unless that was done
// a moment ago. An error means that the name is not found, or was not looked up in time.
func (n *names) leadsTo(ctx context.Context, a peer.Address, ip netip.Addr) (bool, error) {
	if own := a.IP(); own.IsValid() {
		return peer.SameIP(own, ip), nil
	}
	r, fresh := n.recall(a.Host(), 0)
	if fresh && len(r.ips) > 0 && !slices.Contains(r.ips, ip) {
		r, fresh = n.recall(a.Host(), movedLife)
	}
	if !fresh {
		host := peer.HostIP(ip)
		if err := n.strangers.enter(ctx, host); err != nil {
			return false, err
		}
		defer n.strangers.leave(host)
		var err error
		if r, err = n.ask(ctx, a.Host(), movedLife); err != nil {
			return false, err
		}
	}
	if len(r.ips) == 0 {
		return false, fmt.Errorf("hostname %s is not found", a.Host())
	}
	found := slices.Contains(r.ips, ip)
	if found {
		n.prove(a, ip)
	}
	return found, nil
}

// remembers reports whether an address was at an IP when it was last looked up. It costs no
// lookup, and the name may have moved since.
func (n *names) remembers(a peer.Address, ip netip.Addr) bool {
	if own := a.IP(); own.IsValid() {
		return peer.SameIP(own, ip)
	}
	r, _ := n.recall(a.Host(), 0)
	return slices.Contains(r.ips, ip)
}

// recall returns what is known of a name, and whether that still holds: it has not ended
// and, if life is above 0, is not older than that.
func (n *names) recall(host string, life time.Duration) (r resolved, fresh bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	r, found := n.known[host]
	now := n.now()
	return r, found && now.Before(r.until) && (life == 0 || now.Sub(r.at) < life)
}

func (n *names) inUse(r resolved) bool {
	return !r.proven.IsZero() && n.now().Sub(r.proven) < usedLife
}

// prove records that a node lives at the host of an address, at an IP; zero if that is not
// known.
func (n *names) prove(a peer.Address, ip netip.Addr) {
	if a.IP().IsValid() {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if r, found := n.known[a.Host()]; found {
		r.proven, r.home = n.now(), peer.HostIP(ip)
		n.known[a.Host()] = r
	}
}

// doubt is for an address at which no node was found: its name may have moved, so that it
// is looked up again for the next call, but not more often than every 15 seconds.
func (n *names) doubt(a peer.Address) {
	if a.IP().IsValid() {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if r, found := n.known[a.Host()]; found {
		if soon := r.at.Add(movedLife); soon.Before(r.until) {
			r.until = soon
			n.known[a.Host()] = r
		}
	}
}

// ask looks a name up and remembers the result, unless another request has done so while
// this one waited. An error means that the request's timeout budget has ended.
func (n *names) ask(ctx context.Context, host string, life time.Duration) (resolved, error) {
	old, fresh := n.recall(host, life)
	if fresh {
		return old, nil
	}
	limited, cancel := context.WithTimeout(ctx, lookupLimit)
	defer cancel()
	ips, err := n.lookup(limited, host)
	if err != nil && ctx.Err() != nil {
		return resolved{}, ctx.Err()
	}
	r := resolved{ips: usable(ips), at: n.now(), proven: old.proven, home: old.home}
	r.until = r.at.Add(nameLife)
	if err != nil || len(r.ips) == 0 {
		r.ips, r.until = nil, r.at.Add(failedLife)
		if n.inUse(old) {
			r.ips = old.ips // the name server may be down
		}
	}
	n.remember(host, r)
	return r, nil
}

// usable are the IPs of a name that can be a node's, in the form in which IPs are
// compared.
func usable(ips []netip.Addr) (good []netip.Addr) {
	for _, ip := range ips {
		ip = ip.Unmap().WithZone("")
		if !ip.IsLoopback() && !slices.Contains(good, ip) && len(good) < maxIPs {
			good = append(good, ip)
		}
	}
	return good
}

func (n *names) remember(host string, r resolved) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, found := n.known[host]; !found && len(n.known) >= maxNames {
		n.forget()
	}
	n.known[host] = r
}

// forget drops a quarter of the names: those that are not in use, then those of hosts that
// have many of them and, only if there are none of these left, any.
func (n *names) forget() {
	crowds := make(map[netip.Addr]int) // names in use of each host
	for _, r := range n.known {
		if n.inUse(r) && r.home.IsValid() {
			crowds[r.home]++
		}
	}
	for _, dispensable := range []func(resolved) bool{
		func(r resolved) bool { return !n.inUse(r) },
		func(r resolved) bool { return crowds[r.home] > namesOfHost },
		func(resolved) bool { return true },
	} {
		for host, r := range n.known {
			if len(n.known) <= maxNames*3/4 {
				return
			}
			if dispensable(r) {
				delete(n.known, host)
				crowds[r.home]--
			}
		}
	}
}
