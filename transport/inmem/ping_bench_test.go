package inmem_test

import (
	"fmt"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/sim"
	"spreadable/transport/inmem"
	"spreadable/transport/inmem/latency"
)

// pinger is a network in which every node pings its successor, and again when the answer
// comes.
type pinger struct{ net *inmem.Network }

func (p *pinger) ping(node uint32) {
	to := peer.FromID((node+1)%uint32(p.net.Nodes()) + 1)
	p.net.Host(int(node)).Call(to, message.Request{Kind: message.KindPing, Timeout: time.Second}, p, node)
}

// Answer implements core.Sink.
func (p *pinger) Answer(node uint32, _ message.Response) { p.ping(node) }

// BenchmarkPing is a message through the transport and the kernel, a ping or its answer,
// among a thousand nodes that fit in the cache: what the transport costs by itself. It
// must allocate nothing.
func BenchmarkPing(b *testing.B) {
	const nodes = 1000
	book := peer.NewBook(0)
	for i := range nodes {
		if _, err := book.Intern(peer.MustParse(fmt.Sprintf("10.0.%d.%d:4000", i/250, i%250+1))); err != nil {
			b.Fatal(err)
		}
	}
	config := &core.Config{Book: book, Bootstrap: []core.Peer{peer.FromID(1)}, ManualSync: true}
	if err := config.Validate(); err != nil {
		b.Fatal(err)
	}
	p := &pinger{net: inmem.New(inmem.Options{
		Config: inmem.OneConfig(config), Nodes: nodes, Seed: 1, Latency: latency.Uniform{Low: 10 * time.Millisecond, High: 100 * time.Millisecond},
	})}
	driver := sim.NewDriver(p.net)
	for i := range nodes {
		p.net.Start(i)
		p.ping(uint32(i))
	}
	now := time.Second
	driver.RunUntil(now)
	b.ReportAllocs()
	b.ResetTimer()
	for end := driver.Events() + uint64(b.N); driver.Events() < end; {
		now += time.Millisecond // some eighteen messages
		driver.RunUntil(now)
	}
}
