package peer_test

import (
	"net/netip"
	"testing"

	"spreadable/core/peer"
)

func address(t *testing.T, text string) peer.Address {
	t.Helper()
	a, err := peer.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestHostsAreToldApartByTheRule(t *testing.T) {
	ip := netip.MustParseAddr
	for _, c := range []struct {
		rule    peer.Hosts
		address string // empty for a client
		ip      netip.Addr
		want    string
	}{
		{peer.HostsStrict, "192.0.2.7:80", netip.Addr{}, "192.0.2.7:0"},
		{peer.HostsStrict, "192.0.2.7:81", ip("198.51.100.1"), "192.0.2.7:0"},
		{peer.HostsStrict, "alpha.example:80", ip("192.0.2.7"), "192.0.2.7:0"},
		{peer.HostsStrict, "alpha.example:80", netip.Addr{}, "alpha.example:0"},
		{peer.HostsStrict, "alpha.example:81", netip.Addr{}, "alpha.example:0"},
		{peer.HostsStrict, "[2001:db8::5]:80", netip.Addr{}, "[2001:0db8:0000:0000:0000:0000:0000:0000]:0"},
		{peer.HostsStrict, "", ip("2001:db8::6"), "[2001:0db8:0000:0000:0000:0000:0000:0000]:0"},
		{peer.HostsOff, "127.0.0.1:4000", netip.Addr{}, "127.0.0.1:4000"},
		{peer.HostsOff, "", ip("127.0.0.1"), "127.0.0.1:0"},
		{peer.HostsOff, "alpha.example:81", ip("192.0.2.7"), "alpha.example:81"},
	} {
		var a peer.Address
		if c.address != "" {
			a = address(t, c.address)
		}
		if got := c.rule.Of(a, c.ip).String(); got != c.want {
			t.Errorf("%v: the host of %q at %v is %q, want %q", c.rule, c.address, c.ip, got, c.want)
		}
	}
}

func TestHostsAutoFollowsTheOwnAddress(t *testing.T) {
	for own, want := range map[string]peer.Hosts{
		"localhost:4000":     peer.HostsOff,
		"127.0.0.3:4000":     peer.HostsOff,
		"[::1]:4000":         peer.HostsOff,
		"192.168.0.2:4000":   peer.HostsStrict,
		"alpha.example:4000": peer.HostsStrict,
	} {
		if got := peer.HostsAuto.For(address(t, own)); got != want {
			t.Errorf("auto at %s is %v, want %v", own, got, want)
		}
	}
	if got := peer.HostsStrict.For(address(t, "localhost:1")); got != peer.HostsStrict {
		t.Errorf("strict at localhost is %v", got)
	}
}

func TestRulesOfHostsAreReadAsWritten(t *testing.T) {
	for _, h := range []peer.Hosts{peer.HostsAuto, peer.HostsStrict, peer.HostsOff} {
		if got, err := peer.ParseHosts(h.String()); err != nil || got != h {
			t.Errorf("%v is read as %v, %v", h, got, err)
		}
	}
	if _, err := peer.ParseHosts("loose"); err == nil {
		t.Error("loose is accepted")
	}
}
