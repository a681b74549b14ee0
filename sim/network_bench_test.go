package sim

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"spreadable/sim/scenario"
)

// converged is when the networks of these benchmarks have settled long since.
const converged = 128 * time.Second

// network runs a mass start of so many nodes to its steady state.
func network(b testing.TB, nodes int, more string) *world {
	b.Helper()
	s, err := scenario.Parse("bench.yaml",
		fmt.Appendf(nil, "name: bench\nnodes: %d\nduration: 1000h\nsample: 1h\n%s", nodes, more), nil)
	if err != nil {
		b.Fatal(err)
	}
	w, err := newWorld(s, 1)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(w.net.Close)
	w.kernel.RunUntil(converged)
	if size := w.node(nodes / 2).NetworkSize(); size != nodes {
		b.Fatalf("the network has not settled: %d of %d nodes known", size, nodes)
	}
	return w
}

// messages is how many messages have been delivered: requests, and as many answers.
func (w *world) messages() uint64 {
	sum := uint64(0)
	for _, l := range w.net.Partitions() {
		sum += 2 * l.Total.Requests
	}
	return sum
}

// BenchmarkMessage is one message delivered in the steady state of 10,000 nodes, a
// request or its answer, with all that it takes: timers, lists, the tasks that wait. Sync
// is what keeps the network together; in search, there are searches on top of that, most
// of the messages.
func BenchmarkMessage(b *testing.B) {
	for _, c := range []struct{ name, load string }{
		{"sync", ""},
		{"search", "workload: {searches: {count: 5000, start: 128s, over: 5000s}}\n"},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := network(b, 10_000, c.load)
			b.ReportAllocs()
			b.ResetTimer()
			for end := w.messages() + uint64(b.N); w.messages() < end; {
				w.kernel.RunUntil(w.now() + 5*time.Millisecond)
			}
		})
	}
}

// BenchmarkSyncRound is one sync interval of 10,000 nodes in the steady state.
func BenchmarkSyncRound(b *testing.B) {
	w := network(b, 10_000, "")
	before := w.messages()
	b.ReportAllocs()
	for b.Loop() {
		w.kernel.RunUntil(w.now() + w.scenario.SyncInterval)
	}
	b.ReportMetric(float64(w.messages()-before)/float64(b.N), "messages/op")
}

// BenchmarkNode is what a node takes of memory in a converged network of 100,000, all
// that lives on the heap divided by the number of nodes: lists, pending events and
// messages in flight included. Its time is that of the whole run, from the mass start.
func BenchmarkNode(b *testing.B) {
	const nodes = 100_000
	for b.Loop() {
		before := liveHeap()
		w := network(b, nodes, "")
		b.ReportMetric(float64(liveHeap()-before)/nodes, "B/node")
		runtime.KeepAlive(w)
	}
}

// liveHeap is the memory in use after a collection.
func liveHeap() int64 {
	runtime.GC()
	runtime.GC() // what the first one made unreachable, finalizers included
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
