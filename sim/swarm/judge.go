package swarm

import (
	"fmt"
	"slices"
	"time"

	"spreadable/core"
	"spreadable/internal/stream"
	"spreadable/sim/fault"
	"spreadable/sim/invariant"
	"spreadable/sim/lie"
)

// A network is whole when all invariants hold at the ends of steady rounds in a row. The
// first of these has to come within patience rounds, 32 minutes; after a mass start without
// loss within soon, and after some faults within what fault.Kind says. With several levels
// it has soon rounds for each after the start, and patience after all faults.
const (
	steady   = 3
	patience = 120
	soon     = 15
)

// patience is how many rounds the network has to become whole after a fault.
func (r *run) patience(name string) int {
	kind, _ := fault.Of(name)
	switch {
	case r.plan.Loss > 0 || r.plan.Lie != "":
		return patience
	case name == started:
		return soon * r.plan.Levels
	case kind.Rounds > 0 && r.plan.Levels == 1:
		return kind.Rounds
	}
	return patience
}

// mostRequests is how many requests a node may send in a round of a network of one level
// that is whole: 3.3 in a large one; a small one has more masters for its size. Each
// further level adds moreRequests: heads ask each other.
const (
	mostRequests = 6
	moreRequests = 2
)

// quiet lets the network mend after a fault, and judges it.
func (r *run) quiet(p Phase, before int) *Failure {
	r.remember()
	r.Run(time.Duration(before) * fault.Round)
	for {
		if failure := r.mend(&p); failure != nil {
			return failure
		}
		if slices.ContainsFunc(r.parts(), r.hasNoOrder) {
			break // it goes on looking for one
		}
		parts := len(r.parts())
		err := r.measure(&p)
		if len(r.parts()) >= parts {
			if err != nil {
				return r.failed(p, FailedTraffic, err)
			}
			break
		}
		p.Rounds++ // two parts have met: they are to grow together
	}
	if parts := r.parts(); r.plan.Loss == 0 && r.plan.Lie == "" && len(parts) == 1 && !r.hasNoOrder(parts[0]) {
		if err := r.load.judge(r.random(stream.Workload, p.Fault, len(r.outcome.Phases))); err != nil {
			return r.failed(p, FailedLoad, err)
		}
		if err := r.whole(); err != nil {
			return r.failed(p, FailedMend, fmt.Errorf("whole for %d rounds, and then not: %w", r.steady(), err))
		}
	}
	r.outcome.Phases = append(r.outcome.Phases, p)
	return nil
}

// mend waits until the network is whole.
func (r *run) mend(p *Phase) *Failure {
	most, last, ok := r.patience(p.Fault), error(nil), 0 // last is the latest that was wrong
	for ; ; p.Rounds++ {
		if len(r.bans) > 0 {
			b := r.bans[0]
			return &Failure{At: b.at, Phase: p.Fault, Did: p.Did, Kind: FailedBan,
				What: fmt.Sprintf("honest node %d bans honest node %d: %s", b.by+1, b.who+1, b.reason)}
		}
		if err := r.whole(); err == nil {
			ok++
		} else {
			last, ok = err, 0
		}
		if ok == r.steady() {
			p.Rounds -= ok - 1
			return nil
		}
		if p.Rounds-ok >= most {
			return r.failed(*p, FailedMend, fmt.Errorf("not whole after %d rounds: %w", most, last))
		}
		r.Run(fault.Round)
	}
}

func (r *run) failed(p Phase, kind string, err error) *Failure {
	return &Failure{At: r.Now(), Phase: p.Fault, Did: p.Did, Kind: kind, What: err.Error()}
}

// steady is how many rounds in a row the network must be whole. One that loses messages
// all the time is judged by the moments in which it is.
func (r *run) steady() int {
	switch {
	case r.plan.Loss > 0:
		return 1
	case r.plan.Levels > 1:
		return 2 * steady // a node that has just started waits for four before it chooses another head
	}
	return steady
}

// remember notes which nodes know each other, before they try to mend the network.
func (r *run) remember() {
	r.knew = make(map[*core.Node][]core.Peer)
	for _, n := range r.honest() {
		r.knew[n] = n.Acquaintances()
	}
}

// parts are the honest nodes that can find each other. Those whose acquaintances from the
// other part are all dead, the bootstrap nodes among them, cannot: then each part must be
// a network of its own. With several levels and without any bootstrap node, only heads of
// the top look for other parts, so what other nodes know does not count.
func (r *run) parts() [][]*core.Node {
	return invariant.Parts(r.honest(), func(n *core.Node) []core.Peer {
		if r.plan.Levels > 1 {
			return slices.Concat(invariant.Listed(n), r.bootstraps)
		}
		return slices.Concat(invariant.Listed(n), r.knew[n], r.bootstraps)
	})
}

// whole returns the first invariant that does not hold, or nil.
func (r *run) whole() error {
	judge := settledNetwork
	if r.plan.Levels > 1 {
		judge = r.settledTree
	}
	if r.plan.Lie != "" {
		judge = r.contained
	}
	for _, part := range r.parts() {
		if r.hasNoOrder(part) {
			continue
		}
		if err := judge(part); err != nil {
			return err
		}
	}
	return nil
}

// hasNoOrder reports whether nodes cannot be one network by the rules: three of which two
// are so slow that neither hears the other. Each must be listed by another, and no two may
// list each other, so in a network of three each lists one and is listed by the other.
func (r *run) hasNoOrder(nodes []*core.Node) bool {
	if len(nodes) != 3 {
		return false
	}
	var slow []time.Duration
	for _, h := range r.hosts {
		if h.up && slices.Contains(nodes, h.node()) {
			slow = append(slow, h.wrong().Slow)
		}
	}
	slices.Sort(slow)
	return 2*(slow[1]+slow[2]) >= core.DefaultPingTimeout // there and back
}

// settledNetwork is what must hold of a network without liars.
func settledNetwork(nodes []*core.Node) error {
	if err := invariant.Settled(nodes); err != nil {
		if networks := invariant.Networks(nodes); networks > 1 {
			return fmt.Errorf("%d networks: %w", networks, err)
		}
		return err
	}
	return invariant.Balanced(nodes)
}

// settledTree is what must hold of a network of several levels without liars.
func (r *run) settledTree(nodes []*core.Node) error {
	if err := invariant.Tree(nodes); err != nil {
		if networks := invariant.Networks(nodes); networks > 1 {
			return fmt.Errorf("%d networks: %w", networks, err)
		}
		return err
	}
	if len(nodes) < 2 {
		return nil
	}
	for _, n := range nodes {
		if n.Reshapes() {
			return fmt.Errorf("%d is about to change the tree", n.Structure().Address.ID())
		}
	}
	return invariant.BalancedTree(nodes, r.plan.Levels)
}

// contained is what must hold of honest nodes with liars among them. They are one network,
// all give it the same name, each is registered at an honest node, and none counts more nodes
// than there are, or fewer than those that are honest. Two honest nodes alone cannot do that: while they
// count a liar, neither may be the backlink of its own backlink.
func (r *run) contained(nodes []*core.Node) error {
	if len(nodes) < 3 {
		return nil
	}
	liars := 0
	for _, h := range r.hosts {
		if h.up && h.lies() {
			liars++
		}
	}
	if networks := invariant.Networks(nodes); networks > 1 {
		return fmt.Errorf("%d networks", networks)
	}
	for _, n := range nodes {
		s, size := n.Structure(), n.NetworkSize()
		own := s.Address.ID()
		switch {
		case s.Backlink.IsZero():
			return fmt.Errorf("%d has no backlink", own)
		case r.astray(s.Backlink.ID()):
			return fmt.Errorf("%d is registered at %d, which lies", own, s.Backlink.ID())
		case r.listsBanned(n) != 0:
			return fmt.Errorf("%d lists %d, which it has banned", own, r.listsBanned(n))
		case n.Network() != nodes[0].Network():
			return fmt.Errorf("%d says that the network is called %d, %d that it is %d", own, n.Network().ID(), nodes[0].Structure().Address.ID(), nodes[0].Network().ID())
		case size < len(nodes) || size > len(nodes)+liars:
			return fmt.Errorf("%d counts %d nodes, there are %d honest ones and %d liars", own, size, len(nodes), liars)
		}
	}
	return r.crowded(nodes)
}

// crowded returns an error if honest nodes list more ports of one host than it has places.
// With several levels it has as many in each branch, and where answers are lost, a master
// takes one more for a sync.
func (r *run) crowded(nodes []*core.Node) error {
	kind, _ := lie.Of(r.plan.Lie)
	if !kind.Runs || r.plan.Levels > 1 || r.plan.Loss > 0 {
		return nil
	}
	listed := make(map[core.Peer]bool)
	for _, n := range nodes {
		for _, s := range n.Structure().Slaves {
			if r.at(s.ID() - 1).lies() {
				listed[s] = true
			}
		}
	}
	if len(listed) > core.DefaultHostPlaces {
		return fmt.Errorf("honest nodes list %d ports of one host, which has %d places", len(listed), core.DefaultHostPlaces)
	}
	return nil
}

// listsBanned returns a slave or backlink of the node that it has banned, or 0.
func (r *run) listsBanned(n *core.Node) uint32 {
	s, bans := n.Structure(), n.Bans()
	for _, p := range append([]core.Peer{s.Backlink}, s.Slaves...) {
		if _, banned := bans.Get(p); banned {
			return p.ID()
		}
	}
	return 0
}

// astray reports whether a peer is no node that serves its slaves.
func (r *run) astray(id uint32) bool {
	h := r.at(id - 1)
	kind, _ := lie.Of(r.plan.Lie)
	return h == nil || h.lies() && !kind.Serves
}

// measure lets some rounds pass and counts what nodes send and keep.
func (r *run) measure(p *Phase) error {
	const rounds = 2
	part := r.net.Partitions()[0]
	before := part.Upkeep.Requests
	r.Run(rounds * fault.Round)
	nodes := r.honest()
	p.Requests = float64(part.Upkeep.Requests-before) / rounds / float64(max(1, len(nodes)))
	// at its check of the root a node asks all bootstrap nodes, and one of them for the rest
	most := mostRequests + moreRequests*float64(r.plan.Levels-1) + float64(r.plan.Boots-1)/rounds
	if r.plan.Lie == "" && r.plan.Loss == 0 && len(nodes) > 1 && len(r.parts()) == 1 && p.Requests > most {
		return fmt.Errorf("%.1f requests per node and round, %.1f at most", p.Requests, most)
	}
	for _, n := range nodes {
		s := n.State()
		if rows := len(s.Scores) + len(s.Fails) + len(s.Candidates) + len(s.Bans); rows > mostRows(len(nodes)) {
			return fmt.Errorf("%s remembers %d failures, %d scores, %d candidates and %d bans in a network of %d",
				s.Self, len(s.Fails), len(s.Scores), len(s.Candidates), len(s.Bans), len(nodes))
		}
	}
	return nil
}

// mostRows is how many peers a node may have something to remember of.
func mostRows(nodes int) int { return 4*nodes + 32 }
