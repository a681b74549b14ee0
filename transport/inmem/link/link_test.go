package link_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/transport/inmem"
	"spreadable/transport/inmem/latency"
	"spreadable/transport/inmem/link"
)

const ms = time.Millisecond

// all are hosts of one kind.
func all(size int, kind link.Host) *link.Hosts {
	return &link.Hosts{Kinds: []link.Host{kind}, Of: make([]uint8, size)}
}

// two is a link between hosts of one kind, with a latency of 10 ms.
func two(kind link.Host, change func(*link.Options)) *link.Link {
	o := link.Options{Latency: latency.Constant(10 * ms), Hosts: all(2, kind), Size: 3, Seed: 1}
	if change != nil {
		change(&o)
	}
	return link.New(o)
}

func random() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// pass sends a message and returns when it is read.
func pass(t *testing.T, l inmem.Link, m inmem.Message, now time.Duration) time.Duration {
	t.Helper()
	travel, lost := l.Depart(m, now, random())
	if lost {
		t.Fatalf("%+v is lost", m)
	}
	wait, end := l.Arrive(m, now+travel)
	if end != inmem.Read {
		t.Fatalf("%+v ends as %v", m, end)
	}
	return now + travel + wait
}

// A message takes its bits over the bandwidth, on the uplink and again on the downlink,
// behind those that came before it.
func TestALineTakesBitsOverBandwidth(t *testing.T) {
	const mbit = 1_000_000
	for _, test := range []struct {
		up, down      link.Rate
		first, second time.Duration // 12,500 bytes each: 100,000 bits
	}{
		{0, 0, 10 * ms, 10 * ms},
		{5 * mbit, 0, 30 * ms, 50 * ms},
		{0, 1 * mbit, 110 * ms, 210 * ms},
		{5 * mbit, 50 * mbit, 32 * ms, 52 * ms},
		{50 * mbit, 5 * mbit, 32 * ms, 52 * ms},
	} {
		l := two(link.Host{Up: test.up, Down: test.down, Queue: link.Unbounded}, nil)
		m := inmem.Message{From: 0, To: 1, Bytes: 12_500}
		first, second := pass(t, l, m, 0), pass(t, l, m, 0)
		if first != test.first || second != test.second {
			t.Errorf("%d up and %d down: two messages are there at %v and %v, want %v and %v", test.up, test.down,
				first, second, test.first, test.second)
		}
	}
}

// A message whose asker gives up before its turn is not sent, and holds up none behind
// it.
func TestWhatIsAbandonedDoesNotTakeTheLine(t *testing.T) {
	l := two(link.Host{Up: 1_000_000}, nil)
	m := inmem.Message{From: 0, To: 1, Bytes: 125_000, Until: 1500 * ms} // a second each
	for i, want := range []time.Duration{1010 * ms, 2010 * ms} {
		if got := pass(t, l, m, 0); got != want {
			t.Errorf("message %d is there at %v, want %v", i, got, want)
		}
	}
	if _, lost := l.Depart(m, 0, random()); !lost {
		t.Error("a message was sent whose asker had given up")
	}
	m.Until = 0 // one without a limit
	if got := pass(t, l, m, 0); got != 3010*ms {
		t.Errorf("the next one is there at %v", got)
	}
	if c := l.Counts(time.Second); *c.Abandoned != 1 {
		t.Errorf("%d messages were abandoned", *c.Abandoned)
	}

	l = two(link.Host{Down: 1_000_000}, nil)
	m.Until = 1500 * ms
	for i, want := range []inmem.Reception{inmem.Read, inmem.Read, inmem.Dropped} {
		if _, end := l.Arrive(m, 0); end != want {
			t.Errorf("on the downlink, message %d ends as %d, want %d", i, end, want)
		}
	}
	if c := l.Counts(time.Second); *c.Abandoned != 1 {
		t.Errorf("%d messages were abandoned before the downlink", *c.Abandoned)
	}
}

// A rate takes 8 bits a byte, rounded up, whatever the size.
func TestTimeOfARate(t *testing.T) {
	for _, test := range []struct {
		rate  link.Rate
		bytes uint32
		want  time.Duration
	}{
		{0, 1 << 30, 0}, {8_000_000_000, 1, 1}, {3_000_000_000, 1, 3}, {1_000_000, 125, ms}, {link.LeastRate, 0, 0},
		{link.LeastRate, math.MaxUint32, 34_359_738_360 * ms},
	} {
		if got := test.rate.Time(test.bytes); got != test.want {
			t.Errorf("%d bytes at %d bit/s take %v, want %v", test.bytes, test.rate, got, test.want)
		}
	}
}

// Both hosts' lines add their delay to a message.
func TestDelaysAdd(t *testing.T) {
	hosts := &link.Hosts{Kinds: []link.Host{{Delay: 5 * ms}, {Delay: 200 * ms}}, Of: []uint8{0, 1}}
	l := link.New(link.Options{Latency: latency.Constant(10 * ms), Hosts: hosts, Size: 3})
	for _, test := range []struct {
		from, to uint32
		want     time.Duration
	}{{0, 1, 215 * ms}, {1, 0, 215 * ms}, {2, 0, 15 * ms}, {2, 2, 10 * ms}} {
		if got := pass(t, l, inmem.Message{From: test.from, To: test.to}, 0); got != test.want {
			t.Errorf("from %d to %d it takes %v, want %v", test.from, test.to, got, test.want)
		}
	}
	if l.Least() != 10*ms {
		t.Errorf("the least travel is %v", l.Least())
	}
}

// TCP delays what is lost by 1, 3, 7 s ... (RFC 6298: the timeout doubles), with the
// probabilities of a geometric distribution.
func TestTCPSendsAgainUntilItArrives(t *testing.T) {
	const packets, share = 400_000, 0.2
	l := two(link.Host{Loss: share}, nil)
	times := make(map[time.Duration]int)
	r := random()
	for range packets {
		travel, lost := l.Depart(inmem.Message{From: 0, To: 1}, 0, r)
		if lost {
			t.Fatal("a packet is lost for good")
		}
		times[travel]++
	}
	p := 1 - share
	for n := range 6 {
		delay := 10*ms + (1<<n-1)*time.Second
		near(t, float64(times[delay]), packets*p, 5*math.Sqrt(packets*p*(1-p)), "packets sent again %d times", n)
		p *= share
	}
	c := l.Counts(time.Second)
	near(t, float64(*c.Resent), packets*share/(1-share), 5*math.Sqrt(packets*share)/(1-share), "sent again in all")
	if *c.Packets != packets || *c.Lost != 0 {
		t.Errorf("%d packets sent, %d lost", *c.Packets, *c.Lost)
	}
}

// Where nearly all is lost, TCP gives up after its last timer.
func TestTCPGivesUp(t *testing.T) {
	l := two(link.Host{Loss: 0.999999}, nil)
	if _, lost := l.Depart(inmem.Message{To: 1}, 0, random()); !lost {
		t.Error("a packet arrived")
	}
	if c := l.Counts(time.Second); *c.Resent != 15 || *c.Lost != 1 {
		t.Errorf("it was sent again %d times, and %d are lost", *c.Resent, *c.Lost)
	}
}

// A datagram that is lost stays lost, with the share of the worse of the two hosts.
func TestDatagramsAreLost(t *testing.T) {
	const packets = 200_000
	for _, test := range []struct {
		from, to uint32
		share    float64
	}{{0, 1, 0.1}, {1, 0, 0.1}, {0, 2, 0.05}, {2, 2, 0}} {
		hosts := &link.Hosts{Kinds: []link.Host{{Loss: 0.05}, {Loss: 0.1}}, Of: []uint8{0, 1}}
		l := link.New(link.Options{Latency: latency.Constant(10 * ms), Hosts: hosts, Size: 4, Datagram: true, Seed: 3})
		lost, r := 0, random()
		for range packets {
			if _, gone := l.Depart(inmem.Message{From: test.from, To: test.to}, 0, r); gone {
				lost++
			}
		}
		near(t, float64(lost), packets*test.share, 5*math.Sqrt(packets*test.share*(1-test.share)), "from %d to %d lost",
			test.from, test.to)
		if c := l.Counts(time.Second); *c.Lost != uint64(lost) || c.Resent != nil {
			t.Errorf("counted are %d lost and %v sent again", *c.Lost, c.Resent)
		}
	}
}

// Losses have a stream of their own: with them, latencies are drawn as without.
func TestLossesDoNotShiftLatencies(t *testing.T) {
	model := latency.Uniform{Low: ms, High: 500 * ms}
	with := link.New(link.Options{Latency: model, Hosts: all(2, link.Host{Loss: 0.3}), Size: 2, Datagram: true})
	without := link.New(link.Options{Latency: model, Hosts: all(2, link.Host{}), Size: 2})
	a, b := random(), random()
	for range 1000 {
		lossy, _ := with.Depart(inmem.Message{To: 1}, 0, a)
		plain, _ := without.Depart(inmem.Message{To: 1}, 0, b)
		if lossy != plain {
			t.Fatalf("a packet takes %v with losses and %v without", lossy, plain)
		}
	}
}

// A new connection takes a round trip, and with TLS two; an answer comes on the same one.
func TestHandshakesTakeRoundTrips(t *testing.T) {
	for _, test := range []struct {
		connection         link.Connection
		tls                bool
		first, next, later time.Duration
		handshakes         uint64
	}{
		{link.Free, false, 10 * ms, 10 * ms, 10 * ms, 0},
		{link.Reuse, false, 30 * ms, 10 * ms, 30 * ms, 2},
		{link.Reuse, true, 50 * ms, 10 * ms, 50 * ms, 2},
		{link.Each, false, 30 * ms, 30 * ms, 30 * ms, 3},
		{link.Each, true, 50 * ms, 50 * ms, 50 * ms, 3},
	} {
		l := two(link.Host{}, func(o *link.Options) { o.Connection, o.TLS = test.connection, test.tls })
		m, now := inmem.Message{From: 0, To: 1}, time.Duration(0)
		for _, step := range []struct{ pause, want time.Duration }{
			{0, test.first}, {link.KeepAlive / 2, test.next}, {link.KeepAlive + 1, test.later},
		} {
			now += step.pause
			if took := pass(t, l, m, now) - now; took != step.want {
				t.Errorf("%+v: at %v it took %v, want %v", test, now, took, step.want)
			}
			answer := inmem.Message{From: 1, To: 0, Answer: true}
			if took := pass(t, l, answer, now) - now; took != 10*ms {
				t.Errorf("%+v: an answer took %v", test, took)
			}
		}
		if c := l.Counts(now); test.connection != link.Free && *c.Handshakes != test.handshakes {
			t.Errorf("%+v: %d handshakes", test, *c.Handshakes)
		}
	}
}

// A host keeps connections to many others, and forgets those that are closed.
func TestConnectionsAreKeptByPeer(t *testing.T) {
	const peers = 1000
	l := link.New(link.Options{Latency: latency.Constant(ms), Hosts: all(peers, link.Host{}), Size: peers, Connection: link.Reuse})
	r := random()
	for round := range 3 {
		for to := uint32(1); to < peers; to++ {
			l.Depart(inmem.Message{To: to}, time.Duration(round)*link.KeepAlive/2, r)
		}
	}
	if c := l.Counts(time.Hour); *c.Handshakes != peers-1 {
		t.Errorf("%d handshakes with %d peers", *c.Handshakes, peers-1)
	}
}

// A host behind a NAT can ask, and is answered; nothing that asks it arrives.
func TestHostsOutsideCannotBeAsked(t *testing.T) {
	hosts := &link.Hosts{Kinds: []link.Host{{}, {Outside: true}}, Of: []uint8{0, 1}}
	l := link.New(link.Options{Latency: latency.Constant(ms), Hosts: hosts, Size: 2})
	for _, test := range []struct {
		m    inmem.Message
		lost bool
	}{
		{inmem.Message{From: 0, To: 1}, true},
		{inmem.Message{From: 1, To: 0}, false},
		{inmem.Message{From: 0, To: 1, Answer: true}, false},
	} {
		if _, lost := l.Depart(test.m, 0, random()); lost != test.lost {
			t.Errorf("%+v: lost is %t", test.m, lost)
		}
	}
	if c := l.Counts(time.Second); *c.Outside != 1 {
		t.Errorf("%d requests were lost at a NAT", *c.Outside)
	}
}

// Only requests wait for the processor, in the order in which they come, and a full queue
// turns them away at once.
func TestAServerServesInOrderAndRefusesWhenFull(t *testing.T) {
	l := two(link.Host{Service: 20 * ms, Queue: 2}, nil)
	for i, want := range []struct {
		wait time.Duration
		end  inmem.Reception
	}{{20 * ms, inmem.Read}, {40 * ms, inmem.Read}, {60 * ms, inmem.Read}, {0, inmem.Busy}, {0, inmem.Busy}} {
		wait, end := l.Arrive(inmem.Message{To: 1}, 0)
		if wait != want.wait || end != want.end {
			t.Errorf("request %d waits %v and ends as %d, want %v and %d", i, wait, end, want.wait, want.end)
		}
	}
	if wait, end := l.Arrive(inmem.Message{To: 1, Answer: true}, 0); wait != 0 || end != inmem.Read {
		t.Errorf("an answer waits %v and ends as %d", wait, end)
	}
	if wait, end := l.Arrive(inmem.Message{To: 1, Down: true}, 0); wait != 0 || end != inmem.Read {
		t.Errorf("at a host that is down a request waits %v and ends as %d", wait, end)
	}
	if wait, end := l.Arrive(inmem.Message{To: 1}, 20*ms); wait != 60*ms || end != inmem.Read {
		t.Errorf("when one has left, the next waits %v and ends as %d", wait, end)
	}
	c := l.Counts(40 * ms)
	if *c.Refused != 2 || c.Service.Passed != 4 || c.Service.Max != 40*ms || c.Service.Mean != 25*ms {
		t.Errorf("counted are %+v, %d refused", c.Service, *c.Refused)
	}
	if c.Service.MaxLoad != 1 || c.Service.Busiest != 1 || c.Service.Load != 0.5 {
		t.Errorf("loads are %+v", c.Service)
	}
}

// What a link does not have is not counted.
func TestWhatIsNotThereIsNotCounted(t *testing.T) {
	if c := two(link.Host{}, nil).Counts(time.Second); c != (link.Counts{}) {
		t.Errorf("a plain link has counted %+v", c)
	}
	if c := two(link.Host{Service: ms, Queue: link.Unbounded}, nil).Counts(time.Second); c.Refused != nil {
		t.Error("a queue without a bound has refused requests")
	}
}

// Messages leave a line in the order in which they came, whole, and never before their
// time.
func TestALineKeepsTheOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		rate := link.Rate(rapid.Int64Range(int64(link.LeastRate), 1_000_000_000).Draw(r, "rate"))
		l := two(link.Host{Up: rate}, nil)
		var now, before, sum time.Duration
		for range rapid.IntRange(1, 30).Draw(r, "messages") {
			now += time.Duration(rapid.IntRange(0, 1000).Draw(r, "pause")) * time.Microsecond
			bytes := uint32(rapid.IntRange(0, 100_000).Draw(r, "bytes"))
			travel, _ := l.Depart(inmem.Message{From: 0, To: 1, Bytes: bytes}, now, random())
			sent := now + travel - 10*ms
			sum += rate.Time(bytes)
			if sent < before+rate.Time(bytes) || sent < sum || sent > now+sum {
				r.Fatalf("a message of %d bytes at %v is sent at %v, the one before at %v", bytes, now, sent, before)
			}
			before = sent
		}
	})
}

// near checks a number against what theory says.
func near(t *testing.T, got, want, tolerance float64, format string, args ...any) {
	t.Helper()
	if math.Abs(got-want) > tolerance+1e-9 {
		t.Errorf(format+": %v, want %v +- %v", append(args, got, want, tolerance)...)
	}
}
