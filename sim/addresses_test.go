package sim

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"testing"

	"spreadable/core/peer"
	"spreadable/sim/scenario"
)

// counted is how many nodes each IP and each /24 has.
func counted(list []endpoint) (perIP map[netip.Addr]int, perPrefix map[netip.Prefix]int) {
	perIP, perPrefix = map[netip.Addr]int{}, map[netip.Prefix]int{}
	for _, e := range list {
		perIP[e.addr()]++
		perPrefix[netip.PrefixFrom(e.addr(), 24).Masked()]++
	}
	return perIP, perPrefix
}

func TestEachIPAndPrefixHasTheNodesOfItsDistribution(t *testing.T) {
	a := scenario.Addresses{
		NodesPerIP:     scenario.NodesPer{Model: scenario.Same, Mean: 3},
		NodesPerPrefix: scenario.NodesPer{Model: scenario.Same, Mean: 600},
	}
	list := endpoints(a, 6000, rand.New(rand.NewPCG(1, 1)))
	perIP, perPrefix := counted(list)
	if len(perIP) != 2000 || len(perPrefix) != 10 {
		t.Errorf("%d IPs in %d prefixes, want 2,000 in 10", len(perIP), len(perPrefix))
	}
	for ip, n := range perIP {
		if n != 3 || ip.As4()[3] == 0 || ip.As4()[3] == 255 {
			t.Errorf("%d nodes at %v, want 3 at neither the first nor the last of a prefix", n, ip)
		}
	}
	for prefix, n := range perPrefix {
		if n != 600 {
			t.Errorf("%d nodes in %v, want 600", n, prefix)
		}
	}
	seen := map[endpoint]bool{}
	for _, e := range list {
		if seen[e] {
			t.Errorf("two nodes at %v:%d", e.addr(), e.port)
		}
		seen[e] = true
	}
}

// Without prefixes the IPs follow one another.
func TestIPsFollowOneAnotherWithoutPrefixes(t *testing.T) {
	a := scenario.Addresses{NodesPerIP: scenario.NodesPer{Model: scenario.Even, Min: 1, Max: 3}}
	perIP, perPrefix := counted(endpoints(a, 2000, rand.New(rand.NewPCG(1, 1))))
	if want := len(perIP)/256 + 1; len(perPrefix) != want {
		t.Errorf("%d IPs are in %d prefixes, want %d", len(perIP), len(perPrefix), want)
	}
}

func TestNumbersOfNodesFollowTheirDistribution(t *testing.T) {
	const draws = 100_000
	for _, c := range []struct {
		of         scenario.NodesPer
		mean       float64
		least, max int
	}{
		{scenario.NodesPer{Model: scenario.Same, Mean: 7}, 7, 7, 7},
		{scenario.NodesPer{Model: scenario.Even, Min: 2, Max: 6}, 4, 2, 6},
		{scenario.NodesPer{Model: scenario.Geometric, Mean: 1, Max: 1}, 1, 1, 1},
		{scenario.NodesPer{Model: scenario.Geometric, Mean: 3, Max: 1000}, 3, 1, 1000},
		// The mean is the sum over k up to max of P(K >= k) = (1/k - 1/(max+1)) (max+1)/max.
		{scenario.NodesPer{Model: scenario.Pareto, Max: 4}, (1 + 1./2 + 1./3 + 1./4 - 4./5) * 5 / 4, 1, 4},
	} {
		rng := rand.New(rand.NewPCG(1, 1))
		sum, least, most := 0, math.MaxInt, 0
		for range draws {
			k := nodesPer(c.of, rng)
			sum, least, most = sum+k, min(least, k), max(most, k)
		}
		if mean := float64(sum) / draws; math.Abs(mean-c.mean) > 0.02*c.mean {
			t.Errorf("%+v: mean %v, want %v", c.of, mean, c.mean)
		}
		if least != c.least || most > c.max {
			t.Errorf("%+v: from %d to %d, want from %d to at most %d", c.of, least, most, c.least, c.max)
		}
	}
}

// Ten million nodes, each in a prefix of its own, have IPs that a node can have.
func TestEveryNodeHasAnIPOfTheInternet(t *testing.T) {
	for _, ip := range []uint32{1, 117<<24 - 1, 117 << 24, 10_000_000 * 256} {
		a := endpoint{ip, 80}.addr()
		if a.IsLoopback() || a.IsMulticast() || a.As4()[0] < 10 || a.As4()[0] >= 224 {
			t.Errorf("IP %d is %v", ip, a)
		}
	}
}

// What a scenario says of addresses decides what a host is to its nodes.
func TestNodesThatShareHostsLimitThem(t *testing.T) {
	for text, want := range map[string]peer.Hosts{
		"": peer.HostsOff,
		"addresses: {nodes_per_ip: {model: constant, mean: 8}}": peer.HostsStrict,
	} {
		s, err := scenario.Parse("shared.yaml", []byte(effectBase+text), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := hostsOf(s); got != want {
			t.Errorf("%q: hosts %v, want %v", text, got, want)
		}
	}
}
