package sim

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"spreadable/internal/stream"
	"spreadable/sim/kernel"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
	"spreadable/transport/inmem"
)

// faults is what breaks in a world. Faults happen at the ends of slices, between which
// the workers run free. So all that workers read of it while they run is constant, but for
// what is a host's own.
type faults struct {
	world  *world
	course []change // in their order in time, the next first
	hosts  []condition
	losses []rand.PCG // by sender: what decides over its messages
	loss   float64    // of each message
	struck [][]int    // by fault: the hosts that it was on
	steps  []result.Fault
}

// condition is what is wrong with a host.
type condition struct {
	cut     bool          // on the smaller side of a partition
	held    bool          // as a stopped process
	slow    time.Duration // added to each message from or to it
	waiting []kernel.Event
}

// change is the begin of a fault, or its end.
type change struct {
	at    time.Duration
	fault int
	begin bool
}

// newFaults plans the faults of a scenario; nil without any.
func newFaults(w *world) *faults {
	s := w.scenario
	if len(s.Faults) == 0 {
		return nil
	}
	f := &faults{world: w, hosts: make([]condition, w.nodes), struck: make([][]int, len(s.Faults))}
	for i, fault := range s.Faults {
		f.course = append(f.course, change{fault.At, i, true})
		if fault.For > 0 && fault.Do != scenario.Bounce {
			f.course = append(f.course, change{fault.At + fault.For, i, false})
		}
	}
	slices.SortStableFunc(f.course, func(a, b change) int { return cmp.Compare(a.at, b.at) })
	if slices.ContainsFunc(s.Faults, func(f scenario.Fault) bool { return f.Do == scenario.Loss }) {
		for i := range w.nodes + len(w.clients.operations) {
			f.losses = append(f.losses, *stream.New(s.Seed, uint64(i), stream.FaultLoss))
		}
	}
	return f
}

// next is the time of the next change.
func (f *faults) next() time.Duration {
	if f == nil || len(f.course) == 0 {
		return math.MaxInt64
	}
	return f.course[0].at
}

// act makes the changes that are due. All workers stand still.
func (f *faults) act(now time.Duration) {
	for f.next() <= now {
		c := f.course[0]
		f.course = f.course[1:]
		fault := f.world.scenario.Faults[c.fault]
		if !c.begin {
			f.end(fault, f.struck[c.fault], now)
			continue
		}
		hosts := f.targets(c.fault, now)
		f.struck[c.fault] = hosts
		f.steps = append(f.steps, result.Fault{AtS: now.Seconds(), Do: string(fault.Do), Nodes: len(hosts)})
		f.begin(fault, hosts, now)
	}
}

// begin does a fault to hosts.
func (f *faults) begin(fault scenario.Fault, hosts []int, now time.Duration) {
	switch fault.Do {
	case scenario.Crash:
		f.stop(fault, hosts, now, now)
	case scenario.Bounce:
		f.stop(fault, hosts, now, now+fault.For)
	case scenario.Partition:
		f.each(hosts, func(c *condition) { c.cut = true })
	case scenario.Repair:
		f.heal()
	case scenario.Hold:
		f.each(hosts, func(c *condition) { c.held = true })
	case scenario.Release:
		f.release(hosts, now)
	case scenario.Slow:
		f.each(hosts, func(c *condition) { c.slow = fault.By })
	case scenario.Loss:
		f.loss = fault.Share
	case scenario.Skew:
		for _, host := range hosts {
			f.world.net.SetSkew(host, fault.By)
		}
	}
}

// end takes a fault back that lasts for a time.
func (f *faults) end(fault scenario.Fault, hosts []int, now time.Duration) {
	switch fault.Do {
	case scenario.Partition:
		f.heal()
	case scenario.Hold:
		f.release(hosts, now)
	case scenario.Slow:
		f.each(hosts, func(c *condition) { c.slow = 0 })
	case scenario.Loss:
		f.loss = 0
	case scenario.Skew:
		for _, host := range hosts {
			f.world.net.SetSkew(host, 0)
		}
	}
}

func (f *faults) each(hosts []int, do func(*condition)) {
	for _, host := range hosts {
		do(&f.hosts[host])
	}
}

// heal ends the partition.
func (f *faults) heal() {
	for i := range f.hosts {
		f.hosts[i].cut = false
	}
}

// stop ends nodes, for good or until a time.
func (f *faults) stop(fault scenario.Fault, hosts []int, now, back time.Duration) {
	w := f.world
	w.population.End(hosts, now, back, fault.Silent, fault.Memory)
	w.churn.grow()
	for _, host := range hosts {
		w.churn.end(host, now)
		if back > now && back < w.scenario.Duration {
			w.plan(back, eventStart, host)
		}
	}
}

// release lets hosts run again. All that waited happens now.
func (f *faults) release(hosts []int, now time.Duration) {
	for _, host := range hosts {
		c := &f.hosts[host]
		p := f.world.kernel.Partition(f.world.net.PartitionOf(uint32(host)))
		for _, e := range c.waiting {
			e.Time = int64(now)
			p.Schedule(e)
		}
		c.held, c.waiting = false, nil
	}
}

// intercept keeps what happens to a host that is held. It is called from the host's
// partition.
func (f *faults) intercept(e *kernel.Event) bool {
	if int(e.To) >= len(f.hosts) || !f.hosts[e.To].held || inmem.EventKind(e.Kind) >= inmem.EventKinds {
		return false
	}
	f.hosts[e.To].waiting = append(f.hosts[e.To].waiting, *e)
	return true
}

// targets are the hosts that a fault is on: none if it is on the network, those that are
// held for a release, else what its target says of those that are up.
func (f *faults) targets(fault int, now time.Duration) []int {
	w, this := f.world, f.world.scenario.Faults[fault]
	var all []int
	switch this.Do {
	case scenario.Repair, scenario.Loss:
		return nil
	case scenario.Release:
		for i := range f.hosts {
			if f.hosts[i].held {
				all = append(all, i)
			}
		}
		return all
	}
	target, err := scenario.ParseTarget(this.On)
	if err != nil {
		return nil // validate has refused it
	}
	for host := range w.population.At(now).All() {
		if w.net.Host(host).Up() && f.has(target, host) {
			all = append(all, host)
		}
	}
	if target.List != nil {
		return all
	}
	return f.pick(target, all, rand.New(stream.New(w.scenario.Seed, uint64(fault), stream.Fault)))
}

// has reports whether a host that is up is one of those that a target is about.
func (f *faults) has(t scenario.Target, host int) bool {
	if t.List != nil {
		_, listed := slices.BinarySearch(t.List, host)
		return listed
	}
	s := f.world.node(host).Structure()
	switch t.Role {
	case scenario.Masters:
		return len(s.Slaves) > 0
	case scenario.Slaves:
		return len(s.Slaves) == 0 && !s.Backlink.IsZero()
	case scenario.Bootstrap:
		return host < f.world.scenario.Join.Bootstrap
	}
	return true
}

// pick takes as many of the hosts as a target wants, at least one: the largest, or any.
func (f *faults) pick(t scenario.Target, all []int, r *rand.Rand) []int {
	count := t.Count
	if count == 0 {
		count = max(1, int(math.Round(t.Share*float64(len(all)))))
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if t.Largest {
		slices.SortStableFunc(all, func(a, b int) int {
			return cmp.Compare(len(f.world.node(b).Structure().Slaves), len(f.world.node(a).Structure().Slaves))
		})
	}
	all = all[:min(count, len(all))]
	slices.Sort(all)
	return all
}

// summary says what broke, and when the network was whole again; nil without faults.
func (f *faults) summary(settledS *float64) *result.Faults {
	if f == nil {
		return nil
	}
	sum := &result.Faults{Count: len(f.steps), Steps: f.steps}
	last := time.Duration(0)
	for _, fault := range f.world.scenario.Faults {
		last = max(last, fault.At+fault.For)
	}
	if settledS != nil && last <= f.world.now() {
		rounds := max(0, *settledS-last.Seconds()) / f.world.scenario.SyncInterval.Seconds()
		sum.Rounds = result.Finite(math.Ceil(rounds))
	}
	return sum
}

// weather is what faults do to messages on their way over another link: an inmem.Link.
type weather struct {
	inmem.Link
	*faults
}

// Depart implements inmem.Link.
func (w *weather) Depart(m inmem.Message, now time.Duration, r *rand.Rand) (travel time.Duration, lost bool) {
	from, to := w.at(m.From), w.at(m.To)
	travel, lost = w.Link.Depart(m, now, r)
	if w.loss > 0 && rand.New(&w.losses[m.From]).Float64() < w.loss {
		lost = true
	}
	return travel + from.slow + to.slow, lost || from.cut != to.cut
}

// Arrive implements inmem.Link.
func (w *weather) Arrive(m inmem.Message, now time.Duration) (wait time.Duration, end inmem.Reception) {
	if w.at(m.From).cut != w.at(m.To).cut {
		return 0, inmem.Dropped
	}
	return w.Link.Arrive(m, now)
}

// at is the condition of a host. Nothing is wrong with a client.
func (w *weather) at(host uint32) *condition {
	if int(host) < len(w.hosts) {
		return &w.hosts[host]
	}
	return &condition{}
}
