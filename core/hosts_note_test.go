package core

import (
	"testing"

	"spreadable/core/message"
	"spreadable/core/peer"
)

// Each newcomer of a full host is refused and counted; the owner is told once a sync.
func TestFullHostsAreNotedOnceASync(t *testing.T) {
	n, env := alone(t, 1, 0)
	env.notes = nil
	for round := 1; round <= 3; round++ {
		n.level1.rounds++
		for i := range 5 {
			if resp := n.level1.refuseHost(peer.FromID(uint32(i) + 50)); !message.IsRefusal(resp.Err, message.CodeMasterFull) {
				t.Errorf("a newcomer gets %+v", resp)
			}
		}
		if refused := n.Limits().HostsRefused; len(env.notes) != round || refused != uint64(5*round) {
			t.Errorf("in sync %d: %d notes, %d refusals are counted", round, len(env.notes), refused)
		}
	}
}
