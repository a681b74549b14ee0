package coretest

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"spreadable/core"
	"spreadable/core/host/memory"
	"spreadable/core/message"
	"spreadable/core/peer"
	"spreadable/core/state"
)

// Host is a node, a peer that an actor plays, or a client.
type Host struct {
	Number uint32
	Node   *core.Node  // its present life; nil after a crash, and where there is no node
	Client core.Client // of a client
	IP     netip.Addr  // of a client; not valid otherwise
	Actor  Actor       // answers in place of the node; nil for an honest node

	// Up hosts are reached. One that is down refuses all requests, and its timers wait
	// for Revive; its node keeps what it knows.
	Up bool
	// A hung host takes requests and never answers, and its timers wait for Revive.
	Hung bool

	Slow  time.Duration // added to each message from or to the host
	Ahead time.Duration // how far its wall clock is ahead of the others'
	Group int           // hosts of different groups are cut off from each other

	Saved state.State // what a store would hold after the latest crash
	Lives int         // how often it was booted

	net     *Network
	disk    *memory.Disk // nil until an extension needs one
	config  *core.Config
	life    *life
	seq     uint64   // events scheduled
	missed  []uint32 // timers that were due while it was down or hung
	silent  bool     // crashed, and swallows requests instead of refusing them
	held    bool
	waiting []func() // what happened to it while it was held
}

// Peer is the host as others hold it.
func (h *Host) Peer() core.Peer { return peer.FromID(h.Number) }

// Config is what the node was made with. What of it a running node may change, a test may
// change too.
func (h *Host) Config() *core.Config { return h.config }

// Network is the network that the host is part of.
func (h *Host) Network() *Network { return h.net }

// Name is the number of a host, client1 for a client.
func (h *Host) Name() string {
	if h.IP.IsValid() {
		return fmt.Sprintf("client%d", h.Number-firstClient)
	}
	return fmt.Sprint(h.Number)
}

// Start starts the node for the first time.
func (h *Host) Start() {
	h.Up = true
	h.Node.Start()
}

// Revive brings back a host that was down or hung: its clock runs again, and the timers
// that it missed go off.
func (h *Host) Revive() {
	h.Up, h.Hung = true, false
	for _, tag := range h.missed {
		h.life.After(0, tag)
	}
	h.missed = nil
}

// Crash ends the node. All that it was in the middle of is gone; what a store would have
// is in Saved. A silent host swallows requests from now on, as a machine without power
// does; others are refused.
func (h *Host) Crash(silent bool) {
	if !h.Up {
		return
	}
	h.Saved = h.Node.State()
	h.Up, h.silent, h.held, h.waiting = false, silent, false, nil
	h.life.pool.Close()
	h.life, h.Node = nil, nil
	if h.disk != nil {
		h.disk.Crash()
	}
}

// Boot starts a new life of the node, with what it remembers or, if that is nil, without.
func (h *Host) Boot(remembered *state.State) {
	h.Lives++
	h.live()
	h.Up, h.held, h.waiting = true, false, nil
	if remembered != nil {
		h.net.must(h.Node.Restore(*remembered))
	}
	h.Node.Start()
}

// Restart stops the node and starts it again in the same place, with nothing that it
// knew. Timers and answers that are on their way to its first life still arrive: it is
// for the node to ignore them. After a Crash the world itself drops them.
func (h *Host) Restart() {
	h.Node.Stop()
	h.Node.Init(h.config, h.life, &h.life.pool, h.Peer())
	h.Node.Start()
}

// live gives the host a node that has not started.
func (h *Host) live() {
	n := h.net
	h.life = n.newLife(h)
	h.Node = &h.life.node
	h.Node.Init(h.config, h.life, &h.life.pool, h.Peer())
	if n.Prepare != nil {
		n.Prepare(h)
	}
}

// Hold stops the host as a stopped process: all that happens to it waits for Release.
func (h *Host) Hold() { h.held = true }

// Release lets the host run again. All that waited happens to it now, in its order.
func (h *Host) Release() {
	if !h.held {
		return
	}
	waiting := h.waiting
	h.held, h.waiting = false, nil
	for _, do := range waiting {
		h.net.schedule(h, h.net.now, h.Number, do)
	}
}

// At does something with the host at a point in time, whatever state it is in then.
func (h *Host) At(t time.Duration, do func()) { h.net.schedule(h, t, h.Number, do) }

// Call sends a request from the host, past its node.
func (h *Host) Call(to core.Peer, req message.Request, sink core.Sink, tag uint32) {
	h.life.Call(to, req, sink, tag)
}

// life is one life of a host, from boot to crash: the world as its node sees it. What the
// world still had for a life that is over is dropped, and never reaches the next.
type life struct {
	host    *Host
	node    core.Node
	pool    core.Pool
	random  *rand.Rand
	open    map[core.Ticket]*exchange
	tickets core.Ticket
}

func (n *Network) newLife(h *Host) *life {
	l := &life{
		host: h, random: rand.New(rand.NewPCG(n.Seed^uint64(h.Lives)<<40, uint64(h.Number))),
		open: make(map[core.Ticket]*exchange),
	}
	n.lives = append(n.lives, l)
	return l
}

// inside does something inside the host: later if it is held, never if this life is over.
func (l *life) inside(do func()) {
	switch h := l.host; {
	case h.life != l:
	case h.held:
		h.waiting = append(h.waiting, func() { l.inside(do) })
	default:
		do()
	}
}

// Now implements core.Env.
func (l *life) Now() time.Duration { return l.host.net.now }

// Wall implements core.Env.
func (l *life) Wall() time.Duration { return l.host.net.now + l.host.Ahead }

// Rand implements core.Env.
func (l *life) Rand() *rand.Rand { return l.random }

// After implements core.Env.
func (l *life) After(d time.Duration, tag uint32) {
	n := l.host.net
	n.schedule(l.host, n.now+max(0, d), l.host.Number, func() { l.inside(func() { l.wake(tag) }) })
}

// Offload implements core.Env: work is done at once, and its price passes.
func (l *life) Offload(price time.Duration, work func(), sink core.Sink, tag uint32) {
	n := l.host.net
	work()
	n.schedule(l.host, n.now+max(0, price), l.host.Number, func() {
		l.inside(func() { sink.Answer(tag, message.Response{}) })
	})
}

func (l *life) wake(tag uint32) {
	if l.host.Up && !l.host.Hung {
		l.node.Wake(tag)
	} else {
		l.host.missed = append(l.host.missed, tag)
	}
}

// Note implements core.Env.
func (l *life) Note(note core.Note) {
	n := l.host.net
	if n.Observer != nil {
		n.Observer.Noted(l.host, note)
	}
	if n.Untold {
		return
	}
	text := fmt.Sprintf("%v %s: %s", n.now-Begin, l.host.Name(), note.What)
	if !note.About.IsZero() {
		text += fmt.Sprintf(" %d", note.About.ID())
	}
	if note.Text != "" {
		text += ": " + note.Text
	}
	n.Notes = append(n.Notes, text)
}
