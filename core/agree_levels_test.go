package core_test

import (
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// network starts nodes of one number of levels and lets them settle.
func ofLevels(t *testing.T, levels, nodes int) *coretest.Network {
	n := coretest.New(t, 25*time.Millisecond, 1)
	for range nodes {
		n.AddNode("", core.Config{Levels: levels, Bootstrap: []core.Peer{peer.FromID(1)}}).Start()
	}
	n.Run(8 * core.DefaultSyncInterval)
	return n
}

// A node of another number of levels is no member of the network, and both sides say why.
func TestNodesOfOtherLevelsRefuseEachOther(t *testing.T) {
	for _, c := range []struct {
		network, newcomer int
		want              string
	}{
		{1, 2, "numbers of levels differ: 2 at the newcomer and 1 in the network"},
		{2, 1, "numbers of levels differ: 1 at the newcomer and 2 in the network"},
		{2, 3, "numbers of levels differ: 3 at the newcomer and 2 in the network"},
		{3, 2, "numbers of levels differ: 2 at the newcomer and 3 in the network"},
	} {
		n := ofLevels(t, c.network, 6)
		newcomer := n.AddNode("", core.Config{Levels: c.newcomer, Bootstrap: []core.Peer{peer.FromID(1)}})
		newcomer.Start()
		n.Run(4 * core.DefaultSyncInterval)
		if b := newcomer.Node.Structure().Backlink; !b.IsZero() {
			t.Errorf("%d levels in a network of %d: registered at %d", c.newcomer, c.network, b.ID())
		}
		for _, h := range n.Hosts()[:6] {
			if size := h.Node.NetworkSize(); size != 6 {
				t.Errorf("%d levels in a network of %d: node %s counts %d of 6 nodes", c.newcomer, c.network, h.Name(), size)
			}
		}
		told, refused := false, uint64(0)
		for _, r := range n.Trace {
			told = told || r.From == newcomer.Name() && r.Outcome == message.CodeLevelsDiffer
		}
		noted := strings.Contains(strings.Join(n.Notes, "\n"), c.want)
		for _, h := range n.Hosts()[:6] {
			refused += h.Node.Limits().LevelsRefused
		}
		if !told || !noted || refused == 0 {
			t.Errorf("%d levels in a network of %d: the newcomer is told %t, the network notes it %t and counts %d", c.newcomer, c.network, told, noted, refused)
		}
	}
}

// A node that is to have two levels joins a network of npm nodes, which know no branches,
// at one level, and says so once. It serves and asks as any node there.
func TestANodeStaysAtOneLevelAmongNpmNodes(t *testing.T) {
	for _, answer := range []message.Response{
		message.Refuse(message.CodeUnknownQuery), // of a bootstrap node that has no name of its network yet
		{Err: message.ErrWrongRoot},              // of any other, which looks at the root first
	} {
		staysAtOneLevel(t, answer)
	}
}

// staysAtOneLevel lets a node of two levels join nodes that answer so to requests of
// branches.
func staysAtOneLevel(t *testing.T, answer message.Response) {
	n := ofLevels(t, 1, 6)
	for _, h := range n.Hosts() {
		h.Actor = coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
			if req.Kind == message.KindBranch || req.Kind == message.KindTree {
				return answer, coretest.Answer
			}
			return message.Response{}, coretest.Pass
		})
	}
	newcomer := n.AddNode("", core.Config{Levels: 2, Bootstrap: []core.Peer{peer.FromID(1)}})
	newcomer.Start()
	n.Run(20 * core.DefaultSyncInterval)
	if v := n.Violation(); v != "" {
		t.Error(v)
	}
	if levels, size := newcomer.Node.Levels(), newcomer.Node.NetworkSize(); levels != 1 || size != 7 {
		t.Errorf("%d levels and %d nodes, want 1 and 7", levels, size)
	}
	if said := strings.Count(strings.Join(n.Notes, "\n"), core.NoteOneLevel.String()+" 1:"); said != 1 {
		t.Errorf("it says so %d times", said)
	}
}
