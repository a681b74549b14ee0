package invariant

import (
	"fmt"
	"math"

	"spreadable/core"
	"spreadable/core/message"
)

// Tree returns the first invariant of a settled network of several levels that does not
// hold, or nil. Each branch of level 1 is a settled network of one level. Every node lists
// its own branch at each level with all of its siblings, each with its true size and a head
// that says so itself, and whom all of the branch follow. So each node counts all nodes. A
// node alone has nothing to be wrong about.
func Tree(nodes []*core.Node) error {
	if len(nodes) < 2 {
		return nil
	}
	all, err := takeCensus(nodes)
	if err != nil {
		return err
	}
	for _, own := range all.order {
		if len(all.branches[own]) == 1 {
			return fmt.Errorf("branch %d has one node", own[0].ID())
		}
		if err := Settled(all.branches[own]); err != nil {
			return fmt.Errorf("in branch %d: %w", own[0].ID(), err)
		}
	}
	right := make(map[*message.Branches]bool)
	for _, n := range nodes {
		own, path := n.Structure().Address.ID(), n.Path()
		if counted := n.NetworkSize(); counted != len(nodes) {
			return fmt.Errorf("%d counts %d of %d nodes", own, counted, len(nodes))
		}
		for i, list := range n.Branches() {
			level := i + 1
			parent := placeOf(path, level+1)
			if want := all.children[parent]; len(list.List) != want {
				return fmt.Errorf("%d knows %d of %d branches of level %d", own, len(list.List), want, level)
			}
			if right[list] {
				continue
			}
			for _, b := range list.List {
				sibling := parent
				sibling[i] = b.Name
				if have := all.sizes[sibling]; int(b.Size) != have {
					return fmt.Errorf("%d knows branch %d of level %d with %d nodes, it has %d", own, b.Name.ID(), level, b.Size, have)
				}
				head := all.byAddress[b.Head]
				if head == nil || head.Path()[i].Name != b.Name || head.Path()[i].Head != b.Head {
					return fmt.Errorf("%d takes %d for the head of branch %d of level %d", own, b.Head.ID(), b.Name.ID(), level)
				}
			}
			right[list] = true
		}
	}
	return nil
}

// census is what the nodes of a network say of their branches.
type census struct {
	byAddress map[core.Peer]*core.Node
	branches  map[place][]*core.Node // those of level 1
	order     []place                // of the branches
	sizes     map[place]int          // how many nodes each branch has
	children  map[place]int          // how many branches each has, the whole network as the zero place
}

// takeCensus returns an error if a node has no place in the tree, if nodes do not agree on
// the name of the network or on the head of a branch of theirs, or if two branches of a level
// have the same name.
func takeCensus(nodes []*core.Node) (*census, error) {
	all := &census{
		byAddress: make(map[core.Peer]*core.Node, len(nodes)), branches: make(map[place][]*core.Node),
		sizes: make(map[place]int), children: make(map[place]int),
	}
	heads := make(map[place]core.Peer)
	parents := make(map[twin]place)
	for _, n := range nodes {
		own := n.Structure().Address
		all.byAddress[own] = n
		if name := nodes[0].Network(); n.Network() != name {
			return nil, fmt.Errorf("%d is in network %d, %d in %d", own.ID(), n.Network().ID(), nodes[0].Structure().Address.ID(), name.ID())
		}
		path := n.Path()
		if path == nil {
			return nil, fmt.Errorf("%d has no branch", own.ID())
		}
		branch := placeOf(path, 1)
		if all.branches[branch] == nil {
			all.order = append(all.order, branch)
		}
		all.branches[branch] = append(all.branches[branch], n)
		for level := 1; level <= len(path); level++ {
			b, head := placeOf(path, level), path[level-1].Head
			if all.sizes[b]++; all.sizes[b] == 1 {
				heads[b] = head
				all.children[placeOf(path, level+1)]++
				id, parent := twin{level, path[level-1].Name}, placeOf(path, level+1)
				if other, known := parents[id]; known {
					return nil, fmt.Errorf("two branches of level %d have the name %d, below %d and %d", level, id.name.ID(), other[level].ID(), parent[level].ID())
				}
				parents[id] = parent
			}
			if head != heads[b] {
				return nil, fmt.Errorf("%d takes %d for the head of branch %d of level %d, others take %d", own.ID(), head.ID(), b[level-1].ID(), level, heads[b].ID())
			}
		}
	}
	return all, nil
}

// BalancedTree returns an error if a branch of level 1 has too many masters, or one of
// these too many slaves; if a branch of a level has too many nodes, or a parent too many
// branches. Branches tend to the (level + 1)th power of r = floor((size + 1)^(1/(levels+1))) + 1
// nodes, because those that place a node that moves count it once more. They may have twice
// as many and four: in a small network a node that leaves for a new branch stays alone
// there, and comes back. Parents have r branches and may exceed that by a sixteenth and one.
func BalancedTree(nodes []*core.Node, levels int) error {
	r := 1
	for math.Pow(float64(r), float64(levels+1)) <= float64(len(nodes)+1) {
		r++
	}
	branches := make(map[place][]*core.Node)
	for _, n := range nodes {
		own := placeOf(n.Path(), 1)
		branches[own] = append(branches[own], n)
		for i, list := range n.Branches() {
			if most := r + r/16 + 1; len(list.List) > most {
				return fmt.Errorf("%d branches of level %d in a network of %d, at most %d are right", len(list.List), i+1, len(nodes), most)
			}
			capacity := int(math.Pow(float64(r), float64(i+2)))
			for _, b := range list.List {
				if most := 2*capacity + 4; int(b.Size) > most {
					return fmt.Errorf("branch %d of level %d has %d nodes in a network of %d, at most %d are right", b.Name.ID(), i+1, b.Size, len(nodes), most)
				}
			}
		}
	}
	for _, n := range nodes {
		own := placeOf(n.Path(), 1)
		members := branches[own]
		if members == nil {
			continue // judged already
		}
		delete(branches, own)
		if err := Balanced(members); err != nil {
			return fmt.Errorf("in branch %d: %w", own[0].ID(), err)
		}
	}
	return nil
}

// twin is what two branches must not have in common: nodes of both would take each other
// for neighbours.
type twin struct {
	level int
	name  core.Peer
}

// place names a branch by its name and those of the branches that it is part of: a founder
// gives its name to one of each level.
type place [core.MaxLevels]core.Peer

// placeOf is the branch of a level, and all above it, of a path.
func placeOf(path []message.Branch, level int) (p place) {
	for i := level - 1; i < len(path); i++ {
		p[i] = path[i].Name
	}
	return p
}
