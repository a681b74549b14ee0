package sim

import (
	"math/rand/v2"
	"time"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/internal/stream"
	"spreadable/sim/kernel"
	"spreadable/sim/lie"
)

// liar is a host that lies or has lied: it implements lie.World and lie.Host.
type liar struct {
	attacks *attacks
	host    int
	attack  int
	kind    lie.Kind
	lie     *lie.Liar
	answer  lie.Answer // nil before it begins, and when it has ended

	planned uint32            // actions so far
	actions map[uint32]func() // those to come, by their numbers
}

// liarSource is the source of the events of liars: after nodes and clients, before the
// scenario's own.
const liarSource = scenarioSource - 1

func newLiar(a *attacks, host, attack int, kind lie.Kind) *liar {
	l := &liar{attacks: a, host: host, attack: attack, kind: kind, actions: make(map[uint32]func())}
	if before := a.liars[host]; before != nil {
		l.planned = before.planned
	}
	l.lie = &lie.Liar{
		World: l, Host: l, Random: rand.New(stream.New(a.world.scenario.Seed, uint64(attack)<<32|uint64(host), stream.Lie)),
	}
	return l
}

// plan makes the liar do something at a time. It is called from the host's partition, or
// while all workers stand still.
func (l *liar) plan(at time.Duration, do func()) {
	w := l.attacks.world
	l.actions[l.planned] = do
	w.kernel.Partition(w.net.PartitionOf(uint32(l.host))).Schedule(kernel.Event{
		Time: int64(at), To: uint32(l.host), From: liarSource, Seq: l.planned, Slot: l.planned, Kind: uint8(eventLie),
	})
	l.planned++
}

// act does what was planned under a number, unless the lie has ended.
func (l *liar) act(number uint32) {
	if do := l.actions[number]; do != nil {
		delete(l.actions, number)
		do()
	}
}

// begin makes the liar lie.
func (l *liar) begin() {
	net := l.attacks.world.net
	switch {
	case l.kind.Runs:
		net.Start(l.host)
	case l.kind.Intrudes:
		net.Listen(l.host)
	}
	l.answer = l.kind.Begin(l.lie)
}

// leave ends the node of an intruder that is there for a time.
func (l *liar) leave() { l.attacks.world.net.Stop(l.host) }

// Now implements lie.World.
func (l *liar) Now() time.Duration {
	w := l.attacks.world
	return w.net.Host(l.host).Now() - w.epoch
}

// At implements lie.World.
func (l *liar) At(t time.Duration, do func()) {
	if l.actions != nil {
		l.plan(max(t, l.Now()), do)
	}
}

// Peers implements lie.World.
func (l *liar) Peers() []core.Peer { return l.attacks.peers }

// Phantom implements lie.World.
func (l *liar) Phantom(i int) core.Peer { return l.attacks.absent[i%len(l.attacks.absent)] }

// Known implements lie.World.
func (l *liar) Known() int { return l.attacks.world.book.Len() }

// Peer implements lie.Host.
func (l *liar) Peer() core.Peer { return peerOf(l.host) }

// Structure implements lie.Host.
func (l *liar) Structure() *message.Structure { return l.attacks.world.node(l.host).Structure() }

// Serve implements lie.Host.
func (l *liar) Serve(req *message.Request) message.Response {
	resp, _ := l.attacks.world.node(l.host).Serve(req, 0)
	return resp
}

// Call implements lie.Host.
func (l *liar) Call(to core.Peer, req message.Request, done func(message.Response)) {
	l.attacks.world.net.Host(l.host).Call(to, req, sink(done), 0)
}

// sink takes an answer: a core.Sink.
type sink func(message.Response)

// Answer implements core.Sink.
func (s sink) Answer(_ uint32, resp message.Response) { s(resp) }
