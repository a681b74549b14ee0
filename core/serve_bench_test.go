package core_test

import (
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// BenchmarkServe is a node that answers the requests that make nearly all traffic, as a master of a hundred slaves.
func BenchmarkServe(b *testing.B) {
	n := newNetwork(b, time.Millisecond, 1)
	var hosts []*host
	for range 100 {
		h := n.addNode(b, "", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}})
		hosts = append(hosts, h)
	}
	for _, h := range hosts {
		n.start(h)
	}
	n.run(10 * core.DefaultSyncInterval)
	master, asker := &hosts[0].node, hosts[1].peer()
	for _, kind := range []message.Kind{message.KindPing, message.KindStructure, message.KindInterview} {
		b.Run(kind.String(), func(b *testing.B) {
			req := message.Request{Kind: kind, From: asker, Root: master.NetworkRoot(), Timeout: time.Second}
			b.ReportAllocs()
			for b.Loop() {
				if resp, done := master.Serve(&req, 0); !done || resp.Err != nil {
					b.Fatalf("%v, %v", done, resp.Err)
				}
			}
		})
	}
}
