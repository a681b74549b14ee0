package coretest

import (
	"fmt"
	"strings"

	"spreadable/core"
)

// Violation names the first invariant of a settled network that does not hold, or returns
// "". It looks from outside at all live nodes. Each has one backlink, which lists it, and
// no other does; each knows all masters with their true sizes; so each counts all nodes.
func (n *Network) Violation() string {
	live := n.Live()
	masters := make(map[core.Peer]int)
	listed := make(map[core.Peer][]core.Peer)
	for _, h := range live {
		s := h.Node.Structure()
		if len(s.Slaves) > 0 {
			masters[h.Peer()] = len(s.Slaves)
		}
		for _, slave := range s.Slaves {
			listed[slave] = append(listed[slave], h.Peer())
		}
	}
	for _, h := range live {
		if v := h.misplaced(listed[h.Peer()]); v != "" {
			return v
		}
		if v := h.mistaken(masters, len(live)); v != "" {
			return v
		}
	}
	return ""
}

// misplaced says what is wrong with the node's backlink, given the masters that list the
// node.
func (h *Host) misplaced(by []core.Peer) string {
	switch back := h.Node.Structure().Backlink; {
	case back.IsZero():
		return h.Name() + " has no backlink"
	case len(by) != 1:
		return fmt.Sprintf("%s is listed by %d masters", h.Name(), len(by))
	case by[0] != back:
		return fmt.Sprintf("%s has backlink %d and is listed by %d", h.Name(), back.ID(), by[0].ID())
	}
	return ""
}

// mistaken says what the node does not know of the network: its masters and its size.
func (h *Host) mistaken(masters map[core.Peer]int, size int) string {
	known := h.Node.Structure().Masters.List
	if len(known) != len(masters) {
		return fmt.Sprintf("%s knows %d of %d masters", h.Name(), len(known), len(masters))
	}
	if counted := h.Node.NetworkSize(); counted != size {
		return fmt.Sprintf("%s counts %d of %d nodes", h.Name(), counted, size)
	}
	for _, m := range known {
		if int(m.Size) != masters[m.Peer] {
			return fmt.Sprintf("%s knows master %d with %d slaves, it has %d", h.Name(), m.Peer.ID(), m.Size, masters[m.Peer])
		}
	}
	return ""
}

// Components is how many networks the live nodes form: those that know each other as
// backlink, slave or master are in one.
func (n *Network) Components() int {
	parent := make(map[uint32]uint32)
	var root func(uint32) uint32
	root = func(i uint32) uint32 {
		if parent[i] != i {
			parent[i] = root(parent[i])
		}
		return parent[i]
	}
	live := n.Live()
	for _, h := range live {
		parent[h.Number] = h.Number
	}
	join := func(h *Host, p core.Peer) {
		if _, ok := parent[p.ID()]; ok {
			parent[root(h.Number)] = root(p.ID())
		}
	}
	for _, h := range live {
		s := h.Node.Structure()
		join(h, s.Backlink)
		for _, m := range s.Masters.List {
			join(h, m.Peer)
		}
		for _, p := range s.Slaves {
			join(h, p)
		}
	}
	count := 0
	for _, h := range live {
		if root(h.Number) == h.Number {
			count++
		}
	}
	return count
}

// Numbers writes peers as their numbers: [1 2 3].
func Numbers(peers []core.Peer) string {
	texts := make([]string, len(peers))
	for i, p := range peers {
		texts[i] = fmt.Sprint(p.ID())
	}
	return "[" + strings.Join(texts, " ") + "]"
}
