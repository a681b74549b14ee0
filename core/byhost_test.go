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

// byHost are settings of a network that draws by host, one IP a group.
func byHost(t *testing.T, per, salt string) draw.Settings {
	t.Helper()
	s, err := draw.ParseSettings("host", per, salt, "ip", 0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// drawingNetwork is a settled network of so many nodes, three on each IP, that draw so.
func drawingNetwork(t *testing.T, nodes int, settings draw.Settings) *coretest.Network {
	t.Helper()
	n := startDrawing(t, nodes, settings)
	if v := n.Violation(); v != "" {
		t.Fatal(v)
	}
	return n
}

// startDrawing is drawingNetwork without a look at whether it is settled.
func startDrawing(t *testing.T, nodes int, settings draw.Settings) *coretest.Network {
	t.Helper()
	return startDrawingAt(t, 1, nodes, settings)
}

// startDrawingAt is startDrawing of a network of several levels.
func startDrawingAt(t *testing.T, levels, nodes int, settings draw.Settings) *coretest.Network {
	t.Helper()
	n := coretest.New(t, 25*time.Millisecond, 1)
	for i := range nodes {
		c := core.Config{Levels: levels, Bootstrap: []core.Peer{peer.FromID(1)}, Draw: settings, DrawSecret: []byte("password"), Hosts: peer.HostsOff}
		n.AddNode(fmt.Sprintf("10.0.%d.1:%d", i/3, 4000+i), c)
	}
	for _, h := range n.Hosts() {
		h.Start()
	}
	n.Run(160 * time.Second)
	return n
}

// keyFor asks an entry node for the approvers of the i-th client.
func keyFor(t *testing.T, n *coretest.Network, i int, entry uint32) []core.Peer {
	t.Helper()
	client := n.Client(i)
	key, err := message.As[message.ApprovalKey](n.Ask(client, peer.FromID(entry), message.Request{
		Kind: message.KindApprovalKey, Timeout: 10 * time.Second, Client: client.IP, Body: &message.ApprovalKeyRequest{Action: "client"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	return key.Approvers
}

// A draw by host asks masters for the first of each group only, and names the approvers
// that a ranking of all nodes would.
func TestADrawByHostIsTheBeginningOfTheRankingOfAllNodes(t *testing.T) {
	n := drawingNetwork(t, 90, byHost(t, "network", "none"))
	for i := range 10 {
		n.Run(5 * time.Minute)
		got := keyFor(t, n, 1, uint32(1+7*i))
		var all []draw.Entrant
		for _, h := range n.Hosts() {
			if h.Config() == nil {
				continue // a client
			}
			a := n.Book.Address(h.Peer())
			all = append(all, draw.Entrant{Address: a.String(), IP: a.IP()})
		}
		d := draw.Draw{Action: "client", Start: draw.Start(n.Now(), 5*time.Minute), Group: byHost(t, "network", "none").Group}
		var want []string
		for _, k := range draw.Shortlist(draw.ByHost(d), all, draw.Unlimited())[:3] {
			want = append(want, all[k].Address)
		}
		var named []string
		for _, p := range got {
			named = append(named, n.Book.Text(p))
		}
		if !slices.Equal(named, want) {
			t.Errorf("draw %d named %v, want %v", i, named, want)
		}
	}
}

// Which approvers a client gets depends on the client and on who knows the secret, as the
// settings say.
func TestSettingsDecideWhichClientsAndNodesDrawAlike(t *testing.T) {
	for _, c := range []struct {
		per, salt               string
		otherClient, otherEntry bool // draw other approvers
	}{
		{"network", "none", false, false},
		{"client", "none", true, false},
		{"network", "network", false, false},
		{"network", "verifier", false, true},
		{"client", "verifier", true, true},
	} {
		n := drawingNetwork(t, 60, byHost(t, c.per, c.salt))
		one := keyFor(t, n, 1, 5)
		if other := keyFor(t, n, 2, 5); slices.Equal(one, other) == c.otherClient {
			t.Errorf("per %s, salt %s: two clients get %v and %v", c.per, c.salt, one, other)
		}
		if other := keyFor(t, n, 1, 9); slices.Equal(one, other) == c.otherEntry {
			t.Errorf("per %s, salt %s: two entry nodes name %v and %v", c.per, c.salt, one, other)
		}
	}
}

// A node that draws otherwise than the network is refused, and both sides say which
// setting differs.
func TestANodeThatDrawsOtherwiseIsRefused(t *testing.T) {
	plain := byHost(t, "network", "none")
	prefix := plain
	prefix.Group = draw.Group{}
	for _, c := range []struct {
		network, newcomer draw.Settings
		want              string
	}{
		{plain, draw.Settings{}, "draw is original at the newcomer and host in the network"},
		{draw.Settings{}, plain, "draw is host at the newcomer and original in the network"},
		{plain, byHost(t, "client", "none"), "draw_per is client at the newcomer and network in the network"},
		{plain, byHost(t, "network", "verifier"), "draw_salt is verifier at the newcomer and none in the network"},
		{plain, prefix, "draw_group is prefix at the newcomer and ip in the network"},
	} {
		n := drawingNetwork(t, 5, c.network)
		h := n.AddNode("10.9.9.9:4000", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, Draw: c.newcomer})
		h.Start()
		n.Run(60 * time.Second)
		if !h.Node.Structure().Backlink.IsZero() {
			t.Errorf("%s: the newcomer has a place", c.want)
		}
		notes := make(map[core.What]bool)
		for _, what := range []core.What{core.NoteRefused, core.NoteRegisterFailed} {
			notes[what] = slices.ContainsFunc(n.Notes, func(text string) bool {
				return strings.Contains(text, what.String()) && strings.Contains(text, c.want)
			})
		}
		if !notes[core.NoteRefused] || !notes[core.NoteRegisterFailed] {
			t.Errorf("%s: said by %v", c.want, notes)
		}
	}
}

// A master that says nothing of its draws draws as npm does: a newcomer that draws by host
// does not take it as its backlink.
func TestANewcomerThatDrawsByHostRefusesAMasterOfNpm(t *testing.T) {
	n := drawingNetwork(t, 5, draw.Settings{})
	for _, host := range n.Hosts() {
		host.Actor = coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
			if req.Kind == message.KindRegister { // which does not look at the settings
				return message.Response{Body: &message.Registered{Size: 1}}, coretest.Answer
			}
			return message.Response{}, coretest.Pass
		})
	}
	h := n.AddNode("10.9.9.9:4000", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}, Draw: byHost(t, "network", "none")})
	h.Start()
	n.Run(60 * time.Second)
	if !h.Node.Structure().Backlink.IsZero() {
		t.Error("the newcomer has a place")
	}
}
