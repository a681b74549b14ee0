// Package weather is what can be wrong with the hosts of a simulated network and with the
// messages between them: hosts that are slow, held or cut off, messages that are lost. The
// faults of scenarios and those of the swarm make it; it knows neither.
//
// What is wrong changes only while all workers stand still, so that they may read it
// without a lock. What waits for a held host is touched by the host's partition alone.
package weather

import (
	"math/rand/v2"
	"time"

	"spreadable/internal/stream"
	"spreadable/sim/kernel"
	"spreadable/transport/inmem"
)

// Weather lies over a link: an inmem.Link.
type Weather struct {
	Link inmem.Link // what carries messages if nothing is wrong
	// Swallows says that a cut swallows messages. Without it the owner tells their
	// senders that the receiver is unreachable.
	Swallows bool

	hosts  []Host
	loss   float64    // of each message
	losses []rand.PCG // by sender: what decides over its messages; nil before any loss
	seed   uint64
	size   int
}

// Host is what is wrong with a host.
type Host struct {
	Group int           // hosts of different groups are cut off from each other
	Slow  time.Duration // added to each message from or to it
	// Late makes its answers arrive just before their askers give up.
	Late bool

	held    bool // as a stopped process
	waiting []kernel.Event
}

// New returns good weather for so many hosts, the first of size senders. Clients are
// behind the hosts: nothing is ever wrong with them, and no cut is between them and a
// host.
func New(link inmem.Link, hosts, size int, seed uint64) *Weather {
	return &Weather{Link: link, Swallows: true, hosts: make([]Host, hosts), size: size, seed: seed}
}

// Host is the i-th host.
func (w *Weather) Host(i int) *Host { return &w.hosts[i] }

// SetLoss loses each message with a probability, by a random stream of each sender's own.
func (w *Weather) SetLoss(share float64) {
	w.loss = share
	for i := len(w.losses); i < w.size; i++ {
		w.losses = append(w.losses, *stream.New(w.seed, uint64(i), stream.FaultLoss))
	}
}

// Heal ends all cuts.
func (w *Weather) Heal() {
	for i := range w.hosts {
		w.hosts[i].Group = 0
	}
}

// Hold stops a host as a process is stopped: all that happens to it waits for Release.
func (w *Weather) Hold(host int) { w.hosts[host].held = true }

// Held reports whether a host is held.
func (w *Weather) Held(host int) bool { return w.hosts[host].held }

// Release lets a host run again. All that waited happens now: it is given to schedule.
func (w *Weather) Release(host int, now time.Duration, schedule func(kernel.Event)) {
	h := &w.hosts[host]
	for _, e := range h.waiting {
		e.Time = int64(now)
		schedule(e)
	}
	h.held, h.waiting = false, nil
}

// Intercept keeps what happens to a host that is held, and reports whether it has. It is
// called from the host's partition.
func (w *Weather) Intercept(e *kernel.Event) bool {
	if int(e.To) >= len(w.hosts) || !w.hosts[e.To].held || inmem.EventKind(e.Kind) >= inmem.EventKinds {
		return false
	}
	w.hosts[e.To].waiting = append(w.hosts[e.To].waiting, *e)
	return true
}

// Cut reports whether two hosts are cut off from each other.
func (w *Weather) Cut(a, b uint32) bool {
	return int(a) < len(w.hosts) && int(b) < len(w.hosts) && w.hosts[a].Group != w.hosts[b].Group
}

// Depart implements inmem.Link.
func (w *Weather) Depart(m inmem.Message, now time.Duration, r *rand.Rand) (travel time.Duration, lost bool) {
	travel, lost = w.Link.Depart(m, now, r)
	if w.loss > 0 && rand.New(&w.losses[m.From]).Float64() < w.loss {
		lost = true
	}
	for _, end := range [...]uint32{m.From, m.To} {
		if int(end) < len(w.hosts) {
			travel += w.hosts[end].Slow
		}
	}
	if m.Answer && int(m.From) < len(w.hosts) && w.hosts[m.From].Late {
		travel = max(travel, late(m.Until-now))
	}
	return travel, lost || w.Swallows && w.Cut(m.From, m.To)
}

// late is how long an answer travels that is to arrive just before its asker gives up,
// of whose timeout budget so much is left.
func late(left time.Duration) time.Duration { return left - left/16 }

// Arrive implements inmem.Link.
func (w *Weather) Arrive(m inmem.Message, now time.Duration) (wait time.Duration, end inmem.Reception) {
	if w.Swallows && w.Cut(m.From, m.To) {
		return 0, inmem.Dropped
	}
	return w.Link.Arrive(m, now)
}

// Least implements inmem.Link.
func (w *Weather) Least() time.Duration { return w.Link.Least() }
