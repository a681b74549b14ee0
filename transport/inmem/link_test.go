package inmem_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/transport/inmem"
	"spreadable/transport/inmem/latency"
)

// slow is a link with a narrow uplink for each host, a queue before each host, and losses
// on both ends. It has what the fast case does not: a state, and a way back that is drawn
// when the answer departs.
type slow struct {
	latency  latency.Model
	byteTime time.Duration            // that the uplink takes for a byte
	service  time.Duration            // that a host takes for a message
	sent     map[uint32]time.Duration // when a host's uplink is free
	served   map[uint32]time.Duration // when a host is free
	lose     func(m inmem.Message, r *rand.Rand) bool
	drop     func(m inmem.Message) bool
}

func newSlow(model latency.Model) *slow {
	return &slow{
		latency: model, sent: make(map[uint32]time.Duration), served: make(map[uint32]time.Duration),
		lose: func(inmem.Message, *rand.Rand) bool { return false },
		drop: func(inmem.Message) bool { return false },
	}
}

// Depart implements inmem.Link.
func (s *slow) Depart(m inmem.Message, now time.Duration, r *rand.Rand) (time.Duration, bool) {
	free := max(now, s.sent[m.From]) + time.Duration(m.Bytes)*s.byteTime
	s.sent[m.From] = free
	return free - now + s.latency.Draw(m.From, m.To, r), s.lose(m, r)
}

// Arrive implements inmem.Link.
func (s *slow) Arrive(m inmem.Message, now time.Duration) (time.Duration, inmem.Reception) {
	if s.drop(m) {
		return 0, inmem.Dropped
	}
	done := max(now, s.served[m.To]) + s.service
	s.served[m.To] = done
	return done - now, inmem.Read
}

// Least implements inmem.Link.
func (s *slow) Least() time.Duration { return s.latency.Min() }

// over makes a network of nodes that are up, over a link.
func over(t testing.TB, link inmem.Link, nodes int, seed uint64) (*inmem.Network, *kernel) {
	n, k := buildOver(t, nodes, nil, link, seed)
	for i := range nodes {
		n.Start(i)
	}
	return n, k
}

// pair is a latency that tells the directions apart.
type pair struct{ latency.Constant }

// Draw implements latency.Model.
func (pair) Draw(from, to uint32, _ *rand.Rand) time.Duration {
	return time.Duration(10+100*from+to) * time.Millisecond
}

var ping = message.Request{Kind: message.KindPing, Timeout: time.Second}

// A request and its answer are two messages: each takes its own way through the link, and
// the answer's is drawn when it departs.
func TestEachWayGoesThroughTheLink(t *testing.T) {
	link := newSlow(pair{})
	link.service = 5 * time.Millisecond
	n, k := over(t, link, 2, 1)
	a := newAnswers(k)
	n.Host(1).Call(peer.FromID(1), ping, a, 7)
	k.Drain()
	there, back := (10+100)*time.Millisecond, (10+1)*time.Millisecond
	if want := there + back + 2*link.service; len(a.got[7]) != 1 || a.got[7][0].Err != nil || a.at[7] != want {
		t.Errorf("a ping got %v at %v, want an answer at %v", a.got[7], a.at[7], want)
	}
}

// The link knows sizes and keeps a state: two requests share the sender's uplink, and
// their receiver serves one after the other.
func TestMessagesQueueAtBothEnds(t *testing.T) {
	for _, test := range []struct{ byteTime, service time.Duration }{{time.Microsecond, 0}, {0, 20 * time.Millisecond}} {
		link := newSlow(latency.Constant(10 * time.Millisecond))
		link.byteTime, link.service = test.byteTime, test.service
		n, k := over(t, link, 3, 1)
		a := newAnswers(k)
		for tag := range uint32(3) {
			n.Host(1).Call(peer.FromID(1), ping, a, tag)
		}
		k.Drain()
		if !(a.at[0] > 20*time.Millisecond && a.at[1] > a.at[0] && a.at[2]-a.at[1] == a.at[1]-a.at[0]) {
			t.Errorf("%v a byte, %v a message: three pings end at %v", test.byteTime, test.service, a.at)
		}
	}
}

// Whatever is lost, and wherever: the asker's timeout passes, and it is told once.
func TestLostMessagesAreTimeouts(t *testing.T) {
	for _, test := range []struct {
		what          string
		lost, dropped func(m inmem.Message) bool
		received      uint32 // requests
	}{
		{"the request, on its way", func(m inmem.Message) bool { return m.From == 1 }, nil, 0},
		{"the answer, on its way", func(m inmem.Message) bool { return m.From == 0 }, nil, 1},
		{"the request, at the receiver", nil, func(m inmem.Message) bool { return m.To == 0 }, 0},
		{"the answer, at the asker", nil, func(m inmem.Message) bool { return m.To == 1 }, 1},
	} {
		link := newSlow(latency.Constant(10 * time.Millisecond))
		if test.lost != nil {
			link.lose = func(m inmem.Message, _ *rand.Rand) bool { return test.lost(m) }
		}
		if test.dropped != nil {
			link.drop = test.dropped
		}
		n, k := over(t, link, 2, 1)
		a := newAnswers(k)
		n.Host(1).Call(peer.FromID(1), ping, a, 7)
		k.Drain()
		if len(a.got[7]) != 1 || a.got[7][0].Err != message.ErrTimeout || a.at[7] != ping.Timeout {
			t.Errorf("lost is %s: the ping got %v at %v", test.what, a.got[7], a.at[7])
		}
		if left := n.Partitions()[0].InFlight(); left > 0 {
			t.Errorf("lost is %s: %d messages and calls are left behind", test.what, left)
		}
		if got := n.Host(0).Traffic.RequestsReceived; got != test.received {
			t.Errorf("lost is %s: %d requests were read, want %d", test.what, got, test.received)
		}
	}
}

// An address without a host is refused over a link, too, unless what would say so is
// lost.
func TestUnknownAddressesAreRefusedOverALink(t *testing.T) {
	link := newSlow(latency.Constant(10 * time.Millisecond))
	n, k := over(t, link, 3, 1)
	a := newAnswers(k)
	n.Host(0).Call(peer.FromID(7), ping, a, 7)
	k.Drain()
	if len(a.got[7]) != 1 || a.got[7][0].Err != message.ErrUnreachable || a.at[7] != 20*time.Millisecond {
		t.Errorf("a ping to an address without a host got %v at %v", a.got[7], a.at[7])
	}
}

// Every call is answered exactly once and never after its timeout, whatever a link does.
func TestEveryCallOverALinkIsAnsweredOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		low := time.Duration(rapid.IntRange(0, 50).Draw(r, "low")) * time.Millisecond
		link := newSlow(latency.Uniform{Low: low, High: low + time.Duration(rapid.IntRange(0, 300).Draw(r, "spread"))*time.Millisecond})
		link.byteTime = time.Duration(rapid.IntRange(0, 20).Draw(r, "byte")) * time.Microsecond
		link.service = time.Duration(rapid.IntRange(0, 50).Draw(r, "service")) * time.Millisecond
		loss := rapid.IntRange(0, 50).Draw(r, "loss")
		link.lose = func(_ inmem.Message, rng *rand.Rand) bool { return rng.IntN(100) < loss }
		n, k := over(t, link, 4, rapid.Uint64().Draw(r, "seed"))
		a := newAnswers(k)
		timeouts := make(map[uint32]time.Duration)
		for tag := range uint32(rapid.IntRange(1, 60).Draw(r, "calls")) {
			timeouts[tag] = time.Duration(rapid.IntRange(1, 1200).Draw(r, "timeout")) * time.Millisecond
			req := message.Request{Kind: rapid.SampledFrom(kinds).Draw(r, "kind"), Timeout: timeouts[tag]}
			to := peer.FromID(uint32(rapid.IntRange(1, 8).Draw(r, "to"))) // some of them without a host
			n.Host(rapid.IntRange(0, 3).Draw(r, "from")).Call(to, req, a, tag)
		}
		k.Drain()
		for tag, timeout := range timeouts {
			if len(a.got[tag]) != 1 || a.at[tag] > timeout {
				r.Fatalf("call %d got %v at %v, with a timeout of %v", tag, a.got[tag], a.at[tag], timeout)
			}
		}
	})
}

// Partitions may run apart by what the link says, not by a latency that it does not use.
func TestTheLinkIsTheLookahead(t *testing.T) {
	n, _ := over(t, newSlow(latency.Uniform{Low: 3 * time.Millisecond, High: time.Second}), 2, 1)
	if n.Lookahead() != 3*time.Millisecond {
		t.Errorf("the lookahead is %v", n.Lookahead())
	}
}
