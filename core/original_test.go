package core

import (
	"errors"
	"slices"
	"testing"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// placesOf are results of masters that report sizes, each with a spare of its own.
func placesOf(sizes ...int) (places []message.Place) {
	for i, size := range sizes {
		places = append(places, message.Place{Address: peer.FromID(uint32(101 + i)), NetworkSize: size, Spares: []Peer{peer.FromID(uint32(121 + i))}})
	}
	return places
}

// A master that reports another size than the provider fails a registration; for a sync
// lifetime it is then left out, with all behind it; and then it fails the next. One that
// agrees again starts anew.
func TestTheOriginalWaitsForAgreement(t *testing.T) {
	n, env := alone(t, 0, 0)
	l := &n.level1
	ask := func(sizes ...int) int {
		revision := n.failsRevision
		left, err := l.agreeing(&message.Provision{NetworkSize: 9, Lifetime: time.Minute, Results: placesOf(sizes...)})
		if err != nil && (!errors.Is(err, errNotNormalized) || left != nil) {
			t.Fatal(left, err)
		}
		if n.failsRevision == revision && slices.Contains(sizes, 9) {
			t.Errorf("sizes %v: a change of the delays would not be saved", sizes)
		}
		if err != nil {
			return -1
		}
		return len(left)
	}
	for _, step := range []struct {
		what  string
		after time.Duration
		sizes []int
		want  int // results left; -1 for a failure
	}{
		{"all agree", 0, []int{9, 9, 9}, 3},
		{"the second does not", 0, []int{9, 8, 9}, -1},
		{"it is left out with the third", time.Second, []int{9, 8, 9}, 1},
		{"until a lifetime has passed", 59*time.Second - 1, []int{9, 8, 9}, 1},
		{"then it fails again", 1, []int{9, 8, 9}, -1},
		{"until it agrees", time.Hour, []int{9, 9, 9}, 3},
		{"and once more", time.Hour, []int{9, 8, 9}, -1},
		{"and the last one as well", 0, []int{9, 8, 7}, -1},
		{"both are left out", time.Second, []int{9, 8, 7}, 1},
	} {
		env.now += step.after
		if got := ask(step.sizes...); got != step.want {
			t.Errorf("%s: %d results are left, want %d", step.what, got, step.want)
		}
	}
	if since := l.delays()[peer.FromID(102)]; len(l.delays()) != 2 || since != env.now-time.Second {
		t.Errorf("delays %v", l.delays())
	}
	n.cfg.Blacklist = list(t, n.cfg.Book.Text(peer.FromID(103)))
	if left, err := l.agreeing(&message.Provision{NetworkSize: 9, Results: placesOf(9, 9, 9)}); err != nil || len(left) != 2 || left[1].Address != peer.FromID(102) {
		t.Errorf("without the one that is not allowed here %v, %v are left", left, err)
	}
}

func list(t *testing.T, texts ...string) peer.List {
	t.Helper()
	l, err := peer.ParseList(texts)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A plain original slave believes what its backlink reports, and itself alone when it
// reports nothing.
func TestTheOriginalAdoptsWhatIsReported(t *testing.T) {
	n, _ := alone(t, 0, 2)
	l := &n.level1
	reported := told(0, 101, 104).Masters
	if l.adoptReported([]*message.Masters{reported, noMasters}); l.masters != reported {
		t.Errorf("masters %v, want the reported list itself", l.masters.List)
	}
	n.cfg.Blacklist = list(t, n.cfg.Book.Text(peer.FromID(102)))
	if l.adoptReported([]*message.Masters{reported}); len(l.masters.List) != 2 || l.masterIndex(peer.FromID(102)) >= 0 {
		t.Errorf("masters %v, want those that are allowed here", l.masters.List)
	}
	if l.adoptReported(nil); len(l.masters.List) != 0 {
		t.Errorf("masters %v after no report", l.masters.List)
	}
}

// The original leaves a backlink that is also its slave, unless the two are all.
func TestTheOriginalLeavesItsOwnSlave(t *testing.T) {
	for _, test := range []struct {
		slaves   int
		backlink uint32
		left     bool
	}{{2, 2, false}, {3, 2, true}, {3, 99, false}} {
		n, _ := alone(t, test.slaves, 0)
		l := &n.level1
		l.setBacklink(peer.FromID(test.backlink))
		if l.breakMutual(); l.backlink.IsZero() != test.left {
			t.Errorf("of %d nodes, with backlink %d and slaves %v: left %v", test.slaves, test.backlink, l.slaves, !test.left)
		}
	}
}

// The original steps down as soon as there is one master too many and it is none of the
// largest, settled or not.
func TestTheOriginalStepsDownAtOnce(t *testing.T) {
	for _, test := range []struct {
		what            string
		slaves, masters int // others, of five each
		down            bool
	}{
		{"5 of 5 masters, 21 nodes", 1, 4, false},
		{"6 of 6 masters, 26 nodes", 1, 5, false},
		{"9 of 9 masters, 41 nodes", 1, 8, true},    // the optimum is 7
		{"the seventh of nine", 6, 8, false},        // the first, that is
		{"the smallest of eight of 36", 1, 7, true}, // the optimum is 7
	} {
		n, env := alone(t, test.slaves, test.masters)
		if n.level1.stepDownOriginal(); n.level1.isMaster() == test.down || test.down != (len(env.notes) == 1) {
			t.Errorf("%s: stepped down %v, notes %v", test.what, !n.level1.isMaster(), env.notes)
		}
	}
	n, env := alone(t, 0, 9)
	if n.level1.stepDownOriginal(); len(env.notes) > 0 {
		t.Errorf("a plain slave steps down: %v", env.notes)
	}
}

// A node of the original forgets masters that were not confirmed for a sync lifetime,
// once it is up for as long itself.
func TestTheOriginalForgetsSilentMasters(t *testing.T) {
	n, env := alone(t, 2, 3)
	l := &n.level1
	n.cfg.rule = original{}
	life := n.lifetime()
	// of itself, 101, 102 and 103
	l.seen[0], l.seen[1], l.seen[2], l.seen[3] = 0, env.now-life-1, env.now-life, 0
	n.started = env.now - life
	if l.forgetSilent(); len(l.masters.List) != 4 {
		t.Errorf("a young node forgets masters: %v", l.masters.List)
	}
	n.started--
	l.forgetSilent()
	if got := l.masters.List; len(got) != 2 || got[0].Peer != n.self || got[1].Peer != peer.FromID(102) {
		t.Errorf("masters %v, want itself and 102", got)
	}
	n, _ = alone(t, 0, 0)
	n.level1.adopt(told(0, 101, 104).Masters)
	if n.level1.forgetSilent(); len(n.level1.masters.List) != 3 {
		t.Error("a plain slave, which confirms no master itself, forgets those of its backlink")
	}
}

// The original counts rows, one for each peer that it knows. A slave that is known as a
// master too changes the own size neither when it comes nor when it goes, so that the size
// is wrong until the next sync.
func TestTheOriginalCountsRows(t *testing.T) {
	n, _ := alone(t, 0, 0)
	l := &n.level1
	master, newcomer := peer.FromID(101), peer.FromID(102)
	l.setMasters([]message.Master{{Peer: n.self, Size: 3}, {Peer: master, Size: 9}}, nil)
	for _, step := range []struct {
		what string
		do   func()
		want uint32
	}{
		{"a master comes", func() { l.addSlave(master, 0); original{}.countSlave(l, true) }, 3},
		{"a stranger comes", func() { l.addSlave(newcomer, 0); original{}.countSlave(l, false) }, 4},
		{"the master goes", func() { l.dropSlave(master) }, 4},
		{"the stranger goes", func() { l.dropSlave(newcomer) }, 3},
	} {
		step.do()
		if i := l.masterIndex(n.self); i < 0 || l.masters.List[i].Size != step.want {
			t.Errorf("%s: masters %v, want the own size %d", step.what, l.masters.List, step.want)
		}
	}
}
