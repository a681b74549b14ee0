package coretest

import (
	"fmt"
	"strings"

	"spreadable/core"
	"spreadable/sim/invariant"
)

// Violation names the first invariant of a settled network that does not hold among the
// live nodes, or returns "".
func (n *Network) Violation() string {
	if err := invariant.Settled(n.liveNodes()); err != nil {
		return err.Error()
	}
	return ""
}

// Components is how many networks the live nodes form.
func (n *Network) Components() int { return invariant.Networks(n.liveNodes()) }

func (n *Network) liveNodes() []*core.Node {
	var nodes []*core.Node
	for _, h := range n.Live() {
		nodes = append(nodes, h.Node)
	}
	return nodes
}

// Numbers writes peers as their numbers: [1 2 3].
func Numbers(peers []core.Peer) string {
	texts := make([]string, len(peers))
	for i, p := range peers {
		texts[i] = fmt.Sprint(p.ID())
	}
	return "[" + strings.Join(texts, " ") + "]"
}
