package faults

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/peer"
)

// round is the time of one sync of each node, in which faults are measured.
const round = core.DefaultSyncInterval

// World is a network and the plan of what happens to it. The plan has a random stream of its
// own, so that another fault leaves latencies as they are.
type World struct {
	*coretest.Network
	Bans []Ban // by any node, in the order of time

	boots []core.Peer
	plan  *rand.Rand
	steps []string // what the plan did, for people
	log   io.Writer
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
	w := &World{Network: coretest.New(t, 0, seed), plan: rand.New(rand.NewPCG(seed, 0xfa01)), log: log}
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

// violation is that of the network. A node alone has nothing to be wrong about.
func (w *World) violation() string {
	live := w.Live()
	if len(live) < 2 {
		return ""
	}
	for _, h := range live {
		if root := h.Node.NetworkRoot(); root != live[0].Node.NetworkRoot() {
			return fmt.Sprintf("%s has root %d, %s has %d", h.Name(), root.ID(), live[0].Name(), live[0].Node.NetworkRoot().ID())
		}
	}
	return w.Violation()
}

// FalseBans are the bans of honest nodes by honest ones.
func (w *World) FalseBans() []Ban {
	return slices.DeleteFunc(slices.Clone(w.Bans), func(b Ban) bool { return !w.honest(b.By) || !w.honest(b.Who) })
}

func (w *World) honest(number uint32) bool {
	h := w.Host(number)
	return h != nil && h.Actor == nil
}

// did notes a step of the plan.
func (w *World) did(format string, args ...any) {
	w.steps = append(w.steps, fmt.Sprintf(format, args...))
}

// some draws up to k hosts that are up; bootstrap nodes only if all may be drawn.
func (w *World) some(k int, all bool) []*coretest.Host {
	var from []*coretest.Host
	for _, h := range w.Hosts() {
		if h.Up && (all || int(h.Number) > len(w.boots)) {
			from = append(from, h)
		}
	}
	w.plan.Shuffle(len(from), func(i, j int) { from[i], from[j] = from[j], from[i] })
	return from[:min(k, len(from))]
}

// share draws a number of nodes, between two shares of those that live.
func (w *World) share(low, high float64) int {
	n := float64(len(w.Live()))
	return max(1, int(math.Round(n*(low+(high-low)*w.plan.Float64()))))
}

// between draws a time, both ends included.
func (w *World) between(low, high time.Duration) time.Duration {
	return low + time.Duration(w.plan.Int64N(int64(high-low)+1))
}

// coin draws one of two.
func (w *World) coin() bool { return w.plan.IntN(2) == 0 }

// restart boots a host again, with what it knew at the crash or without.
func restart(h *coretest.Host, remembers bool) {
	if remembers {
		h.Boot(&h.Saved)
	} else {
		h.Boot(nil)
	}
}

// names lists a few hosts, and counts many.
func names(hosts []*coretest.Host) string {
	if len(hosts) > 6 {
		return fmt.Sprintf("%d hosts", len(hosts))
	}
	var texts []string
	for _, h := range hosts {
		texts = append(texts, h.Name())
	}
	return strings.Join(texts, "+")
}
