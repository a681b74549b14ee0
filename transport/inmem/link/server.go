package link

import (
	"math/rand/v2"
	"time"

	"spreadable/internal/stream"
	"spreadable/transport/inmem"
)

// Server makes a host serve one request at a time, in the order in which they arrive: a
// request waits for those before it, is served, and then the node reads it. Answers need
// no service, and a host that is down refuses at once. A request is served even if its
// asker has given up meanwhile, because a server cannot know. When Host.Queue requests
// wait already, another one is turned away at once (inmem.Busy): the queue is M/M/1/K or
// M/D/1/K, with K = Queue + 1.
type Server struct {
	inmem.Link
	Hosts *Hosts
	// Exponential says that service times are exponentially distributed; otherwise they
	// are constant.
	Exponential bool
	desks       []desk
}

// desk is where a host serves.
type desk struct {
	queue
	stream stream.Small
	// when each that is still here leaves; kept if the queue is bounded
	leaves  []time.Duration
	refused uint64
}

func newDesks(seed uint64, hosts int) []desk {
	desks := make([]desk, hosts)
	for i := range desks {
		desks[i].stream = stream.NewSmall(seed, uint64(i), stream.Service)
	}
	return desks
}

// Arrive implements inmem.Link.
func (s *Server) Arrive(m inmem.Message, now time.Duration) (time.Duration, inmem.Reception) {
	host := s.Hosts.At(m.To)
	if m.Answer || m.Down || host.Service == 0 {
		return s.Link.Arrive(m, now)
	}
	d := &s.desks[m.To]
	if host.Queue != Unbounded && d.present(now) > host.Queue {
		d.refused++
		return 0, inmem.Busy
	}
	done := d.pass(now, s.service(d, host))
	if host.Queue != Unbounded {
		d.leaves = append(d.leaves, done)
	}
	wait, end := s.Link.Arrive(m, done)
	return done - now + wait, end
}

// service draws how long a request takes.
func (s *Server) service(d *desk, host *Host) time.Duration {
	if !s.Exponential {
		return host.Service
	}
	return time.Duration(float64(host.Service) * rand.New(&d.stream).ExpFloat64())
}

// present counts the requests that wait or are being served.
func (d *desk) present(now time.Duration) int {
	gone := 0
	for gone < len(d.leaves) && d.leaves[gone] <= now {
		gone++
	}
	d.leaves = append(d.leaves[:0], d.leaves[gone:]...)
	return len(d.leaves)
}
