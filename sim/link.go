package sim

import (
	"math/rand/v2"
	"slices"
	"time"

	"spreadable/internal/stream"
	"spreadable/sim/population"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
	"spreadable/transport/inmem/latency"
	"spreadable/transport/inmem/link"
)

// newLink is what happens to the messages of a scenario beside their latency; nil if that
// is nothing. It has so many nodes, and clients behind them.
func newLink(s *scenario.Scenario, model latency.Model, nodes, clients int) *link.Link {
	if !s.HasLink() {
		return nil
	}
	n := &s.Network
	connections := map[scenario.Connection]link.Connection{
		scenario.Reuse: link.Reuse, scenario.Each: link.Each, "": link.Free,
	}
	return link.New(link.Options{
		Latency: model, Hosts: hosts(s, nodes), Size: nodes + clients, Seed: s.Seed,
		Datagram: n.Datagram, RTO: n.RTO, Connection: connections[n.Connection], TLS: n.TLS,
		Exponential: n.ServiceModel == scenario.Exponential,
	})
}

// hosts tells of each node what it is. Clients have no limits of their own.
func hosts(s *scenario.Scenario, nodes int) *link.Hosts {
	n := &s.Network
	kinds := []link.Host{{
		Up: link.Rate(n.Up), Down: link.Rate(n.Down), Loss: n.Loss, Service: n.Service, Queue: bound(n.Queue),
	}}
	for _, c := range s.Classes.Present() {
		kinds = append(kinds, link.Host{
			Up: link.Rate(c.Up), Down: link.Rate(c.Down), Delay: c.Delay, Loss: c.Loss,
			Service: c.Service, Queue: bound(c.Queue), Outside: c.NAT,
		})
	}
	// A message between a client and a node of no class is lost as one between two nodes.
	return &link.Hosts{Kinds: kinds, Of: classes(s, nodes), Others: link.Host{Loss: n.Loss}}
}

// bound is a scenario's limit of a queue, of which 0 is none.
func bound(queue int) int {
	if queue == 0 {
		return link.Unbounded
	}
	return queue
}

// classes draws which nodes are of which class: the number of the class from 1 on, in the
// order of those that have nodes, 0 for none. Each class has as many nodes as its share
// says. The bootstrap nodes can be reached: one that could not changes places with the
// first node behind them that can.
func classes(s *scenario.Scenario, nodes int) []uint8 {
	of := make([]uint8, 0, nodes)
	for i, size := range s.Classes.Sizes(nodes) {
		for range size {
			of = append(of, uint8(i+1))
		}
	}
	of = of[:nodes] // the others are of none
	r := rand.New(stream.New(s.Seed, 0, stream.Class))
	r.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
	present := s.Classes.Present()
	outside := func(i int) bool { return of[i] > 0 && present[of[i]-1].NAT }
	next := s.Join.Bootstrap
	for i := range s.Join.Bootstrap {
		if !outside(i) {
			continue
		}
		for outside(next) {
			next++
		}
		of[i], of[next] = of[next], of[i]
	}
	return of
}

// outside reports whether node i counts as none of the network: it is hidden, or it lies.
func (w *world) outside(i int) bool { return w.hidden(i) || w.attacks.lies(i) }

// hidden reports whether no other host can connect to node i. Such a node can ask, but it
// never gets a place in the network: nodes interview a newcomer before they list it.
func (w *world) hidden(i int) bool { return w.link != nil && w.link.Hosts.At(uint32(i)).Outside }

// class is the name of node i's class among the names of those that have nodes, "" for
// none.
func (w *world) class(i int, names []string) string {
	if w.link == nil || w.link.Hosts.Of[i] == 0 {
		return ""
	}
	return names[w.link.Hosts.Of[i]-1]
}

// members is how many of the nodes that are up can have a place in the network, and do not
// lie.
func (w *world) members(up population.Alive) int {
	if (w.link == nil || !w.link.Hosts.AnyOutside()) && w.attacks == nil {
		return up.Size()
	}
	count := 0
	for i := range up.All() {
		if !w.outside(i) {
			count++
		}
	}
	return count
}

// reachable are the rows of the nodes to which others can connect: those behind a NAT are
// no part of the network's structure.
func (w *world) reachable(nodes []result.Node) []result.Node {
	if w.link == nil || !w.link.Hosts.AnyOutside() {
		return nodes
	}
	return slices.DeleteFunc(slices.Clone(nodes), func(n result.Node) bool { return w.hidden(n.Index) })
}

// entry draws a node that is up, that a client can call and that does not lie. Nearly
// always there is one: the bootstrap nodes.
func (w *world) entry(up population.Alive, r *rand.Rand) int {
	node := up.Random(r)
	for i := 0; i < tries && w.outside(node); i++ {
		node = up.Random(r)
	}
	return node
}

// linkSummary is what the link has counted; nil without one.
func (w *world) linkSummary(total int64) *result.Network {
	if w.link == nil {
		return nil
	}
	c := w.link.Counts(w.now())
	return &result.Network{
		Bytes: total, Lost: count(c.Lost), Retransmissions: count(c.Resent), Handshakes: count(c.Handshakes),
		Refused: count(c.Refused), Abandoned: count(c.Abandoned), Unreachable: count(c.Outside),
		Uplink: use(c.Up), Downlink: use(c.Down), Service: use(c.Service),
	}
}

// link adds to a sample what the link has counted since the one before.
func (m *meter) link(s *result.Sample) {
	if m.world.link == nil {
		return
	}
	now := m.world.link.Counts(m.world.now())
	since := func(now, before *uint64) *int64 {
		if now == nil {
			return nil
		}
		change := int64(*now)
		if before != nil {
			change -= int64(*before)
		}
		return &change
	}
	s.Lost, s.Retransmissions = since(now.Lost, m.linked.Lost), since(now.Resent, m.linked.Resent)
	s.Refused, s.Abandoned = since(now.Refused, m.linked.Refused), since(now.Abandoned, m.linked.Abandoned)
	m.linked = now
}

// count is a count of the link, nil for what it has no part for.
func count(n *uint64) *int64 {
	if n == nil {
		return nil
	}
	number := int64(*n)
	return &number
}

// use sums up lines or processors; nil if none has a limit.
func use(u *link.Use) *result.Use {
	if u == nil {
		return nil
	}
	return &result.Use{
		Passed: int64(u.Passed), UtilisationMean: u.Load, UtilisationMax: u.MaxLoad, Busiest: int(u.Busiest),
		WaitMS: result.Wait{
			Mean: float64(u.Mean) / float64(time.Millisecond), Max: float64(u.Max) / float64(time.Millisecond),
		},
	}
}
