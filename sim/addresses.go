package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"spreadable/core/peer"
	"spreadable/internal/stream"
	"spreadable/sim/scenario"
)

// nodePort is the port of the first node on an IP. Further nodes have the next ones.
const nodePort = 4000

// NewBook returns a book with the addresses of so many simulated nodes, at most 2^24-1:
// node i is peer i+1, at 10.x.y.z:4000, so that each has an IP of its own.
func NewBook(nodes int) (*peer.Book, error) {
	return newBook(nodes, func(i int) endpoint { return endpoint{uint32(i) + 1, nodePort} })
}

// bookOf returns the book of a scenario: of given addresses, or what it says of addresses, or
// [NewBook]; and behind the nodes the hosts of attacks, which it returns, too.
func bookOf(s *scenario.Scenario, nodes int, epoch time.Duration, given []peer.Address) (book *peer.Book, intruders [][]intruder, err error) {
	switch {
	case len(given) >= nodes:
		book, err = bookAt(given[:nodes])
	case s.Addresses.IsGiven():
		list := endpoints(s.Addresses, nodes, rand.New(stream.New(s.Seed, 0, stream.Addresses)))
		book, err = newBook(nodes, func(i int) endpoint { return list[i] })
	default:
		book, err = NewBook(nodes)
	}
	if err != nil {
		return nil, nil, err
	}
	intruders, err = allIntruders(s, epoch)
	for _, h := range slices.Concat(intruders...) {
		if _, err := intern(book, h.address); err != nil {
			return nil, nil, err
		}
	}
	return book, intruders, err
}

// bookAt returns a book of nodes at given addresses.
func bookAt(addresses []peer.Address) (*peer.Book, error) {
	book := peer.NewBook(0)
	for i, a := range addresses {
		if _, err := book.Intern(a); err != nil {
			return nil, fmt.Errorf("address of node %d: %w", i, err)
		}
	}
	return book, nil
}

// intern enters an address into a book.
func intern(book *peer.Book, text string) (peer.Peer, error) {
	a, err := peer.Parse(text)
	if err != nil {
		return peer.Peer{}, err
	}
	return book.Intern(a)
}

// hostsOf is the rule by which the nodes of a scenario tell hosts apart: the one that they
// have on the Internet, if the scenario says that they share hosts, or attackers do.
func hostsOf(s *scenario.Scenario) peer.Hosts {
	if hosts, err := peer.ParseHosts(string(s.Node.HostLimits)); err == nil {
		return hosts
	}
	if s.Addresses.IsGiven() || s.Attacks.Intrude() {
		return peer.HostsStrict
	}
	return peer.HostsOff // each node has an IP of its own
}

// newBook makes a book of nodes at the endpoints that a function gives.
func newBook(nodes int, at func(i int) endpoint) (*peer.Book, error) {
	book := peer.NewBook(0)
	for i := range nodes {
		e := at(i)
		if _, err := intern(book, fmt.Sprintf("%s:%d", e.addr(), e.port)); err != nil {
			return nil, fmt.Errorf("address of node %d: %w", i, err)
		}
	}
	return book, nil
}

// endpoint is where a node is. IPs are counted from 10.0.0.0 on.
type endpoint struct {
	ip   uint32
	port uint16
}

// addr is the IP. It leaves out 127.0.0.0/8, which is no place on a network. Ten million
// nodes with a prefix each end below 164.0.0.0.
func (e endpoint) addr() netip.Addr {
	const first, loopback, network = 10 << 24, 127 << 24, 1 << 24
	ip := e.ip + first
	if ip >= loopback {
		ip += network
	}
	return netip.AddrFrom4([4]byte{byte(ip >> 24), byte(ip >> 16), byte(ip >> 8), byte(ip)})
}

// prefixIPs is how many IPs a prefix has, a /24. Nodes have neither the first nor the last.
const prefixIPs = 256

// endpoints draws where the nodes are: prefix by prefix and in it IP by IP, each with as
// many nodes as its distribution says, less what the prefix has no more nodes for. Then it
// shuffles them, so that nodes that start together are no neighbours.
func endpoints(a scenario.Addresses, nodes int, rng *rand.Rand) []endpoint {
	list := make([]endpoint, 0, nodes)
	ip := uint32(1)
	for len(list) < nodes {
		left := math.MaxInt
		if a.NodesPerPrefix.Model != "" {
			left = nodesPer(a.NodesPerPrefix, rng)
		}
		for left > 0 && len(list) < nodes {
			on := 1
			if a.NodesPerIP.Model != "" {
				on = nodesPer(a.NodesPerIP, rng)
			}
			for k := range min(on, left, nodes-len(list)) {
				list = append(list, endpoint{ip, nodePort + uint16(k)})
			}
			left -= on
			ip++
		}
		ip += prefixIPs - ip%prefixIPs + 1 // the first of the next prefix
	}
	rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// nodesPer draws a number of nodes from a distribution.
func nodesPer(n scenario.NodesPer, rng *rand.Rand) int {
	switch n.Model {
	case scenario.Even:
		return n.Min + rng.IntN(n.Max-n.Min+1)
	case scenario.Geometric:
		return geometric(n, rng)
	case scenario.Pareto:
		// P(K >= k) is 1/k, less what lies above max.
		u := rng.Float64() * (1 - 1/float64(n.Max+1))
		return min(int(1/(1-u)), n.Max)
	}
	return n.Mean
}

// geometric draws from 1 on, with a mean; numbers above max are drawn again.
func geometric(n scenario.NodesPer, rng *rand.Rand) int {
	if n.Mean == 1 {
		return 1
	}
	scale := math.Log1p(-1 / float64(n.Mean))
	for {
		if k := math.Floor(math.Log1p(-rng.Float64()) / scale); k < float64(n.Max) {
			return 1 + int(k)
		}
	}
}
