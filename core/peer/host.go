package peer

import (
	"fmt"
	"net/netip"
	"strings"
)

// Hosts says which participants count as one host. What a host may take is limited, so
// that its owner gains nothing by more ports or addresses.
type Hosts uint8

// The rules of hosts.
const (
	// HostsAuto is HostsOff for a node whose own address is a loopback address, as in
	// clusters on one machine and in tests, and HostsStrict for any other.
	HostsAuto   Hosts = iota
	HostsStrict       // all addresses of an IPv4, or of an IPv6 /64, are one host
	HostsOff          // each address of a node is a host, and all clients of an IP are one
)

// hostsNames are the values of the option host_limits.
var hostsNames = [...]string{HostsAuto: "auto", HostsStrict: "strict", HostsOff: "off"}

func (h Hosts) String() string {
	if int(h) < len(hostsNames) {
		return hostsNames[h]
	}
	return fmt.Sprintf("Hosts(%d)", uint8(h))
}

// ParseHosts reads the text of a rule.
func ParseHosts(text string) (Hosts, error) {
	for h, name := range hostsNames {
		if text == name {
			return Hosts(h), nil
		}
	}
	return 0, fmt.Errorf("%q is no rule of hosts: want %s", text, strings.Join(hostsNames[:], ", "))
}

// For is the rule at a node: HostsAuto becomes one of the others.
func (h Hosts) For(own Address) Hosts {
	switch {
	case h != HostsAuto:
		return h
	case own.IP().IsLoopback():
		return HostsOff
	}
	return HostsStrict
}

// Of is the host of a participant as an address to compare: [OfHost] of its IP, or the
// address itself where each is a host. A is zero for a client, which has only an IP. The
// IP of a node that has a name may be unknown (invalid); then its host is the name,
// whatever the port. The rule is not HostsAuto: see For.
func (h Hosts) Of(a Address, ip netip.Addr) Address {
	switch {
	case a == Address{}:
		return OfHost(ip)
	case h == HostsOff:
		return a
	}
	if own := a.IP(); own.IsValid() {
		ip = own
	}
	if ip.IsValid() {
		return OfHost(ip)
	}
	a.text = a.Host() + ":0"
	a.port = 0
	return a
}

// HostIP is the IP that stands for a whole host: an IPv4 itself, and of an IPv6 the first
// of its /64, which is what one customer has. The invalid IP stands for none.
func HostIP(ip netip.Addr) netip.Addr {
	ip = plain(ip)
	if !ip.Is6() {
		return ip
	}
	network, _ := ip.Prefix(64) // in range
	return network.Addr()
}
