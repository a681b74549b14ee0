package core_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// floods lets a master name phantoms, too, when it is asked for entrants, while on is true.
func floods(n *coretest.Network, master *coretest.Host, phantoms []core.Peer, on *bool) {
	master.Actor = coretest.ActorFunc(func(_ core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
		if req.Kind != message.KindEntrants || !*on {
			return message.Response{}, coretest.Pass
		}
		return message.Response{Body: &message.Entrants{Slaves: phantoms}}, coretest.Answer
	})
}

// phantoms are addresses without a host.
func phantoms(n *coretest.Network, count int) (list []core.Peer) {
	for i := range count {
		list = append(list, n.Peer(fmt.Sprintf("198.18.%d.%d:80", i>>8, i&255)))
	}
	return list
}

// A master is blamed for answers that are too long in three periods in a row, not for two,
// nor for three with a good one between them.
func TestAMasterIsBlamedAfterThreePeriodsOfCutAnswers(t *testing.T) {
	n := settled(t, 40)
	liar, entry, lies := masterOf(n), n.Host(1), false
	floods(n, liar, phantoms(n, 500), &lies)
	for i, c := range []struct {
		lies   bool
		blamed uint64
	}{{true, 0}, {true, 0}, {false, 0}, {true, 0}, {true, 0}, {true, 1}, {true, 2}, {false, 2}, {true, 2}} {
		n.Run(5 * time.Minute)
		lies = c.lies
		drawnAt(t, n, entry.Peer())
		n.Run(2 * time.Second)
		drawnAt(t, n, entry.Peer()) // a second draw of a period makes no difference
		if got := entry.Node.Limits().CutsBlamed; got != c.blamed {
			t.Errorf("after period %d blamed %d times, want %d", i, got, c.blamed)
		}
	}
	if told := slices.ContainsFunc(n.Notes, func(note string) bool {
		return strings.Contains(note, core.NoteCutsBlamed.String()) && strings.Contains(note, "3 periods")
	}); !told {
		t.Error("no note tells of it")
	}
}

// The slaves of an honest master may have chosen their addresses. It is checked, and keeps
// all that it has.
func TestAnHonestMasterLosesNothingByBlame(t *testing.T) {
	n := settled(t, 40)
	master, entry, lies := masterOf(n), n.Host(1), true
	floods(n, master, phantoms(n, 500), &lies) // as far as the others can see
	for range 5 {
		n.Run(5 * time.Minute)
		drawnAt(t, n, entry.Peer())
	}
	n.Run(5 * time.Minute)
	if entry.Node.Limits().CutsBlamed == 0 {
		t.Fatal("the master was never blamed")
	}
	size := len(master.Node.Structure().Slaves)
	for _, h := range n.Hosts() {
		if h.Config() == nil {
			continue
		}
		if _, banned := h.Node.Bans().Get(master.Peer()); banned {
			t.Errorf("node %d has banned the master", h.Number)
		}
		if listed, _ := h.Node.Structure().Masters.SizeOf(master.Peer()); listed != size {
			t.Errorf("node %d counts %d slaves of the master, want %d", h.Number, listed, size)
		}
		if limits := h.Node.Limits(); limits.Doubted > 0 {
			t.Errorf("node %d doubts a master", h.Number)
		}
	}
}

// Honest masters are not blamed, though each of many clients has a draw of its own.
func TestHonestMastersAreNeverBlamedForTheirAnswers(t *testing.T) {
	n := drawingNetwork(t, 60, byHost(t, "client", "verifier"))
	for period := range 4 {
		n.Run(5 * time.Minute)
		for client := range 100 {
			keyFor(t, n, client, uint32(1+(client+period)%60))
		}
	}
	for i := range 60 {
		h := n.HostOf(peer.FromID(uint32(i + 1)))
		if limits := h.Node.Limits(); limits.CutsBlamed > 0 {
			t.Errorf("node %d blames %d times", i+1, limits.CutsBlamed)
		}
	}
}
