package inmem

import (
	"math/rand/v2"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/wire"
)

// Event is something that will happen to a host. The order of events at one time is by
// destination, source and the source's own count (To, From, Seq), never by when they were
// scheduled.
type Event struct {
	At            time.Duration
	To, From, Seq uint32
	Slot, Gen     uint32 // the partition's: a message, a call, or the tag of a timer
	Kind          EventKind
}

// EventKind says what happens.
type EventKind uint8

// What can happen to a host. Kinds from EventKinds on are the kernel's own. The numbers
// are part of fingerprints.
const (
	arriveRequest EventKind = iota
	arriveAnswer
	expireCall
	refuseCall
	wakeNode
	finishWork
	readRequest // after a wait at the receiver's end of the link
	readAnswer
	turnAway // a request that its receiver has no capacity for
	EventKinds
)

// Scheduler is the kernel as a partition needs it. Times are virtual, since the start of
// the run.
type Scheduler interface {
	// Now is the time of the event being delivered.
	Now() time.Duration
	// Schedule makes the kernel call Partition.Deliver at e.At, which is not before Now.
	Schedule(e Event)
}

// Partition is a part of a network: the hosts that one worker of the kernel drives at a
// time.
type Partition struct {
	net    *Network
	number int
	sched  Scheduler
	pool   *core.Pool
	rng    *rand.Rand // over source, whose stream is set for each use
	source switchSource

	sizes    *wire.Sizes
	learned  []map[uint32]edition // of hosts, what they have learned of others but one
	calls    table[call]
	requests table[request]
	answers  table[answer]
	out      [][]Envelope // for each other partition: what is on its way there
	touched  uint32       // keeps the loads of table.touch alive

	traces  []Trace // of clients' operations, by Request.Trace
	Direct  uint64  // bytes of requests of applications to one node, with their streams
	Upkeep  Trace   // requests that serve no client: what it takes to keep the network together
	Total   Trace
	Notes   [core.NumWhats]int
	Arrived uint64 // events delivered
}

// call is a request that a host of this partition waits for.
type call struct {
	sink  core.Sink
	tag   uint32
	trace uint32 // of the request
}

// request is a request on its way to a host of this partition, or there and not answered
// yet. What is read first comes first, for the processor's cache.
type request struct {
	call    uint32 // at the asker
	gen     uint32
	from    uint32
	bytes   uint32        // as sent
	back    time.Duration // latency of the way back, drawn by the asker; or drawnAtAnswer of a time
	known   edition       // what the asker has of the receiver's structure
	expired bool          // the asker has given up already: no answer
	req     message.Request
}

// answer is an answer on its way to a host of this partition.
type answer struct {
	call  uint32 // at the asker
	gen   uint32
	resp  message.Response
	bytes uint32  // as sent
	fresh edition // what the asker learns; 0 for nothing
}

// Envelope is an event for another partition, with its message.
type Envelope struct {
	event   Event
	request request // of an arriveRequest
	answer  answer  // of an arriveAnswer
}

func newPartition(n *Network, number, partitions int) *Partition {
	p := &Partition{net: n, number: number, pool: new(core.Pool), out: make([][]Envelope, partitions)}
	p.sizes = wire.NewSizes(n.opts.Config(0).Book, wire.DefaultVersion)
	p.rng = rand.New(&p.source)
	return p
}

// Attach connects the partition with its kernel. Required before anything else.
func (p *Partition) Attach(s Scheduler) { p.sched = s }

// switchSource lets one rand.Rand draw from the streams of all hosts of a partition.
type switchSource struct{ stream *rand.PCG }

func (s *switchSource) Uint64() uint64 { return s.stream.Uint64() }

func (p *Partition) randFrom(stream *rand.PCG) *rand.Rand {
	p.source.stream = stream
	return p.rng
}

// sendRequest sends a request to a host, of this partition or another: the result, which
// the caller fills at once.
func (p *Partition) sendRequest(from *endpoint, ev Event) (m *request) {
	ev.Kind = arriveRequest
	from.number(&ev)
	if to := p.net.PartitionOf(ev.To); to != p.number {
		return &p.enclose(to, ev).request
	}
	ev.Slot, _, m = p.requests.add()
	p.sched.Schedule(ev)
	return m
}

// sendAnswer sends an answer to a host, of this partition or another: the result, which
// the caller fills at once.
func (p *Partition) sendAnswer(from *endpoint, ev Event) (m *answer) {
	ev.Kind = arriveAnswer
	from.number(&ev)
	if to := p.net.PartitionOf(ev.To); to != p.number {
		return &p.enclose(to, ev).answer
	}
	ev.Slot, _, m = p.answers.add()
	p.sched.Schedule(ev)
	return m
}

// enclose adds an envelope for another partition.
func (p *Partition) enclose(to int, ev Event) *Envelope {
	p.out[to] = append(p.out[to], Envelope{event: ev})
	return &p.out[to][len(p.out[to])-1]
}

// Waiting is how many envelopes wait for another partition.
func (p *Partition) Waiting(to int) int { return len(p.out[to]) }

// Seal returns the envelopes for another partition since the last call. The partition
// goes on with empty, which it owns from now on.
func (p *Partition) Seal(to int, empty []Envelope) []Envelope {
	sealed := p.out[to]
	p.out[to] = empty[:0]
	return sealed
}

// Accept takes over envelopes from another partition, and leaves them blank.
func (p *Partition) Accept(envelopes []Envelope) {
	for i := range envelopes {
		ev := envelopes[i].event
		if ev.Kind == arriveRequest {
			ev.Slot, _ = p.requests.put(&envelopes[i].request)
		} else {
			ev.Slot, _ = p.answers.put(&envelopes[i].answer)
		}
		p.sched.Schedule(ev)
	}
	clear(envelopes)
}

// Touch loads what delivering an event will need first, so that the memory for several
// events is fetched at the same time instead of one after the other: the host, and the
// message. It returns something that depends on it.
func (p *Partition) Touch(kind EventKind, host, slot uint32) uint64 {
	if int(host) >= len(p.net.hosts) {
		return 0
	}
	h := &p.net.hosts[host]
	touched := h.hash + h.Node.Touch()
	switch kind {
	case arriveRequest: // 112 bytes, in up to three lines of 64
		m := &p.requests.slots[slot]
		touched += uint64(m.value.call) + uint64(m.value.req.Timeout) + uint64(m.gen)
	case arriveAnswer:
		m := &p.answers.slots[slot]
		touched += uint64(m.value.call) + uint64(m.gen)
	case wakeNode:
		touched += h.Node.TouchSync()
	}
	return touched
}

// TouchCall loads, after Touch, what an answer is waited for by.
func (p *Partition) TouchCall(kind EventKind, slot uint32) uint64 {
	if kind != arriveAnswer {
		return 0
	}
	return uint64(p.calls.slots[p.answers.at(slot).call].gen)
}

// TouchSink loads, after TouchCall, what takes an answer.
func (p *Partition) TouchSink(kind EventKind, host, slot uint32) uint64 {
	if kind != arriveAnswer || int(host) >= len(p.net.hosts) {
		return 0
	}
	return p.net.hosts[host].Node.TouchAnswer(p.calls.slots[p.answers.at(slot).call].value.sink)
}
