package conformance_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/peer"
	"spreadable/transport/conformance"
	"spreadable/transport/inmem"
	"spreadable/transport/inmem/latency"
)

func TestInMemory(t *testing.T) { conformance.Test(t, newSimulated) }

// simulated is a world in virtual time, driven by the events of the core's test network.
type simulated struct {
	coretest.Events
	net  *inmem.Network
	part *inmem.Partition
}

func newSimulated(t *testing.T, s conformance.Setup) conformance.World {
	t.Helper()
	book := peer.NewBook(0)
	var first core.Peer
	for i := range s.Nodes + 1 {
		p, err := book.Intern(peer.MustParse(fmt.Sprintf("127.0.0.1:%d", 1000+i)))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = p
		}
	}
	config := &core.Config{Book: book, Bootstrap: []core.Peer{first}, ManualSync: true}
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	w := &simulated{}
	w.net = inmem.New(inmem.Options{
		Config: inmem.OneConfig(config), Latency: latency.Constant(s.Latency / 2), Nodes: s.Nodes + 1, Seed: 1, ClientIP: func(int) netip.Addr { return netip.Addr{} },
	})
	t.Cleanup(w.net.Close)
	w.part = w.net.Partitions()[0]
	w.part.Attach(w)
	for i := range s.Nodes {
		if s.Queries != nil {
			for _, q := range s.Queries() {
				w.net.Host(i).Node.Offer(q)
			}
		}
		w.net.Start(i)
	}
	return w
}

// Schedule implements inmem.Scheduler.
func (w *simulated) Schedule(e inmem.Event) {
	w.Events.Schedule(coretest.Event{At: e.At, To: e.To, From: e.From, Seq: uint64(e.Seq), Do: func() { w.part.Deliver(&e) }})
}

// Enter implements conformance.World.
func (w *simulated) Enter(i int, f func(core.Env)) { f(w.net.Host(i)) }

// Peer implements conformance.World.
func (w *simulated) Peer(_, j int) core.Peer { return peer.FromID(uint32(j) + 1) }

// Run implements conformance.World.
func (w *simulated) Run(limit time.Duration, done func() bool) {
	end := w.Now() + limit
	for !done() {
		if !w.Step(end) {
			w.Events.Run(end - w.Now())
			return
		}
	}
}
