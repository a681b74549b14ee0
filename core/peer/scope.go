package peer

import (
	"encoding/binary"
	"net/netip"
)

// Scope says from where an IP can be reached.
type Scope uint8

// The scopes of IPs, narrowest first.
const (
	ScopeNone     Scope = iota // no machine has it: invalid, unspecified, multicast, broadcast
	ScopeLoopback              // the machine itself
	ScopeLink                  // the machines of one link; clouds serve secrets there
	ScopePrivate               // the machines of one organization or provider
	ScopePublic                // the internet
)

// scopeNames are what people read.
var scopeNames = [...]string{
	ScopeNone: "unusable", ScopeLoopback: "loopback", ScopeLink: "link-local", ScopePrivate: "private",
	ScopePublic: "public",
}

func (s Scope) String() string { return scopeNames[s] }

// narrow are the ranges whose addresses are not public, from the registries of special
// addresses of IANA (RFC 6890), and addresses at which clouds answer their own machines
// only, whatever range these are of. The first that holds an IP counts. Ranges for
// documentation and tests of routers that no machine has count as public: a call of them
// does no harm.
var narrow = []struct {
	prefix netip.Prefix
	scope  Scope
}{
	{netip.MustParsePrefix("0.0.0.0/8"), ScopeNone}, // "this network": systems take 0.0.0.0 for loopback
	{netip.MustParsePrefix("127.0.0.0/8"), ScopeLoopback},
	{netip.MustParsePrefix("169.254.0.0/16"), ScopeLink},
	{netip.MustParsePrefix("100.100.100.200/32"), ScopeLink}, // here and below: where clouds serve secrets to their machines
	{netip.MustParsePrefix("168.63.129.16/32"), ScopeLink},
	{netip.MustParsePrefix("192.0.0.0/24"), ScopeLink}, // protocol assignments, too
	{netip.MustParsePrefix("fd00:ec2::/32"), ScopeLink},
	{netip.MustParsePrefix("fd20:ce::254/128"), ScopeLink},
	{netip.MustParsePrefix("10.0.0.0/8"), ScopePrivate},
	{netip.MustParsePrefix("100.64.0.0/10"), ScopePrivate}, // between a provider and its customers
	{netip.MustParsePrefix("172.16.0.0/12"), ScopePrivate},
	{netip.MustParsePrefix("192.168.0.0/16"), ScopePrivate},
	{netip.MustParsePrefix("198.18.0.0/15"), ScopePrivate}, // measurements within one network
	{netip.MustParsePrefix("2001:2::/48"), ScopePrivate},   // likewise
	{netip.MustParsePrefix("5f00::/16"), ScopePrivate},     // routes within one provider
	{netip.MustParsePrefix("224.0.0.0/4"), ScopeNone},      // multicast
	{netip.MustParsePrefix("240.0.0.0/4"), ScopeNone},      // reserved, and broadcast
	{netip.MustParsePrefix("::1/128"), ScopeLoopback},
	{netip.MustParsePrefix("fe80::/10"), ScopeLink},
	{netip.MustParsePrefix("fec0::/10"), ScopePrivate}, // site-local, before fc00::/7
	{netip.MustParsePrefix("fc00::/7"), ScopePrivate},
	{netip.MustParsePrefix("100::/64"), ScopeNone}, // discards all
	{netip.MustParsePrefix("ff00::/8"), ScopeNone}, // multicast
}

// A carrier is a range of IPv6 addresses that hold an IPv4 address, to which a gateway or
// the system itself sends what is meant for them.
type carrier struct {
	prefix netip.Prefix
	at     int    // the byte of the IPv6 at which the IPv4 begins
	mask   uint32 // what the IPv4 is XORed with
}

var carriers = []carrier{
	{prefix: netip.MustParsePrefix("::/96"), at: 12},                       // IPv4-compatible, obsolete
	{prefix: netip.MustParsePrefix("::ffff:0:0:0/96"), at: 12},             // IPv4-translated (RFC 7915)
	{prefix: netip.MustParsePrefix("64:ff9b::/96"), at: 12},                // NAT64 (RFC 6052)
	{prefix: netip.MustParsePrefix("64:ff9b:1::/48"), at: 12},              // local NAT64 (RFC 8215), usually of /96
	{prefix: netip.MustParsePrefix("2002::/16"), at: 2},                    // 6to4 (RFC 3056)
	{prefix: netip.MustParsePrefix("2001::/32"), at: 12, mask: 0xffffffff}, // Teredo (RFC 4380)
}

// ScopeOf is the scope of an IP. An IPv6 that holds an IPv4 (mapped, NAT64, 6to4, Teredo)
// has the narrower scope of the two, because a gateway may send what is meant for it
// there.
func ScopeOf(ip netip.Addr) Scope {
	ip = plain(ip)
	if !ip.IsValid() || ip.IsUnspecified() {
		return ScopeNone
	}
	scope := ScopePublic
	for _, n := range narrow {
		if n.prefix.Contains(ip) {
			return n.scope
		}
	}
	for _, c := range carriers {
		if c.prefix.Contains(ip) {
			scope = min(scope, ScopeOf(c.carried(ip)))
		}
	}
	return scope
}

// carried is the IPv4 within an IPv6 of a carrier's range.
func (c *carrier) carried(ip netip.Addr) netip.Addr {
	all := ip.As16()
	inner := binary.BigEndian.Uint32(all[c.at:]) ^ c.mask
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, inner)))
}
