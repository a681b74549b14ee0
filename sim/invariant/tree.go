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
// that says so itself. So each node counts all nodes. A node alone has nothing to be wrong
// about.
func Tree(nodes []*core.Node) error {
	if len(nodes) < 2 {
		return nil
	}
	sizes := make(map[place]int)
	parents, children := make(map[place]place), make(map[place]int)
	branches, order := make(map[core.Peer][]*core.Node), []core.Peer(nil)
	byAddress := make(map[core.Peer]*core.Node, len(nodes))
	for _, n := range nodes {
		own := n.Structure().Address
		byAddress[own] = n
		if name := nodes[0].Network(); n.Network() != name {
			return fmt.Errorf("%d is in network %d, %d in %d", own.ID(), n.Network().ID(), nodes[0].Structure().Address.ID(), name.ID())
		}
		path := n.Path()
		if path == nil {
			return fmt.Errorf("%d has no branch", own.ID())
		}
		if branches[path[0].Name] == nil {
			order = append(order, path[0].Name)
		}
		branches[path[0].Name] = append(branches[path[0].Name], n)
		for i, b := range path {
			sizes[place{i + 1, b.Name}]++
			parent := place{len(path) + 1, core.Peer{}}
			if i+1 < len(path) {
				parent = place{i + 2, path[i+1].Name}
			}
			if _, known := parents[place{i + 1, b.Name}]; !known {
				parents[place{i + 1, b.Name}] = parent
				children[parent]++
			}
		}
	}
	for _, name := range order {
		if len(branches[name]) == 1 {
			return fmt.Errorf("branch %d has one node", name.ID())
		}
		if err := Settled(branches[name]); err != nil {
			return fmt.Errorf("in branch %d: %w", name.ID(), err)
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
			if want := children[parents[place{level, path[i].Name}]]; len(list.List) != want {
				return fmt.Errorf("%d knows %d of %d branches of level %d", own, len(list.List), want, level)
			}
			if right[list] {
				continue
			}
			for _, b := range list.List {
				if have := sizes[place{level, b.Name}]; int(b.Size) != have {
					return fmt.Errorf("%d knows branch %d of level %d with %d nodes, it has %d", own, b.Name.ID(), level, b.Size, have)
				}
				head := byAddress[b.Head]
				if head == nil || head.Path()[i].Name != b.Name || head.Path()[i].Head != b.Head {
					return fmt.Errorf("%d takes %d for the head of branch %d of level %d", own, b.Head.ID(), b.Name.ID(), level)
				}
			}
			right[list] = true
		}
	}
	return nil
}

// BalancedTree returns an error if a branch of level 1 has too many masters, or one of
// these too many slaves; if a branch of a level has too many nodes, or a parent too many
// branches. Branches tend to the (level + 1)th power of r = floor(size^(1/(levels+1))) + 1
// nodes. They may have twice as many and four: in a small network a node that leaves for a
// new branch stays alone there, and comes back. Parents have r branches and may exceed that
// by a sixteenth and one.
func BalancedTree(nodes []*core.Node, levels int) error {
	r := 1
	for math.Pow(float64(r), float64(levels+1)) <= float64(len(nodes)) {
		r++
	}
	branches := make(map[core.Peer][]*core.Node)
	for _, n := range nodes {
		name := n.Path()[0].Name
		branches[name] = append(branches[name], n)
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
		members := branches[n.Path()[0].Name]
		if members == nil {
			continue // judged already
		}
		delete(branches, n.Path()[0].Name)
		if err := Balanced(members); err != nil {
			return fmt.Errorf("in branch %d: %w", n.Path()[0].Name.ID(), err)
		}
	}
	return nil
}

// place names a branch: names are unique at a level.
type place struct {
	level int
	name  core.Peer
}
