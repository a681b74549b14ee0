package behavior

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/core/peer"
)

func ip(text string) netip.Addr { return netip.MustParseAddr(text) }

func TestABanHoldsForTheWholeHost(t *testing.T) {
	var b Bans
	b.Add(Ban{Peer: alice, IP: ip("10.0.0.1"), Until: time.Hour})
	nowhere := netip.Addr{}
	for _, c := range []struct {
		name      string
		p         peer.Peer
		ip        netip.Addr
		byAddress bool
		want      bool
	}{
		{"the peer itself", alice, ip("10.0.0.1"), false, true},
		{"another port", bob, ip("10.0.0.1"), false, true},
		{"a client without address", peer.Peer{}, ip("10.0.0.1"), false, true},
		{"the IPv6 form", bob, ip("::ffff:10.0.0.1"), false, true},
		{"another host", bob, ip("10.0.0.2"), false, false},
		{"the IPv6 form of another", bob, ip("::ffff:10.0.0.2"), false, false},
		{"the peer, moved to another host", alice, ip("10.0.0.2"), false, false},
		{"the peer, its IP unknown", alice, nowhere, false, true},
		{"another, its IP unknown", bob, nowhere, false, false},
		{"by address, the peer", alice, ip("10.0.0.1"), true, true},
		{"by address, another port", bob, ip("10.0.0.1"), true, false},
		{"by address, the peer elsewhere", alice, ip("10.0.0.2"), true, true},
	} {
		if _, got := b.Banned(c.p, c.ip, c.byAddress); got != c.want {
			t.Errorf("%s: banned %v, want %v", c.name, got, c.want)
		}
	}
}

func TestABanGivenInIPv6FormHoldsForIPv4(t *testing.T) {
	var b Bans
	b.Add(Ban{Peer: alice, IP: ip("::ffff:10.0.0.1")})
	if ban, banned := b.Banned(bob, ip("10.0.0.1"), false); !banned || ban.Peer != alice || ban.IP != ip("10.0.0.1") {
		t.Errorf("banned %v by %+v", banned, ban)
	}
}

// The host of an IPv6 is its /64: its owner changes the rest as it likes.
func TestABanOfAnIPv6HoldsForItsNetwork(t *testing.T) {
	var b Bans
	b.Add(Ban{Peer: alice, IP: ip("2001:db8::6")})
	for text, want := range map[string]bool{
		"2001:db8::6": true, "2001:db8::5": true, "2001:db8:0:0:ffff::": true, "2001:db8:0:1::6": false,
	} {
		if ban, got := b.Banned(bob, ip(text), false); got != want || got && ban.IP != ip("2001:db8::6") {
			t.Errorf("%s: banned %v by %+v, want %v", text, got, ban, want)
		}
	}
	if _, got := b.Banned(bob, ip("2001:db8::5"), true); got {
		t.Error("by address, the neighbour is banned")
	}
	if b.Remove(alice); b.Len() != 0 {
		t.Error("the ban is not lifted")
	}
	if _, got := b.Banned(bob, ip("2001:db8::5"), false); got {
		t.Error("a lifted ban holds for the neighbour")
	}
}

func TestABanWithoutIPHoldsForTheAddress(t *testing.T) {
	var b Bans
	b.Add(Ban{Peer: alice})
	if _, banned := b.Banned(alice, ip("10.0.0.1"), false); !banned {
		t.Error("the peer itself is not banned")
	}
	if _, banned := b.Banned(bob, ip("10.0.0.1"), false); banned {
		t.Error("another peer is banned")
	}
}

func TestABanIsRenewed(t *testing.T) {
	var b Bans
	b.Add(Ban{Peer: alice, IP: ip("10.0.0.1"), Reason: "spam", Since: 1, Until: 10})
	b.Add(Ban{Peer: alice, IP: ip("10.0.0.2"), Since: 5, Until: 8})
	want := Ban{Peer: alice, IP: ip("10.0.0.2"), Reason: "spam", Since: 1, Until: 8}
	if got := b.All(); !slices.Equal(got, []Ban{want}) {
		t.Errorf("bans %+v, want %+v", got, want)
	}
	if _, banned := b.Banned(bob, ip("10.0.0.1"), false); banned {
		t.Error("the former host is still banned")
	}
	b.Add(Ban{Peer: alice, Reason: "slaveMasters"})
	if got, _ := b.Get(alice); got.Reason != "slaveMasters" {
		t.Errorf("the reason is still %q", got.Reason)
	}
}

func TestTheZeroPeerCannotBeBanned(t *testing.T) {
	var b Bans
	b.Add(Ban{IP: ip("10.0.0.1")})
	if b.Len() != 0 {
		t.Errorf("bans %+v", b.All())
	}
}

func TestSweepLiftsTheBansThatEnded(t *testing.T) {
	var b Bans
	b.Add(Ban{Peer: carol, IP: ip("10.0.0.1"), Since: 2, Until: 99})
	b.Add(Ban{Peer: bob, IP: ip("10.0.0.1"), Since: 1, Until: 100})
	b.Add(Ban{Peer: alice, IP: ip("10.0.0.1"), Since: 3, Until: 98})
	ended := b.Sweep(100)
	if len(ended) != 2 || ended[0].Peer != carol || ended[1].Peer != alice {
		t.Errorf("ended %+v, want carol's and alice's, the older first", ended)
	}
	if ban, banned := b.Banned(alice, ip("10.0.0.1"), false); !banned || ban.Peer != bob {
		t.Errorf("banned %v by %+v, want by bob's ban of the same host", banned, ban)
	}
	if b.Sweep(101); b.Len() != 0 {
		t.Errorf("still banned: %+v", b.All())
	}
}

func TestOneOfSeveralBansOfAHostIsLifted(t *testing.T) {
	var b Bans
	for _, p := range []peer.Peer{bob, alice} {
		b.Add(Ban{Peer: p, IP: ip("10.0.0.1")})
	}
	if ban, _ := b.Banned(carol, ip("10.0.0.1"), false); ban.Peer != alice {
		t.Errorf("banned by %v's ban, want by that of the lowest id", ban.Peer)
	}
	if !b.Remove(alice) || b.Remove(alice) {
		t.Error("alice's ban was not lifted exactly once")
	}
	if ban, banned := b.Banned(carol, ip("10.0.0.1"), false); !banned || ban.Peer != bob {
		t.Errorf("banned %v by %+v, want by bob's ban", banned, ban)
	}
	if b.Clear(); b.Len() != 0 {
		t.Error("bans left after all were lifted")
	}
}

// naiveBans are bans as the rules read: a plain list.
type naiveBans []Ban

func (n naiveBans) banned(p peer.Peer, ip netip.Addr) bool {
	return slices.ContainsFunc(n, func(ban Ban) bool {
		if ban.IP.IsValid() && ip.IsValid() {
			return ban.IP == ip
		}
		return ban.Peer == p
	})
}

func TestBansAgreeWithAPlainList(t *testing.T) {
	addresses := []netip.Addr{{}, ip("10.0.0.1"), ip("10.0.0.2"), ip("2001:db8::1")}
	rapid.Check(t, func(t *rapid.T) {
		var b Bans
		var plain naiveBans
		for now := range time.Duration(60) {
			p := peer.FromID(rapid.Uint32Range(1, 6).Draw(t, "p"))
			ofPeer := func(ban Ban) bool { return ban.Peer == p }
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0, 1:
				ban := Ban{Peer: p, IP: rapid.SampledFrom(addresses).Draw(t, "ip"), Since: now, Until: now + 20}
				b.Add(ban)
				if i := slices.IndexFunc(plain, ofPeer); i >= 0 {
					ban.Since = plain[i].Since
					plain[i] = ban
				} else {
					plain = append(plain, ban)
				}
			case 2:
				b.Remove(p)
				plain = slices.DeleteFunc(plain, ofPeer)
			case 3:
				b.Sweep(now)
				plain = slices.DeleteFunc(plain, func(ban Ban) bool { return ban.Until < now })
			}
			if !slices.Equal(b.All(), slices.SortedFunc(slices.Values(plain), byAge)) {
				t.Fatalf("bans %+v, want %+v", b.All(), plain)
			}
			for _, ip := range addresses {
				if _, got := b.Banned(p, ip, false); got != plain.banned(p, ip) {
					t.Fatalf("%v from %v is banned: %v; the bans are %+v", p, ip, got, plain)
				}
			}
		}
		var restored Bans
		restored.Restore(rapid.Permutation(b.All()).Draw(t, "order"))
		if !slices.Equal(b.All(), restored.All()) || b.Len() > 0 && !slices.Equal(b.byIP, restored.byIP) {
			t.Fatalf("restored %+v, want %+v", restored.All(), b.All())
		}
	})
}

func TestRestoreTakesTheLaterBanOfAPeer(t *testing.T) {
	var b Bans
	b.Add(Ban{Peer: bob})
	later := Ban{Peer: alice, Since: 2, Until: 3}
	b.Restore([]Ban{{Peer: alice, IP: ip("10.0.0.1"), Reason: "spam", Since: 1, Until: 9}, {}, later})
	if got := b.All(); !slices.Equal(got, []Ban{later}) {
		t.Errorf("restored %+v, want %+v", got, later)
	}
}

func TestNoBansTakeNoMemory(t *testing.T) {
	allocs := testing.AllocsPerRun(100, func() {
		var b Bans
		b.Banned(alice, netip.Addr{}, false)
		b.Remove(alice)
		b.Sweep(0)
		b.All()
	})
	if allocs != 0 {
		t.Errorf("%v allocations without a ban", allocs)
	}
	var b Bans
	b.Add(Ban{Peer: alice, IP: ip("10.0.0.1")})
	if b.Remove(alice); b.banned != nil {
		t.Error("lifted bans hold memory")
	}
}

// A customer has a /64 of IPv6 addresses: a ban of one of them that the next one does not
// feel is none.
func TestABanOfAnIPv6HoldsForIts64(t *testing.T) {
	var b Bans
	at := netip.MustParseAddr
	b.Add(Ban{Peer: alice, IP: at("2001:db8::6"), Until: time.Hour})
	b.Add(Ban{Peer: bob, IP: at("192.0.2.6"), Until: time.Hour})
	for ip, want := range map[string]bool{
		"2001:db8::6": true, "2001:db8::5": true, "2001:db8::ffff:ffff:ffff:ffff": true, "2001:db8:0:1::6": false,
		"192.0.2.6": true, "::ffff:192.0.2.6": true, "192.0.2.7": false,
	} {
		if _, banned := b.Banned(carol, at(ip), false); banned != want {
			t.Errorf("%s is banned: %v", ip, banned)
		}
	}
	if ban, _ := b.Get(alice); ban.IP != at("2001:db8::6") {
		t.Errorf("the ban names %v", ban.IP)
	}
	b.Remove(alice)
	if _, banned := b.Banned(carol, at("2001:db8::5"), false); banned {
		t.Error("a ban that was lifted holds for the /64")
	}
}
