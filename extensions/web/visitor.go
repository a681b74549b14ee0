package web

import (
	"context"
	"net/http"
	"net/netip"

	"spreadable/core/peer"
)

// visitorKey is the key of a visitor's IP in the context of a request.
type visitorKey struct{}

// WithVisitor returns a request that knows who has sent it: the client, not a proxy that the
// node trusts.
func WithVisitor(r *http.Request, ip netip.Addr) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), visitorKey{}, ip))
}

// VisitorHost is the host of the client that has sent a request to a route, for shares and
// quotas: an IPv4, or the first address of an IPv6 /64, which one customer has. It is the
// invalid address for a request that came otherwise.
func VisitorHost(r *http.Request) netip.Addr {
	ip, _ := r.Context().Value(visitorKey{}).(netip.Addr)
	return peer.HostIP(ip)
}
