package core

import "testing"

// A node that leaves gives up its slaves and names an heir, but what it writes down is the
// place that it had: so it can come back to it.
func TestWhatLeavingChangesIsNotWrittenDown(t *testing.T) {
	n, _ := alone(t, 3, 2)
	before := n.Revision()
	told, body := n.retire()
	if len(told) != 5 || body.Heir.IsZero() || n.level1.isMaster() {
		t.Errorf("a master of 3 slaves that knows 2 masters tells %d of its heir %v", len(told), body.Heir)
	}
	if n.Revision() != before {
		t.Errorf("leaving changes the state that is written down from %v to %v", before, n.Revision())
	}
	if again, _ := n.retire(); again != nil {
		t.Errorf("a node that is leaving leaves again, and tells %d others", len(again))
	}
	if n.cfg.rule.hasCapacity(&n.level1, 4) {
		t.Error("a node that is leaving takes newcomers")
	}
}
