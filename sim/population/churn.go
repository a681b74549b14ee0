package population

import (
	"cmp"
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"spreadable/internal/stream"
	"spreadable/sim/scenario"
)

// Stay is one session of a node, from Up until Down, at a host.
type Stay struct {
	Host     int32
	Before   int32 // the stay whose memory the node has; -1 for none
	Up, Down time.Duration
	Joins    bool // the node is one of those that join the network at first
	Returns  bool // the node has been there before
	Moves    bool // it returns with another address
	Crash    bool // it ends without a word; else the node's host says that it is gone
	Kept     bool // the memory at its end is that of a later stay

	identity  int32
	remembers bool // what it knew at the end of its stay before
	last      bool // at this host
}

// churn is a population in which nodes leave and come, by churn or by faults.
type churn struct {
	stays  []Stay          // by Up, those of faults last
	byHost [][]int32       // of each host: its stays, by Up
	begins []time.Duration // of all stays, ascending
	ends   []time.Duration // of all stays, ascending
	traced bool            // the first host of an identity has its number
}

// quarantine is how long an address rests before another identity gets it, as the leases
// of providers are given again. By then no node lists the former one.
const quarantine = time.Hour

// newSteady is a population whose nodes stay, unless a fault ends them or they leave for
// good.
func newSteady(s *scenario.Scenario, starts []time.Duration) *churn {
	c := &churn{}
	d := drawer{churn: c, scenario: s}
	for i, at := range starts {
		d.add(i, at, forever).Joins = true
	}
	if s.Leave.On() {
		d.shrink(starts)
	}
	c.sort()
	c.link(len(starts))
	c.house(len(starts))
	return c
}

// newChurn draws all stays of a run. starts are the times at which the nodes that are up
// at the start join.
//
// It begins in equilibrium: at the start of churn, those that are up have what is left of
// a session under way, those that are away what is left of an absence. With absences there
// are nodes/a identities, of which a share a = session/(session + absence) is up in the
// mean. Without, identities that leave are gone for ever, and new ones arrive by a Poisson
// process at the rate nodes/session.
func newChurn(s *scenario.Scenario, starts []time.Duration) *churn {
	c := &churn{}
	stays, absence := s.Churn.Lifetimes()
	d := drawer{churn: c, scenario: s, stay: newLifetime(s, stays)}
	identities := 0
	if absence.On() {
		d.away = newLifetime(s, absence)
		identities = d.absent(len(starts))
	} else {
		identities = d.arrivals(len(starts))
	}
	for i, at := range starts {
		if i < s.Join.Bootstrap {
			d.add(i, at, forever).Joins = true
		} else {
			d.present(i, at)
		}
	}
	c.draw(s)
	c.sort()
	c.link(identities)
	c.house(identities)
	return c
}

// newTraced is a population whose nodes come and leave as a trace says. Node i of the trace
// lives at host i, until it returns with another address.
func newTraced(s *scenario.Scenario) *churn {
	c := &churn{traced: true}
	d := drawer{churn: c, scenario: s}
	of := make([][]scenario.Transition, s.Nodes)
	for _, t := range s.Transitions() {
		of[t.Node] = append(of[t.Node], t)
	}
	for i, up := range s.Begins() {
		d.follow(i, up, of[i])
	}
	c.draw(s)
	c.sort()
	c.byHost = make([][]int32, s.Nodes)
	c.link(s.Nodes)
	c.house(s.Nodes)
	return c
}

// follow adds the stays of an identity by its transitions.
func (d *drawer) follow(identity int, up bool, transitions []scenario.Transition) {
	last := -1 // stay that has no end yet
	if up {
		d.add(identity, 0, forever).Joins = true
		last = len(d.stays) - 1
	}
	for _, t := range transitions {
		switch {
		case t.At >= d.scenario.Duration:
			return
		case t.Up:
			d.add(identity, t.At, forever)
			last = len(d.stays) - 1
		case last >= 0:
			d.stays[last].Down, last = t.At, -1
		}
	}
}

// drawer draws the stays of identities. Each identity has streams of its own.
type drawer struct {
	*churn
	scenario *scenario.Scenario
	stay     scenario.LifetimeDistribution
	away     scenario.LifetimeDistribution // nil: an identity that leaves is gone
}

// present draws the stays of an identity that is up at the start.
func (d *drawer) present(identity int, joins time.Duration) {
	r := stream.New(d.scenario.Seed, uint64(identity), stream.Session)
	down := after(max(joins, d.scenario.Churn.Start), d.stay.Residual(r))
	d.add(identity, joins, down).Joins = true
	d.returns(identity, down, r)
}

// absent draws the stays of the identities that are away at the start.
func (d *drawer) absent(present int) (identities int) {
	all := int(math.Round(float64(present) * (1 + d.away.Mean()/d.stay.Mean())))
	for i := present; i < all; i++ {
		r := stream.New(d.scenario.Seed, uint64(i), stream.Session)
		d.sessions(i, after(d.scenario.Churn.Start, d.away.Residual(r)), r)
	}
	return all
}

// arrivals draws the identities that come when those of the start are gone.
func (d *drawer) arrivals(present int) (identities int) {
	come := rand.New(stream.New(d.scenario.Seed, 0, stream.Arrival))
	mean := d.stay.Mean() / float64(present)
	for i, at := present, d.scenario.Churn.Start; ; i++ {
		if at = after(at, come.ExpFloat64()*mean); at >= d.scenario.Duration {
			return i
		}
		d.sessions(i, at, stream.New(d.scenario.Seed, uint64(i), stream.Session))
	}
}

// sessions draws a stay from a time on, and those after it.
func (d *drawer) sessions(identity int, up time.Duration, r *rand.PCG) {
	if up < d.scenario.Duration {
		down := after(up, d.stay.Draw(r))
		d.add(identity, up, down)
		d.returns(identity, down, r)
	}
}

// returns draws the stays after one that has ended.
func (d *drawer) returns(identity int, down time.Duration, r *rand.PCG) {
	for d.away != nil && down < d.scenario.Duration {
		up := after(down, d.away.Draw(r))
		if up >= d.scenario.Duration {
			return
		}
		down = after(up, d.stay.Draw(r))
		d.add(identity, up, down)
	}
}

func (d *drawer) add(identity int, up, down time.Duration) *Stay {
	d.stays = append(d.stays, Stay{Before: -1, Up: up, Down: down, identity: int32(identity)})
	return &d.stays[len(d.stays)-1]
}

// after is a time and so many seconds, or forever.
func after(t time.Duration, seconds float64) time.Duration {
	if d := duration(seconds); d < forever-t {
		return t + d
	}
	return forever
}

// draw decides how the stays end and what comes back. Here the stays are those of one
// identity after the other. All is drawn for each stay, so that another share of the one
// shifts nothing of the others.
func (c *churn) draw(s *scenario.Scenario) {
	var r *rand.Rand
	for i := range c.stays {
		stay := &c.stays[i]
		first := i == 0 || c.stays[i-1].identity != stay.identity
		if first {
			r = rand.New(stream.New(s.Seed, uint64(stay.identity), stream.Return))
		}
		crash, memory, moved := r.Float64(), r.Float64(), r.Float64()
		stay.Crash = crash < s.Churn.Crash
		stay.Returns, stay.Moves = !first, !first && moved < s.Churn.NewIP
		stay.remembers = !first && memory < s.Churn.Memory
	}
}

// sort brings the stays into their order in time.
func (c *churn) sort() {
	slices.SortFunc(c.stays, func(a, b Stay) int {
		return cmp.Or(cmp.Compare(a.Up, b.Up), cmp.Compare(a.identity, b.identity))
	})
	c.count()
}

// count sorts when stays begin and end.
func (c *churn) count() {
	c.begins, c.ends = c.begins[:0], c.ends[:0]
	for _, s := range c.stays {
		if s.Up < s.Down { // else a fault has prevented it
			c.begins, c.ends = append(c.begins, s.Up), append(c.ends, s.Down)
		}
	}
	slices.Sort(c.begins)
	slices.Sort(c.ends)
}

// link tells each stay what follows it.
func (c *churn) link(identities int) {
	next := make([]*Stay, identities)
	for i := len(c.stays) - 1; i >= 0; i-- {
		stay := &c.stays[i]
		follows := next[stay.identity]
		stay.last = follows == nil || follows.Moves
		stay.Kept = follows != nil && follows.remembers
		next[stay.identity] = stay
	}
}

// house gives each stay its host: that of the stay before or, if the identity is new or
// moves, one that has rested long enough, else a new one.
func (c *churn) house(identities int) {
	before := slices.Repeat([]int32{-1}, identities)
	var free freeHosts
	for i := range c.stays {
		stay := &c.stays[i]
		previous := before[stay.identity]
		before[stay.identity] = int32(i)
		switch {
		case stay.Returns && !stay.Moves:
			stay.Host = c.stays[previous].Host
		case !stay.Returns && c.traced:
			stay.Host = stay.identity
		case len(free) > 0 && free[0].since <= stay.Up-quarantine:
			stay.Host = heap.Pop(&free).(freeHost).host
		default:
			stay.Host = int32(len(c.byHost))
			c.byHost = append(c.byHost, nil)
		}
		if stay.remembers {
			stay.Before = previous
		}
		c.byHost[stay.Host] = append(c.byHost[stay.Host], int32(i))
		if stay.last {
			heap.Push(&free, freeHost{stay.Down, stay.Host})
		}
	}
}

// Stays are all sessions of a population with churn, in the order in which they begin.
func (c *churn) Stays() []Stay { return c.stays }

// StayAt returns the number of the stay at a host that has begun last by a time, -1 if
// there is none. It may have ended.
func (c *churn) StayAt(host int, t time.Duration) int {
	list := c.byHost[host]
	after, _ := slices.BinarySearchFunc(list, t+1, func(i int32, t time.Duration) int {
		return cmp.Compare(c.stays[i].Up, t)
	})
	if after == 0 {
		return -1
	}
	return int(list[after-1])
}

// up reports whether a host has a node from one time until another.
func (c *churn) up(host int, from, to time.Duration) bool {
	i := c.StayAt(host, from)
	return i >= 0 && c.stays[i].Down > to
}

// aliveAt is how many nodes are up.
func (c *churn) aliveAt(t time.Duration) int {
	begun, _ := slices.BinarySearch(c.begins, t+1)
	ended, _ := slices.BinarySearch(c.ends, t+1)
	return begun - ended
}

// list is the hosts whose nodes are up from one time until another.
func (c *churn) list(from, to time.Duration) []int32 {
	list := make([]int32, 0, c.aliveAt(from))
	for host := range c.byHost {
		if c.up(host, from, to) {
			list = append(list, int32(host))
		}
	}
	return list
}

// freeHost is a host without an identity since a time.
type freeHost struct {
	since time.Duration
	host  int32
}

// freeHosts is a heap, the host that has rested longest first.
type freeHosts []freeHost

func (q freeHosts) Len() int      { return len(q) }
func (q freeHosts) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q freeHosts) Less(i, j int) bool {
	return q[i].since < q[j].since || q[i].since == q[j].since && q[i].host < q[j].host
}
func (q *freeHosts) Push(x any) { *q = append(*q, x.(freeHost)) }
func (q *freeHosts) Pop() any {
	last := len(*q) - 1
	h := (*q)[last]
	*q = (*q)[:last]
	return h
}
