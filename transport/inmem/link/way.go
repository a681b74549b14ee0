package link

import (
	"math/rand/v2"
	"time"

	"spreadable/internal/stream"
	"spreadable/transport/inmem/latency"
)

// Way is how a packet gets from one host's line to that of another.
type Way interface {
	// Trip says how long a packet takes, never less than Least, or that it never
	// arrives. r is the random stream of the host p.By.
	Trip(p Packet, r *rand.Rand) (travel time.Duration, lost bool)

	// Least is the shortest trip of all.
	Least() time.Duration
}

// Packet is what a Way needs to know of a packet.
type Packet struct {
	From, To uint32
	// By is the host that acts, whose streams and counts are used: the sender, and for an
	// answer that only opens a connection the host that asked for it.
	By uint32
}

// Latency is a Way on which each packet takes what a model draws for it.
type Latency struct{ latency.Model }

// Trip implements Way.
func (l Latency) Trip(p Packet, r *rand.Rand) (time.Duration, bool) {
	return l.Draw(p.From, p.To, r), false
}

// Least implements Way.
func (l Latency) Least() time.Duration { return l.Min() }

// Access adds the delays of both hosts' lines.
type Access struct {
	Way
	Hosts *Hosts
}

// Trip implements Way.
func (a Access) Trip(p Packet, r *rand.Rand) (time.Duration, bool) {
	travel, lost := a.Way.Trip(p, r)
	return travel + a.Hosts.At(p.From).Delay + a.Hosts.At(p.To).Delay, lost
}

// The timer of TCP, by RFC 6298.
const (
	// DefaultRTO is the first retransmission timeout: a second before a round trip was
	// measured (2.1), and no less afterwards (2.4).
	DefaultRTO = time.Second
	// maxRTO ends the doubling (5.5); an implementation may choose any that is no less
	// (2.5).
	maxRTO = 60 * time.Second
	// maxResent is how often a packet is sent again until TCP gives the connection up:
	// Linux, by net.ipv4.tcp_retries2.
	maxResent = 15
)

// TCP loses packets and sends each of them again after a timeout, which begins with RTO
// and doubles, until one arrives: a loss is a delay of RTO, two are one of 3 RTO. The
// share that is lost is the greater of those of the two hosts.
type TCP struct {
	Way
	Hosts *Hosts
	RTO   time.Duration
	lines []losses
}

// Datagrams loses packets for good.
type Datagrams struct {
	Way
	Hosts *Hosts
	lines []losses
}

// losses is what one host has lost, and the stream that decides on it. The packets of all
// hosts without one share nothing: they are not lost.
type losses struct {
	stream       stream.Small
	sent, resent uint64
	lost         uint64 // for good
}

func newLosses(seed uint64, hosts int) []losses {
	lines := make([]losses, hosts)
	for i := range lines {
		lines[i].stream = stream.NewSmall(seed, uint64(i), stream.Loss)
	}
	return lines
}

// lose draws whether a packet is lost.
func (l *losses) lose(share float64) bool {
	const unit = 1 << 53
	return float64(l.stream.Uint64()>>11)/unit < share
}

// share is how many of the packets between two hosts are lost.
func (h *Hosts) share(p Packet) float64 { return max(h.At(p.From).Loss, h.At(p.To).Loss) }

// Trip implements Way.
func (t *TCP) Trip(p Packet, r *rand.Rand) (travel time.Duration, lost bool) {
	line, share := &t.lines[p.By], t.Hosts.share(p)
	travel, lost = t.Way.Trip(p, r)
	line.sent++
	for n, timeout := 0, t.RTO; share > 0 && line.lose(share); n++ {
		if n == maxResent {
			line.lost++
			return travel, true
		}
		line.resent++
		travel += timeout
		timeout = min(2*timeout, max(maxRTO, t.RTO))
	}
	return travel, lost
}

// Trip implements Way.
func (d *Datagrams) Trip(p Packet, r *rand.Rand) (travel time.Duration, lost bool) {
	line, share := &d.lines[p.By], d.Hosts.share(p)
	travel, lost = d.Way.Trip(p, r)
	line.sent++
	if share > 0 && line.lose(share) {
		line.lost++
		return travel, true
	}
	return travel, lost
}
