package swarm

import (
	"math/rand/v2"
	"slices"
	"time"

	"spreadable/core/message"
	"spreadable/transport/inmem"
)

// A message takes a time between these two, plus what its hosts are slow by.
const (
	leastLatency = 10 * time.Millisecond
	mostLatency  = 60 * time.Millisecond
)

// weather is what happens to messages between hosts: the inmem.Link of a world.
type weather struct {
	world    *world
	loss     float64
	swallows bool // cuts swallow messages
}

// Depart implements inmem.Link. It draws the same numbers with and without loss.
func (w *weather) Depart(m inmem.Message, _ time.Duration, r *rand.Rand) (travel time.Duration, lost bool) {
	travel = leastLatency + time.Duration(r.Int64N(int64(mostLatency-leastLatency)))
	lost = r.Float64() < w.loss
	from, to := w.world.at(m.From), w.world.at(m.To)
	if from != nil {
		travel += from.slow
	}
	if to != nil {
		travel += to.slow
	}
	return travel, lost || w.swallows && cut(from, to)
}

// Arrive implements inmem.Link.
func (w *weather) Arrive(m inmem.Message, _ time.Duration) (wait time.Duration, end inmem.Reception) {
	from, to := w.world.at(m.From), w.world.at(m.To)
	if to != nil && !to.up && to.silent || w.swallows && cut(from, to) {
		return 0, inmem.Dropped
	}
	return 0, inmem.Read
}

// Least implements inmem.Link.
func (w *weather) Least() time.Duration { return leastLatency }

// mayFail reports whether a ping between two hosts that are up may go unanswered.
func (w *weather) mayFail() bool {
	return w.loss > 0 || slices.ContainsFunc(w.world.hosts, func(h *host) bool { return h.slow > 0 })
}

// cut reports whether two hosts are cut off from each other. Clients, which are nil, reach
// all.
func cut(a, b *host) bool { return a != nil && b != nil && a.group != b.group }

// at is the host of a number, nil for that of a client and for none.
func (w *world) at(index uint32) *host {
	if int(index) < len(w.hosts) {
		return w.hosts[index]
	}
	return nil
}

// front stands before all nodes: a cut that does not swallow messages refuses them, and
// liars answer for themselves.
func (w *world) front(from, to uint32, req *message.Request) (message.Response, bool) {
	sender, receiver := w.at(from), w.hosts[to]
	w.load.see(from, to, req)
	switch {
	case cut(sender, receiver):
		return message.Response{Err: message.ErrUnreachable}, true
	case receiver.answer == nil:
		return message.Response{}, false
	}
	return receiver.answer(peerOf(int(from)), req)
}
