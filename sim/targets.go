package sim

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"spreadable/sim/scenario"
)

// targets are the hosts that a fault or an attack is on: what the text says of those that
// are up, without those that spare says not to take, unless they are named.
func (w *world) targets(on string, now time.Duration, r *rand.Rand, spare func(t scenario.Target, host int) bool) []int {
	target, err := scenario.ParseTarget(on)
	if err != nil {
		return nil // validate has refused it
	}
	var all []int
	is := w.membership(target)
	for host := range w.population.At(now).All() {
		if w.net.Host(host).Up() && is(host) && (spare == nil || !spare(target, host)) {
			all = append(all, host)
		}
	}
	if target.List != nil {
		return all
	}
	return w.pick(target, all, r)
}

// membership returns what tells whether a host that is up is one of those that a target is
// about.
func (w *world) membership(t scenario.Target) func(host int) bool {
	classes, places := w.scenario.Classes.Names(), w.scenario.Places()
	return func(host int) bool {
		switch {
		case t.List != nil:
			_, listed := slices.BinarySearch(t.List, host)
			return listed
		case t.Class != "" && w.class(host, classes) != t.Class:
			return false
		case t.Place != "" && (places == nil || places.Names()[places.Of(uint32(host))] != t.Place):
			return false
		}
		return w.hasRole(t.Role, host)
	}
}

// hasRole reports whether a node that is up has a role.
func (w *world) hasRole(role scenario.Role, host int) bool {
	s := w.node(host).Structure()
	switch role {
	case scenario.Masters:
		return len(s.Slaves) > 0
	case scenario.Slaves:
		return len(s.Slaves) == 0 && !s.Backlink.IsZero()
	case scenario.Bootstrap:
		return host < w.scenario.Join.Bootstrap
	}
	return true
}

// pick takes as many of the hosts as a target wants, at least one: the largest, or any.
func (w *world) pick(t scenario.Target, all []int, r *rand.Rand) []int {
	count := t.Count
	if count == 0 {
		count = max(1, int(math.Round(t.Share*float64(len(all)))))
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if t.Largest {
		slices.SortStableFunc(all, func(a, b int) int {
			return cmp.Compare(len(w.node(b).Structure().Slaves), len(w.node(a).Structure().Slaves))
		})
	}
	all = all[:min(count, len(all))]
	slices.Sort(all)
	return all
}
