package core_test

import (
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/sim/invariant"
)

// leads reports whether a node is the head of a branch.
func leads(h *coretest.Host) bool {
	path := h.Node.Path()
	return len(path) > 0 && path[0].Head == h.Peer()
}

// whole says what is wrong with a network that should have settled.
func whole(n *coretest.Network, levels int) error {
	var nodes []*core.Node
	for _, h := range n.Live() {
		nodes = append(nodes, h.Node)
	}
	if levels > 1 {
		return invariant.Tree(nodes)
	}
	return invariant.Settled(nodes)
}

// A node that leaves is not missed. Its slaves find other places at once, the masters
// that it knows drop it, branches that it leads have another head; and when it has parted, no
// node lists it, so that none waits for it.
func TestANodeThatLeavesIsNotMissed(t *testing.T) {
	for levels := 1; levels <= 3; levels++ {
		for _, byTask := range []bool{false, true} {
			n := coretest.New(t, 20*time.Millisecond, 7)
			for range 60 {
				n.AddNode("", core.Config{Levels: levels, Bootstrap: []core.Peer{peer.FromID(1)}}).Start()
			}
			n.Run(8 * time.Minute)
			if err := whole(n, levels); err != nil {
				t.Fatalf("%d levels: %v", levels, err)
			}
			i := slices.IndexFunc(n.Hosts()[1:], func(h *coretest.Host) bool {
				return len(h.Node.Structure().Slaves) > 1 && (levels == 1 || leads(h))
			})
			leaver := n.Hosts()[1+i]
			slaves := leaver.Node.Structure().Slaves
			ended := false
			if byTask {
				leaver.Node.Go(func(task *core.Task) {
					task.Leave(10 * time.Second)
					ended = true
				})
			} else {
				leaver.Node.Leave()
			}
			n.Run(2 * time.Second)
			for _, s := range slaves {
				if b := n.HostOf(s).Node.Structure().Backlink; b.IsZero() || b == leaver.Peer() {
					t.Errorf("%d levels: two seconds after its master has left, a slave has the backlink %v", levels, b)
				}
			}
			for _, h := range n.Hosts() {
				if s := h.Node.Structure(); len(s.Slaves) > 0 && slices.ContainsFunc(s.Masters.List, func(m message.Master) bool { return m.Peer == leaver.Peer() }) {
					t.Errorf("%d levels: the master %s counts on the one that has left", levels, h.Name())
				}
				if !leads(h) {
					continue
				}
				for level, list := range h.Node.Branches() {
					if slices.ContainsFunc(list.List, func(b message.Branch) bool { return b.Head == leaver.Peer() }) {
						t.Errorf("%d levels: for the head %s the one that has left leads a branch of level %d", levels, h.Name(), level+1)
					}
				}
			}
			if s := leaver.Node.Structure(); len(s.Slaves) > 0 || s.Backlink.IsZero() || ended {
				t.Errorf("%d levels: the one that leaves has %d slaves and the backlink %v before it parts", levels, len(s.Slaves), s.Backlink)
			}
			if !byTask {
				leaver.Node.Part()
			}
			n.Run(9 * time.Second)
			if byTask != ended {
				t.Errorf("%d levels: the procedure that leaves has ended: %v", levels, ended)
			}
			for _, h := range n.Hosts() {
				if slices.Contains(h.Node.Structure().Slaves, leaver.Peer()) {
					t.Errorf("%d levels: %s lists the one that has parted", levels, h.Name())
				}
			}
			leaver.Crash(true)
			n.Run(time.Duration(2*levels) * core.DefaultSyncInterval)
			if err := whole(n, levels); err != nil {
				t.Errorf("%d levels: after two rounds for each level %v", levels, err)
			}
		}
	}
}
