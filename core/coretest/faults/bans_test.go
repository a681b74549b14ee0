package faults

import (
	"io"
	"testing"
)

// No fault and no attack makes honest nodes ban each other, in networks of any size.
func TestHonestNodesAreNotBanned(t *testing.T) {
	kinds := []string{"partition", "slow", "rolling-blank", "crashloop-blank", "restart-blank", "boot-gone", "churn"}
	for seed, size := range []int{3, 4, 9, 14} {
		for _, kind := range kinds {
			r := Run{Kind: kind, Size: size, Seed: uint64(seed), Boots: 1, Watch: 60}.Do(t, io.Discard)
			if len(r.Bans) > 0 {
				t.Errorf("%s of %d, seed %d: %d bans of honest nodes: %s", kind, size, seed, len(r.Bans), r)
			}
		}
		w := RunToggle(t, size, uint64(seed), 150, io.Discard)
		if bans := w.FalseBans(); len(bans) > 0 {
			t.Errorf("toggle of %d, seed %d: %d bans of honest nodes, the first %+v", size, seed, len(bans), bans[0])
		}
		for _, lie := range Liars() {
			w := RunLiars(t, lie, max(size, 5), 1+seed%2, uint64(seed), 100, io.Discard)
			if bans := w.FalseBans(); len(bans) > 0 {
				t.Errorf("%s of %d, seed %d: %d bans of honest nodes, the first %+v", lie, size, seed, len(bans), bans[0])
			}
		}
	}
}

// Of whom something can be proved is banned, by at least one honest node.
func TestProvedLiarsAreBanned(t *testing.T) {
	for _, lie := range []string{"claims-all", "false-masters", "garbage", "sizes"} {
		for seed := range uint64(2) {
			w := RunLiars(t, lie, 20, 1, seed, 300, io.Discard)
			if len(w.Bans) == 0 {
				t.Errorf("%s, seed %d: the liar is not banned", lie, seed)
			}
		}
	}
}

// Of whom nothing can be proved has no slaves after ten rounds.
func TestUselessMastersLoseTheirSlaves(t *testing.T) {
	for _, lie := range []string{"captor", "denies", "refuses", "silent"} {
		for seed := range uint64(3) {
			w := RunLiars(t, lie, 20, 1, seed, 11, io.Discard)
			for _, h := range w.Live() {
				if b := w.HostOf(h.Node.Structure().Backlink); b != nil && b.Actor != nil {
					t.Errorf("%s, seed %d: %s is still its slave", lie, seed, h.Name())
				}
			}
		}
	}
}
