package invariant

import (
	"fmt"

	"spreadable/core"
	"spreadable/core/message"
)

// Tree returns the first invariant of a settled network of several levels that does not
// hold, or nil. Each branch of level 1 is a settled network of one level. Every node lists
// its own branch at each level with all of its siblings, each with its true size and a head
// that says so itself. So each node counts all nodes.
func Tree(nodes []*core.Node) error {
	sizes := make(map[place]int)
	parents, children := make(map[place]place), make(map[place]int)
	branches, order := make(map[core.Peer][]*core.Node), []core.Peer(nil)
	byAddress := make(map[core.Peer]*core.Node, len(nodes))
	for _, n := range nodes {
		own := n.Structure().Address
		byAddress[own] = n
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
		if len(nodes) > 1 && len(branches[name]) == 1 {
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

// place names a branch: names are unique at a level.
type place struct {
	level int
	name  core.Peer
}
