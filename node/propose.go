package node

// propose logs how a new network had better draw its approvers, to an owner that has not
// chosen. The first node is the place for it: all later ones must have the same settings.
// The defaults are those of npm nodes, which cannot draw in another way.
func (n *Node) propose() {
	c := n.config
	first := len(c.Bootstrap) == 1 && c.Bootstrap[0] == n.Address()
	if n.options.Ephemeral || !first || c.Draw != "original" || c.Origin("draw") != "default" {
		return
	}
	salt, group := "verifier", "prefix"
	if c.Password != "" {
		salt = "network"
	}
	if n.address.IP().IsLoopback() { // all nodes are on one machine, in one prefix
		group = "address"
	}
	n.options.Log.Info("this node starts a network, which draws approvers as npm nodes do; "+
		"if it will have none of them, give all its nodes these settings, else draw: original",
		"draw", "host", "draw_per", "client", "draw_salt", salt, "draw_group", group)
}
