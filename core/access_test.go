package core_test

import (
	"net/netip"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/behavior"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// list reads an address list that a test writes.
func list(t *testing.T, items ...string) peer.List {
	t.Helper()
	l, err := peer.ParseList(items)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// The address filter lets the node itself and trusted peers pass, then refuses what is
// banned, then what is not in the whitelist if there is one, and otherwise what is in the
// blacklist.
func TestAddressFilterHasAnOrder(t *testing.T) {
	const other, third = "10.0.0.2:4000", "10.0.0.3:4000"
	tests := []struct {
		name    string
		config  core.Config
		banned  string
		address string // "" is a client
		ip      string
		want    core.Door
	}{
		{"no list and no ban", core.Config{}, "", other, "10.0.0.2", core.DoorOpen},
		{"a ban", core.Config{}, other, other, "10.0.0.2", core.DoorBanned},
		{"a ban of another host", core.Config{}, third, other, "10.0.0.2", core.DoorOpen},
		{"a ban, asked for a client at that IP", core.Config{}, other, "", "10.0.0.2", core.DoorBanned},
		{"a ban, asked for another port of that IP", core.Config{}, other, "10.0.0.2:5000", "10.0.0.2", core.DoorBanned},
		{"a ban by address, asked for another port", core.Config{BanByAddress: true}, other, "10.0.0.2:5000", "10.0.0.2", core.DoorOpen},
		{"a ban of a trusted peer", core.Config{Trustlist: list(t, other)}, other, other, "10.0.0.2", core.DoorOpen},
		{"a ban where all are trusted", core.Config{Trusted: true}, other, other, "10.0.0.2", core.DoorOpen},
		{"a whitelist without it", core.Config{Whitelist: list(t, third)}, "", other, "10.0.0.2", core.DoorUnlisted},
		{"a whitelist with it", core.Config{Whitelist: list(t, other)}, "", other, "10.0.0.2", core.DoorOpen},
		{"a whitelist with it, and a ban", core.Config{Whitelist: list(t, other)}, other, other, "10.0.0.2", core.DoorBanned},
		{"a whitelist and a blacklist with it", core.Config{Whitelist: list(t, other), Blacklist: list(t, other)}, "", other, "10.0.0.2", core.DoorOpen},
		{"a whitelist without it, and its own address", core.Config{Whitelist: list(t, other)}, "", "10.0.0.1:4000", "10.0.0.1", core.DoorOpen},
		{"a whitelist without it, and trust", core.Config{Whitelist: list(t, third), Trustlist: list(t, other)}, "", other, "10.0.0.2", core.DoorOpen},
		{"a blacklist with it", core.Config{Blacklist: list(t, other)}, "", other, "10.0.0.2", core.DoorBlacklist},
		{"a blacklist with its IP", core.Config{Blacklist: list(t, "10.0.0.2")}, "", "node.example.com:80", "10.0.0.2", core.DoorBlacklist},
		{"a blacklist without it", core.Config{Blacklist: list(t, third)}, "", other, "10.0.0.2", core.DoorOpen},
		{"a blacklist, asked for a client", core.Config{Blacklist: list(t, "192.0.2.1")}, "", "", "192.0.2.1", core.DoorBlacklist},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n := coretest.New(t, 0, 1)
			test.config.Bootstrap = []core.Peer{peer.FromID(1)}
			node := n.AddNode("", test.config).Node
			if test.banned != "" {
				p := n.Peer(test.banned)
				node.Bans().Add(behavior.Ban{Peer: p, IP: n.Book.IP(p), Until: n.Now() + time.Hour})
			}
			var address peer.Address
			if test.address != "" {
				address = peer.MustParse(test.address)
			}
			if got := node.Screen(address, netip.MustParseAddr(test.ip)); got != test.want {
				t.Errorf("the filter says %d, want %d", got, test.want)
			}
		})
	}
}

// A driver may skip the address filter while it lets all pass, and Serve as well while no
// peer has failures.
func TestWhenNothingNeedsJudgement(t *testing.T) {
	for name, test := range map[string]struct {
		config core.Config
		ban    bool
		want   bool
	}{
		"no list and no ban":        {core.Config{}, false, true},
		"a ban":                     {core.Config{}, true, false},
		"a ban, and all trusted":    {core.Config{Trusted: true}, true, true},
		"a whitelist":               {core.Config{Whitelist: list(t, "10.0.0.2")}, false, false},
		"a blacklist":               {core.Config{Blacklist: list(t, "10.0.0.2")}, false, false},
		"a trustlist":               {core.Config{Trustlist: list(t, "10.0.0.2")}, false, true},
		"a blacklist, all trusted":  {core.Config{Trusted: true, Blacklist: list(t, "10.0.0.2")}, false, true},
		"both lists, and a ban too": {core.Config{Whitelist: list(t, "10.0.0.2"), Blacklist: list(t, "10.0.0.2")}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			n := coretest.New(t, 0, 1)
			test.config.Bootstrap = []core.Peer{peer.FromID(1)}
			node := n.AddNode("", test.config).Node
			if test.ban {
				node.Bans().Add(behavior.Ban{Peer: n.Peer("10.0.0.3:1"), Until: n.Now() + time.Hour})
			}
			if got := node.AdmitsAll(); got != test.want {
				t.Errorf("AdmitsAll is %t", got)
			}
			if node.AtEase() {
				t.Error("a node without a place is at ease: it must remember which nodes ask it")
			}
		})
	}
}

// A node that counts failures of a peer is not at ease: the next request may clear them.
func TestFailuresNeedJudgement(t *testing.T) {
	n := settled(t, 9)
	node := n.Host(2).Node
	n.HostOf(node.Structure().Backlink).Hung = true
	node.Sync()
	n.Run(3 * time.Second) // the sync's own request has failed, and the probes have not
	if node.Failing() == 0 {
		t.Fatal("its backlink is down, and the node counts no failures")
	}
	if node.AtEase() || !node.AdmitsAll() {
		t.Errorf("AtEase is %t and AdmitsAll %t, want false and true", node.AtEase(), node.AdmitsAll())
	}
}

// A node is not at ease while it suspects a peer that has not spoken since: how far a ban
// reaches depends on whether it speaks, so a driver must not keep its requests from it.
func TestSuspectsThatAreSilentNeedJudgement(t *testing.T) {
	n := settled(t, 9)
	node, backlink := n.Host(2).Node, n.HostOf(n.Host(2).Node.Structure().Backlink)
	if !node.AtEase() {
		t.Fatal("a node of a settled network is not at ease")
	}
	backlink.Actor = coretest.Answers{message.KindStructure: {Body: &message.Status{}}} // garbage
	node.Sync()
	n.Settle()
	if node.Failing() > 0 || node.AtEase() {
		t.Errorf("at ease %t beside a peer that answers garbage; %d peers fail", node.AtEase(), node.Failing())
	}
	request := message.Request{Kind: message.KindStructure, Root: node.NetworkRoot(), Timeout: time.Second}
	if resp := n.Ask(backlink, n.Host(2).Peer(), request); resp.Err != nil {
		t.Fatal(resp.Err)
	}
	if !node.AtEase() {
		t.Error("the suspect has spoken, and the node is still not at ease")
	}
}

// A ban refuses a peer until its end and takes it off all lists; the node itself and
// peers that it trusts cannot be banned.
func TestWhichPeersCanBeBanned(t *testing.T) {
	for name, test := range map[string]struct {
		config core.Config
		peer   uint32
		want   bool
	}{
		"a stranger":             {core.Config{}, 2, true},
		"the node itself":        {core.Config{}, 1, false},
		"a trusted peer":         {core.Config{Trustlist: list(t, "10.0.0.2")}, 2, false},
		"a peer beside the list": {core.Config{Trustlist: list(t, "10.0.0.3")}, 2, true},
		"where all are trusted":  {core.Config{Trusted: true}, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			n := coretest.New(t, 0, 1)
			test.config.Bootstrap = []core.Peer{peer.FromID(1)}
			h := n.AddNode("", test.config)
			n.Play("", coretest.Answers{})
			h.Node.Ban(peer.FromID(test.peer), time.Minute, "for a test")
			ban, banned := h.Node.Bans().Get(peer.FromID(test.peer))
			if banned != test.want {
				t.Fatalf("banned is %t", banned)
			}
			if banned && (ban.Since != n.Now() || ban.Until != n.Now()+time.Minute || ban.IP != n.Book.IP(ban.Peer)) {
				t.Errorf("the ban is %+v", ban)
			}
			if noted := len(n.Notes) == 1; noted != test.want {
				t.Errorf("the node notes %q", n.Notes)
			}
		})
	}
}

// A peer that lets the node run into a timeout becomes suspicious, unless it is trusted.
func TestTrustedPeersAreNotSuspected(t *testing.T) {
	for name, test := range map[string]struct {
		config core.Config
		want   bool
	}{
		"no trust":        {core.Config{}, true},
		"a trustlist":     {core.Config{Trustlist: list(t, "10.0.0.1")}, false},
		"trust in others": {core.Config{Trustlist: list(t, "10.0.0.9")}, true},
		"trust in all":    {core.Config{Trusted: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			n := coretest.New(t, 25*time.Millisecond, 1)
			n.Play("", coretest.Answers{}).Hung = true
			test.config.Bootstrap, test.config.ManualSync = []core.Peer{peer.FromID(1)}, true
			h := n.AddNode("", test.config)
			h.Start()
			h.Node.Sync()
			n.Settle()
			if got := h.Node.Suspicion(behavior.RequestDelays, peer.FromID(1)) > 0; got != test.want {
				t.Errorf("suspected is %t", got)
			}
		})
	}
}
