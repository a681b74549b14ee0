// Package nettest gives tests free ports and addresses of the machine, and waits for what
// nodes do.
package nettest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"testing"
)

// FreePort returns a port at which nothing listens, of an IP or, for "", of all IPs. It
// is below the range that systems use for outgoing connections.
func FreePort(t testing.TB, ip string) int {
	t.Helper()
	ports, err := FreePorts(ip, 1)
	if err != nil {
		t.Fatal(err)
	}
	return ports[0]
}

// given are the ports that this process has found. A port is found once: tests that run
// side by side look for ports before they use them.
var given sync.Map

// FreePorts are n consecutive ports of an IP at which nothing listens, below the
// range that systems use for outgoing connections: none is taken by chance before the
// test uses it.
func FreePorts(ip string, n int) ([]int, error) {
	for range 100 {
		first := 10_000 + rand.IntN(20_000)
		var ports []int
		for next := first; len(ports) < n; next++ {
			l, err := net.Listen("tcp", net.JoinHostPort(ip, strconv.Itoa(next)))
			if err != nil {
				break
			}
			defer l.Close()
			if _, found := given.LoadOrStore(next, true); found {
				break
			}
			ports = append(ports, next)
		}
		if len(ports) == n {
			return ports, nil
		}
	}
	return nil, fmt.Errorf("found no %d free ports in a row", n)
}

// OwnIPv6 is an IPv6 address of this machine that can be a node's: not the loopback one,
// which nodes take for 127.0.0.1, and none that needs a zone. The test is skipped where
// there is none.
func OwnIPv6(t *testing.T) netip.Addr {
	t.Helper()
	list, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		prefix, err := netip.ParsePrefix(a.String())
		if err == nil && prefix.Addr().Is6() && prefix.Addr().IsGlobalUnicast() {
			return prefix.Addr()
		}
	}
	t.Skipf("this machine has only IPv6 addresses that cannot be a node's, loopback and link-local: %v", list)
	return netip.Addr{}
}
