package faults

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/peer"
	"spreadable/sim/fault"
)

// round is the time of one sync of each node, in which faults are measured.
const round = fault.Round

// World is a network and what happens to it.
type World struct {
	*coretest.Network
	Bans []Ban // by any node, in the order of time

	boots   []core.Peer
	breaker *fault.Breaker
	log     io.Writer
}

// Ban is a ban that a node gave.
type Ban struct {
	At      time.Duration // since the beginning
	By, Who uint32
	Reason  string
}

// newWorld makes an empty world whose first nodes, so many, are the bootstrap nodes. All
// that happens is written to log, a line each.
func newWorld(t testing.TB, seed uint64, boots int, log io.Writer) *World {
	w := &World{Network: coretest.New(t, 0, seed), log: log}
	w.breaker = &fault.Breaker{World: seam{w}, Random: rand.New(rand.NewPCG(seed, 0xfa01)), Boots: boots}
	w.Low, w.High = 10*time.Millisecond, 60*time.Millisecond
	w.CutSwallows, w.InTurn, w.Untold = true, true, true
	w.Observer, w.Prepare = w, coretest.OfferHolder
	for i := range boots {
		w.boots = append(w.boots, peer.FromID(uint32(i)+1))
	}
	return w
}

// grown is a world with so many nodes, all started at once.
func grown(t testing.TB, size int, seed uint64, boots int, log io.Writer) *World {
	w := newWorld(t, seed, min(boots, size), log)
	for range size {
		w.newcomer().Boot(nil)
	}
	return w
}

// newcomer adds a host whose node does not run yet.
func (w *World) newcomer() *coretest.Host {
	return w.AddNode("", core.Config{Bootstrap: w.boots})
}

// Ended implements coretest.Observer.
func (w *World) Ended(r *coretest.Record) {
	fmt.Fprintf(w.log, "%d %s>%d %s: %s\n", w.Now()-coretest.Begin, r.From, r.To.ID(), r.Kind, r.Outcome)
}

// Noted implements coretest.Observer.
func (w *World) Noted(h *coretest.Host, note core.Note) {
	at := w.Now() - coretest.Begin
	fmt.Fprintf(w.log, "%d %d: %s %d %s\n", at, h.Number, note.What, note.About.ID(), note.Text)
	if note.What == core.NoteBanned {
		w.Bans = append(w.Bans, Ban{At: at, By: h.Number, Who: note.About.ID(), Reason: note.Text})
	}
}

// FalseBans are the bans of honest nodes by honest ones.
func (w *World) FalseBans() []Ban {
	return slices.DeleteFunc(slices.Clone(w.Bans), func(b Ban) bool { return !w.honest(b.By) || !w.honest(b.Who) })
}

func (w *World) honest(number uint32) bool {
	h := w.Host(number)
	return h != nil && h.Actor == nil
}
