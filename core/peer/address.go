package peer

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// maxText is the longest text of an address in bytes: a host and ":65535".
const maxText = maxHost + len(":65535")

// hostKind says how the host of an address is written.
type hostKind uint8

const (
	nameHost  hostKind = iota // needs a lookup
	localHost                 // exactly "localhost", always 127.0.0.1
	ipv4Host                  // dotted decimal
	ipv6Host                  // full IPv6, in brackets within the text
)

// Address is the address of a node, checked and in canonical form. It is a
// small comparable value: equal addresses are the same node. The zero value is
// no address. Make one with [Parse].
type Address struct {
	text string // canonical "host:port"; the other fields follow from it
	port uint16
	kind hostKind
}

// Parse reads a node's address, "host:port".
//
// The host is "localhost", an IPv4, an IPv6 in brackets in any spelling, or a
// host name that npm peers accept (see checkName). The port is plain decimal,
// 1 to 65535. IPv6 becomes its full form, "[2001:db8::5]:80" is
// "[2001:0db8:0000:0000:0000:0000:0000:0005]:80". Everything else is kept as
// given, upper case included, since peers compare addresses as plain text: a
// changed letter would be another node to them.
//
// The npm package spreadable 0.3 accepts more, and what it accepts more cannot
// be the address of a working node. Parse refuses:
//
//   - ports that are numbers only to JavaScript ("", "1e3", "0x10", "1.5",
//     " 80"), port 0, where no node can listen, and "080", a second name of ":80";
//   - text after the port ("localhost:4000:1", which npm reads as ":4000");
//   - junk before a good ending ("x!y.example.com"), "localhostfoo" and
//     "LOCALHOST": npm's pattern is not anchored, but such hosts do not resolve
//     to what npm would call;
//   - IPs that no node can send from (unspecified, multicast, broadcast), IPv4
//     in brackets, and IPv6 with a zone.
//
// Errors quote the text, name the part that is wrong and say what would be
// right; they never hold more than some hundred bytes of hostile input.
func Parse(text string) (Address, error) {
	a, err := parse(text)
	if err != nil {
		return Address{}, fmt.Errorf("address %.80q: %w", text, err)
	}
	return a, nil
}

// parse is Parse without the context in the error.
func parse(text string) (Address, error) {
	if len(text) > maxText {
		return Address{}, fmt.Errorf("%d bytes long, want at most %d", len(text), maxText)
	}
	host, portText, err := split(text)
	if err != nil {
		return Address{}, err
	}
	port, err := parsePort(portText)
	if err != nil {
		return Address{}, err
	}
	host, kind, err := parseHost(host)
	if err != nil {
		return Address{}, err
	}
	if kind == ipv6Host {
		text = host + ":" + portText
	}
	return Address{text: text, port: port, kind: kind}, nil
}

// OfHost returns the address that stands for all that comes from one host, "192.0.2.7:0",
// as npm nodes name a client. The host of an IPv6 is its /64, which one customer has, all
// addresses of it: "[2001:0db8:0000:0000:0000:0000:0000:0000]:0". It stands in lists of
// bans and scores; no node has it. The invalid IP gives the zero Address.
func OfHost(ip netip.Addr) Address {
	switch ip = HostIP(ip); {
	case !ip.IsValid():
		return Address{}
	case ip.Is4():
		return Address{text: ip.String() + ":0", kind: ipv4Host}
	}
	return Address{text: "[" + FullIPv6(ip) + "]:0", kind: ipv6Host}
}

// ParseOffender reads what can stand in a list of bans or scores: the address of a node,
// or "IP:0", that of a host; an IPv6 in brackets or not.
func ParseOffender(text string) (Address, error) {
	if host, found := strings.CutSuffix(text, ":0"); found {
		if ip, err := ParseIP(host); err == nil {
			return OfHost(ip), nil
		}
	}
	return Parse(text)
}

// MustParse is [Parse] for texts known to be good, in tests and tables. It
// panics where Parse fails.
func MustParse(text string) Address {
	a, err := Parse(text)
	if err != nil {
		panic(err)
	}
	return a
}

// split cuts an address into host and port. Brackets stay with the host.
func split(text string) (host, port string, err error) {
	if text == "" {
		return "", "", errors.New(`empty, want "host:port"`)
	}
	if text[0] == '[' {
		host, port, found := strings.Cut(text, "]:")
		if !found {
			return "", "", errors.New(`want "[IPv6]:port"`)
		}
		return host + "]", port, nil
	}
	switch strings.Count(text, ":") {
	case 0:
		return "", "", errors.New(`no port, want "host:port"`)
	case 1:
		host, port, _ = strings.Cut(text, ":")
		return host, port, nil
	}
	return "", "", errors.New(`more than one colon, want "host:port", and IPv6 as "[IPv6]:port"`)
}

// parsePort reads a port: decimal digits, 1 to 65535, no leading zero.
func parsePort(text string) (uint16, error) {
	// ParseUint with a base takes digits only: no sign, space, "_" or "0x".
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 || text[0] == '0' {
		return 0, fmt.Errorf("port %.20q, want a decimal number from 1 to 65535", text)
	}
	return uint16(port), nil
}

// parseHost checks a host and gives it back as it stands in the canonical text.
func parseHost(host string) (string, hostKind, error) {
	switch {
	case host == "localhost":
		return host, localHost, nil
	case strings.HasPrefix(host, "["):
		return parseIPv6Host(host)
	}
	if ip, ok := parseIPv4(host); ok {
		return host, ipv4Host, checkSender(ip)
	}
	return host, nameHost, checkName(host)
}

// parseIPv6Host reads "[IPv6]" in any spelling and gives the full one.
func parseIPv6Host(host string) (string, hostKind, error) {
	ip, err := parseIP(host)
	switch {
	case err == nil:
		err = checkSender(ip)
	case errors.Is(err, errNotIP):
		err = errors.New("want IPv6 such as [2001:db8::5]")
	}
	if err != nil {
		return "", 0, fmt.Errorf("host %.80q: %w", host, err)
	}
	text := make([]byte, 0, len("[]")+39)
	text = append(text, '[')
	text = appendFullIPv6(text, ip)
	text = append(text, ']')
	return string(text), ipv6Host, nil
}

// parseIPv4 reads dotted decimal. Names that begin with a digit are common and
// no error, so it answers with a bool.
func parseIPv4(host string) (netip.Addr, bool) {
	if host == "" || host[0] < '0' || host[0] > '9' {
		return netip.Addr{}, false // spares the parser, whose errors allocate
	}
	ip, err := netip.ParseAddr(host)
	return ip, err == nil && ip.Is4()
}

// checkSender refuses IPs that no packet can come from. A request must come
// from the IP of the address it names, so no working node has such an address;
// and a node that calls 0.0.0.0 calls itself.
func checkSender(ip netip.Addr) error {
	broadcast := netip.AddrFrom4([4]byte{255, 255, 255, 255})
	ip = plain(ip)
	if ip.IsUnspecified() || ip.IsMulticast() || ip == broadcast {
		return fmt.Errorf("%s cannot be the IP of a node", ip)
	}
	return nil
}

// String is the canonical text, the identity of the node on the wire and in
// lists: what Parse was given, with IPv6 in full. "" for the zero Address.
func (a Address) String() string { return a.text }

// Host is the host without port and brackets; IPv6 in full form, as npm nodes
// split it.
func (a Address) Host() string {
	host := a.text[:max(0, strings.LastIndexByte(a.text, ':'))]
	if a.kind == ipv6Host {
		return host[1 : len(host)-1]
	}
	return host
}

// Port is the port, 1 to 65535; 0 for the zero Address and for a host ([OfHost]).
func (a Address) Port() uint16 { return a.port }

// IP is the IP of the host as far as it is known without a lookup. It is the literal
// IP, with IPv4-mapped IPv6 as IPv4; 127.0.0.1 for "localhost" on every machine, as
// for npm nodes; and zero (not valid) for a name that has to be looked up.
func (a Address) IP() netip.Addr {
	switch a.kind {
	case localHost:
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case ipv4Host, ipv6Host:
		// Parsed again rather than stored: an Address is half the size, and
		// the text was checked by Parse.
		ip, _ := netip.ParseAddr(a.Host())
		return ip.Unmap()
	}
	return netip.Addr{}
}

// IsZero reports whether a is no address.
func (a Address) IsZero() bool { return a.text == "" }
