package peer

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// List is a white-, black- or trust-list. The zero List is empty and matches
// nothing. A List does not change after ParseList, so many goroutines may read it.
type List struct {
	texts  map[string]struct{}       // addresses and host names, in lower case
	ips    map[netip.Addr]struct{}   // in plain form
	ranges map[netip.Prefix]struct{} // in plain form, masked
	bits   []int                     // the lengths of the ranges, each once
}

// ParseList reads the items of a list. An item is
//
//   - an address, "n1.example.com:80": matches that node only;
//   - a host name, "n1.example.com": matches all ports of that name;
//   - an IP in any spelling, "192.0.2.7", "2001:db8::5", "[2001:db8::5]":
//     matches every node there, under whatever name;
//   - a range of IPs, "192.0.2.0/24", "2001:db8::/32": matches every IP in it, like an
//     item for each.
//
// The error names the first bad item, counted from 1. A name or an address that
// [Parse] refuses is an error too, since no node could ever match it: a ban without
// any effect would be worse.
func ParseList(items []string) (List, error) {
	list := List{
		texts: make(map[string]struct{}),
		ips:   make(map[netip.Addr]struct{}),
	}
	for i, item := range items {
		if err := list.add(item); err != nil {
			return List{}, fmt.Errorf("item %d: %w", i+1, err)
		}
	}
	return list, nil
}

// ParseRange reads a range of IPs, or one IP as a range of one. Bits behind the prefix
// are dropped, and a range of IPv4 addresses in their IPv6 form is one of IPv4 addresses.
func ParseRange(text string) (netip.Prefix, error) {
	if ip, err := ParseIP(text); err == nil {
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("want an IP or a range such as 10.0.0.0/8 or 2001:db8::/32, not %.80q", text)
	}
	const mapped = 128 - 32 // bits in front of an IPv4 in its IPv6 form
	if prefix.Addr().Is4In6() && prefix.Bits() >= mapped {
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-mapped)
	}
	return prefix.Masked(), nil
}

// add reads one item: as an IP, a range, an address or a host name.
func (l *List) add(item string) error {
	ip, err := ParseIP(item)
	switch {
	case err == nil:
		l.ips[ip] = struct{}{}
		return nil
	case item == "":
		return errors.New("empty, want an address, a host name or an IP")
	case errors.Is(err, errZone) || errors.Is(err, errBracketedV4):
		return err
	case strings.Contains(item, "/"):
		return l.addRange(item)
	case strings.Contains(item, ":"):
		a, err := Parse(item)
		if err != nil {
			return err
		}
		item = a.text
	default:
		if err := checkName(item); err != nil && item != "localhost" {
			return err
		}
	}
	l.texts[fold(item)] = struct{}{}
	return nil
}

func (l *List) addRange(item string) error {
	prefix, err := ParseRange(item)
	if err != nil {
		return err
	}
	if l.ranges == nil {
		l.ranges = make(map[netip.Prefix]struct{})
	}
	l.ranges[prefix] = struct{}{}
	if !slices.Contains(l.bits, prefix.Bits()) {
		l.bits = append(l.bits, prefix.Bits())
	}
	return nil
}

// Len is the number of different items.
func (l List) Len() int { return len(l.texts) + len(l.ips) + len(l.ranges) }

// Match reports whether an item matches the node at address a. The ip is what the
// transport knows about it: the result of a lookup or the other end of a
// connection; it may be zero. The address may be zero too, for a client that has
// none.
//
// Names are compared without regard to case, unlike identities: an item means the
// host, and "EVIL.com" must not pass a blacklist with "evil.com". A name does not
// match by the IP behind it, and "localhost" does not match 127.0.0.1.
func (l List) Match(a Address, ip netip.Addr) bool {
	return l.hasIP(ip) || l.hasIP(a.IP()) || l.hasText(a.text) || l.hasText(a.Host())
}

// hasIP reports whether ip is an item; never for an invalid one.
func (l List) hasIP(ip netip.Addr) bool {
	if len(l.ips) == 0 && len(l.ranges) == 0 || !ip.IsValid() {
		return false
	}
	ip = plain(ip)
	if _, found := l.ips[ip]; found {
		return true
	}
	for _, bits := range l.bits {
		// an error means that there are ranges of that length of IPv6 only
		if prefix, err := ip.Prefix(bits); err == nil {
			if _, found := l.ranges[prefix]; found {
				return true
			}
		}
	}
	return false
}

// hasText reports whether an address or host name is an item.
func (l List) hasText(text string) bool {
	if len(l.texts) == 0 {
		return false
	}
	_, found := l.texts[fold(text)]
	return found
}

// fold makes names comparable without regard to case.
func fold(text string) string { return strings.ToLower(text) }

// Repeats reports whether a list of peers or of addresses names one twice. It uses a map,
// because a client may name as many as fit into a request.
func Repeats[T Peer | Address](list []T) bool {
	seen := make(map[T]bool, len(list))
	for _, item := range list {
		if seen[item] {
			return true
		}
		seen[item] = true
	}
	return false
}
