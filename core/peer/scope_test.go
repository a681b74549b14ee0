package peer_test

import (
	"net/netip"
	"testing"

	"spreadable/core/peer"
)

// Each IP has its scope, in whatever form it comes.
func TestScopesOfIPs(t *testing.T) {
	for scope, ips := range map[peer.Scope][]string{
		peer.ScopeNone:     {"0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "255.255.255.255", "240.0.0.1", "ff02::1", "100::1", "::ffff:0.0.0.0"},
		peer.ScopeLoopback: {"127.0.0.1", "127.66.200.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::127.0.0.1", "::ffff:0:127.0.0.1", "2002:7f00:1::", "::127.0.0.1", "2001:0:1:2:3:4:80ff:fffe"},
		peer.ScopeLink: {"169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
			"100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254", "64:ff9b::100.100.100.200"},
		peer.ScopePrivate: {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.100.100.201", "198.18.0.1",
			"fd00:ec3::254", "fd20:ce::255", "fec0::1", "2001:2::1", "5f00::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:c0a8:101::1"},
		peer.ScopePublic: {"8.8.8.8", "172.32.0.1", "192.0.2.7", "126.255.255.255", "128.0.0.1", "100.128.0.1", "168.63.129.17", "2001:3::1", "2001:db8::5",
			"2606:4700::1111", "64:ff9b::8.8.8.8", "2002:808:808::1", "::ffff:8.8.8.8"},
	} {
		for _, text := range ips {
			if got := peer.ScopeOf(netip.MustParseAddr(text)); got != scope {
				t.Errorf("%s is %v, want %v", text, got, scope)
			}
		}
	}
	if got := peer.ScopeOf(netip.Addr{}); got != peer.ScopeNone {
		t.Errorf("no IP is %v", got)
	}
	if got := peer.ScopeOf(netip.MustParseAddr("fe80::1%eth0")); got != peer.ScopeLink {
		t.Errorf("an IP with a zone is %v", got)
	}
}
