// Package probe is the application with which searches are measured.
package probe

// Probe is the application that searches ask: every node answers with itself, and the
// merged answer names all that did. So a node counts once in a search, however often the
// lists of masters name it and whatever other searches ask it meanwhile, and nothing is
// shared between nodes: the names travel with the answers. They take some 8 bytes for
// each node that a search asks, until the client has counted them.
type Probe struct{ Node uint32 }

// Name is that of the query.
const Name = "probe"

// answers is a merged answer: nodes, and merged answers of others.
type answers struct {
	nodes []uint32
	below []*answers
}

// Name implements core.Query.
func (*Probe) Name() string { return Name }

// Answer implements core.Query.
func (p *Probe) Answer(any) any { return p }

// Merge implements core.Query. It goes on with what it has merged before, so that a
// master with a thousand slaves does not make a thousand lists.
func (*Probe) Merge(a, b any) any {
	all, begun := a.(*answers)
	if !begun {
		all = new(answers)
		all.add(a)
	}
	all.add(b)
	return all
}

func (all *answers) add(answer any) {
	switch answer := answer.(type) {
	case *Probe:
		all.nodes = append(all.nodes, answer.Node)
	case *answers:
		all.below = append(all.below, answer)
	}
}

// JSONSize implements wire.Sized. The names are the simulator's own, for what it measures:
// a search has the bytes of one whose answers say true.
func (*Probe) JSONSize() int { return len("true") }

// JSONSize implements wire.Sized.
func (*answers) JSONSize() int { return len("true") }

// Set is a set of nodes by their numbers, a bit for each.
type Set []uint64

// Nodes returns the nodes in a merged answer, of a network of n; nil is the answer of
// none.
func Nodes(answer any, n int) Set {
	var all answers
	all.add(answer)
	set := make(Set, (n+63)/64)
	set.take(&all)
	return set
}

// take adds the nodes of an answer. There are as many calls in each other as the network
// has levels.
func (s Set) take(all *answers) {
	for _, node := range all.nodes {
		s[node/64] |= 1 << (node % 64)
	}
	for _, below := range all.below {
		s.take(below)
	}
}

// Has reports whether a node is in the set.
func (s Set) Has(node int) bool { return s[node/64]>>(node%64)&1 == 1 }
