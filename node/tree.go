package node

import (
	"spreadable/admin"
	"spreadable/core"
	"spreadable/core/message"
)

// What the owner sees of the levels of the network. Call these in the node's thread.

// describeTree fills in the part of the status that is about levels.
func (n *Node) describeTree(c *core.Node, s *admin.Status) {
	s.Levels, s.LevelsToBe, s.Network = c.LevelsInUse(), c.Levels(), n.text(c.Network())
	s.LevelsAuto = n.config.Levels == message.AutoLevels
	if len(c.Structure().Slaves) > 0 {
		s.MasterLevel = 1
	}
	self := c.Structure().Address
	for i, b := range c.Path() {
		if b.Head == self {
			s.MasterLevel = i + 2 // the head of a branch is a master of the next level
		}
		s.Branches = append(s.Branches, n.branch(b))
	}
	if lists := c.Branches(); len(lists) > 0 {
		s.TopBranches = len(lists[len(lists)-1].List)
	}
}

// treeOf lists the branches that the node knows.
func (n *Node) treeOf(c *core.Node) (levels []admin.BranchLevel) {
	path := c.Path()
	for i, list := range c.Branches() {
		level := admin.BranchLevel{Level: i + 1, Own: n.text(path[i].Name)}
		for _, b := range list.List {
			level.Branches = append(level.Branches, n.branch(b))
		}
		levels = append(levels, level)
	}
	return levels
}

func (n *Node) branch(b message.Branch) admin.Branch {
	return admin.Branch{Name: n.text(b.Name), Head: n.text(b.Head), Size: int(b.Size)}
}
