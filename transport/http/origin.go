package httptransport

import (
	"net/http"
	"net/netip"
	"strings"

	"spreadable/wire"
)

// origin is where a request comes from, before the claim is checked.
type origin struct {
	ip      netip.Addr // never zero, never in a mapped form
	claimed string     // the address that the sender claims as a node; "" for none
}

// maxForwarded bounds the proxies on the way of one request.
const maxForwarded = 16

// originOf looks at the connection and, if its other end is a trusted proxy, at
// X-Forwarded-For: the last address there that is not a trusted proxy is the client. (Npm
// nodes take the first entry if all others are trusted, but a client can invent that
// entry.)
func (s *server) originOf(r *http.Request) (origin, error) {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return origin{}, wire.WithStatus(http.StatusBadRequest, "unknown client")
	}
	ip := socketIP(remote.Addr())
	if forwarded := r.Header["X-Forwarded-For"]; len(forwarded) > 0 && s.trusts(ip) {
		hops := strings.Split(strings.Join(forwarded, ","), ",")
		for i := len(hops) - 1; i >= 0 && s.trusts(ip); i-- {
			hop := strings.Trim(hops[i], " \t\"")
			if hop == "" {
				continue
			}
			if strings.EqualFold(hop, "unknown") {
				break // the proxy itself does not know, so it stands for its client
			}
			ip, err = parseHop(hop)
			if err != nil || len(hops) > maxForwarded {
				return origin{}, wire.WithStatus(http.StatusBadRequest, "X-Forwarded-For is not a list of IPs")
			}
		}
	}
	// A header that comes twice is one text with a comma, as it is for npm nodes: no
	// address.
	return origin{ip, strings.Join(r.Header[wire.AddressHeader], ", ")}, nil
}

// parseHop reads an IP as proxies write it: IPv4 or IPv6, in brackets or not, with a port
// or without, and with a zone, which means nothing here.
func parseHop(hop string) (netip.Addr, error) {
	if with, err := netip.ParseAddrPort(hop); err == nil {
		return socketIP(with.Addr()), nil
	}
	if strings.HasPrefix(hop, "[") && strings.HasSuffix(hop, "]") {
		hop = hop[1 : len(hop)-1]
	}
	ip, err := netip.ParseAddr(hop)
	return socketIP(ip), err
}

// socketIP brings the IP of a connection to the form in which it is compared: IPv6's
// loopback is 127.0.0.1, as in npm nodes, for which localhost has no other.
func socketIP(ip netip.Addr) netip.Addr {
	ip = ip.Unmap().WithZone("")
	if ip == netip.IPv6Loopback() {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return ip
}

func (s *server) trusts(ip netip.Addr) bool {
	for _, p := range s.options.TrustedProxies {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}
