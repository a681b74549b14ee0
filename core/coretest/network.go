package coretest

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/peer"
)

// Begin is when a network's time begins. It is not the Unix epoch, as no other time in
// the world is.
const Begin = 1_700_000_100 * time.Second

// Network is a little network in virtual time. Host i is peer i; its address is
// 10.0.0.i:4000 unless the test names another.
type Network struct {
	Events
	Book *peer.Book
	Seed uint64 // of the random streams of the hosts that are added from now on

	// A message between two hosts takes a time between Low and High, drawn anew for each,
	// and is lost with probability Loss. Equal times and no loss draw nothing. What a host
	// asks of itself takes no time and is never lost.
	Low, High time.Duration
	Loss      float64

	// CutSwallows makes a cut swallow messages, so that the asker runs into its timeout.
	// Otherwise the asker learns at once that the peer is unreachable.
	CutSwallows bool

	// InTurn lets events of one moment happen in the order in which they were scheduled.
	// Otherwise they have the order of Event, which does not depend on what happens
	// elsewhere.
	InTurn bool

	// Prepare is called with each new node before it starts, to offer applications to it.
	Prepare func(*Host)

	// Observer is told what happens, if it is not nil. With Untold set, Trace and Notes
	// stay empty: they would grow for as long as the network runs.
	Observer Observer
	Untold   bool
	Trace    []*Record
	Notes    []string

	t       testing.TB
	weather *rand.Rand // latencies and losses
	hosts   map[uint32]*Host
	order   []*Host // by number
	clients map[int]*Host
	lives   []*life
	open    int    // requests without an answer yet
	turns   uint64 // events scheduled in turn
}

// Observer sees all that ends and all that nodes note.
type Observer interface {
	// Ended is called with each request once it is answered, or has failed.
	Ended(r *Record)
	// Noted is called with each note of a node.
	Noted(h *Host, note core.Note)
}

// New returns an empty network in which each message takes the same time. It ends with
// the test; t is nil in examples, which end with their process.
func New(t testing.TB, latency time.Duration, seed uint64) *Network {
	n := &Network{
		Events: Events{now: Begin}, Book: peer.NewBook(0), Seed: seed, Low: latency, High: latency,
		t: t, weather: rand.New(rand.NewPCG(seed, 0xfa02)),
		hosts: make(map[uint32]*Host), clients: make(map[int]*Host),
	}
	if t != nil {
		t.Cleanup(n.Close)
	}
	return n
}

// Close ends what the nodes are in the middle of. The network must not be used again.
func (n *Network) Close() {
	for _, l := range n.lives {
		l.pool.Close()
	}
	n.lives = nil
}

// Peer is the peer at an address, whether or not there is a host.
func (n *Network) Peer(address string) core.Peer {
	p, err := n.Book.Intern(peer.MustParse(address))
	n.must(err)
	return p
}

func (n *Network) must(err error) {
	switch {
	case err == nil:
	case n.t == nil:
		panic(err)
	default:
		n.t.Helper()
		n.t.Fatal(err)
	}
}

// AddNode adds a host with a node, not started yet, at the address, or at the next free
// one if that is "". The config gets its book and its defaults.
func (n *Network) AddNode(address string, c core.Config) *Host {
	h := n.add(address)
	c.Book = n.Book
	n.must(c.Validate())
	h.config = &c
	h.live()
	return h
}

// Play adds a host without a node, which an actor plays.
func (n *Network) Play(address string, actor Actor) *Host {
	h := n.add(address)
	h.Actor, h.Up = actor, true
	h.life = n.newLife(h)
	return h
}

func (n *Network) add(address string) *Host {
	number := uint32(n.Book.Len()) + 1
	if address == "" {
		address = fmt.Sprintf("10.%d.%d.%d:4000", number>>16&255, number>>8&255, number&255)
	}
	if p := n.Peer(address); p.ID() != number {
		n.must(fmt.Errorf("%s is peer %d already", address, p.ID()))
	}
	h := &Host{Number: number, net: n}
	n.hosts[number] = h
	n.order = append(n.order, h)
	return h
}

// Host returns the host of that number; nil if there is none.
func (n *Network) Host(number uint32) *Host { return n.hosts[number] }

// HostOf returns the host of a peer; nil if there is none.
func (n *Network) HostOf(p core.Peer) *Host { return n.hosts[p.ID()] }

// Hosts returns all hosts by number, without the clients.
func (n *Network) Hosts() []*Host { return n.order }

// Live returns the hosts whose node is up and speaks for itself.
func (n *Network) Live() []*Host {
	var live []*Host
	for _, h := range n.order {
		if h.Up && h.Actor == nil {
			live = append(live, h)
		}
	}
	return live
}

// firstClient is the number of client 0, far from those of the hosts.
const firstClient = 100_000

// Client returns the i-th client, at 192.0.2.i.
func (n *Network) Client(i int) *Host {
	c := n.clients[i]
	if c == nil {
		c = &Host{Number: uint32(firstClient + i), IP: netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), Up: true, net: n}
		c.life = n.newLife(c)
		c.Client.Init(c.life, &c.life.pool, c.IP, 10*time.Second)
		n.clients[i] = c
	}
	return c
}

// Cut cuts the hosts from a number on, and the clients, off from those before it.
func (n *Network) Cut(from uint32) {
	n.regroup(func(h *Host) int {
		if h.Number >= from {
			return 1
		}
		return 0
	})
}

// Heal ends all cuts.
func (n *Network) Heal() { n.regroup(func(*Host) int { return 0 }) }

func (n *Network) regroup(group func(*Host) int) {
	for _, h := range n.order {
		h.Group = group(h)
	}
	for _, c := range n.clients { // order-free: each on its own
		c.Group = group(c)
	}
}

// Pending is how many requests have no answer yet.
func (n *Network) Pending() int { return n.open }

// Idle reports that no node or client is in the middle of a procedure.
func (n *Network) Idle() bool {
	for _, l := range n.lives {
		if !l.pool.Idle() {
			return false
		}
	}
	return true
}

// Settle runs until every request has its answer. Timers that are due meanwhile go off.
func (n *Network) Settle() {
	for n.open > 0 && n.Step(n.now+time.Hour) {
	}
}

// schedule lets something happen to a host by the doing of another.
func (n *Network) schedule(from *Host, at time.Duration, to uint32, do func()) {
	if n.InTurn {
		n.turns++
		n.Schedule(Event{At: max(at, n.now), Seq: n.turns, Do: do})
		return
	}
	n.Schedule(Event{At: at, To: to, From: from.Number, Seq: from.seq, Do: do})
	from.seq++
}
