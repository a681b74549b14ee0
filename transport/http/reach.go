package httptransport

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"spreadable/core"
	"spreadable/core/peer"
)

// reach says which IPs the node may call. Any member can name any address to it, and the
// node would call services that only it can reach: those of its own machine, of its
// network, of its cloud. So an IP that is not public may be called only if the own
// address is of the same scope, if the owner has allowed its range, or if the owner has
// given the peer itself (loop.given). A nil reach allows all.
type reach struct {
	own     peer.Address
	names   *names
	allowed []netip.Prefix
	refused *limit
}

// check is asked about the IP that is dialled, not about the name that led to it: a name
// can lead elsewhere from one moment to the next.
func (r *reach) check(ctx context.Context, to peer.Address, ip netip.Addr) error {
	if r == nil {
		return nil
	}
	scope := peer.ScopeOf(ip)
	inRange := func(p netip.Prefix) bool { return p.Contains(ip.Unmap()) }
	if scope == peer.ScopePublic || slices.ContainsFunc(r.allowed, inRange) || r.owns(ctx, scope) {
		return nil
	}
	r.refused.hit("address", to, "ip", ip, "scope", scope)
	return fmt.Errorf("%s is a %s address, which this node does not call", ip, scope)
}

// owns reports whether the own address has a scope.
func (r *reach) owns(ctx context.Context, scope peer.Scope) bool {
	if scope == peer.ScopeNone {
		return false
	}
	ips, err := r.names.resolve(ctx, r.own)
	if err != nil {
		return false
	}
	r.names.prove(r.own, netip.Addr{})
	return slices.ContainsFunc(ips, func(ip netip.Addr) bool { return peer.ScopeOf(ip) == scope })
}

// given says of a peer at which IPs the owner allows it to be called, whatever their scope:
// nil is at none. A bootstrap address, and a name or an address in a white or trust list,
// may lead anywhere. An IP or a range there allows only what is in it: a member that was
// seen there can let its name lead elsewhere.
func (l *loop) given(to core.Peer) func(netip.Addr) bool {
	c := l.options.Config
	if c == nil || c.Trusted || to == l.speaker.Self || slices.Contains(c.Bootstrap, to) {
		return func(netip.Addr) bool { return true }
	}
	white, trust := c.Whitelist, c.Trustlist
	if white.Len() == 0 && trust.Len() == 0 {
		return nil
	}
	a := l.book.Address(to)
	return func(ip netip.Addr) bool { return trust.Match(a, ip) || white.Match(a, ip) }
}
