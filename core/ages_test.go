package core_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// aging are settings of a network that draws IPs that are at least so old.
func aging(t *testing.T, age time.Duration) draw.Settings {
	t.Helper()
	s, err := draw.ParseSettings("host", "network", "none", "ip", age)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// eligible are the nodes that the masters name to a draw of the current period without a
// limit: of each IP one.
func eligible(n *coretest.Network, settings draw.Settings) (list []string) {
	start := draw.Start(n.Now(), 5*time.Minute)
	for _, h := range n.Hosts() {
		if h.Config() == nil || !h.Up {
			continue
		}
		resp := n.Ask(h, h.Peer(), message.Request{
			Kind: message.KindEntrants, Root: h.Node.NetworkRoot(), From: h.Peer(), Timeout: time.Second, Body: &message.EntrantsRequest{
				StartedAt: start, Limit: draw.Unlimited(), Draw: &draw.Draw{Action: "client", Start: start, Group: settings.Group},
			},
		})
		if e, err := message.As[message.Entrants](resp); err == nil {
			for _, p := range e.Slaves {
				list = append(list, n.Book.Address(p).IP().String())
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// A host that comes to a network is drawn when it has been there for the least age. In a
// young network those are drawn that have been there from its first period on.
func TestAHostIsDrawnWhenItIsOldEnough(t *testing.T) {
	settings := aging(t, 20*time.Minute)
	n := drawingNetwork(t, 30, settings)
	n.Run(5 * time.Minute)
	if got := eligible(n, settings); len(got) != 10 {
		t.Errorf("of a young network %d IPs can be drawn, want all 10", len(got))
	}
	h := n.AddNode("10.9.9.9:4000", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, Draw: settings, Hosts: peer.HostsOff})
	h.Start()
	came := n.Now()
	for range 7 {
		n.Run(5 * time.Minute)
		seen := draw.Start(n.Now(), 5*time.Minute) - came // at the start of the period
		want := seen > 20*time.Minute+time.Second         // it registers in its first second
		if got := slices.Contains(eligible(n, settings), "10.9.9.9"); got != want {
			t.Errorf("after %v drawn %t, want %t", seen, got, want)
		}
	}
	if got := eligible(n, settings); len(got) != 11 {
		t.Errorf("%d IPs can be drawn in the end, want all 11", len(got))
	}
}

// In a network of two levels hosts that found a new branch are not drawn earlier than
// others that come: the branch is young, but the network is not.
func TestANewBranchIsAsOldAsItsNetwork(t *testing.T) {
	settings := aging(t, 20*time.Minute)
	n := startDrawingAt(t, 2, 60, settings)
	n.Run(40 * time.Minute)
	old, before := eligible(n, settings), branches(n)
	if len(old) != 20 {
		t.Fatalf("%d IPs can be drawn, want all 20", len(old))
	}
	for i := range 120 {
		h := n.AddNode(fmt.Sprintf("10.9.%d.9:4000", i), core.Config{Levels: 2, Bootstrap: []core.Peer{peer.FromID(1)}, Draw: settings, Hosts: peer.HostsOff})
		h.Start()
	}
	n.Run(5 * time.Minute)
	if after := branches(n); len(after) <= len(before) {
		t.Fatalf("%d branches after 120 nodes have come to %d", len(after), len(before))
	}
	for range 3 {
		for _, ip := range eligible(n, settings) {
			if strings.HasPrefix(ip, "10.9.") {
				t.Errorf("%s is drawn at %v, which came less than 20 minutes ago", ip, n.Now())
			}
		}
		n.Run(4 * time.Minute)
	}
	n.Run(12 * time.Minute)
	if got := eligible(n, settings); len(got) != 140 {
		t.Errorf("of 140 IPs %d can be drawn in the end", len(got))
	}
}

// branches are the names of the branches of level 1.
func branches(n *coretest.Network) map[core.Peer]bool {
	names := make(map[core.Peer]bool)
	for _, h := range n.Live() {
		if h.Config() != nil && len(h.Node.Path()) > 0 {
			names[h.Node.Path()[0].Name] = true
		}
	}
	return names
}

// Nodes whose master has died are as old at the next one, whether that has been a master
// for long or not. And no node gets older by it.
func TestAnAgeSurvivesTheDeathOfAMaster(t *testing.T) {
	settings := aging(t, 15*time.Minute)
	n := drawingNetwork(t, 60, settings)
	n.Run(30 * time.Minute)
	young := n.AddNode("10.9.9.9:4000", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, Draw: settings, Hosts: peer.HostsOff})
	young.Start()
	n.Run(time.Minute)
	var masters []core.Peer
	for _, m := range n.Host(1).Node.Structure().Masters.List {
		masters = append(masters, m.Peer)
	}
	dead := make(map[string]bool) // IPs without a node
	killed := 0
	for _, m := range masters[:len(masters)/2+1] {
		if h := n.HostOf(m); h.Number > 3 { // not the bootstrap node
			h.Crash(false)
			killed++
		}
	}
	n.Run(6 * time.Minute)
	for i := range 20 {
		dead[fmt.Sprintf("10.0.%d.1", i)] = !slices.ContainsFunc(n.Hosts(), func(h *coretest.Host) bool {
			return h.Up && h.Config() != nil && n.Book.Address(h.Peer()).IP().String() == fmt.Sprintf("10.0.%d.1", i)
		})
	}
	got := eligible(n, settings)
	for i := range 20 {
		if ip := fmt.Sprintf("10.0.%d.1", i); !dead[ip] && !slices.Contains(got, ip) {
			t.Errorf("%s is not drawn any more, after the death of %d of %d masters", ip, killed, len(masters))
		}
	}
	if slices.Contains(got, "10.9.9.9") {
		t.Error("the new host is drawn")
	}
}

// Fewer than half of the masters cannot make a host older than it is at a new master.
func TestAMasterThatLiesAboutAgesConvincesNone(t *testing.T) {
	settings := aging(t, time.Hour)
	n := drawingNetwork(t, 60, settings)
	n.Run(2 * time.Hour)
	liar := masterOf(n)
	liar.Actor = coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		if req.Kind != message.KindAges {
			return message.Response{}, coretest.Pass
		}
		answer := &message.Ages{Began: 1}
		for _, p := range req.Body.(*message.AgesRequest).Of {
			answer.Seen = append(answer.Seen, message.Sighting{Peer: p, First: 1})
		}
		return message.Response{Body: answer}, coretest.Answer
	})
	for i := range 30 { // enough for a new master
		h := n.AddNode(fmt.Sprintf("10.9.%d.9:4000", i), core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, Draw: settings, Hosts: peer.HostsOff})
		h.Start()
	}
	n.Run(10 * time.Minute)
	for _, ip := range eligible(n, settings) {
		if strings.HasPrefix(ip, "10.9.") {
			t.Errorf("%s is drawn, which came ten minutes ago", ip)
		}
	}
}

// A restart of all nodes at once costs no age.
func TestAnAgeSurvivesARestart(t *testing.T) {
	settings := aging(t, 15*time.Minute)
	n := drawingNetwork(t, 30, settings)
	n.Run(30 * time.Minute)
	before := eligible(n, settings)
	for _, h := range n.Hosts() {
		if h.Config() != nil {
			h.Crash(false)
		}
	}
	n.Run(10 * time.Second)
	for _, h := range n.Hosts() {
		if h.Config() != nil {
			h.Boot(&h.Saved)
			if got := h.Node.State(); got.Began != h.Saved.Began || !slices.Equal(got.Ages, h.Saved.Ages) {
				t.Errorf("node %d knows %d ages after its restart, before it %d", h.Number, len(got.Ages), len(h.Saved.Ages))
			}
		}
	}
	n.Run(6 * time.Minute)
	if after := eligible(n, settings); len(before) != 10 || !slices.Equal(before, after) {
		t.Errorf("%v can be drawn, before the restart %v", after, before)
	}
}

// A master that lists phantoms, others at each sync, does not fill the memory of others.
func TestAgesOfPhantomsAreBounded(t *testing.T) {
	settings := aging(t, 15*time.Minute)
	n := startDrawing(t, 30, settings)
	liar, round := masterOf(n), 0
	liar.Actor = coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		if req.Kind != message.KindStructure {
			return message.Response{}, coretest.Pass
		}
		said := *liar.Node.Structure()
		for range 200 {
			round++
			said.Slaves = append(said.Slaves, n.Peer(fmt.Sprintf("198.%d.%d.%d:80", round>>16, round>>8&255, round&255)))
		}
		return message.Response{Body: &said}, coretest.Answer
	})
	n.Run(10 * time.Minute)
	for _, h := range n.Hosts() {
		if h.Config() == nil {
			continue
		}
		if ages := len(h.Node.State().Ages); ages > 8*h.Node.NetworkSize()+1024 {
			t.Errorf("node %d remembers the ages of %d hosts", h.Number, ages)
		}
	}
}
