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

// air carries the messages between hosts: an inmem.Link. What faults do to them is that of
// weather.Weather.
type air struct {
	world *world
	loss  float64
}

// Depart implements inmem.Link. It draws the same numbers with and without loss.
func (a *air) Depart(_ inmem.Message, _ time.Duration, r *rand.Rand) (travel time.Duration, lost bool) {
	travel = leastLatency + time.Duration(r.Int64N(int64(mostLatency-leastLatency)))
	return travel, r.Float64() < a.loss
}

// Arrive implements inmem.Link.
func (a *air) Arrive(m inmem.Message, _ time.Duration) (wait time.Duration, end inmem.Reception) {
	if to := a.world.at(m.To); to != nil && !to.up && to.silent {
		return 0, inmem.Dropped
	}
	return 0, inmem.Read
}

// Least implements inmem.Link.
func (a *air) Least() time.Duration { return leastLatency }

// mayFail reports whether a ping between two hosts that are up may go unanswered.
func (w *world) mayFail() bool {
	return w.air.loss > 0 || slices.ContainsFunc(w.hosts, func(h *host) bool { return h.wrong().Slow > 0 })
}

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
	receiver := w.hosts[to]
	w.load.see(from, to, req)
	switch {
	case w.weather.Cut(from, to):
		return message.Response{Err: message.ErrUnreachable}, true
	case receiver.answer == nil:
		return message.Response{}, false
	}
	return receiver.answer(peerOf(int(from)), req)
}
