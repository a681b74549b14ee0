package sim

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"spreadable/internal/stream"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
	"spreadable/sim/weather"
)

// faults is what breaks in a world. Faults happen at the ends of slices, between which
// the workers run free.
type faults struct {
	world  *world
	course []change // in their order in time, the next first
	struck [][]int  // by fault: the hosts that it was on, ascending
	lasts  []int    // the faults that last for a time, in the order in which they began
	steps  []result.Fault
}

// change is the begin of a fault or an attack, by its number, or its end.
type change struct {
	at     time.Duration
	number int
	begin  bool
}

// newFaults plans the faults of a scenario; nil without any.
func newFaults(w *world) *faults {
	s := w.scenario
	if len(s.Faults) == 0 {
		return nil
	}
	f := &faults{world: w, struck: make([][]int, len(s.Faults))}
	for i, fault := range s.Faults {
		f.course = append(f.course, change{fault.At, i, true})
		if fault.For > 0 && fault.Do != scenario.Bounce {
			f.course = append(f.course, change{fault.At + fault.For, i, false})
		}
	}
	slices.SortStableFunc(f.course, func(a, b change) int { return cmp.Compare(a.at, b.at) })
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
		fault := f.world.scenario.Faults[c.number]
		if !c.begin {
			f.lasts = slices.DeleteFunc(f.lasts, func(number int) bool { return number == c.number })
			f.world.film.step("fault", string(fault.Do), false, len(f.struck[c.number]), now)
			f.end(fault, f.struck[c.number], now)
			continue
		}
		hosts := f.targets(c.number, now)
		f.struck[c.number] = slices.Sorted(slices.Values(hosts))
		f.steps = append(f.steps, result.Fault{AtS: now.Seconds(), Do: string(fault.Do), Nodes: len(hosts)})
		f.begin(c.number, fault, hosts, now)
		f.world.film.step("fault", string(fault.Do), true, len(hosts), now)
		f.look(hosts, now)
	}
}

// begin does a fault to hosts.
func (f *faults) begin(number int, fault scenario.Fault, hosts []int, now time.Duration) {
	f.tell(fault, true, hosts, now)
	f.lasts = append(f.lasts, number)
	switch fault.Do {
	case scenario.Crash:
		f.stop(fault, hosts, now, now)
	case scenario.Bounce:
		f.stop(fault, hosts, now, now+fault.For)
	case scenario.Partition:
		f.each(hosts, func(h *weather.Host) { h.Group = 1 })
	case scenario.Repair:
		f.world.weather.Heal()
	case scenario.Hold:
		for _, host := range hosts {
			f.world.weather.Hold(host)
		}
	case scenario.Release:
		f.lasts = slices.DeleteFunc(f.lasts, func(n int) bool { return f.world.scenario.Faults[n].Do == scenario.Hold })
		f.release(hosts, now)
	case scenario.Slow:
		f.each(hosts, func(h *weather.Host) { h.Slow = fault.By })
	case scenario.Loss:
		f.world.weather.SetLoss(fault.Share)
	case scenario.Skew:
		for _, host := range hosts {
			f.world.net.SetSkew(host, fault.By)
		}
	}
}

// end takes a fault back that lasts for a time. Where another one of its kind still lasts,
// that one holds from now on.
func (f *faults) end(fault scenario.Fault, hosts []int, now time.Duration) {
	f.tellEnd(fault, hosts, now)
	switch fault.Do {
	case scenario.Partition:
		f.world.weather.Heal()
	case scenario.Hold:
		held := func(host int) bool { return f.left(scenario.Hold, host).Do != "" }
		f.release(slices.DeleteFunc(slices.Clone(hosts), held), now)
	case scenario.Slow:
		for _, host := range hosts {
			f.world.weather.Host(host).Slow = f.left(scenario.Slow, host).By
		}
	case scenario.Loss:
		f.world.weather.SetLoss(f.left(scenario.Loss, everywhere).Share)
	case scenario.Skew:
		for _, host := range hosts {
			f.world.net.SetSkew(host, f.left(scenario.Skew, host).By)
		}
	}
}

// everywhere stands for the host of a fault that is on the network.
const everywhere = -1

// left is the last fault with a verb that lasts on a host; none if its verb is empty.
func (f *faults) left(do scenario.Verb, host int) scenario.Fault {
	for _, number := range slices.Backward(f.lasts) {
		_, on := slices.BinarySearch(f.struck[number], host)
		if fault := f.world.scenario.Faults[number]; fault.Do == do && (on || host == everywhere) {
			return fault
		}
	}
	return scenario.Fault{}
}

func (f *faults) each(hosts []int, do func(*weather.Host)) {
	for _, host := range hosts {
		do(f.world.weather.Host(host))
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
	w := f.world
	for _, host := range hosts {
		w.weather.Release(host, now, w.kernel.Partition(w.net.PartitionOf(uint32(host))).Schedule)
	}
}

// targets are the hosts that a fault is on: none if it is on the network, those that are
// held for a release, else what its target says of those that are up.
func (f *faults) targets(fault int, now time.Duration) []int {
	w, this := f.world, f.world.scenario.Faults[fault]
	switch this.Do {
	case scenario.Repair, scenario.Loss:
		return nil
	case scenario.Release:
		var all []int
		for i := range w.nodes {
			if w.weather.Held(i) {
				all = append(all, i)
			}
		}
		return all
	}
	return w.targets(this.On, now, rand.New(stream.New(w.scenario.Seed, uint64(fault), stream.Fault)), nil)
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
