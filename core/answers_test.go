package core

import (
	"math/rand/v2"
	"testing"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// A slave leaves a master that answers every other request, within forty requests in the
// mean, and newcomers are not sent there. It does so for no ban.
func TestAMasterThatDropsRequestsLosesItsSlaves(t *testing.T) {
	asked, random := 0, rand.New(rand.NewPCG(1, 1))
	for range 100 {
		n, _ := alone(t, 0, 2)
		l := &n.level1
		backlink := l.masters.List[0].Peer
		l.setBacklink(backlink)
		avoided := false
		for l.backlink == backlink && asked < 100_000 {
			asked++
			l.rounds++
			avoided = avoided || l.avoids(backlink)
			if random.IntN(2) == 0 {
				l.disappointed(backlink, message.ErrTimeout)
			} else {
				l.satisfied(backlink)
			}
		}
		if !avoided || !l.avoids(backlink) || n.Limits().Unsteady != 1 || n.bans.Len() != 0 {
			t.Fatalf("avoided before: %v, after: %v, limits %+v", avoided, l.avoids(backlink), n.Limits())
		}
	}
	if asked > 40*100 {
		t.Errorf("it takes %d requests in the mean", asked/100)
	}
}

// Where each message is lost with 5 %, no slave leaves its backlink: not in three million
// requests, as many as a hundred nodes send in 30,000 rounds.
func TestConstantLossPartsNoNodes(t *testing.T) {
	n, _ := alone(t, 0, 2)
	l := &n.level1
	backlink := l.masters.List[0].Peer
	l.setBacklink(backlink)
	random := rand.New(rand.NewPCG(1, 1))
	for range 3_000_000 {
		if random.Float64() < 1-0.95*0.95 {
			l.unanswered(backlink)
		} else {
			l.answered(backlink)
		}
	}
	if l.backlink != backlink {
		t.Error("the slave has left")
	}
}

// What was missed is made good by answers, and is forgotten when the peer is taken off the
// lists for its silence: one that comes back begins anew.
func TestLossIsForgotten(t *testing.T) {
	n, _ := alone(t, 2, 2)
	l, slave := &n.level1, peer.FromID(2)
	l.setBacklink(l.masters.List[0].Peer)
	for range 6 {
		l.unanswered(slave)
	}
	for range 14 {
		l.answered(slave)
	}
	if len(l.watch.standings) != 0 {
		t.Errorf("after enough answers it remembers %+v", l.watch.standings)
	}
	for range 6 {
		l.unanswered(slave)
	}
	l.lose(slave, message.ErrTimeout)
	if l.isUnsteady(slave) {
		t.Error("a peer that was silent for too long is held to be unsteady, too")
	}
}

// A node that was slow for a while has missed answers of all masters, and asks none of them
// but its backlink. It takes them for places again some syncs later, and one that lists it
// begins anew.
func TestWhatWasMissedKeepsNoNodeOutForLong(t *testing.T) {
	n, _ := alone(t, 0, 2)
	l := &n.level1
	first, second := l.masters.List[0].Peer, l.masters.List[1].Peer
	l.setBacklink(first)
	for l.backlink == first || !l.isUnsteady(second) {
		l.rounds++
		l.unanswered(first)
		l.unanswered(second)
	}
	for range unsteadyFor - 1 {
		l.rounds++
		if !l.avoids(first) || !l.avoids(second) {
			t.Fatalf("%d syncs after the latest failure they are places again", l.rounds-l.standing(first).missed)
		}
	}
	l.rounds++
	if l.avoids(first) || l.avoids(second) {
		t.Errorf("%d syncs later they are no places: %+v, %+v", unsteadyFor, l.standing(first), l.standing(second))
	}
	l.forgetLoss(second) // it has listed us
	l.setBacklink(second)
	if l.unanswered(second) || l.isUnsteady(second) {
		t.Error("one failure of the new backlink is too many")
	}
}

// Two nodes that leave each other again and again because requests go unanswered wait no
// longer than silence makes them wait: eight sync intervals.
func TestLeavingForLossIsExcusable(t *testing.T) {
	n, env := alone(t, 0, 2)
	l := &n.level1
	backlink := l.masters.List[0].Peer
	for range 10 {
		l.setBacklink(backlink)
		for !l.unanswered(backlink) {
		}
		l.forgetLoss(backlink)
	}
	if !l.shuns(backlink, pauseFrom) {
		t.Error("it may come back at once, for the eleventh time")
	}
	if env.now += 8 * n.cfg.SyncInterval; l.shuns(backlink, excusable) {
		t.Errorf("it is still refused after eight sync intervals: %+v", l.standing(backlink))
	}
}

// A backlink that has left a request unanswered is asked on after it has answered, but not for
// ever: until the next sync, twice as often as a silent one at most.
func TestAnUnsteadyBacklinkIsAskedOn(t *testing.T) {
	for _, test := range []struct {
		sum  int32
		want int
	}{{unsteadyAsk - 1, 0}, {unsteadyAsk, 2 * DefaultProbeFails}} {
		n, _ := alone(t, 0, 2)
		l := &n.level1
		backlink := l.masters.List[0].Peer
		l.setBacklink(backlink)
		l.remember(backlink, standing{unsteady: test.sum})
		asked := 0
		for l.askAgain(backlink, 0); l.isProbed(backlink); asked++ {
			w := l.reserve.probes[0]
			w.sent++
			l.remember(backlink, standing{unsteady: test.sum + n.cfg.lossAllowed()})
			w.Answer(0, message.Response{Body: &message.Structure{Masters: l.masters}})
		}
		if asked != test.want {
			t.Errorf("with a sum of %d it is asked %d times, want %d", test.sum, asked, test.want)
		}
	}
}
