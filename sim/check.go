package sim

import (
	"fmt"

	"spreadable/core"
	"spreadable/transport/inmem"
)

// The invariants of a settled network, judged from outside: the checker shares no code with what it judges.

// check returns the first violated invariant. Before the network has converged there is nothing to check.
func (m *meter) check() error {
	last := &m.samples[len(m.samples)-1]
	if last.Registered < 1 || last.ExactSize < 1 || last.Coverage < 1 {
		return nil
	}
	for i := range last.Alive {
		if err := m.world.checkNode(i, last.Alive); err != nil {
			return fmt.Errorf("node %d (%s): %w", i, m.world.book.Text(peerOf(i)), err)
		}
	}
	return nil
}

// checkNode checks one node: exactly one live master lists it, and that is its backlink; what it knows of the masters is
// what they are; and all masters are known.
func (w *world) checkNode(i, alive int) error {
	s := w.node(i).Structure()
	listed := 0
	masters := 0
	for j := range alive {
		other := w.node(j).Structure()
		if len(other.Slaves) > 0 {
			masters++
		}
		listed += count(other.Slaves, s.Address)
	}
	switch {
	case s.Backlink.IsZero():
		return fmt.Errorf("has no backlink")
	case count(w.node(inmem.Index(s.Backlink)).Structure().Slaves, s.Address) != 1:
		return fmt.Errorf("its backlink %s does not list it once", w.book.Text(s.Backlink))
	case listed != 1:
		return fmt.Errorf("is listed by %d masters", listed)
	case len(s.Masters.List) != masters:
		return fmt.Errorf("knows %d of %d masters", len(s.Masters.List), masters)
	case s.Size() != alive:
		return fmt.Errorf("counts %d of %d nodes", s.Size(), alive)
	}
	for _, m := range s.Masters.List {
		if have := len(w.node(inmem.Index(m.Peer)).Structure().Slaves); have != int(m.Size) {
			return fmt.Errorf("has master %s with %d slaves, which has %d", w.book.Text(m.Peer), m.Size, have)
		}
	}
	return nil
}

func count(peers []core.Peer, p core.Peer) int {
	n := 0
	for _, q := range peers {
		if q == p {
			n++
		}
	}
	return n
}
