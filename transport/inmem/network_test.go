package inmem_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/transport/conformance"
	"spreadable/transport/inmem"
	"spreadable/transport/inmem/latency"
	"spreadable/wire"
)

// kernel drives a partition by the events of the core's test network.
type kernel struct {
	coretest.Events
	partition *inmem.Partition
}

// Schedule implements inmem.Scheduler.
func (k *kernel) Schedule(e inmem.Event) {
	k.Events.Schedule(coretest.Event{At: e.At, To: e.To, From: e.From, Seq: uint64(e.Seq), Do: func() { k.partition.Deliver(&e) }})
}

// build makes a network of nodes that sync when told to, and one client.
func build(t testing.TB, nodes int, model latency.Model, seed uint64) (*inmem.Network, *kernel) {
	return buildOver(t, nodes, model, nil, seed)
}

// buildOver is build with a link, if there is one, instead of a latency.
func buildOver(t testing.TB, nodes int, model latency.Model, link inmem.Link, seed uint64) (*inmem.Network, *kernel) {
	book := peersOf(t, nodes+5) // it knows more addresses than there are hosts
	c := &core.Config{Book: book, Bootstrap: []core.Peer{peer.FromID(1)}, ManualSync: true, Registration: core.Original}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	n := inmem.New(inmem.Options{
		Config: inmem.OneConfig(c), Latency: model, Link: link, Nodes: nodes, Clients: 1, Seed: seed, ClientTimeout: 10 * time.Second,
		ClientIP: func(int) netip.Addr { return netip.MustParseAddr("192.0.2.1") },
	})
	k := &kernel{partition: n.Partitions()[0]}
	k.partition.Attach(k)
	t.Cleanup(n.Close)
	return n, k
}

// answers notes what a call got, and when.
type answers struct {
	kernel *kernel
	got    map[uint32][]message.Response
	at     map[uint32]time.Duration
	inside bool // a Call is being made
	nested bool // an answer came from inside a Call
}

func newAnswers(k *kernel) *answers {
	return &answers{kernel: k, got: make(map[uint32][]message.Response), at: make(map[uint32]time.Duration)}
}

func (a *answers) Answer(tag uint32, resp message.Response) {
	a.nested = a.nested || a.inside
	a.got[tag] = append(a.got[tag], resp)
	a.at[tag] = a.kernel.Now()
}

func TestAnswersTakeARoundTrip(t *testing.T) {
	n, k := build(t, 2, latency.Constant(30*time.Millisecond), 1)
	n.Start(0)
	a := newAnswers(k)
	n.Host(1).Call(peer.FromID(1), message.Request{Kind: message.KindPing, Timeout: time.Second}, a, 7)
	k.Drain()
	if len(a.got[7]) != 1 || a.got[7][0].Err != nil || a.at[7] != 60*time.Millisecond {
		t.Errorf("a ping over 30 ms each way got %v at %v", a.got[7], a.at[7])
	}
}

// A leaf request whose answer would be late, and one that waits for others, both time out
// on time: the first is decided when it is sent, the second by a timer.
func TestLateAnswersAreTimeouts(t *testing.T) {
	for _, test := range []struct {
		latency, timeout time.Duration
		late             bool
	}{
		{time.Second, 2 * time.Second, false},
		{time.Second + 1, 2 * time.Second, true},
		{5 * time.Second, 2 * time.Second, true},
		{0, 1, false},
	} {
		n, k := build(t, 2, latency.Constant(test.latency), 1)
		n.Start(0)
		a := newAnswers(k)
		n.Host(1).Call(peer.FromID(1), message.Request{Kind: message.KindPing, Timeout: test.timeout}, a, 0)
		n.Host(1).Call(peer.FromID(1), message.Request{
			Kind: message.KindProvide, From: peer.FromID(2), Timeout: test.timeout - test.timeout/8, Body: &message.ProvideRequest{},
		}, a, 1)
		k.Drain()
		if late := a.got[0][0].Err == message.ErrTimeout; late != test.late {
			t.Errorf("a ping over %v with a patience of %v got %v", test.latency, test.timeout, a.got[0])
		}
		if want := min(2*test.latency, test.timeout); a.at[0] != want {
			t.Errorf("a ping over %v with a patience of %v ended at %v, want %v", test.latency, test.timeout, a.at[0], want)
		}
		if patience := test.timeout - test.timeout/8; 2*test.latency > patience && (a.got[1][0].Err != message.ErrTimeout || a.at[1] != patience) {
			t.Errorf("a slow request over %v with a patience of %v got %v at %v", test.latency, patience, a.got[1], a.at[1])
		}
	}
}

// What a node asks of itself does not cross the network: it is answered in the same
// instant, but not from inside Call, and nothing is sent or received; over a link, too,
// though that loses all.
func TestOwnRequestsDoNotCrossTheNetwork(t *testing.T) {
	link := newSlow(latency.Constant(time.Second))
	link.lose = func(inmem.Message, *rand.Rand) bool { return true }
	link.drop = func(inmem.Message) bool { return true }
	for name, model := range map[string]inmem.Link{"a latency": nil, "a link": link} { // order-free: a network each
		n, k := buildOver(t, 2, latency.Constant(time.Second), model, 1)
		n.Start(0)
		a := newAnswers(k)
		k.Run(time.Minute)
		now := k.Now()
		for tag, kind := range kinds {
			a.inside = true
			n.Host(0).Call(peer.FromID(1), message.Request{Kind: kind, Timeout: 1}, a, uint32(tag))
			a.inside = false
		}
		k.Drain()
		for tag, kind := range kinds {
			if got := a.got[uint32(tag)]; len(got) != 1 || got[0].Err != nil || a.at[uint32(tag)] != now || a.nested {
				t.Errorf("%s, %s: got %v after %v (inside Call: %t)", name, kind, got, a.at[uint32(tag)]-now, a.nested)
			}
		}
		if n.Host(0).Traffic != (inmem.Traffic{}) || n.Partitions()[0].Total != (inmem.Trace{}) {
			t.Errorf("%s: traffic %+v, in total %+v", name, n.Host(0).Traffic, n.Partitions()[0].Total)
		}
	}
}

// A request to oneself that asks others takes as long as they do, or less where it gives
// up before its timeout.
func TestOwnRequestsWaitForOthers(t *testing.T) {
	for _, test := range []struct {
		timeout, least, most time.Duration
		answered             int
	}{{time.Second, 600 * time.Millisecond, 600 * time.Millisecond, 1}, {400 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, 0}} {
		n, k := build(t, 2, latency.Constant(300*time.Millisecond), 1)
		for i := range 2 {
			n.Host(i).Node.Offer(conformance.Numbers{})
			n.Start(i)
		}
		for i := range 4 {
			n.Host(1 - i%2).Node.Sync()
			k.Drain()
		}
		if got := n.Host(0).Node.Structure(); len(got.Slaves) == 0 {
			t.Fatalf("no master: %+v", got)
		}
		a, before := newAnswers(k), k.Now()
		n.Host(0).Call(peer.FromID(1), message.Request{
			Kind: message.KindQueryButler, From: peer.FromID(1), Root: peer.FromID(1), Timeout: test.timeout, Body: &message.QueryRequest{Name: conformance.Numbers{}.Name(), Level: 1},
		}, a, 0)
		k.Drain()
		answer, err := message.As[message.QueryAnswer](a.got[0][0])
		if took := a.at[0] - before; err != nil || answer.Coverage.Answered != test.answered || took < test.least || took > test.most {
			t.Errorf("with a timeout of %v: got %+v, %v after %v", test.timeout, answer, err, took)
		}
	}
}

// A structure is told once: as long as it stays the same its node answers with a 304, and
// in full again once it has changed. Sender and receiver count the same bytes, those of
// package wire.
func TestStructuresAreToldOnce(t *testing.T) {
	n, k := build(t, 3, latency.Constant(10*time.Millisecond), 1)
	for i := range 3 {
		n.Start(i)
	}
	n.Host(0).Node.Sync() // it learns the network's name, its own
	k.Drain()
	sizes := wire.NewSizes(peersOf(t, 3+5), wire.DefaultVersion)
	a, tag := newAnswers(k), uint32(0)
	req := message.Request{Kind: message.KindStructure, From: peer.FromID(3), Root: peer.FromID(1), Timeout: time.Second}
	ask := func() (sent, received uint64, said message.Response) {
		before, other := n.Host(2).Traffic, n.Host(0).Traffic
		tag++
		n.Host(2).Call(peer.FromID(1), req, a, tag)
		k.Drain()
		sent, received = n.Host(2).Traffic.BytesSent-before.BytesSent, n.Host(2).Traffic.BytesReceived-before.BytesReceived
		if got := n.Host(0).Traffic; got.BytesReceived-other.BytesReceived != sent || got.BytesSent-other.BytesSent != received {
			t.Errorf("one end counts %d bytes sent and %d received, the other %+v after %+v", sent, received, got, other)
		}
		return sent, received, a.got[tag][0]
	}
	etag := 0
	for _, test := range []struct {
		when    string
		changed bool
	}{{"at first", true}, {"again", false}, {"after a change", true}, {"again after that", false}} {
		if test.when == "after a change" {
			for i := range 4 { // node 1 finds its place at node 0
				n.Host(1 - i%2).Node.Sync()
				k.Drain()
			}
		}
		sent, received, said := ask()
		if said.Err != nil {
			t.Fatal(said.Err)
		}
		wantSent := sizes.Request(peer.FromID(1), &req, etag)
		want, name := sizes.Answer(peer.FromID(1), message.KindStructure, &said)
		if !test.changed {
			want = sizes.Unchanged(etag)
		}
		etag = name
		if sent != uint64(wantSent) || received != uint64(want) {
			t.Errorf("%s: %d bytes sent and %d received, want %d and %d", test.when, sent, received, wantSent, want)
		}
	}
}

// peersOf is a book of the first addresses that build gives.
func peersOf(t testing.TB, count int) *peer.Book {
	book := peer.NewBook(0)
	for i := range count {
		if _, err := book.Intern(peer.MustParse(fmt.Sprintf("10.0.%d.%d:4000", i/250, i%250+1))); err != nil {
			t.Fatal(err)
		}
	}
	return book
}

// The receiver of a request knows nothing of the asker's patience: the request arrives
// and is worked on, and what it answers is lost.
func TestExpiredRequestsAreStillServed(t *testing.T) {
	n, k := build(t, 2, latency.Constant(time.Second), 1)
	n.Start(0)
	a := newAnswers(k)
	n.Host(1).Call(peer.FromID(1), message.Request{Kind: message.KindPing, Timeout: time.Millisecond}, a, 0)
	k.Drain()
	if got := n.Host(0).Traffic; got.RequestsReceived != 1 || got.BytesSent == 0 {
		t.Errorf("the receiver has %+v", got)
	}
	if got := n.Host(1).Traffic; got.RequestsSent != 1 || got.BytesReceived != 0 {
		t.Errorf("the asker has %+v", got)
	}
}

func TestNobodyAnswersWhereNobodyIs(t *testing.T) {
	n, k := build(t, 3, latency.Constant(10*time.Millisecond), 1)
	n.Start(0)
	a := newAnswers(k)
	req := message.Request{Kind: message.KindPing, Timeout: time.Second}
	n.Host(0).Call(peer.FromID(2), req, a, 2) // a host that is not up
	n.Host(0).Call(peer.FromID(4), req, a, 4) // a client's place
	k.Drain()
	for _, tag := range []uint32{2, 4} {
		if len(a.got[tag]) != 1 || a.got[tag][0].Err != message.ErrUnreachable || a.at[tag] != 20*time.Millisecond {
			t.Errorf("a ping to host %d got %v at %v", tag, a.got[tag], a.at[tag])
		}
	}
}

// An address of the book at which there is no host is unreachable like any other.
func TestNobodyAnswersAtUnknownAddresses(t *testing.T) {
	n, k := build(t, 3, latency.Constant(10*time.Millisecond), 1)
	n.Start(0)
	a := newAnswers(k)
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("a ping to an address without a host: %v", r)
		}
	}()
	n.Host(0).Call(peer.FromID(7), message.Request{Kind: message.KindPing, Timeout: time.Second}, a, 7)
	k.Drain()
	if len(a.got[7]) != 1 || a.got[7][0].Err != message.ErrUnreachable {
		t.Errorf("a ping to an address without a host got %v", a.got[7])
	}
}

// kinds that a node can be asked for by a stranger without a body, some answered at once
// and some later.
var kinds = []message.Kind{message.KindPing, message.KindStatus, message.KindStructure, message.KindInterview, message.KindAvailableNode}

// Every call is answered exactly once, never from inside Call, and never after the
// asker's patience, whatever latencies and patiences are.
func TestEveryCallIsAnsweredOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		low := time.Duration(rapid.IntRange(0, 50).Draw(r, "low")) * time.Millisecond
		high := low + time.Duration(rapid.IntRange(0, 500).Draw(r, "spread"))*time.Millisecond
		n, k := build(t, 4, latency.Uniform{Low: low, High: high}, rapid.Uint64().Draw(r, "seed"))
		for i := range 3 {
			n.Start(i)
		}
		a := newAnswers(k)
		patience := make(map[uint32]time.Duration)
		calls := rapid.IntRange(1, 60).Draw(r, "calls")
		for tag := range uint32(calls) {
			patience[tag] = time.Duration(rapid.IntRange(1, 1200).Draw(r, "patience")) * time.Millisecond
			req := message.Request{Kind: rapid.SampledFrom(kinds).Draw(r, "kind"), Timeout: patience[tag]}
			a.inside = true
			n.Host(rapid.IntRange(0, 3).Draw(r, "from")).Call(peer.FromID(uint32(rapid.IntRange(1, 4).Draw(r, "to"))), req, a, tag)
			a.inside = false
		}
		k.Drain()
		for tag := range uint32(calls) {
			if len(a.got[tag]) != 1 {
				r.Fatalf("call %d was answered %d times", tag, len(a.got[tag]))
			}
			if a.at[tag] > patience[tag] {
				r.Fatalf("call %d was answered after %v, with a patience of %v", tag, a.at[tag], patience[tag])
			}
		}
		if a.nested {
			r.Fatal("an answer came from inside Call")
		}
	})
}

// Where nothing is lost, what is sent is received; and what the partitions count is what
// the hosts count.
func TestTrafficAddsUp(t *testing.T) {
	const nodes = 20
	n, k := build(t, nodes, latency.Uniform{Low: 5 * time.Millisecond, High: 40 * time.Millisecond}, 3)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range nodes {
		n.Start(i)
	}
	for range 300 {
		n.Host(rng.IntN(nodes)).Node.Sync()
		k.Drain()
	}
	asked := 0
	for range 20 {
		n.Client(0).Client.Ask(peer.FromID(uint32(rng.IntN(nodes))+1), 5, &message.QueryRequest{Name: "nothing"}, func(*message.QueryAnswer, error) { asked++ })
		k.Drain()
	}
	var sum inmem.Traffic
	add := func(t inmem.Traffic) {
		sum.RequestsSent += t.RequestsSent
		sum.RequestsReceived += t.RequestsReceived
		sum.BytesSent += t.BytesSent
		sum.BytesReceived += t.BytesReceived
	}
	for i := range nodes {
		add(n.Host(i).Traffic)
	}
	add(n.Client(0).Traffic)
	partition := n.Partitions()[0]
	switch {
	case asked != 20 || sum.RequestsSent < 1000:
		t.Fatalf("only %d searches and %d requests", asked, sum.RequestsSent)
	case sum.RequestsSent != sum.RequestsReceived || sum.BytesSent != sum.BytesReceived:
		t.Errorf("sent and received differ: %+v", sum)
	case partition.Total.Requests != uint64(sum.RequestsSent) || partition.Total.Bytes != sum.BytesSent:
		t.Errorf("the partition counts %+v, the hosts %+v", partition.Total, sum)
	case partition.Upkeep.Requests+n.Trace(5).Requests != partition.Total.Requests || partition.Upkeep.Bytes+n.Trace(5).Bytes != partition.Total.Bytes:
		t.Errorf("upkeep %+v and searches %+v do not make the total %+v", partition.Upkeep, n.Trace(5), partition.Total)
	}
}

// The same seed gives the same events, another seed others.
func TestFingerprintFollowsTheSeed(t *testing.T) {
	run := func(seed uint64) uint64 {
		n, k := build(t, 9, latency.Uniform{Low: 5 * time.Millisecond, High: 40 * time.Millisecond}, seed)
		for i := range 9 {
			n.Start(i)
		}
		for i := range 90 {
			n.Host(i % 9).Node.Sync()
			k.Drain()
		}
		return n.Fingerprint()
	}
	first := run(1)
	if again := run(1); again != first {
		t.Error("two runs of one seed differ")
	}
	if run(2) == first {
		t.Error("two seeds give one run")
	}
}

// A draw more at one host shifts nothing at another: the streams are their own.
func TestStreamsAreSeparate(t *testing.T) {
	draw := func(disturb bool) (at time.Duration, own uint64) {
		n, k := build(t, 3, latency.Uniform{Low: 5 * time.Millisecond, High: 40 * time.Millisecond}, 1)
		n.Start(0)
		a := newAnswers(k)
		if disturb {
			n.Host(2).Call(peer.FromID(1), message.Request{Kind: message.KindPing, Timeout: time.Second}, a, 9)
			n.Host(1).Rand().Uint64()
		}
		n.Host(1).Call(peer.FromID(1), message.Request{Kind: message.KindPing, Timeout: time.Second}, a, 1)
		k.Drain()
		return a.at[1], n.Host(0).Rand().Uint64()
	}
	quietAt, quietOwn := draw(false)
	if at, own := draw(true); at != quietAt || own != quietOwn {
		t.Errorf("another host's draws changed a latency from %v to %v, or a node's own draw", quietAt, at)
	}
}

// Each node may have a Config of its own: of two nodes that ask a third one, which takes
// 2 s to answer, only the one that waits for 3 s gets the answer.
func TestNodesMayDifferInTheirConfig(t *testing.T) {
	book := peer.NewBook(0)
	var configs []*core.Config
	for i, timeout := range []time.Duration{time.Second, time.Second, 3 * time.Second} {
		if _, err := book.Intern(peer.MustParse(fmt.Sprintf("10.0.0.%d:4000", i+1))); err != nil {
			t.Fatal(err)
		}
		c := &core.Config{
			Book: book, Bootstrap: []core.Peer{peer.FromID(1)}, ManualSync: true,
			SyncInterval: time.Minute, ServerTimeout: timeout, PingTimeout: timeout,
		}
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		configs = append(configs, c)
	}
	n := inmem.New(inmem.Options{
		Config: func(i int) *core.Config { return configs[i] }, Latency: latency.Constant(time.Second), Nodes: 3, Seed: 1,
	})
	t.Cleanup(n.Close)
	k := &kernel{partition: n.Partitions()[0]}
	k.partition.Attach(k)
	for i := range configs {
		n.Start(i)
	}
	n.Host(1).Node.Sync()
	n.Host(2).Node.Sync()
	k.Run(2 * time.Second)
	if one, three := n.Host(1).Traffic.BytesReceived, n.Host(2).Traffic.BytesReceived; one > 0 || three == 0 {
		t.Errorf("after 2 s the node that waits for 1 s has received %d bytes, the one that waits for 3 s %d", one, three)
	}
}

// Work is done at once, and its end comes when its price has passed: to a host that is down
// as well, and never from inside Offload.
func TestWorkTakesItsPrice(t *testing.T) {
	n, k := build(t, 2, latency.Constant(10*time.Millisecond), 1)
	k.Run(time.Second)
	a := newAnswers(k)
	worked := 0
	a.inside = true
	for tag, price := range []time.Duration{0, -time.Second, 30 * time.Millisecond} {
		n.Host(0).Offload(price, func() { worked++ }, a, uint32(tag))
	}
	a.inside = false
	if worked != 3 {
		t.Errorf("%d of 3 pieces of work are done at once", worked)
	}
	k.Drain()
	for tag, want := range map[uint32]time.Duration{0: time.Second, 1: time.Second, 2: 1030 * time.Millisecond} {
		if len(a.got[tag]) != 1 || a.got[tag][0] != (message.Response{}) || a.at[tag] != want || a.nested {
			t.Errorf("work %d ended with %v at %v, want %v", tag, a.got[tag], a.at[tag], want)
		}
	}
	before := n.Fingerprint()
	n.Host(0).Offload(0, func() {}, a, 9)
	k.Drain()
	if n.Fingerprint() == before {
		t.Error("the end of work is not in the fingerprint")
	}
}

// The timer of a host that is down wakes no node, and one in the past goes off now.
func TestTimersWakeNodesThatAreUp(t *testing.T) {
	n, k := build(t, 1, latency.Constant(10*time.Millisecond), 1)
	k.Run(time.Second)
	syncs := func() int { return n.Host(0).Node.State().SyncCount }
	const syncTag = 0 // a node's own timer for its next sync
	n.Host(0).After(0, syncTag)
	k.Run(time.Second)
	if n.Host(0).Up() || syncs() != 0 {
		t.Errorf("a node that is down has synced %d times", syncs())
	}
	n.Start(0)
	n.Host(0).After(-time.Minute, syncTag)
	k.Run(time.Second)
	if !n.Client(0).Up() {
		t.Error("a client is down")
	}
	if !n.Host(0).Up() || syncs() != 1 {
		t.Errorf("a node that is up has synced %d times", syncs())
	}
}

// Every delivered event is in the fingerprint: that of a host which it happened to, when,
// and how it ended.
func TestFingerprintTellsOutcomesApart(t *testing.T) {
	seen := make(map[uint64]string)
	for name, call := range map[string]func(n *inmem.Network, a *answers){
		"none":        func(*inmem.Network, *answers) {},
		"answered":    func(n *inmem.Network, a *answers) { n.Host(1).Call(peer.FromID(1), ping, a, 0) },
		"timeout":     func(n *inmem.Network, a *answers) { n.Host(1).Call(peer.FromID(1), within(time.Millisecond), a, 0) },
		"timeout 2":   func(n *inmem.Network, a *answers) { n.Host(1).Call(peer.FromID(1), within(2*time.Millisecond), a, 0) },
		"unreachable": func(n *inmem.Network, a *answers) { n.Host(1).Call(peer.FromID(3), ping, a, 0) },
		"no host":     func(n *inmem.Network, a *answers) { n.Host(1).Call(peer.FromID(8), ping, a, 0) },
		"refused": func(n *inmem.Network, a *answers) {
			req := message.Request{Kind: message.KindProvide, From: peer.FromID(2), Timeout: time.Second, Body: &message.ProvideRequest{}}
			n.Host(1).Call(peer.FromID(1), req, a, 0)
		},
		"by a client": func(n *inmem.Network, a *answers) { n.Client(0).Call(peer.FromID(1), ping, a, 0) },
	} {
		n, k := build(t, 3, latency.Constant(10*time.Millisecond), 1)
		n.Start(0)
		call(n, newAnswers(k))
		k.Drain()
		if other, taken := seen[n.Fingerprint()]; taken {
			t.Errorf("%q and %q have one fingerprint", name, other)
		}
		seen[n.Fingerprint()] = name
		if left := n.Partitions()[0].InFlight(); left > 0 {
			t.Errorf("%s: %d messages and calls are left behind", name, left)
		}
	}
}

// within is a ping with a timeout.
func within(timeout time.Duration) message.Request {
	return message.Request{Kind: message.KindPing, Timeout: timeout}
}

// What a node notes is counted, and told to the observer with the node's index.
func TestNotesAreCountedAndTold(t *testing.T) {
	book := peer.NewBook(0)
	for i := range 2 {
		if _, err := book.Intern(peer.MustParse(fmt.Sprintf("10.0.0.%d:4000", i+1))); err != nil {
			t.Fatal(err)
		}
	}
	c := &core.Config{Book: book, Bootstrap: []core.Peer{peer.FromID(1)}}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	var told []string
	n := inmem.New(inmem.Options{
		Config: inmem.OneConfig(c), Latency: latency.Constant(time.Millisecond), Nodes: 2,
		Observe: func(node int, note core.Note) { told = append(told, fmt.Sprint(node, " ", note.What)) },
	})
	defer n.Close()
	note := core.Note{What: core.NoteShed}
	n.Host(1).Note(note)
	n.Host(0).Note(note)
	if want := []string{"1 shed", "0 shed"}; !slices.Equal(told, want) || n.Partitions()[0].Notes[core.NoteShed] != 2 {
		t.Errorf("told %v, counted %v", told, n.Partitions()[0].Notes)
	}
}
