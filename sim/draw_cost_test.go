package sim

import (
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/draw"
	"spreadable/core/message"
	"spreadable/sim/invariant"
	"spreadable/wire"
)

// drawCost is what the node that draws sends and gets, in bytes: of all answers the
// bodies, and all messages with their heads. The answers are as they are, or compressed
// where nodes compress them.
type drawCost struct{ bodies, whole, bodiesZipped, wholeZipped int }

// drawCosts makes one draw in a settled network in both ways: by the entrants below the
// limit, and by all slaves of all masters, as npm nodes do. The node that draws knows
// nothing beforehand. It checks that both ways come to the same approvers.
func drawCosts(tb testing.TB, nodes int) (entrants, all drawCost) {
	w := network(tb, nodes, "")
	entry, start := nodes/2, draw.Start(w.epoch+w.now(), core.DefaultTerms().Period)
	count := draw.Count{}.Of(nodes)
	ask := func(kind message.Kind, body any) (cost drawCost, named []core.Peer) {
		for _, m := range w.node(entry).Structure().Masters.List {
			resp := cost.add(tb, w, entry, m.Peer, message.Request{Kind: kind, Timeout: time.Second, Body: body})
			switch answer := resp.Body.(type) {
			case *message.Entrants:
				named = append(named, answer.Slaves...)
			case *message.Structure:
				named = append(named, answer.Slaves...)
			}
		}
		for _, p := range w.ranked(named, start)[:draw.Batch(count, count)] {
			cost.add(tb, w, entry, p, message.Request{Kind: message.KindPing, Timeout: time.Second})
		}
		return cost, named
	}
	entrants, named := ask(message.KindEntrants, &message.EntrantsRequest{StartedAt: start, Limit: draw.Limit(nodes, count)})
	all, everybody := ask(message.KindStructure, nil)
	if first, full := w.ranked(named, start), w.ranked(everybody, start); len(full) != nodes || !slices.Equal(first, full[:len(first)]) {
		tb.Errorf("%d entrants are not the first of the %d nodes in the order of the draw", len(first), len(full))
	}
	return entrants, all
}

// ranked are peers in the order of the original's draw, each once.
func (w *world) ranked(named []core.Peer, start time.Duration) []core.Peer {
	slices.SortFunc(named, func(a, b core.Peer) int { return int(a.ID()) - int(b.ID()) })
	return invariant.Ranking(w.book, slices.Compact(named), start)
}

// add counts a request of one host to another and its answer. A call of a node to itself
// costs nothing.
func (c *drawCost) add(tb testing.TB, w *world, from int, to core.Peer, req message.Request) message.Response {
	req.From, req.Root = peerOf(from), w.node(from).NetworkRoot()
	resp, done := w.node(int(to.ID())-1).Serve(&req, 0)
	if !done || resp.Err != nil {
		tb.Fatalf("%v at %v: %v", req.Kind, to, resp.Err)
	}
	if to == req.From {
		return resp
	}
	speaker := wire.Speaker{Book: w.book, Self: to, Version: wire.DefaultVersion}
	encoded := speaker.Answer(req.Kind, resp.Body)
	body, err := encoded.JSON()
	if err != nil {
		tb.Fatal(err)
	}
	zipped := len(body)
	if zipped >= wire.MinCompressed {
		zipped = len(wire.NewDocument(body).In("gzip"))
	}
	sizes := wire.NewSizes(w.book, wire.DefaultVersion)
	empty, _ := sizes.Answer(to, message.KindEntrants, &message.Response{Body: &message.Entrants{}})
	heads := sizes.Request(to, &req, 0) + empty - len(`{}`)
	c.bodies += len(body)
	c.whole += heads + len(body)
	c.bodiesZipped += zipped
	c.wholeZipped += heads + zipped
	return resp
}

// gains are by how much a draw by the entrants below the limit is smaller than one by all
// lists.
func (c drawCost) gains(all drawCost) (bodies, whole float64) {
	return float64(all.bodies) / float64(c.bodies), float64(all.whole) / float64(c.whole)
}

// By the entrants below the limit, one draw among ten thousand nodes needs a two hundredth
// of the bytes in the bodies of answers, and an eighth of all bytes.
func TestADrawNeedsFewOfAllAddresses(t *testing.T) {
	entrants, all := drawCosts(t, 10_000)
	if bodies, whole := entrants.gains(all); bodies < 200 || whole < 8 {
		t.Errorf("the bodies are %.0f times smaller and all of it %.1f times: %+v for %+v", bodies, whole, entrants, all)
	}
}

// BenchmarkDraw is the table of docs/approval.md: one draw of the original's order, by the
// entrants below the limit, and by all lists, which is what npm nodes do.
func BenchmarkDraw(b *testing.B) {
	for _, c := range []struct {
		name          string
		nodes         int
		bodies, whole float64 // at least so many times smaller
	}{{"1k", 1000, 30, 3}, {"10k", 10_000, 200, 8}, {"100k", 100_000, 1000, 25}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				entrants, all := drawCosts(b, c.nodes)
				bodies, whole := entrants.gains(all)
				if bodies < c.bodies || whole < c.whole {
					b.Errorf("the bodies are %.0f times smaller and all of it %.1f times", bodies, whole)
				}
				for name, value := range map[string]int{
					"all-bodies-B": all.bodies, "all-B": all.whole, "all-gzip-B": all.wholeZipped,
					"bodies-B": entrants.bodies, "B": entrants.whole,
				} {
					b.ReportMetric(float64(value), name)
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(bodies, "bodies-ratio")
				b.ReportMetric(whole, "ratio")
			}
		})
	}
}
