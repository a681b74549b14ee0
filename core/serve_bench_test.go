package core_test

import (
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// BenchmarkServe is a node that answers the requests that make nearly all traffic, as a
// master of a hundred slaves.
func BenchmarkServe(b *testing.B) {
	n := coretest.New(b, time.Millisecond, 1)
	var hosts []*coretest.Host
	for range 100 {
		h := n.AddNode("", core.Config{Bootstrap: []core.Peer{peer.FromID(1)}})
		hosts = append(hosts, h)
	}
	for _, h := range hosts {
		h.Start()
	}
	n.Run(10 * core.DefaultSyncInterval)
	master, asker := hosts[0].Node, hosts[1].Peer()
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
