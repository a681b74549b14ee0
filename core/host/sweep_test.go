package host_test

import (
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/host"
)

// While news of members waits for its procedure, the node forgets no address.
func TestAForkHoldsItsPeers(t *testing.T) {
	w := newTown(t, 4)
	n := w.Host(2)
	forked := false
	n.Node.Go(func(t *core.Task) {
		t.Fork(func(*core.Task) { forked = true })
	})
	if w.Idle() {
		t.Error("the network is idle although a procedure waits")
	}
	w.Run(time.Second)
	if !forked || !w.Idle() {
		t.Errorf("forked %t, idle %t", forked, w.Idle())
	}
}

// A procedure that is stopped in the middle gives back what it holds, and none of its
// timers reaches the next life of the node.
func TestAStoppedNodeRunsNoProcedureOfBefore(t *testing.T) {
	w := newTown(t, 4)
	n, h := w.Host(2), w.notes[2].h
	ended, later := false, false
	n.Node.Go(func(t *core.Task) {
		defer func() { ended = true }()
		defer h.Lock(t, "a")()
		h.Later(time.Second, func(*host.Task) { later = true })
		t.Sleep(time.Hour)
	})
	n.Crash(false)
	n.Boot(nil)
	w.Run(time.Minute)
	if !ended || later {
		t.Errorf("ended %t, later %t", ended, later)
	}
}
