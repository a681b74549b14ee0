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

// logIn makes a number of attempts of a kind at once, and returns how many were judged.
func logIn(h *coretest.Host, l core.Login, times int) (let int) {
	for range times {
		if welcome, _ := h.Node.LogIn(l); welcome {
			let++
		}
	}
	return let
}

// errFrom makes wrong logins from an IP, and returns how many were judged.
func errFrom(h *coretest.Host, ip netip.Addr, times int) (let int) {
	return logIn(h, core.Login{IP: ip}, times)
}

func goodFrom(h *coretest.Host, ip netip.Addr) bool {
	return logIn(h, core.Login{IP: ip, Good: true}, 1) == 1
}

func TestAfterTenWrongLoginsOneIsJudgedInTenSeconds(t *testing.T) {
	h := lone(t, core.Config{})
	if let := errFrom(h, anyone, 30); let != 10 {
		t.Errorf("%d wrong logins at once were judged, want 10", let)
	}
	for range 5 {
		if goodFrom(h, anyone) {
			t.Error("the right password is let in at once: a guesser would know it")
		}
		h.Network().Run(10 * time.Second)
		if let := errFrom(h, anyone, 30); let != 1 {
			t.Errorf("%d wrong logins were judged after ten seconds, want 1", let)
		}
	}
	limited := h.Node.LimitedLogins()
	if len(limited) != 1 || h.Network().Book.Text(limited[0].Peer) != "192.0.2.66:0" || limited[0].Action != behavior.Authentication {
		t.Errorf("limited: %+v", limited)
	}
	if h.Node.Bans().Len() > 0 || h.Node.Screen(peer.Address{}, anyone) != core.DoorOpen {
		t.Error("a host that guesses is banned")
	}
	if !goodFrom(h, anyone.Next()) {
		t.Error("another host must wait")
	}
}

// Who has mended the mistake is in after one pause, and stays in.
func TestARightLoginEndsTheWait(t *testing.T) {
	h := lone(t, core.Config{LoginPause: 3 * time.Second})
	errFrom(h, anyone, 30)
	h.Network().Run(3 * time.Second)
	for range 20 {
		if !goodFrom(h, anyone) {
			t.Fatal("the right password must wait after a pause")
		}
	}
	if limited := h.Node.LimitedLogins(); len(limited) > 0 {
		t.Errorf("limited: %+v", limited)
	}
}

func TestLimitedLoginsAreForgiven(t *testing.T) {
	for name, end := range map[string]func(h *coretest.Host){
		"all": func(h *coretest.Host) { h.Node.ForgiveLogins(peer.Peer{}) },
		"one": func(h *coretest.Host) {
			p, _ := h.Network().Book.Find("192.0.2.66:0")
			if !h.Node.ForgiveLogins(p) || h.Node.ForgiveLogins(p) {
				t.Error("the limit is not there, or not lifted")
			}
		},
		"a quarter of an hour without any": func(h *coretest.Host) {
			h.Network().Run(15*time.Minute + time.Second)
			h.Node.Sync()
		},
	} {
		h := lone(t, core.Config{})
		errFrom(h, anyone, 30)
		end(h)
		if let := errFrom(h, anyone, 30); let != 10 {
			t.Errorf("%s: %d wrong logins were judged afterwards, want 10", name, let)
		}
	}
}

// What is guessed slowly counts together, as long as less than a quarter of an hour passes.
func TestWrongLoginsAreRememberedForFifteenMinutes(t *testing.T) {
	for pause, want := range map[time.Duration]int{14 * time.Minute: 1, 16 * time.Minute: 0} {
		h := lone(t, core.Config{})
		errFrom(h, anyone, 9)
		h.Network().Run(pause)
		h.Node.Sync()
		errFrom(h, anyone, 1)
		if limited := len(h.Node.LimitedLogins()); limited != want {
			t.Errorf("nine wrong logins and, %v later, one more: %d hosts limited, want %d", pause, limited, want)
		}
	}
}

// An IPv6 counts with all of its /64, which one customer has.
func TestWrongLoginsCountForA64(t *testing.T) {
	h := lone(t, core.Config{})
	ip := netip.MustParseAddr("2001:db8:0:7::1")
	for range 10 {
		errFrom(h, ip, 1)
		ip = ip.Next()
	}
	if goodFrom(h, netip.MustParseAddr("2001:db8:0:7:8000::")) {
		t.Error("another address of the same /64 need not wait")
	}
	if !goodFrom(h, netip.MustParseAddr("2001:db8:0:8::1")) {
		t.Error("the next /64 must wait")
	}
}

// A page of a website makes its visitor's browser guess; the nodes and programs of the
// visitor's host do not pay for it, nor the browser for them.
func TestBrowsersAreCountedApart(t *testing.T) {
	h := lone(t, core.Config{})
	browser := core.Login{IP: anyone, Browser: true}
	if let := logIn(h, browser, 30); let != 10 {
		t.Errorf("%d wrong logins of a browser were judged, want 10", let)
	}
	if !goodFrom(h, anyone) {
		t.Error("the host must wait for what its browser did")
	}
	if let := errFrom(h, anyone, 30); let != 10 {
		t.Errorf("%d wrong logins of the host were judged, want 10", let)
	}
	if n := len(h.Node.LimitedLogins()); n != 2 {
		t.Errorf("%d are limited, want the host and its browsers", n)
	}
}

// A node in our lists stays reachable, whatever its neighbours do; but whoever claims to be
// it, from its host, has no more guesses for that than any other.
func TestListedNodesAreCountedApart(t *testing.T) {
	n := settled(t, 4)
	h := n.Hosts()[0]
	slave := h.Node.Structure().Slaves[0]
	errFrom(h, n.Book.IP(slave), 30)
	as := core.Login{Address: n.Book.Address(slave), IP: n.Book.IP(slave)}
	for range 20 {
		if welcome, _ := h.Node.LogIn(core.Login{Address: as.Address, IP: as.IP, Good: true}); !welcome {
			t.Fatal("a slave must wait because a neighbour guesses")
		}
	}
	if let := logIn(h, as, 30); let != 10 {
		t.Errorf("%d wrong logins in a slave's name were judged, want 10", let)
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
	if !goodFrom(h, anyone) {
		t.Error("a good login is refused")
	}
}

// What counts against hosts survives a restart.
func TestWrongLoginsAreRestored(t *testing.T) {
	h := lone(t, core.Config{})
	errFrom(h, anyone, 10)
	errFrom(h, anyone.Next(), 9)
	saved := h.Node.State()
	h.Crash(false)
	h.Boot(&saved)
	if goodFrom(h, anyone) {
		t.Error("after a restart a host that has guessed need not wait")
	}
	if errFrom(h, anyone.Next(), 1); len(h.Node.LimitedLogins()) != 2 {
		t.Errorf("after a restart %d hosts are limited, want 2", len(h.Node.LimitedLogins()))
	}
}
