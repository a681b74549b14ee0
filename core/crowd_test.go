package core_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// port is a node at a port of one host, which names as its backlink the master that took
// it, and answers all that a member must.
type port struct {
	host     *coretest.Host
	backlink core.Peer
}

func (p *port) actor() coretest.Actor {
	return coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		switch req.Kind {
		case message.KindStructure:
			return message.Response{Body: &message.Structure{Address: p.host.Peer(), Backlink: p.backlink, Masters: &message.Masters{}}}, coretest.Answer
		case message.KindInterview:
			return message.Response{Body: &message.Interview{Address: p.host.Peer()}}, coretest.Answer
		case message.KindPing:
			return message.Response{}, coretest.Answer
		}
		return message.Response{Err: message.ErrUnreachable}, coretest.Answer
	})
}

// crowd adds nodes at so many ports of one host.
func crowd(n *coretest.Network, count int) []*port {
	var ports []*port
	for i := range count {
		p := &port{}
		p.host = n.Play(fmt.Sprintf("198.51.100.1:%d", i+1), nil)
		p.host.Actor = p.actor()
		ports = append(ports, p)
	}
	return ports
}

// register asks a node for a place, past any provider, and reports whether it gave one.
func (p *port) register(n *coretest.Network, at core.Peer) bool {
	resp := n.Ask(p.host, at, message.Request{
		Kind: message.KindRegister, Root: peer.FromID(1), Timeout: time.Second,
		Body: &message.RegisterRequest{Target: p.host.Peer()},
	})
	if resp.Err != nil {
		return false
	}
	p.backlink = at
	return true
}

// places is how many of the ports are listed by a node.
func places(n *coretest.Network, ports []*port) (listed int) {
	for _, h := range n.Live() {
		for _, s := range h.Node.Structure().Slaves {
			if slices.ContainsFunc(ports, func(p *port) bool { return p.host.Peer() == s }) {
				listed++
			}
		}
	}
	return listed
}

// A thousand ports of one host that register at the masters directly, over and over, get
// the places of one host in the whole network: 4 of 100.
func TestPortsOfAHostShareItsPlaces(t *testing.T) {
	n := settled(t, 100)
	ports := crowd(n, 1000)
	masters := n.Host(1).Node.Structure().Masters.List
	for round := range 5 {
		for i, p := range ports[round*200 : round*200+200] {
			p.register(n, masters[i%len(masters)].Peer)
		}
		n.Run(17 * time.Second)
	}
	n.Run(64 * time.Second)
	if got := places(n, ports); got > core.DefaultHostPlaces {
		t.Errorf("one host has %d places", got)
	}
	if limits := n.Host(1).Node.Limits(); limits.HostsRefused == 0 {
		t.Errorf("the limit has counted nothing: %+v", limits)
	}
	for _, h := range n.Live() {
		if size := h.Node.NetworkSize(); size < 100 || size > 100+core.DefaultHostPlaces {
			t.Fatalf("node %s counts %d nodes of 100 and one host", h.Name(), size)
		}
	}
}

// The ports of a host that has its places make no node a master, however often they ask
// all nodes. Else each would make one, and each master more is asked by all others.
func TestPortsOfAHostMakeNoMasters(t *testing.T) {
	n := settled(t, 100)
	ports, nodes := crowd(n, 600), n.Live()
	before := len(n.Host(1).Node.Structure().Masters.List)
	attack := func(rounds int) {
		for round := range rounds {
			for i, p := range ports {
				p.register(n, nodes[(i+7*round)%len(nodes)].Peer())
			}
			n.Run(17 * time.Second)
		}
	}
	upkeep := func(during func()) (perRound float64) {
		n.Trace = nil
		began := n.Now()
		during()
		for _, r := range n.Trace {
			if slices.ContainsFunc(nodes, func(h *coretest.Host) bool { return h.Name() == r.From }) {
				perRound++
			}
		}
		return perRound / 100 * float64(core.DefaultSyncInterval) / float64(n.Now()-began)
	}
	alone := upkeep(func() { n.Run(128 * time.Second) })
	attack(4)
	if attacked := upkeep(func() { attack(4) }); attacked > 1.3*alone {
		t.Errorf("%.2f requests per node and round, %.2f before the attack", attacked, alone)
	}
	if got := len(n.Host(1).Node.Structure().Masters.List); got > before+1 {
		t.Errorf("%d masters, there were %d before the attack", got, before)
	}
}

// A newcomer whose host has its places is told why, and asks less and less often: after
// its first round, 2, 4, 8 and then every 16 rounds.
func TestANewcomerOfAFullHostWaits(t *testing.T) {
	n := settled(t, 100)
	var late *coretest.Host
	for i := range core.DefaultHostPlaces + 1 {
		late = n.AddNode(fmt.Sprintf("198.51.100.1:%d", i+1), core.Config{Bootstrap: []core.Peer{peer.FromID(1)}})
		late.Start()
		n.Run(48 * time.Second)
	}
	n.Run(64 * 16 * time.Second)
	var waits []time.Duration // in rounds
	last := time.Duration(0)
	for _, r := range n.Trace {
		if r.From != late.Name() || r.Kind != message.KindProvide {
			continue
		}
		if rounds := (r.At - last).Round(16*time.Second) / (16 * time.Second); last > 0 && rounds > 0 {
			waits = append(waits, rounds)
		}
		last = r.At
	}
	if want := []time.Duration{2, 4, 8, 16, 16, 16}; !slices.Equal(waits, want) || !late.Node.Structure().Backlink.IsZero() {
		t.Errorf("between two requests for a place it has waited %d rounds, want %d, and has %v", waits, want, late.Node.Structure().Backlink)
	}
}

// Where hosts are not limited, as on one machine, each port is a host of its own.
func TestPortsAreHostsWhereHostsAreNotLimited(t *testing.T) {
	n := coretest.New(t, 25*time.Millisecond, 1)
	for i := range 12 {
		n.AddNode(fmt.Sprintf("127.0.0.1:%d", 4000+i), core.Config{Bootstrap: []core.Peer{peer.FromID(1)}}).Start()
	}
	n.Run(128 * time.Second)
	if v := n.Violation(); v != "" {
		t.Error(v)
	}
}

// An owner may have as many nodes on one host as the network takes of it: they settle as
// others do, in networks of one host, of two, and beside others.
func TestNodesOfOneHostSettle(t *testing.T) {
	for _, hosts := range []int{1, 2, 3, 12} {
		n := coretest.New(t, 25*time.Millisecond, 1)
		for i := range core.DefaultHostPlaces * hosts {
			n.AddNode(fmt.Sprintf("192.0.2.%d:%d", i%hosts+1, 4000+i), core.Config{Bootstrap: []core.Peer{peer.FromID(1)}}).Start()
		}
		n.Run(400 * time.Second)
		if v := n.Violation(); v != "" {
			t.Errorf("%d hosts of four nodes: %s", hosts, v)
		}
	}
}

// A master that lists a thousand own ports is in a draw of approvers no more often than
// another host.
func TestPortsOfAHostCountOnceInADraw(t *testing.T) {
	n := settled(t, 60)
	ports := crowd(n, 1000)
	var slaves []core.Peer
	for _, p := range ports {
		slaves = append(slaves, p.host.Peer())
	}
	liar := masterOf(n)
	for _, p := range ports {
		p.backlink = liar.Peer()
	}
	truth := liar.Node.Structure()
	liar.Actor = coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		switch all := append(slaves, truth.Slaves...); req.Kind {
		case message.KindEntrants:
			return message.Response{Body: &message.Entrants{Slaves: all}}, coretest.Answer
		case message.KindStructure:
			return message.Response{Body: &message.Structure{
				Address: liar.Peer(), Backlink: truth.Backlink, Slaves: all, Masters: truth.Masters,
			}}, coretest.Answer
		}
		return message.Response{}, coretest.Pass
	})
	drawn, seats := 0, 0
	for i := range 40 {
		n.Run(5 * time.Minute)
		entry := n.Live()[i%len(n.Live())]
		resp := n.Ask(n.Client(1), entry.Peer(), message.Request{
			Kind: message.KindApprovalKey, Timeout: 10 * time.Second, Body: &message.ApprovalKeyRequest{Action: "client"},
		})
		key, err := message.As[message.ApprovalKey](resp)
		if err != nil {
			continue
		}
		drawn += len(key.Approvers)
		for _, p := range key.Approvers {
			if slices.Contains(slaves, p) {
				seats++
			}
		}
	}
	if drawn < 40 || seats > 8 {
		t.Errorf("one host of 61 has %d of %d seats in 40 draws", seats, drawn)
	}
	for _, h := range n.Live() {
		if size := h.Node.NetworkSize(); h != liar && size > 70 {
			t.Errorf("node %s counts %d nodes", h.Name(), size)
		}
	}
}

// masterOf is a master besides the first node.
func masterOf(n *coretest.Network) *coretest.Host {
	for _, h := range n.Live() {
		if h.Number > 1 && len(h.Node.Structure().Slaves) > 0 {
			return h
		}
	}
	return nil
}

// Slaves that do not exist do not count: not thousands of them, at once, nor a few, after
// some syncs. The liar's own slaves see the truth, too.
func TestPhantomsDoNotCount(t *testing.T) {
	for _, claimed := range []int{20, 3000} {
		n := settled(t, 40)
		liar := masterOf(n)
		var phantoms []core.Peer
		for i := range claimed {
			phantoms = append(phantoms, n.Peer(fmt.Sprintf("198.18.%d.%d:80", i>>8, i&255)))
		}
		liar.Actor = coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
			if req.Kind != message.KindStructure {
				return message.Response{}, coretest.Pass
			}
			s := *liar.Node.Structure()
			s.Slaves = phantoms
			s.Masters = &message.Masters{List: slices.Clone(s.Masters.List)}
			for i := range s.Masters.List {
				if s.Masters.List[i].Peer == liar.Peer() {
					s.Masters.List[i].Size = uint32(claimed)
				}
				s.Masters.Total += int(s.Masters.List[i].Size)
			}
			return message.Response{Body: &s}, coretest.Answer
		})
		n.Run(20 * 16 * time.Second)
		for _, h := range n.Live() {
			if size := h.Node.NetworkSize(); h != liar && size > 41 {
				t.Errorf("%d phantoms: node %s counts %d nodes of 40", claimed, h.Name(), size)
			}
			for _, b := range h.Node.Bans().All() {
				if h != liar && b.Peer != liar.Peer() {
					t.Errorf("%d phantoms: node %s has banned %d", claimed, h.Name(), b.Peer.ID())
				}
			}
		}
	}
}

// One master cannot keep a host out of the network by claiming its ports.
func TestFalseClaimsKeepNoHostOut(t *testing.T) {
	n := settled(t, 40)
	liar := masterOf(n)
	var framed []core.Peer
	for i := range 4 {
		framed = append(framed, n.Peer(fmt.Sprintf("203.0.113.9:%d", 80+i)))
	}
	liar.Actor = coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		if req.Kind != message.KindStructure {
			return message.Response{}, coretest.Pass
		}
		s := *liar.Node.Structure()
		s.Slaves = append(slices.Clone(s.Slaves), framed...)
		return message.Response{Body: &s}, coretest.Answer
	})
	n.Run(64 * time.Second)
	victim := n.AddNode("203.0.113.9:4000", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}})
	victim.Start()
	n.Run(64 * time.Second)
	if victim.Node.Structure().Backlink.IsZero() {
		t.Error("a host is kept out by what one master claims")
	}
}

// A node that doubts its backlink is no longer its slave at the end of that sync: it never
// vouches for a list in which its backlink has another size than it has.
func TestANodeLeavesABacklinkThatItDoubts(t *testing.T) {
	n := settled(t, 40)
	var liar, slave *coretest.Host
	for _, h := range n.Live() {
		s := h.Node.Structure()
		if len(s.Slaves) > 0 && s.Backlink != peer.FromID(1) {
			liar, slave = n.HostOf(s.Backlink), h
		}
	}
	var phantoms []core.Peer
	for i := range 300 {
		phantoms = append(phantoms, n.Peer(fmt.Sprintf("198.18.%d.%d:80", i>>8, i&255)))
	}
	liar.Actor = coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		if req.Kind != message.KindStructure {
			return message.Response{}, coretest.Pass
		}
		s := *liar.Node.Structure()
		s.Slaves = append(slices.Clone(s.Slaves), phantoms...)
		s.Masters = message.NewMasters(append(slices.DeleteFunc(slices.Clone(s.Masters.List), func(m message.Master) bool {
			return m.Peer == liar.Peer()
		}), message.Master{Peer: liar.Peer(), Size: uint32(len(s.Slaves))}))
		return message.Response{Body: &s}, coretest.Answer
	})
	for range 8 * 16 {
		n.Run(time.Second)
		s := slave.Node.Structure()
		if s.Backlink != liar.Peer() {
			if slave.Node.Limits().Doubted == 0 {
				t.Error("the slave has left for another cause")
			}
			return
		}
		if size, _ := s.Masters.SizeOf(liar.Peer()); s.MaxAge > 0 && slave.Node.Limits().Doubted > 0 && size < len(phantoms) {
			t.Fatalf("the slave vouches for a backlink with %d slaves", size)
		}
	}
	t.Error("the slave stays at a backlink that claims 300 phantoms")
}

// In a network of several levels a host has its places in each branch.
func TestPortsOfAHostShareItsPlacesInEachBranch(t *testing.T) {
	n := grow(t, 60, 2)
	for port := range 40 {
		n.AddNode(fmt.Sprintf("198.51.100.1:%d", port+1), core.Config{Levels: 2, Bootstrap: []core.Peer{peer.FromID(1)}}).Start()
	}
	n.Run(40 * core.DefaultSyncInterval)
	isPort := func(p core.Peer) bool { return p.ID() > 60 }
	listed, total := make(map[core.Peer]int), 0
	for _, h := range n.Live() {
		if isPort(h.Peer()) {
			continue
		}
		for _, s := range h.Node.Structure().Slaves {
			if isPort(s) {
				listed[h.Node.NetworkRoot()]++
				total++
			}
		}
	}
	for branch, ports := range listed {
		if ports > core.DefaultHostPlaces {
			t.Errorf("honest nodes list %d ports of one host in branch %d", ports, branch.ID())
		}
	}
	if total <= core.DefaultHostPlaces {
		t.Errorf("the host has %d places in the network, so it does not have some in each branch", total)
	}
}
