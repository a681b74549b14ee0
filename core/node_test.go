package core

import (
	"slices"
	"testing"
	"time"

	"spreadable/core/peer"
)

// Availability is the mean of the free shares of heap and processor, between 0 and 1
// whatever the machine says.
func TestAvailability(t *testing.T) {
	var n Node
	n.cfg = &Config{}
	if got := n.availability(); got != 1 {
		t.Errorf("a node that does not know its load is available to %g", got)
	}
	for _, test := range []struct{ heap, cpu, want float64 }{
		{0, 0, 1}, {1, 1, 0}, {0.25, 0.75, 0.5}, {0.5, 0, 0.75}, {0, 0.5, 0.75}, {2, 1, 0}, {-1, -1, 1},
	} {
		n.cfg.Load = func() (heap, cpu float64) { return test.heap, test.cpu }
		if got := n.availability(); got != test.want {
			t.Errorf("with %g of the heap and %g of the processor in use, a node is available to %g, want %g", test.heap, test.cpu, got, test.want)
		}
	}
}

// The average is exact until the limit is reached; from then on old syncs count less and
// less.
func TestSyncAverage(t *testing.T) {
	var s syncTimes
	if got := s.average(); got != 0 {
		t.Errorf("before the first sync the average is %v", got)
	}
	for i := range 4 {
		s.add(time.Duration(i+1)*time.Second, 4)
	}
	if got := s.average(); got != 2500*time.Millisecond {
		t.Errorf("of 1, 2, 3 and 4 s the average is %v", got)
	}
	s.add(10*time.Second, 4) // two of the average before, and one of 10 s
	if got := s.average(); got != 5*time.Second {
		t.Errorf("after another of 10 s it is %v", got)
	}
	for range 40 {
		s.add(time.Second, 4)
	}
	if got := s.average(); got < time.Second || got > time.Second+time.Millisecond {
		t.Errorf("after many of 1 s it is %v", got)
	}
}

// Each thing that a node notes has a name of its own.
func TestNotesHaveNames(t *testing.T) {
	seen := make(map[string]bool)
	for what := range NumWhats {
		if name := what.String(); name == "" || name == "unknown" || seen[name] {
			t.Errorf("note %d is named %q", what, name)
		} else {
			seen[name] = true
		}
	}
	if got := NumWhats.String(); got != "unknown" {
		t.Errorf("a number that is no note is named %q", got)
	}
}

// Touch warms what the next message reads, and changes nothing.
func TestTouchOnlyReads(t *testing.T) {
	var n Node
	n.level1 = level{node: &n, lists: lists{masters: noMasters}}
	n.root = peer.FromID(5)
	alone := n.Touch()
	n.level1.setBacklink(peer.FromID(7))
	place := n.Structure()
	if with := n.Touch(); alone != 5 || with != 12 || n.Structure() != place {
		t.Errorf("touched %d without a snapshot and %d with one, want 5 and 12 and the snapshot kept", alone, with)
	}
	n.started, n.syncs.count = 3, 4
	if sync := n.TouchSync(); sync != 7 || n.started != 3 || n.syncs.count != 4 {
		t.Errorf("touched %d for a sync, want 7 and the times kept", sync)
	}
}

// A provider keeps the latest newcomers, each once: as many as its ring holds.
func TestALedgerKeepsTheLatestNewcomers(t *testing.T) {
	var lg ledger
	for id := range uint32(recentNewcomers + 3) {
		lg.remember(peer.FromID(id+1), host(id+1), 0)
		lg.remember(peer.FromID(id+1), host(id+1), 0)
	}
	if len(lg.recent) != recentNewcomers {
		t.Fatalf("%d newcomers are kept, want %d", len(lg.recent), recentNewcomers)
	}
	for id := range uint32(recentNewcomers + 3) {
		if kept := slices.Contains(lg.recent, peer.FromID(id+1)); kept != (id >= 3) {
			t.Errorf("newcomer %d is kept: %v", id, kept)
		}
	}
}

// Each life of a node has tags of its own for all its timers.
func TestTagsTellLivesApart(t *testing.T) {
	seen := make(map[uint32]bool)
	for life := range 256 {
		n := Node{life: uint8(life)}
		for _, number := range []uint32{wakeSync, wakeRetry, wakeTask, 1<<tagBits - 1} {
			tag := n.tag(number)
			if seen[tag] || uint8(tag>>tagBits) != n.life || tag&(1<<tagBits-1) != number {
				t.Fatalf("timer %d of life %d has tag %x", number, life, tag)
			}
			seen[tag] = true
		}
	}
}

// Each task wakes by its own timer. Its number depends on its node only: the event of a
// timer is part of a run's fingerprint, and other nodes of the pool are not always the
// same.
func TestSleepersHaveNumbersOfTheirNode(t *testing.T) {
	p, one, other := &Pool{}, &Node{}, &Node{}
	a, b, c := &Task{node: one}, &Task{node: other}, &Task{node: other}
	if first, second, third := p.sleep(a), p.sleep(b), p.sleep(c); first != wakeTask || second != wakeTask || third != wakeTask+1 {
		t.Errorf("timers %d, %d and %d", first, second, third)
	}
	if p.sleepers[sleeper{one, wakeTask}] != a || p.sleepers[sleeper{other, wakeTask}] != b || p.sleepers[sleeper{other, wakeTask + 1}] != c {
		t.Errorf("tasks %v", p.sleepers)
	}
}
