package draw

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"spreadable/core/peer"
)

// Group says which entrants weigh as one in a draw by host. The zero Group is "prefix",
// the default. Groups are comparable.
type Group struct {
	form form
	// Lengths of the prefixes of form givenPrefix, for IPv4 and for IPv6.
	ipv4, ipv6 uint8
}

// form tells the forms of a group apart.
type form uint8

const (
	commonPrefix form = iota // /24 of IPv4, /48 of IPv6
	wholeAddress             // each address is a group
	wholeIP                  // an IPv4, or the /64 of an IPv6
	givenPrefix              // prefixes of given lengths
)

// The prefixes that one owner commonly has, and that are the smallest which the Internet's
// routers tell apart.
const (
	prefixIPv4 = 24
	prefixIPv6 = 48
)

// ParseGroup reads a group in one of four forms:
//
//	"address"   each address of a node, for clusters on one machine and for tests
//	"ip"        an IPv4, and of IPv6 a /64, which is what one customer has
//	"prefix"    a /24 of IPv4, a /48 of IPv6
//	"/16,/32"   prefixes of these lengths: of IPv4 (1 to 32) and of IPv6 (1 to 64)
//
// The larger the groups, the fewer an owner of a small block of addresses has, and the
// more often honest nodes share one.
func ParseGroup(text string) (Group, error) {
	switch text {
	case "address":
		return Group{form: wholeAddress}, nil
	case "ip":
		return Group{form: wholeIP}, nil
	case "prefix":
		return Group{}, nil
	}
	four, six, two := strings.Cut(text, ",")
	ipv4, ok4 := parseLength(four, 32)
	ipv6, ok6 := parseLength(six, 64)
	if !two || !ok4 || !ok6 {
		return Group{}, fmt.Errorf(`group %q: want "address", "ip", "prefix" or the lengths of two prefixes, of IPv4 up to /32 and of IPv6 up to /64, like "/16,/32"`, text)
	}
	return Group{givenPrefix, ipv4, ipv6}, nil
}

// parseLength reads the length of a prefix, "/16", from 1 to most.
func parseLength(text string, most int) (uint8, bool) {
	digits, slash := strings.CutPrefix(text, "/")
	n, ok := parseWhole(digits)
	return uint8(n), slash && ok && n <= most && strconv.Itoa(n) == digits
}

// String returns the text that [ParseGroup] reads back as the same group.
func (g Group) String() string {
	switch g.form {
	case wholeAddress:
		return "address"
	case wholeIP:
		return "ip"
	case givenPrefix:
		return fmt.Sprintf("/%d,/%d", g.ipv4, g.ipv6)
	}
	return "prefix"
}

// Of names the group of an entrant by some bytes; false if its IP would be needed and is
// unknown. An IPv4 that is written as an IPv6 is the same as the IPv4.
func (g Group) Of(c Entrant) (string, bool) {
	if g.form == wholeAddress {
		return c.Address, true
	}
	host := peer.HostIP(c.IP)
	if !host.IsValid() {
		return "", false
	}
	if bits := g.length(host.Is4()); bits > 0 {
		network, err := host.Prefix(bits)
		if err != nil {
			return "", false
		}
		host = network.Addr()
	}
	bytes := host.AsSlice() // of another length for IPv4 than for IPv6
	return string(bytes), true
}

// Same reports whether two IPs are in one group. In groups of addresses no IP matters.
func (g Group) Same(a, b netip.Addr) bool {
	if g.form == wholeAddress {
		return true
	}
	one, ok := g.Of(Entrant{IP: a})
	other, too := g.Of(Entrant{IP: b})
	return ok && too && one == other
}

// length is the length of the prefixes that are groups; 0 if whole hosts are.
func (g Group) length(is4 bool) int {
	switch {
	case g.form == wholeIP:
		return 0
	case g.form == givenPrefix && is4:
		return int(g.ipv4)
	case g.form == givenPrefix:
		return int(g.ipv6)
	case is4:
		return prefixIPv4
	}
	return prefixIPv6
}
