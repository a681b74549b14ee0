package sim

import "math/bits"

// probe is the application that searches ask: every node answers with itself, and the merged
// answer is the set of all that did. So a node counts once in a search, however often the lists
// of masters name it and whatever other searches ask it meanwhile, and nothing is shared between
// nodes: the set travels with the answers. It takes 32 bytes for each node that a search asks,
// until the client has counted them.
type probe struct{ node uint32 }

const probeName = "probe"

// union is the merged answer of two sides, each a *probe or a *union. Merging only notes what
// there is: to copy the sets of a thousand slaves again and again would take longer than to ask
// them.
type union struct{ a, b any }

// Name implements core.Query.
func (*probe) Name() string { return probeName }

// Answer implements core.Query.
func (p *probe) Answer(any) any { return p }

// Merge implements core.Query.
func (*probe) Merge(a, b any) any { return &union{a, b} }

// nodes is a set of nodes by their indexes, a bit for each.
type nodes []uint64

// nodesOf returns the nodes in a merged answer, of those with an index below n; nil is the answer
// of none.
func nodesOf(answer any, n int) nodes {
	set := make(nodes, (n+63)/64)
	left := []any{answer}
	for len(left) > 0 {
		last := len(left) - 1
		next := left[last]
		left = left[:last]
		switch next := next.(type) {
		case *union:
			left = append(left, next.a, next.b)
		case *probe:
			if int(next.node) < n {
				set[next.node/64] |= 1 << (next.node % 64)
			}
		}
	}
	return set
}

func (s nodes) has(node int) bool { return s[node/64]>>(node%64)&1 == 1 }

func (s nodes) size() int {
	size := 0
	for _, word := range s {
		size += bits.OnesCount64(word)
	}
	return size
}
