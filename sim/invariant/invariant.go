// Package invariant says what must hold of a network that has settled. It looks at all
// live nodes from outside, and shares no code with what it judges. The simulator and the
// little network of the tests (core/coretest) use the same judge.
package invariant

import (
	"fmt"
	"math"

	"spreadable/core"
	"spreadable/core/message"
)

// Settled returns the first invariant of a settled network that does not hold, or nil.
// The nodes are all that are up and honest. All name the same network; each has one
// backlink, which lists it, and no other node does; each knows all masters with their
// true sizes; so each counts all nodes. A node alone has nothing to be wrong about.
func Settled(nodes []*core.Node) error {
	if len(nodes) < 2 {
		return nil
	}
	j := newJudge(nodes)
	for _, n := range nodes {
		if err := j.placed(n); err != nil {
			return err
		}
		if err := j.knows(n); err != nil {
			return err
		}
	}
	return nil
}

// Balanced returns an error if there are too many masters in a settled network of the
// directed rule, or too many slaves of one. Both tend to floor(sqrt(size)) + 1, and may
// exceed that by a sixteenth and one.
func Balanced(nodes []*core.Node) error {
	root := int(math.Sqrt(float64(len(nodes)))) + 1
	most, masters := root+root/16+1, 0
	for _, n := range nodes {
		s := n.Structure()
		if len(s.Slaves) > most {
			return fmt.Errorf("%d has %d slaves in a network of %d, at most %d are right", s.Address.ID(), len(s.Slaves), len(nodes), most)
		}
		if len(s.Slaves) > 0 {
			masters++
		}
	}
	if masters > most {
		return fmt.Errorf("%d masters in a network of %d, at most %d are right", masters, len(nodes), most)
	}
	return nil
}

// judge has what the lists of all nodes say together.
type judge struct {
	nodes   []*core.Node
	masters map[core.Peer]int         // how many slaves each has
	listed  map[core.Peer][]core.Peer // the masters that list a node
	right   map[*message.Masters]bool // lists that were found right: most nodes share one
}

func newJudge(nodes []*core.Node) *judge {
	j := &judge{
		nodes: nodes, masters: make(map[core.Peer]int), listed: make(map[core.Peer][]core.Peer),
		right: make(map[*message.Masters]bool),
	}
	for _, n := range nodes {
		s := n.Structure()
		if len(s.Slaves) > 0 {
			j.masters[s.Address] = len(s.Slaves)
		}
		for _, slave := range s.Slaves {
			j.listed[slave] = append(j.listed[slave], s.Address)
		}
	}
	return j
}

// placed says what is wrong with the node's place in the network.
func (j *judge) placed(n *core.Node) error {
	s, root := n.Structure(), j.nodes[0].NetworkRoot()
	own, by := s.Address.ID(), j.listed[s.Address]
	switch {
	case n.NetworkRoot() != root:
		return fmt.Errorf("%d has root %d, %d has %d", own, n.NetworkRoot().ID(), j.nodes[0].Structure().Address.ID(), root.ID())
	case s.Backlink.IsZero():
		return fmt.Errorf("%d has no backlink", own)
	case len(by) != 1:
		return fmt.Errorf("%d is listed by %d masters", own, len(by))
	case by[0] != s.Backlink:
		return fmt.Errorf("%d has backlink %d and is listed by %d", own, s.Backlink.ID(), by[0].ID())
	}
	return nil
}

// knows says what the node does not know of the network: its masters and its size.
func (j *judge) knows(n *core.Node) error {
	s := n.Structure()
	own := s.Address.ID()
	if len(s.Masters.List) != len(j.masters) {
		return fmt.Errorf("%d knows %d of %d masters", own, len(s.Masters.List), len(j.masters))
	}
	if counted := s.Size(); counted != len(j.nodes) {
		return fmt.Errorf("%d counts %d of %d nodes", own, counted, len(j.nodes))
	}
	if j.right[s.Masters] {
		return nil
	}
	for _, m := range s.Masters.List {
		if int(m.Size) != j.masters[m.Peer] {
			return fmt.Errorf("%d knows master %d with %d slaves, it has %d", own, m.Peer.ID(), m.Size, j.masters[m.Peer])
		}
	}
	j.right[s.Masters] = true
	return nil
}

// Networks is how many networks the nodes form: those that know each other as backlink,
// slave, master or head are in one.
func Networks(nodes []*core.Node) int { return len(Parts(nodes, Listed)) }

// Listed are the peers in a node's lists, the heads of the branches that it knows among
// them.
func Listed(n *core.Node) []core.Peer {
	s := n.Structure()
	peers := append([]core.Peer{s.Backlink}, s.Slaves...)
	for _, m := range s.Masters.List {
		peers = append(peers, m.Peer)
	}
	for _, list := range n.Branches() {
		for _, b := range list.List {
			peers = append(peers, b.Head)
		}
	}
	return peers
}

// Parts splits nodes into those that know each other, directly or over others, in their
// order.
func Parts(nodes []*core.Node, known func(*core.Node) []core.Peer) [][]*core.Node {
	parent := make(map[core.Peer]core.Peer, len(nodes))
	var root func(core.Peer) core.Peer
	root = func(p core.Peer) core.Peer {
		if parent[p] != p {
			parent[p] = root(parent[p])
		}
		return parent[p]
	}
	own := func(n *core.Node) core.Peer { return n.Structure().Address }
	for _, n := range nodes {
		parent[own(n)] = own(n)
	}
	for _, n := range nodes {
		for _, p := range known(n) {
			if _, there := parent[p]; there {
				parent[root(own(n))] = root(p)
			}
		}
	}
	var parts [][]*core.Node
	index := make(map[core.Peer]int)
	for _, n := range nodes {
		of := root(own(n))
		i, begun := index[of]
		if !begun {
			i = len(parts)
			index[of], parts = i, append(parts, nil)
		}
		parts[i] = append(parts[i], n)
	}
	return parts
}
