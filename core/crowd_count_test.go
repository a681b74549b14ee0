package core

import (
	"fmt"
	"testing"

	"spreadable/core/peer"
)

// Of what masters list, each node of the host counts once, whoever lists it; each host of
// masters counts once, and for no more than its share.
func TestWhatMastersListOfAHostIsCountedOnce(t *testing.T) {
	n, _ := alone(t, 0, 0)
	n.perHost = true
	at := func(ip, port int) Peer {
		p, err := n.cfg.Book.Intern(peer.MustParse(fmt.Sprintf("10.1.0.%d:%d", ip, port)))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	ports := func(from, to int) (list []Peer) {
		for port := from; port <= to; port++ {
			list = append(list, at(9, port))
		}
		return list
	}
	type lists struct {
		master Peer
		slaves []Peer
	}
	one, same, two := at(1, 1), at(1, 2), at(2, 1)
	for i, test := range []struct {
		most      int
		told      []lists
		by, nodes int
	}{
		{3, []lists{{one, ports(1, 2)}}, 1, 2},
		{3, []lists{{one, ports(1, 3)}}, 1, 3},
		{3, []lists{{one, ports(1, 9)}}, 1, 3},
		{3, []lists{{one, ports(1, 2)}, {two, ports(2, 3)}}, 2, 3},
		{3, []lists{{one, ports(1, 2)}, {two, ports(1, 2)}}, 2, 2},
		{3, []lists{{one, ports(1, 2)}, {same, ports(3, 4)}}, 1, 2},
		{3, []lists{{one, []Peer{{}, at(8, 1), at(7, 1)}}, {two, ports(1, 1)}}, 1, 1},
		{3, []lists{{one, ports(20, 20)}, {two, ports(20, 21)}}, 1, 1}, // port 20 is on its way
		{0, []lists{{one, ports(1, 2)}, {two, ports(1, 2)}}, 2, 0},
	} {
		c := crowd{of: n.hostOf(at(9, 1)), except: at(9, 20), most: test.most}
		for _, l := range test.told {
			c.count(n, l.master, l.slaves)
		}
		if len(c.by) != test.by || len(c.nodes) != test.nodes {
			t.Errorf("case %d: %d nodes at %d hosts of masters, want %d and %d", i+1, len(c.nodes), len(c.by), test.nodes, test.by)
		}
	}
}
