package peer

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// List is a white-, black- or trust-list. The zero List is empty and matches
// nothing. A List does not change after ParseList, so many goroutines may read it.
type List struct {
	texts map[string]struct{}     // addresses and host names, in lower case
	ips   map[netip.Addr]struct{} // in plain form
}

// ParseList reads the items of a list. An item is
//
//   - an address, "n1.example.com:80": matches that node only;
//   - a host name, "n1.example.com": matches all ports of that name;
//   - an IP in any spelling, "192.0.2.7", "2001:db8::5", "[2001:db8::5]":
//     matches every node there, under whatever name.
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

// add reads one item: as an IP, or an address, or a host name.
func (l List) add(item string) error {
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
		return fmt.Errorf("%.80q: ranges of IPs are not known here, list the IPs", item)
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

// Len is the number of different items.
func (l List) Len() int { return len(l.texts) + len(l.ips) }

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
	if len(l.ips) == 0 {
		return false
	}
	_, found := l.ips[plain(ip)]
	return found
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
