package documents_test

import (
	"testing"
	"time"
)

// brief is a network that remembers deletions for five minutes only.
func brief(t *testing.T, nodes int) *town {
	o := things()
	o.Collections[0].Tombstones, o.MaxSkew = 5*time.Minute, time.Second
	o.RepairPause = 5 * time.Second
	return newTown(t, nodes, o)
}

// A node that was away for longer than deletions are remembered brings back nothing.
func TestANodeThatWasAwayTooLongBringsBackNothing(t *testing.T) {
	w := brief(t, 9)
	w.mustPut(1, `{"id": "gone"}`)
	w.mustPut(1, `{"id": "stays"}`)
	w.Run(time.Minute)
	var away int
	for _, at := range w.holders("gone") {
		if at != 1 {
			away = at
		}
	}
	node := w.Host(uint32(away))
	node.Crash(true)
	if err := w.remove(1, "gone"); err != nil {
		t.Fatal(err)
	}
	w.Run(40 * time.Minute)
	for i, s := range w.stores[1:] {
		if v, has := s.Has("things", `"gone"`); i+1 != away && (has || !v.IsZero()) {
			t.Fatalf("node %d remembers the deletion still", i+1)
		}
	}
	node.Boot(&node.Saved)
	for range 20 {
		w.expect(1, "gone", "")
		w.expect(away, "gone", "")
		w.expect(away, "stays", `{"id":"stays"}`)
		w.Run(15 * time.Second)
	}
	if got := w.holders("gone"); len(got) > 0 {
		t.Errorf("nodes %v have it", got)
	}
}

// When all nodes were away, they keep all that they have.
func TestANetworkThatWasAwayKeepsItsDocuments(t *testing.T) {
	w := brief(t, 9)
	w.mustPut(1, `{"id": "a"}`)
	w.Run(time.Minute)
	for _, h := range w.Hosts() {
		h.Crash(true)
	}
	w.Run(time.Hour)
	for _, h := range w.Hosts() {
		h.Boot(&h.Saved)
	}
	w.Run(15 * time.Minute)
	w.expect(4, "a", `{"id":"a"}`)
	if got := w.holders("a"); len(got) < 3 {
		t.Errorf("holders are %v", got)
	}
}
