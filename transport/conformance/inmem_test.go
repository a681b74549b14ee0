package conformance_test

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/peer"
	"spreadable/transport/conformance"
	"spreadable/transport/inmem"
)

func TestInMemory(t *testing.T) { conformance.Test(t, newSimulated) }

// simulated is a world in virtual time, with the simplest of kernels.
type simulated struct {
	net    *inmem.Network
	lane   *inmem.Lane
	now    time.Duration
	events []inmem.Event
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
		Config: config, Latency: inmem.Constant(s.Latency / 2), Nodes: s.Nodes + 1, Seed: 1, ClientIP: func(int) netip.Addr { return netip.Addr{} },
	})
	t.Cleanup(w.net.Close)
	w.lane = w.net.Lanes()[0]
	w.lane.Attach(w)
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

// Now implements inmem.Scheduler.
func (w *simulated) Now() time.Duration { return w.now }

// Schedule implements inmem.Scheduler.
func (w *simulated) Schedule(e inmem.Event) { w.events = append(w.events, e) }

// Enter implements conformance.World.
func (w *simulated) Enter(i int, f func(core.Env)) { f(w.net.Host(i)) }

// Peer implements conformance.World.
func (w *simulated) Peer(_, j int) core.Peer { return peer.FromID(uint32(j) + 1) }

// Run implements conformance.World.
func (w *simulated) Run(limit time.Duration, done func() bool) {
	end := w.now + limit
	for !done() {
		if len(w.events) == 0 {
			w.now = end
			return
		}
		next := slices.MinFunc(w.events, func(a, b inmem.Event) int {
			return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.To, b.To), cmp.Compare(a.From, b.From), cmp.Compare(a.Seq, b.Seq))
		})
		if next.At > end {
			w.now = end
			return
		}
		w.events = slices.DeleteFunc(w.events, func(e inmem.Event) bool { return e == next })
		w.now = next.At
		w.lane.Deliver(next)
	}
}
