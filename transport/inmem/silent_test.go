package inmem_test

import (
	"testing"
	"time"

	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/transport/inmem"
	"spreadable/transport/inmem/latency"
)

// A host that has vanished swallows requests: each asker hears of its timeout when that has
// passed, to within a microsecond, whether it has a timer or not. Once the host is up
// again it answers.
func TestAVanishedHostIsSilent(t *testing.T) {
	const timeout = 700 * time.Millisecond
	networks := map[string]func() (*inmem.Network, *kernel){
		"latency only": func() (*inmem.Network, *kernel) {
			return build(t, 2, latency.Constant(30*time.Millisecond+123), 1)
		},
		"a link": func() (*inmem.Network, *kernel) {
			return over(t, newSlow(latency.Constant(30*time.Millisecond)), 2, 1)
		},
	}
	for name, network := range networks {
		n, k := network()
		n.Start(0)
		n.Vanish(0)
		a, began := newAnswers(k), k.Now()
		for i, kind := range []message.Kind{message.KindPing, message.KindStructure, message.KindInterview} {
			n.Host(1).Call(peer.FromID(1), message.Request{Kind: kind, Timeout: timeout}, a, uint32(i))
		}
		k.Drain()
		for tag := range uint32(3) {
			if late := a.at[tag] - began - timeout; len(a.got[tag]) != 1 || a.got[tag][0].Err != message.ErrTimeout || late < 0 || late > 1024 {
				t.Errorf("over %s request %d to a host without power got %v after %v", name, tag, a.got[tag], a.at[tag]-began)
			}
		}
		n.Renew(0)
		n.Start(0)
		n.Host(1).Call(peer.FromID(1), within(timeout), a, 9)
		k.Drain()
		if len(a.got[9]) != 1 || a.got[9][0].Err != nil {
			t.Errorf("over %s a ping to a host that is up again got %v", name, a.got[9])
		}
		for _, p := range n.Partitions() {
			if left := p.InFlight(); left != 0 {
				t.Errorf("over %s %d messages are still kept", name, left)
			}
		}
	}
}
