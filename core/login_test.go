package core_test

import (
	"net/netip"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/behavior"
	"spreadable/core/coretest"
	"spreadable/core/peer"
)

// Wrong logins, as a driver with passwords reports them (the authentication action of the
// protocol).

var anyone = netip.MustParseAddr("192.0.2.66")

// lone is a node of a network of its own.
func lone(t testing.TB, c core.Config) *coretest.Host {
	n := coretest.New(t, oneWay, 1)
	c.Bootstrap, c.ManualSync = []core.Peer{peer.FromID(1)}, true
	h := n.AddNode("", c)
	h.Start()
	return h
}

// errFrom makes wrong logins from an IP, and returns how many were judged before the ban.
func errFrom(h *coretest.Host, ip netip.Addr, times int) (let int) {
	for range times {
		if welcome, _ := h.Node.Login(peer.Address{}, ip, false); welcome {
			let++
		}
	}
	return let
}

func TestTheEleventhWrongLoginBansTheHost(t *testing.T) {
	for _, byAddress := range []bool{false, true} {
		h := lone(t, core.Config{BanByAddress: byAddress})
		if let := errFrom(h, anyone, 30); let != 11 {
			t.Errorf("%d wrong logins were heard, want 11", let)
		}
		bans := h.Node.State().Bans
		if len(bans) != 1 || bans[0].Address != "192.0.2.66:0" || bans[0].Reason != "authentication" || bans[0].Until-bans[0].Since != 15*time.Minute {
			t.Errorf("the bans are %+v", bans)
		}
		if door := h.Node.Screen(peer.Address{}, anyone); door != core.DoorBanned {
			t.Errorf("the address filter says %d of the host", door)
		}
		if welcome, _ := h.Node.Login(peer.Address{}, anyone, true); welcome {
			t.Error("a banned host is welcome with the right password")
		}
		if door := h.Node.Screen(peer.Address{}, anyone.Next()); door != core.DoorOpen {
			t.Errorf("the address filter says %d of another host", door)
		}
	}
}

// The ban ends by itself, and may be lifted before; then the count begins anew.
func TestABanForWrongLoginsEnds(t *testing.T) {
	for name, end := range map[string]func(h *coretest.Host){
		"it is over": func(h *coretest.Host) {
			h.Network().Run(15*time.Minute + time.Second)
			h.Node.Sync()
		},
		"all are lifted": func(h *coretest.Host) { h.Node.Bans().Clear() },
		"it is lifted": func(h *coretest.Host) {
			p, _ := h.Network().Book.Find("192.0.2.66:0")
			h.Node.Bans().Remove(p)
		},
	} {
		h := lone(t, core.Config{})
		errFrom(h, anyone, 11)
		end(h)
		if let := errFrom(h, anyone, 30); let != 11 {
			t.Errorf("%s: %d wrong logins were heard afterwards, want 11", name, let)
		}
	}
}

// What is guessed slowly counts together, as long as less than the time of a ban passes.
func TestWrongLoginsAreRememberedForFifteenMinutes(t *testing.T) {
	for pause, want := range map[time.Duration]int{14 * time.Minute: 1, 16 * time.Minute: 0} {
		h := lone(t, core.Config{})
		errFrom(h, anyone, 10)
		h.Network().Run(pause)
		h.Node.Sync()
		errFrom(h, anyone, 1)
		if bans := h.Node.Bans().Len(); bans != want {
			t.Errorf("ten wrong logins and, %v later, one more: %d bans, want %d", pause, bans, want)
		}
	}
}

// An IPv6 counts with all of its /64, which one customer has.
func TestWrongLoginsCountForA64(t *testing.T) {
	h := lone(t, core.Config{})
	ip := netip.MustParseAddr("2001:db8:0:7::1")
	for range 11 {
		errFrom(h, ip, 1)
		ip = ip.Next()
	}
	if door := h.Node.Screen(peer.Address{}, netip.MustParseAddr("2001:db8:0:7:8000::")); door != core.DoorBanned {
		t.Errorf("the address filter says %d of the same /64", door)
	}
	if door := h.Node.Screen(peer.Address{}, netip.MustParseAddr("2001:db8:0:8::1")); door != core.DoorOpen {
		t.Errorf("the address filter says %d of the next /64", door)
	}
}

// A wrong login from the host of a node does not cut us off from the node.
func TestABanForWrongLoginsIsForWhatComesIn(t *testing.T) {
	n, h, peers := asker(t, 0)
	errFrom(h, n.Book.IP(peers[0]), 11)
	var got []string
	h.Node.Go(func(t *core.Task) { got = errs(t.Gather(peers, ping(time.Second))) })
	n.Run(time.Second)
	if h.Node.Bans().Len() != 1 || got[0] != "ok" {
		t.Errorf("%d bans, and the node's answer is %s", h.Node.Bans().Len(), got[0])
	}
}

// Many hosts that guess fill neither the scores nor, for long, the book.
func TestManyGuessersFillNothing(t *testing.T) {
	h := lone(t, core.Config{})
	ip := netip.MustParseAddr("10.0.0.0")
	for range behavior.MaxRows + 500 {
		errFrom(h, ip, 1)
		ip = ip.Next()
	}
	if rows := len(h.Node.State().Scores); rows != behavior.MaxRows {
		t.Errorf("%d scores, want %d", rows, behavior.MaxRows)
	}
	if swept := h.Node.SweepBook(func(core.Peer) bool { return false }); swept < 500 {
		t.Errorf("the book was swept of %d hosts, want 500", swept)
	}
}

// Guesses are counted even when the book is full.
func TestGuessesWithAFullBookAreRefused(t *testing.T) {
	n := coretest.New(t, oneWay, 1)
	n.Book = peer.NewBook(1)
	h := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, ManualSync: true})
	h.Start()
	if let := errFrom(h, anyone, 1); let != 0 {
		t.Error("a wrong login that nothing can count was heard")
	}
	if welcome, _ := h.Node.Login(peer.Address{}, anyone, true); !welcome {
		t.Error("a good login is refused")
	}
}

// Scores and bans of hosts survive a restart.
func TestBansOfHostsAreRestored(t *testing.T) {
	h := lone(t, core.Config{})
	errFrom(h, anyone, 11)
	errFrom(h, anyone.Next(), 10)
	saved := h.Node.State()
	h.Crash(false)
	h.Boot(&saved)
	if door := h.Node.Screen(peer.Address{}, anyone); door != core.DoorBanned {
		t.Errorf("after a restart the address filter says %d of a banned host", door)
	}
	if errFrom(h, anyone.Next(), 1); h.Node.Bans().Len() != 2 {
		t.Errorf("after a restart there are %d bans, want 2", h.Node.Bans().Len())
	}
}
