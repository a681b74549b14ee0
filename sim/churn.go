package sim

import (
	"fmt"
	"time"

	"spreadable/core"
	"spreadable/core/state"
	"spreadable/sim/population"
	"spreadable/sim/result"
	"spreadable/transport/inmem"
)

// churn is what a world keeps of nodes that leave and come. What it has of a host is
// touched by the host's partition only.
type churn struct {
	world *world
	saved []*state.State // by stay: what the node knew at its end
	lists []listing      // by host
	waits []waits        // by partition
}

// listing is the master that lists a host's node, as the node has noted it.
type listing struct {
	by    core.Peer // zero for none
	since time.Duration
}

// waits sums up how long nodes waited for another place after the silent death of the
// master that listed them.
type waits struct {
	count        int
	total, worst time.Duration
}

// newChurn plans the stays of all nodes; nil without churn.
func newChurn(w *world) *churn {
	if w.population.Settles() {
		return nil
	}
	return &churn{
		world: w, saved: make([]*state.State, len(w.population.Stays())), lists: make([]listing, w.nodes),
		waits: make([]waits, w.partitions),
	}
}

// grow makes space for stays that a fault has added.
func (c *churn) grow() {
	c.saved = append(c.saved, make([]*state.State, len(c.world.population.Stays())-len(c.saved))...)
}

func (c *churn) plan() {
	for _, stay := range c.world.population.Stays() {
		c.world.plan(stay.Up, eventStart, int(stay.Host))
		if stay.Down < c.world.scenario.Duration {
			c.world.plan(stay.Down, eventEnd, int(stay.Host))
		}
	}
}

// begin starts the node whose stay at a host begins now.
func (c *churn) begin(host int, now time.Duration) {
	w := c.world
	stay := w.population.StayAt(host, now)
	if this := w.population.Stays()[stay]; this.Up != now || this.Down <= now {
		return // a fault has prevented it
	}
	if before := w.population.Stays()[stay].Before; before >= 0 && c.saved[before] != nil && c.remembers(stay, int(before)) {
		if err := w.node(host).Restore(*c.saved[before]); err != nil {
			panic(fmt.Sprintf("node %d refuses its own state: %v", host, err))
		}
		c.saved[before] = nil
	}
	c.lists[host] = listing{}
	w.net.Start(host)
}

// remembers reports whether a node still has what it knew. At another host it has not if
// it is back within the least latency: then partitions might not agree on whether the
// former stay has ended.
func (c *churn) remembers(stay, before int) bool {
	stays := c.world.population.Stays()
	now, then := &stays[stay], &stays[before]
	return now.Host == then.Host || now.Up-then.Down > c.world.net.Lookahead()
}

// end ends the stay at a host. The host is made ready for the next one, so that what the
// node knew takes no memory.
func (c *churn) end(host int, now time.Duration) {
	w := c.world
	i := w.population.StayAt(host, now)
	stay := &w.population.Stays()[i]
	if stay.Down != now {
		return // a fault has ended it before
	}
	if w.faults != nil {
		w.faults.release([]int{host}, now)
	}
	if stay.Kept {
		saved := w.node(host).State()
		c.saved[i] = &saved
	}
	if stay.Crash {
		w.net.Vanish(host)
	} else {
		w.net.Stop(host)
	}
	w.net.Renew(host)
	w.node(host).Offer(&w.clients.probes[host])
}

// observe takes down which master lists a node, and how long a node whose master has died
// without a word has waited for another.
func (c *churn) observe(host int, note core.Note) {
	if note.What != core.NoteRegistered {
		return
	}
	now := c.world.net.Host(host).Now() - c.world.epoch
	l := &c.lists[host]
	if died, silent := c.died(*l); silent && died <= now {
		p := &c.waits[c.world.net.PartitionOf(uint32(host))]
		p.count++
		p.total += now - died
		p.worst = max(p.worst, now-died)
	}
	*l = listing{note.About, now}
}

// died is when the stay of the master ended that it had when it took a node, and whether
// it ended without a word.
func (c *churn) died(l listing) (at time.Duration, silent bool) {
	if l.by.IsZero() {
		return 0, false
	}
	stay := &c.world.population.Stays()[c.world.population.StayAt(inmem.Index(l.by), l.since)]
	return stay.Down, stay.Crash
}

// settledRounds is how many rounds after the end of joining a network in which nodes leave
// and come counts as settled: its numbers are those from then on.
const settledRounds = 4

// settledAt is the time from which the numbers of a network count that never comes to rest.
func (w *world) settledAt() time.Duration {
	return w.population.Joined() + settledRounds*w.scenario.SyncInterval
}

// measuredFrom is when the steady state begins, in seconds: at convergence, or without it
// when a network counts as settled in which nodes leave and come. Nil is never.
func (w *world) measuredFrom(convergedS *float64) *float64 {
	if !w.scenario.Churn.On() {
		return convergedS
	}
	return result.Finite(w.settledAt().Seconds())
}

// summary sums up what happened until the end; nil without churn.
func (c *churn) summary(samples []result.Sample, end time.Duration) *result.Churn {
	if c == nil || !c.world.scenario.Churn.On() {
		return nil
	}
	w := c.world
	sum := &result.Churn{Hosts: w.nodes}
	for _, stay := range w.population.Stays() {
		countStay(sum, stay, end)
	}
	sum.Settled(samples, w.settledAt())
	var all waits
	for _, p := range c.waits {
		all.count, all.total, all.worst = all.count+p.count, all.total+p.total, max(all.worst, p.worst)
	}
	if sum.Relisted = all.count; all.count > 0 {
		sum.RelistedS = result.Finite(all.total.Seconds() / float64(all.count))
		sum.RelistedMaxS = result.Finite(all.worst.Seconds())
	}
	return sum
}

// countStay adds a stay to the sums of a run that has ended.
func countStay(sum *result.Churn, stay population.Stay, end time.Duration) {
	if stay.Up < end && !stay.Joins {
		sum.Came++
		if stay.Returns {
			sum.Returned++
		}
		if stay.Before >= 0 {
			sum.Remembered++
		}
		if stay.Moves {
			sum.Moved++
		}
	}
	if stay.Down < end {
		sum.Left++
		if stay.Crash {
			sum.Crashed++
		}
	}
}
