package httptransport

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/peer"
	"spreadable/internal/nettest"
	"spreadable/transport/conformance"
)

func TestConformance(t *testing.T) { conformance.Test(t, newLoopback) }

// loopback is a world of nodes on loopback.
type loopback struct {
	t     *testing.T
	nodes []*Node
	addrs []string
}

func newLoopback(t *testing.T, s conformance.Setup) conformance.World {
	t.Helper()
	w := &loopback{t: t}
	for range s.Nodes {
		var first *Node
		if len(w.nodes) > 0 {
			first = w.nodes[0]
		}
		n := startNode(t, "localhost", first, func(o *Options) {
			if s.Queries != nil {
				o.Queries = s.Queries()
			}
			o.Admit = func(r *http.Request) error {
				if s.Latency > 0 {
					select {
					case <-time.After(s.Latency):
					case <-r.Context().Done():
					}
				}
				return nil
			}
		})
		w.nodes, w.addrs = append(w.nodes, n), append(w.addrs, n.address())
	}
	w.addrs = append(w.addrs, "localhost:"+strconv.Itoa(nettest.FreePort(t, "")))
	return w
}

// Enter implements conformance.World.
func (w *loopback) Enter(i int, f func(core.Env)) {
	in(w.t, w.nodes[i], func(*core.Node) { f(w.nodes[i].loop) })
}

// Peer implements conformance.World. It is called from inside node i, or while that
// rests.
func (w *loopback) Peer(i, j int) core.Peer {
	p, err := w.nodes[i].loop.book.Intern(peer.MustParse(w.addrs[j]))
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// Run implements conformance.World.
func (w *loopback) Run(limit time.Duration, done func() bool) {
	end := time.After(limit)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-end:
			return
		}
	}
}
