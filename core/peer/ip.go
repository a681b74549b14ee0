package peer

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

var (
	errZone        = errors.New("zones mean something on one machine only: drop the part from %")
	errBracketedV4 = errors.New("only IPv6 stands in brackets: drop them")
	errNotIP       = errors.New("want IPv4 such as 192.0.2.7 or IPv6 such as 2001:db8::5")
)

// ParseIP reads an IP as people and nodes write it: IPv4, and IPv6 in any
// spelling (short, full, with an IPv4 tail), in brackets or not.
//
// The result has one form for each IP: an IPv4-mapped IPv6 address comes back
// as IPv4. It can be compared with == and be the key of a map. Zones
// ("fe80::1%eth0") are an error, since another machine has other zones, and so
// are leading zeros in IPv4, which some systems read as octal.
func ParseIP(text string) (netip.Addr, error) {
	ip, err := parseIP(text)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("ip %.80q: %w", text, err)
	}
	return ip.Unmap(), nil
}

// parseIP is ParseIP without the context in the error and without unmapping.
func parseIP(text string) (netip.Addr, error) {
	// Before the parser, whose messages for zones are about something else.
	if strings.Contains(text, "%") {
		return netip.Addr{}, errZone
	}
	inner, bracketed := text, false
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		inner, bracketed = text[1:len(text)-1], true
	}
	ip, err := netip.ParseAddr(inner)
	if err != nil {
		return netip.Addr{}, errNotIP
	}
	if bracketed && ip.Is4() {
		return netip.Addr{}, errBracketedV4
	}
	return ip, nil
}

// SameIP reports whether a and b are one IP. IPv4 equals its IPv4-mapped IPv6
// form, zones do not count, and an invalid (zero) IP equals nothing, itself
// included: a host that could not be looked up must not match another such.
func SameIP(a, b netip.Addr) bool {
	return a.IsValid() && b.IsValid() && plain(a) == plain(b)
}

// plain is the one form in which this package compares and stores an IP.
func plain(ip netip.Addr) netip.Addr {
	return ip.Unmap().WithZone("")
}

// FullIPv6 writes an IP as npm nodes store it: eight groups of four lower-case
// hex digits, "0000:0000:0000:0000:0000:ffff:7f00:0001" for 127.0.0.1. A zone
// is left out. The invalid IP gives "".
func FullIPv6(ip netip.Addr) string {
	if !ip.IsValid() {
		return ""
	}
	var text [39]byte
	return string(appendFullIPv6(text[:0], ip))
}

// appendFullIPv6 appends the 39 bytes of FullIPv6 of a valid IP.
func appendFullIPv6(text []byte, ip netip.Addr) []byte {
	groups := ip.As16()
	for i := 0; i < len(groups); i += 2 {
		if i > 0 {
			text = append(text, ':')
		}
		text = hex.AppendEncode(text, groups[i:i+2])
	}
	return text
}
