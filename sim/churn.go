package sim

import (
	"fmt"
	"slices"
	"time"

	"spreadable/core"
	"spreadable/core/host/memory"
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
	stale []waits        // by partition, of dead slaves in the lists of masters
}

// listing is the master that lists a host's node, as the node has noted it.
type listing struct {
	by    core.Peer // zero for none
	since time.Duration
}

// waits sums up how long something took: until a node had another place after the silent
// death of the master that listed it, or until a master took a dead slave off its list.
type waits struct {
	count        int
	total, worst time.Duration
}

func (w *waits) add(d time.Duration) {
	w.count++
	w.total += d
	w.worst = max(w.worst, d)
}

// sumOf sums up those of all partitions.
func sumOf(parts []waits) (all waits) {
	for _, p := range parts {
		all.count, all.total, all.worst = all.count+p.count, all.total+p.total, max(all.worst, p.worst)
	}
	return all
}

// mean is the mean time in seconds, nil if it never happened.
func (w waits) mean() *float64 {
	if w.count == 0 {
		return nil
	}
	return result.Finite(w.total.Seconds() / float64(w.count))
}

// newChurn plans the stays of all nodes; nil without churn.
func newChurn(w *world) *churn {
	if w.population.Settles() {
		return nil
	}
	return &churn{
		world: w, saved: make([]*state.State, len(w.population.Stays())), lists: make([]listing, w.nodes),
		waits: make([]waits, w.partitions), stale: make([]waits, w.partitions),
	}
}

// grow makes space for stays that a fault has added.
func (c *churn) grow() {
	c.saved = append(c.saved, make([]*state.State, len(c.world.population.Stays())-len(c.saved))...)
	if x := c.world.extensions; x != nil {
		x.kept = append(x.kept, make([]memory.Disk, len(c.saved)-len(x.kept))...)
	}
}

func (c *churn) plan() {
	for _, stay := range c.world.population.Stays() {
		c.world.plan(stay.Up, eventStart, int(stay.Host))
		if stay.Down < c.world.scenario.Duration {
			c.world.plan(stay.Down, eventEnd, int(stay.Host))
		}
		if notice := c.world.scenario.Notice(); notice > 0 && !stay.Crash && stay.Down-notice < c.world.scenario.Duration {
			for _, before := range []time.Duration{notice, c.lastWord()} {
				c.world.plan(max(stay.Up+1, stay.Down-before), eventLeave, int(stay.Host))
			}
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
		w.extensions.restore(host, int(before))
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

// lastWord is how long before its end a node that leaves in good order says that it has
// gone: a 64th of a sync interval, in which the message arrives.
func (c *churn) lastWord() time.Duration {
	return min(c.world.scenario.Notice(), c.world.scenario.SyncInterval/64)
}

// leave lets the node at a host begin to leave, and at last say that it has gone, unless a
// fault has ended it before.
func (c *churn) leave(host int, now time.Duration) {
	stay := c.world.population.Stays()[c.world.population.StayAt(host, now)]
	left := stay.Down - now
	switch {
	case stay.Crash || left <= 0 || left > c.world.scenario.Notice():
	case left <= c.lastWord():
		c.world.node(host).Part()
	default:
		c.world.node(host).Leave()
	}
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
	w.extensions.end(host, i, c.saved[i], stay.Crash)
}

// observe takes down which master lists a node, how long a node whose master has died
// without a word has waited for another, and how long a dead slave was listed.
func (c *churn) observe(host int, note core.Note) {
	if host >= len(c.lists) { // an attack's
		return
	}
	now := c.world.net.Host(host).Now() - c.world.epoch
	part := c.world.net.PartitionOf(uint32(host))
	switch note.What {
	case core.NoteRegistered:
		l := &c.lists[host]
		if died, silent := c.died(*l, now); silent && died <= now {
			c.waits[part].add(now - died)
		}
		*l = listing{note.About, now}
	case core.NoteSilent:
		if died, gone := c.gone(note.About, now); gone && slices.Contains(c.world.node(host).Structure().Slaves, note.About) {
			c.stale[part].add(now - died)
		}
	}
}

// gone is when the latest stay of a peer ended, and whether it has.
func (c *churn) gone(p core.Peer, now time.Duration) (at time.Duration, gone bool) {
	if inmem.Index(p) >= len(c.lists) { // an attack's, or none
		return 0, false
	}
	i := c.world.population.StayAt(inmem.Index(p), now)
	if i < 0 {
		return 0, false
	}
	down := c.world.population.Stays()[i].Down
	return down, down <= now
}

// died is when the stay of the master ended that it had when it took a node, and whether
// it ended without a word. A master that has come back by now with what it knew still
// listed the node: that was no death.
func (c *churn) died(l listing, now time.Duration) (at time.Duration, silent bool) {
	if l.by.IsZero() || inmem.Index(l.by) >= len(c.lists) {
		return 0, false
	}
	master, stays := inmem.Index(l.by), c.world.population.Stays()
	then := c.world.population.StayAt(master, l.since)
	for i := c.world.population.StayAt(master, now); i > then; i = int(stays[i].Before) {
		if int(stays[i].Before) == then && stays[i].Host == stays[then].Host {
			return 0, false
		}
	}
	return stays[then].Down, stays[then].Crash
}

// settledRounds is how many rounds after the end of joining a network in which nodes leave
// and come counts as settled: its numbers are those from then on.
const settledRounds = 4

// settledAt is the time from which the numbers of a network count that never comes to rest.
func (w *world) settledAt() time.Duration {
	return w.population.Joined() + settledRounds*w.scenario.SyncInterval
}

// countedFrom is the time from which the requests of clients count.
func (w *world) countedFrom(samples []result.Sample) time.Duration {
	s := w.scenario
	if from, given := s.MeasureFrom(); given {
		return from
	}
	if !s.Churn.On() && len(s.Faults) == 0 && w.attacks == nil {
		for i := range samples {
			if samples[i].Settled() {
				return samples[i].Time
			}
		}
	}
	return w.settledAt()
}

// measuredFrom is when the steady state begins, in seconds: at convergence, or without it
// when a network counts as settled in which nodes leave and come, or lie. Nil is never.
func (w *world) measuredFrom(convergedS *float64) *float64 {
	switch {
	case w.scenario.Churn.On():
		return result.Finite(w.settledAt().Seconds())
	case w.attacks != nil:
		return result.Finite(w.attacks.settledAt().Seconds())
	}
	return convergedS
}

// summary sums up what happened until the end; nil without churn.
func (c *churn) summary(m *meter, end time.Duration) *result.Churn {
	if c == nil {
		return nil
	}
	w := c.world
	if s := w.scenario; !s.Churn.On() && !s.Leave.On() {
		return nil
	}
	sum := &result.Churn{Hosts: w.nodes}
	for _, stay := range w.population.Stays() {
		countStay(sum, stay, end)
	}
	from := w.settledAt()
	if given, timed := w.scenario.MeasureFrom(); timed && w.scenario.Leave.On() {
		from = given
	}
	sum.Settled(m.samples, m.stale, from)
	relisted, delisted := sumOf(c.waits), sumOf(c.stale)
	sum.Relisted, sum.RelistedS = relisted.count, relisted.mean()
	if relisted.count > 0 {
		sum.RelistedMaxS = result.Finite(relisted.worst.Seconds())
	}
	sum.Delisted, sum.DelistedS = delisted.count, delisted.mean()
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
