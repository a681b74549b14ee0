package core

import (
	"slices"
	"testing"
	"time"

	"spreadable/core/behavior"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// What others know of our size may be as old as their latest sync: each size of the last
// two and a half intervals is right, and none that is older than twice that.
func TestOwnSizesAreRightForAWhile(t *testing.T) {
	n, env := alone(t, 3, 0)
	l := &n.level1
	for range 4 { // long since
		env.now += n.cfg.staleness()
		n.tidy()
	}
	l.removeSlave(peer.FromID(2))
	l.removeSlave(peer.FromID(3))
	for _, test := range []struct {
		after time.Duration
		want  []int
	}{
		{0, []int{1, 2, 3}},
		{n.cfg.SyncInterval * 5 / 2, []int{1, 2, 3}},
		{n.cfg.SyncInterval * 5, []int{1}},
	} {
		began := env.now
		env.now += test.after
		n.tidy()
		var had []int
		for size := range 6 {
			if l.had(size) {
				had = append(had, size)
			}
		}
		if !slices.Equal(had, test.want) {
			t.Errorf("%v later the sizes %v are right, want %v", test.after, had, test.want)
		}
		env.now = began + test.after
	}
}

// A node vouches for its lists only after a sync at which its backlink has answered, and
// only while it is among its masters with the number of its slaves.
func TestANodeVouchesForWhatItHasHeard(t *testing.T) {
	n, env := alone(t, 2, 3)
	l := &n.level1
	vouches := func() bool { return l.structure().MaxAge > 0 }
	if vouches() {
		t.Error("a node without a backlink vouches")
	}
	l.setBacklink(peer.FromID(101))
	l.setExact(true)
	if !vouches() {
		t.Error("a node that has heard its backlink does not vouch")
	}
	l.addSlave(peer.FromID(50), env.now)
	if vouches() {
		t.Error("a node vouches for an old size of its own")
	}
	l.bumpOwnSize()
	if !vouches() {
		t.Error("a node with a new slave does not vouch")
	}
	l.setBacklink(peer.FromID(102))
	if vouches() {
		t.Error("a node vouches for a backlink that it has not heard")
	}
}

// A master that lists a node which is not its slave lies, unless another node may have
// registered in that node's name.
func TestForeignSlavesAreALie(t *testing.T) {
	n, _ := alone(t, 1, 3)
	liar := peer.FromID(101)
	says := &message.Structure{Slaves: []Peer{peer.FromID(60), n.self}, Masters: message.NewMasters(nil)}
	n.level1.judgeMaster(liar, says)
	n.level1.judgeMaster(liar, says)
	if s := n.scores.Suspicion(behavior.ForeignSlaves, liar); s != 2 {
		t.Errorf("two false lists make a suspicion of %g, want 2", s)
	}
	n.serveInterview(&message.Request{Kind: message.KindInterview, From: liar})
	if s := n.scores.Suspicion(behavior.ForeignSlaves, liar); s != 0 {
		t.Errorf("after an interview that nobody asked for, a suspicion of %g is left", s)
	}
	n.level1.setBacklink(liar)
	n.level1.judgeMaster(liar, says)
	if s := n.scores.Suspicion(behavior.ForeignSlaves, liar); s != 0 {
		t.Errorf("the backlink lists us, and has a suspicion of %g", s)
	}
}
