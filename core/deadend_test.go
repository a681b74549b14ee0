package core

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// A node that has all others as slaves sheds one after three failures, and asks it for a
// place; one that three backlinks have dropped sheds at once. Nothing else makes it shed.
func TestSlavesAreShedWhereNothingElseHelps(t *testing.T) {
	for _, test := range []struct {
		what                            string
		slaves, masters, tries, dropped int
		left                            int
	}{
		{"two failures", 3, 0, 2, 0, 3},
		{"three failures", 3, 0, 3, 0, 2},
		{"three failures, and another master", 3, 1, 3, 0, 3},
		{"three failures of two nodes", 1, 0, 3, 0, 1},
		{"two drops and a half", 3, 1, 0, 5, 3},
		{"three drops", 3, 1, 0, 6, 2},
		{"three drops of a plain slave", 0, 1, 0, 6, 0},
	} {
		n, env := alone(t, test.slaves, test.masters)
		l := &n.level1
		l.tries, l.dropped = int32(test.tries), int32(test.dropped)
		asking := env.asks(n)
		n.pool.run(n, func(t *Task) { l.registerDirected(t, n.budget(time.Second)) }, nil, 0)
		var want []string
		for _, asked := range asking.asked {
			want = append(want, fmt.Sprintf("%s %d", NoteShed, asked))
		}
		if asks := test.tries == 3 && test.left < test.slaves; asks != (len(want) == 1) || asks && !slices.Contains(env.notes, want[0]) {
			t.Errorf("%s: it asks %v, and notes %v", test.what, asking.asked, env.notes)
		}
		if len(l.slaves) != test.left {
			t.Errorf("%s: of %d slaves %d are left, want %d; %v", test.what, test.slaves, len(l.slaves), test.left, env.notes)
		}
		shed := slices.ContainsFunc(env.notes, func(note string) bool { return strings.HasPrefix(note, NoteShed.String()) })
		if shed != (test.left < test.slaves) {
			t.Errorf("%s: notes %v", test.what, env.notes)
		}
		if want := test.dropped % 6; int(l.dropped) != want {
			t.Errorf("%s: it counts %d drops, want %d", test.what, l.dropped, want)
		}
	}
}

// A slave that is shed so that the network finds another order is not taken back for two sync
// intervals. Any other newcomer is.
func TestAShedSlaveGoesElsewhere(t *testing.T) {
	n, env := alone(t, 3, 0)
	l := &n.level1
	l.shedNewest()
	shed := peer.FromID(4)
	world, body := &answering{asking: env.asks(n)}, n.registration(3)
	n.env, body.Target = world, shed
	n.Serve(&message.Request{Kind: message.KindRegister, From: shed, Timeout: time.Second, Body: body}, 0)
	if l.hasSlave(shed) || len(world.asked) > 0 || len(world.said) != 1 || !message.IsRefusal(world.said[0].Err, message.CodeMasterFull) {
		t.Errorf("it is taken back at once: %v, %v", world.asked, world.said)
	}
	if l.hasJustShed(peer.FromID(5)) {
		t.Error("another newcomer is refused")
	}
	if env.now += 2 * n.cfg.SyncInterval; l.hasJustShed(shed) {
		t.Error("it is never taken back")
	}
}

// A master that finds no place although a provider answers sheds a slave after each twelve
// attempts, but never its last, as the others may refuse it. After each second time it steps
// down, and tells its slaves.
func TestADeadEndIsLeft(t *testing.T) {
	for _, test := range []struct {
		slaves, tries int
		answered      bool
		left          int
	}{
		{3, 0, true, 3}, {3, 11, true, 3}, {3, 12, true, 2}, {3, 12, false, 3}, {3, 13, true, 3}, {1, 12, true, 1},
		{3, 24, true, 0}, {1, 24, true, 0}, {3, 24, false, 3}, {3, 25, true, 3}, {3, 36, true, 2},
	} {
		n, env := alone(t, test.slaves, 2)
		l := &n.level1
		l.tries = int32(test.tries)
		asking := env.asks(n)
		n.pool.run(n, func(t *Task) { l.comeUnder(t, test.answered, n.budget(time.Second)) }, nil, 0)
		if len(l.slaves) != test.left {
			t.Errorf("after %d attempts, provider %v: of %d slaves %d are left, want %d",
				test.tries, test.answered, test.slaves, len(l.slaves), test.left)
		}
		if size, _ := l.masters.SizeOf(n.self); size != test.left {
			t.Errorf("it counts %d slaves of its own, and has %d", size, test.left)
		}
		for i := range test.slaves {
			if s := uint32(i) + 2; test.left == 0 && !slices.Contains(asking.asked, s) {
				t.Errorf("it steps down and does not tell %d, only %v", s, asking.asked)
			}
		}
	}
}
