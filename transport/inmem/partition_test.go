package inmem_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/peer"
	"spreadable/transport/inmem"
	"spreadable/transport/inmem/latency"
)

// Nodes are divided among partitions in order, in blocks of one size; clients go round.
func TestNeighboursShareAPartition(t *testing.T) {
	for _, test := range []struct {
		nodes, partitions int
		want              []int // of the nodes and of four clients
	}{
		{6, 1, []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
		{6, 3, []int{0, 0, 1, 1, 2, 2, 0, 1, 2, 0}},
		{5, 2, []int{0, 0, 0, 1, 1, 1, 0, 1, 0}},
		{2, 2, []int{0, 1, 0, 1, 0, 1}},
	} {
		book := peer.NewBook(0)
		for i := range test.nodes {
			if _, err := book.Intern(peer.MustParse(fmt.Sprintf("10.0.0.%d:4000", i+1))); err != nil {
				t.Fatal(err)
			}
		}
		c := &core.Config{Book: book, Bootstrap: []core.Peer{peer.FromID(1)}}
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		n := inmem.New(inmem.Options{
			Config: inmem.OneConfig(c), Latency: latency.Constant(time.Millisecond), Nodes: test.nodes, Clients: 4, Partitions: test.partitions,
			ClientIP: func(int) netip.Addr { return netip.MustParseAddr("192.0.2.1") },
		})
		var got []int
		for host := range uint32(len(test.want)) {
			got = append(got, n.PartitionOf(host))
		}
		if !slices.Equal(got, test.want) || len(n.Partitions()) != test.partitions || n.Nodes() != test.nodes {
			t.Errorf("%d nodes and four clients in %d partitions: %v, want %v", test.nodes, test.partitions, got, test.want)
		}
		n.Close()
	}
}

// An operation's trace has its requests and the bytes of both directions; what serves none
// is upkeep; and the total is all.
func TestTracesAreKeptApart(t *testing.T) {
	n, k := build(t, 2, latency.Constant(10*time.Millisecond), 1)
	n.Start(0)
	a := newAnswers(k)
	for trace := range uint32(4) {
		for range trace + 1 {
			req := ping
			req.Trace = trace
			n.Host(1).Call(peer.FromID(1), req, a, 0)
		}
	}
	k.Drain()
	p := n.Partitions()[0]
	one := p.Upkeep
	if one.Requests != 1 || one.Bytes == 0 || p.Total != (inmem.Trace{Requests: 10, Bytes: 10 * one.Bytes}) {
		t.Errorf("upkeep %+v, total %+v", one, p.Total)
	}
	for trace := range uint32(3) {
		want := inmem.Trace{Requests: uint64(trace) + 2, Bytes: (uint64(trace) + 2) * one.Bytes}
		if got := n.Trace(trace + 1); got != want {
			t.Errorf("trace %d is %+v, want %+v", trace+1, got, want)
		}
	}
	if got := n.Trace(99); got != (inmem.Trace{}) {
		t.Errorf("an operation that sent nothing has %+v", got)
	}
}
