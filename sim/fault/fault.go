// Package fault breaks networks: it kills nodes and starts them again, cuts networks into
// parts, holds processes, slows and loses messages, and lets networks grow. Each kind of
// fault is one function over a World, so that it breaks the simulator's networks and the
// little one of the tests (core/coretest) alike.
package fault

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"spreadable/core"
)

// Round is the time of one sync of each node, in which faults are measured.
const Round = core.DefaultSyncInterval

// World is a network as faults see it. Its hosts are those of honest nodes, in the order
// in which they were added: first the bootstrap nodes.
type World interface {
	// Now is the virtual time; Run lets so much time pass.
	Now() time.Duration
	Run(d time.Duration)
	// At does something at a point in time, when Run comes to it.
	At(t time.Duration, do func())

	Hosts() []Host
	// Newcomer adds a host that does not run yet; nil if the world has no place left.
	Newcomer() Host

	// SetLoss makes each message be lost with this probability.
	SetLoss(share float64)
	// SetCut says what a host is told that sends to another group: nothing, if cuts
	// swallow messages, or that the receiver is unreachable.
	SetCut(swallows bool)
}

// Host is a place where a node runs.
type Host interface {
	Name() string
	Running() bool
	IsMaster() bool
	// Crash ends the node. A silent host swallows requests from now on, as a machine
	// without power does; others are refused.
	Crash(silent bool)
	// Boot starts another life of the node, with what it knew at the crash or without.
	Boot(remember bool)
	// Hold stops the host as a stopped process: all that happens to it waits for
	// Release.
	Hold()
	Release()
	// SetSlow delays each message from or to the host.
	SetSlow(d time.Duration)
	// SetGroup moves the host: hosts of different groups are cut off from each other.
	SetGroup(group int)
}

// Breaker does faults to a world. It has a random stream of its own, so that another
// fault leaves the weather as it is.
type Breaker struct {
	World
	Random *rand.Rand
	Boots  int      // bootstrap nodes
	Steps  []string // what it did, for people
}

// Kind is a kind of fault.
type Kind struct {
	// do does the harm, takes it back if it is one that passes, and returns at the end
	// of the fault.
	do func(*Breaker)
	// Newcomers is how many hosts it adds to a network of so many nodes at most.
	Newcomers func(size int) int
	// Rounds is within how many rounds after it a network that loses no messages must be
	// whole, where that is known to be soon; 0 where it may take long.
	Rounds int
	// Last says that after it newcomers may find no way into the network, because the
	// bootstrap nodes are dead.
	Last bool
}

// Kinds are the names of all faults, sorted.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds())) }

// Of returns the kind with a name; ok is false if there is none.
func Of(name string) (k Kind, ok bool) {
	k, ok = kinds()[name]
	if ok && k.Newcomers == nil {
		k.Newcomers = func(int) int { return 0 }
	}
	return k, ok
}

// Do does a fault to the world.
func (b *Breaker) Do(k Kind) { k.do(b) }

// live are the hosts that run.
func (b *Breaker) live() []Host {
	return slices.DeleteFunc(slices.Clone(b.Hosts()), func(h Host) bool { return !h.Running() })
}

// did notes a step.
func (b *Breaker) did(format string, args ...any) {
	b.Steps = append(b.Steps, fmt.Sprintf(format, args...))
}

// some draws up to k hosts that run; bootstrap nodes only if all may be drawn.
func (b *Breaker) some(k int, all bool) []Host {
	var from []Host
	for i, h := range b.Hosts() {
		if h.Running() && (all || i >= b.Boots) {
			from = append(from, h)
		}
	}
	b.Random.Shuffle(len(from), func(i, j int) { from[i], from[j] = from[j], from[i] })
	return from[:min(k, len(from))]
}

// share draws a number of nodes, between two shares of those that live.
func (b *Breaker) share(low, high float64) int {
	n := float64(len(b.live()))
	return max(1, int(math.Round(n*(low+(high-low)*b.Random.Float64()))))
}

// Between draws a time, both ends included.
func (b *Breaker) Between(low, high time.Duration) time.Duration {
	return low + time.Duration(b.Random.Int64N(int64(high-low)+1))
}

// coin draws one of two.
func (b *Breaker) coin() bool { return b.Random.IntN(2) == 0 }

func crashAll(hosts []Host, silent bool) {
	for _, h := range hosts {
		h.Crash(silent)
	}
}

// names lists a few hosts, and counts many.
func names(hosts []Host) string {
	if len(hosts) > 6 {
		return fmt.Sprintf("%d hosts", len(hosts))
	}
	var texts []string
	for _, h := range hosts {
		texts = append(texts, h.Name())
	}
	return strings.Join(texts, "+")
}
