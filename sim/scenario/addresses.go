package scenario

// Limits of `addresses`.
const (
	maxPerIP     = 1000 // each node has a port of its own
	ipsPerPrefix = 254  // a /24 without its first and last IP
)

// isGiven reports whether a scenario says anything of a distribution.
func (n NodesPer) isGiven() bool { return n != NodesPer{} }

// IsGiven reports whether a scenario says anything of addresses. Otherwise each node has
// an IP of its own, one after the other.
func (a Addresses) IsGiven() bool { return a != Addresses{} }

// keys lists the parameters of the model.
func (n NodesPer) keys() []string {
	switch n.Model {
	case Same:
		return []string{"mean"}
	case Even:
		return []string{"min", "max"}
	case Geometric:
		return []string{"mean", "max"}
	case Pareto:
		return []string{"max"}
	}
	return nil
}

// least and most bound what is drawn.
func (n NodesPer) least() int {
	switch n.Model {
	case Same:
		return n.Mean
	case Even:
		return n.Min
	}
	return 1
}

func (n NodesPer) most() int {
	if n.Model == Same {
		return n.Mean
	}
	return n.Max
}

func (s *Scenario) checkAddresses() error {
	a := s.Addresses
	if err := s.checkNodesPer("addresses.nodes_per_ip", a.NodesPerIP, maxPerIP); err != nil {
		return err
	}
	most := ipsPerPrefix // with one node on each IP
	if a.NodesPerIP.isGiven() {
		most *= a.NodesPerIP.least()
	}
	return s.checkNodesPer("addresses.nodes_per_prefix", a.NodesPerPrefix, most)
}

// checkNodesPer judges one distribution, of which no draw may exceed a limit.
func (s *Scenario) checkNodesPer(path string, n NodesPer, limit int) error {
	if !n.isGiven() {
		return nil
	}
	if err := s.needs(path, path, "model"); err != nil {
		return err
	}
	model := string(n.Model)
	if err := s.checkMeaning(path, "model", model, n.keys(), "mean", "min", "max"); err != nil {
		return err
	}
	if err := s.needs(path, "model "+model, n.keys()...); err != nil {
		return err
	}
	switch {
	case n.Model == Even && n.Min > n.Max:
		return s.errorf(path+".max", "%s.max: %d is below %s.min, %d", path, n.Max, path, n.Min)
	case n.Model == Geometric && n.Mean > n.Max:
		return s.errorf(path+".max", "%s.max: %d is below %s.mean, %d", path, n.Max, path, n.Mean)
	case n.most() > limit:
		key := join(path, n.keys()[len(n.keys())-1])
		return s.errorf(key, "%s: expected at most %d, not %d%s", key, limit, n.most(), s.whyPrefix(path))
	}
	return nil
}

// whyPrefix explains the limit of nodes per prefix, which depends on those per IP.
func (s *Scenario) whyPrefix(path string) string {
	if path != "addresses.nodes_per_prefix" {
		return ""
	}
	return ": a /24 has 254 IPs, each with the fewest nodes that addresses.nodes_per_ip allows"
}
