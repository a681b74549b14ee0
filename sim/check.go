package sim

import (
	"fmt"
	"slices"
	"time"

	"spreadable/core"
	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/sim/invariant"
	"spreadable/sim/population"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
	"spreadable/transport/inmem"
)

// checker judges a settled network from outside: it looks at every node and shares no
// code with what it judges.
type checker struct {
	world  *world
	listed []int                     // per node: how many masters list it
	known  map[*message.Masters]bool // lists that were found right in this check
	next   int                       // the first operation whose draw is unchecked
}

// settling is how many sync intervals after the last node's start the network must have
// settled. Until then there is nothing to check.
const settling = 10

func newChecker(w *world) *checker { return &checker{world: w, listed: make([]int, w.nodes)} }

// settledFrom is the virtual time from which the invariants must hold.
func (c *checker) settledFrom() time.Duration {
	return settledFrom(c.world.scenario, c.world.population)
}

func settledFrom(s *scenario.Scenario, p *population.Population) time.Duration {
	return p.Joined() + settling*s.SyncInterval
}

// FirstCheck is the virtual time of the first check of a run that is checked so often, and
// why there is none, if so.
func FirstCheck(s *scenario.Scenario, every time.Duration) (at time.Duration, reason string) {
	p := population.New(s)
	settled := settledFrom(s, p)
	at = max(1, (settled+every-1)/every) * every
	switch {
	case len(s.Faults) > 0:
		return at, "nothing is checked: the scenario has faults"
	case len(s.Attacks) > 0:
		return at, "nothing is checked: nodes lie"
	case !p.Settles():
		return at, "nothing is checked: nodes leave and come throughout the run"
	case s.Nodes == 1:
		return at, "nothing is checked: one node alone has no invariants"
	case at > s.Duration:
		return at, fmt.Sprintf("nothing is checked: the network must have settled at %v, and the run ends at %v before the first check at %v", settled, s.Duration, at)
	}
	return at, ""
}

// check returns the first violated invariant.
func (c *checker) check() error {
	w := c.world
	alive := w.population.At(w.now())
	if w.faults != nil || w.attacks != nil || !w.population.Settles() || w.now() < c.settledFrom() || alive.Size() == 1 {
		return nil
	}
	if w.levels() > 1 {
		return c.checkTree(alive)
	}
	c.known = make(map[*message.Masters]bool)
	clear(c.listed)
	masters := 0
	members := w.members(alive)
	for i := range alive.All() {
		slaves := w.node(i).Structure().Slaves
		if len(slaves) > 0 {
			masters++
		}
		for _, s := range slaves {
			c.listed[inmem.Index(s)]++
		}
	}
	for i := range alive.All() {
		if w.outside(i) {
			continue
		}
		if err := c.checkNode(i, members, masters); err != nil {
			return fmt.Errorf("%w: node %d (%s) %w", ErrViolated, i, w.book.Text(peerOf(i)), err)
		}
	}
	return c.checkDraws()
}

// checkNode checks one node: exactly one master lists it, and that is its backlink; its
// list has all masters, each with as many slaves as it has; and the sizes add up to the
// network.
func (c *checker) checkNode(i, members, masters int) error {
	w := c.world
	s := w.node(i).Structure()
	switch {
	case s.Backlink.IsZero():
		return fmt.Errorf("has no backlink")
	case c.listed[i] != 1:
		return fmt.Errorf("is listed by %d masters instead of one", c.listed[i])
	case !slices.Contains(w.node(inmem.Index(s.Backlink)).Structure().Slaves, s.Address):
		return fmt.Errorf("is not listed by its backlink %s", w.book.Text(s.Backlink))
	case s.Size() != members:
		return fmt.Errorf("counts %d nodes instead of %d", s.Size(), members)
	case c.known[s.Masters]:
		return nil
	case len(s.Masters.List) != masters:
		return fmt.Errorf("knows %d masters instead of %d", len(s.Masters.List), masters)
	}
	seen := make(map[core.Peer]bool)
	for _, m := range s.Masters.List {
		have := len(w.node(inmem.Index(m.Peer)).Structure().Slaves)
		if have != int(m.Size) || have == 0 || seen[m.Peer] {
			return fmt.Errorf("has master %s with %d slaves, which has %d", w.book.Text(m.Peer), m.Size, have)
		}
		seen[m.Peer] = true
	}
	c.known[s.Masters] = true
	return nil
}

// checkDraws checks the approvers of every approval since the last check: they must be
// the first in the order that follows from the addresses of all nodes. Where a ping can
// time out, some may have been passed over.
func (c *checker) checkDraws() error {
	w := c.world
	for ; c.next < len(w.clients.operations); c.next++ {
		op := &w.clients.operations[c.next]
		if op.row.Start >= w.now() {
			return nil
		}
		if op.row.Kind != result.KindApproval || op.row.Start < c.settledFrom() {
			continue
		}
		for _, drawn := range op.draws {
			if drawn == nil {
				continue
			}
			all := c.ranking(drawn.StartedAt)
			want, known := c.orderFor(c.next, drawn.StartedAt, all)
			if known && !c.follows(drawn.Approvers, want, len(all)) {
				return fmt.Errorf("%w: approval %d drew nodes %v for the period at %v, whose order begins with %v",
					ErrViolated, op.row.Index, indexes(drawn.Approvers), drawn.StartedAt-w.epoch,
					indexes(want[:min(len(want), len(drawn.Approvers))]))
			}
		}
	}
	return nil
}

// follows reports whether a draw is the one that all nodes make.
func (c *checker) follows(drawn, ranking []core.Peer, nodes int) bool {
	count, err := draw.ParseCount(c.world.scenario.Approval.Approvers)
	return err == nil && invariant.Follows(drawn, ranking, min(count.Of(nodes), len(ranking)), c.world.pingsMayFail())
}

// orderFor is the order of the draw for a client among all nodes that are up, given in the
// original's; not known where the salt is a secret of the entry node.
func (c *checker) orderFor(client int, start time.Duration, all []core.Peer) (order []core.Peer, known bool) {
	settings := c.world.options.Draw
	switch {
	case !settings.ByHost:
		return all, true
	case settings.Salt == draw.VerifierSalt:
		return nil, false
	}
	d := draw.Draw{Action: "client", Start: start, Group: settings.Group}
	if settings.PerClient {
		d.Client = c.world.clientIP(client)
	}
	if settings.Salt == draw.NetworkSalt {
		d.Salt = draw.NewSalt(c.world.options.DrawSecret, d.Action, start)
	}
	entrants := make([]draw.Entrant, len(all))
	for i, p := range all {
		entrants[i] = draw.Entrant{Address: c.world.book.Text(p), IP: c.world.book.IP(p)}
	}
	for _, i := range draw.Shortlist(draw.ByHost(d), entrants, draw.Unlimited()) {
		order = append(order, all[i])
	}
	return order, true
}

// pingsMayFail reports whether a ping, there and back, can take longer than nodes wait
// for it.
func (w *world) pingsMayFail() bool {
	model, err := w.scenario.LatencyModel()
	return err != nil || w.link != nil || model.Max() > w.scenario.Node.PingTimeout/2
}

// ranking is the order of a draw among all nodes that are up.
func (c *checker) ranking(start time.Duration) []core.Peer {
	var all []core.Peer
	for i := range c.world.population.At(c.world.now()).All() {
		if !c.world.outside(i) {
			all = append(all, peerOf(i))
		}
	}
	return invariant.Ranking(c.world.book, all, start)
}

func indexes(peers []core.Peer) []int {
	list := make([]int, len(peers))
	for i, p := range peers {
		list[i] = inmem.Index(p)
	}
	return list
}
