// Package nettest has what tests need of the machine's network.
package nettest

import (
	"net"
	"net/netip"
	"testing"
)

// OwnIPv6 is an IPv6 address of this machine that can be a node's: not the loopback one, which nodes take for 127.0.0.1, and
// none that needs a zone. The test is skipped where there is none.
func OwnIPv6(t *testing.T) netip.Addr {
	t.Helper()
	list, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && prefix.Addr().Is6() && prefix.Addr().IsGlobalUnicast() {
			return prefix.Addr()
		}
	}
	t.Skipf("this machine has no IPv6 address but loopback and link-local ones, which cannot be a node's: it has %v", list)
	return netip.Addr{}
}
