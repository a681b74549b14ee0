package main

import (
	"net"
	"slices"
	"strings"
	"testing"

	"spreadable/internal/nettest"
)

// Three nodes at literal IPv6 addresses become a network. Its members, a client and its
// owner write the addresses in different ways, which are the same. All are on one host,
// which has one voice unless host_limits is off.
func TestANetworkOverIPv6(t *testing.T) {
	ip := nettest.OwnIPv6(t).String()
	first := startProcess(t, nettest.ShortDir(t), "--hostname", ip, "--port", port(t), "--host-limits", "off")
	root := first.status(t).Address
	_, number, err := net.SplitHostPort(root)
	if err != nil {
		t.Fatal(err)
	}
	short := net.JoinHostPort(ip, number)
	nodes := []*process{first}
	for _, bootstrap := range []string{root, short} {
		nodes = append(nodes, startProcess(t, nettest.ShortDir(t), "--hostname", "["+ip+"]", "--port", port(t), "--bootstrap", bootstrap, "--host-limits", "off"))
	}
	var addresses []string
	for _, n := range nodes {
		addresses = append(addresses, n.status(t).Address)
		until(t, "each sees three nodes", func() bool { s := n.status(t); return s.Registered && s.NetworkSize == 3 })
	}
	slices.Sort(addresses)
	for _, n := range nodes {
		m, err := n.owner.Members(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var members []string
		for _, member := range m.Members {
			members = append(members, member.Address)
		}
		if slices.Sort(members); !slices.Equal(members, addresses) {
			t.Errorf("members are %v, want %v", members, addresses)
		}
	}
	for _, entry := range []string{root, short} {
		if code, out, said := inProcess("approve", "--node", entry); code != 0 || !strings.Contains(out, `"answer": "`+ip+`"`) {
			t.Errorf("approve at %s: exit code %d, %s%s", entry, code, out, said)
		}
	}
}
