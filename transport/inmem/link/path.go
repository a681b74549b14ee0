package link

import (
	"math/rand/v2"
	"time"

	"spreadable/transport/inmem"
)

// Path is the innermost link: a message is a packet on a Way, and is read when it
// arrives.
type Path struct{ Way }

// Depart implements inmem.Link.
func (p Path) Depart(m inmem.Message, _ time.Duration, r *rand.Rand) (time.Duration, bool) {
	return p.Trip(Packet{From: m.From, To: m.To, By: m.From}, r)
}

// Arrive implements inmem.Link.
func (p Path) Arrive(inmem.Message, time.Duration) (time.Duration, inmem.Reception) {
	return 0, inmem.Read
}

// Outside loses the requests to hosts that cannot be reached.
type Outside struct {
	inmem.Link
	Hosts *Hosts
	lost  []uint64 // by sender
}

// Depart implements inmem.Link.
func (o *Outside) Depart(m inmem.Message, now time.Duration, r *rand.Rand) (time.Duration, bool) {
	if !m.Answer && o.Hosts.At(m.To).Outside {
		o.lost[m.From]++
		return o.Least(), true
	}
	return o.Link.Depart(m, now, r)
}
