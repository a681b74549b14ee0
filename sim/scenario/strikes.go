package scenario

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"spreadable/internal/phrase"
)

// strike is a fault or an attack, by what it does to which nodes.
type strike struct {
	at     time.Duration
	path   string
	does   string // the verb, or the lie
	on     string
	target Target        // if it is on nodes
	back   time.Duration // when the nodes that it ends are back; 0 is never
	ends   bool          // it ends nodes
	lies   bool
}

// strikes lists the faults on nodes, the releases and the attacks on nodes in their order
// in time. Of those at the same time attacks are first: no fault before has ended their
// hosts.
func (s *Scenario) strikes() (list []strike) {
	for i, a := range s.Attacks {
		if t, err := ParseTarget(a.On); err == nil {
			list = append(list, strike{at: a.At, path: "attacks." + strconv.Itoa(i), does: a.Lie, on: a.On, target: t, lies: true})
		}
	}
	for i, f := range s.Faults {
		t, err := ParseTarget(f.On)
		if err != nil && f.Do != Release {
			continue
		}
		hit := strike{at: f.At, path: "faults." + strconv.Itoa(i), does: string(f.Do), on: f.On, target: t, ends: f.Do == Crash || f.Do == Bounce}
		if f.Do == Bounce {
			hit.back = f.At + f.For
		}
		list = append(list, hit)
	}
	slices.SortStableFunc(list, func(a, b strike) int { return cmp.Compare(a.at, b.at) })
	return list
}

// alike reports whether of two strikes at the same time only one can be on a node. A node
// tells one lie, and is slow, skewed, held or cut off by one fault at a time.
func (hit strike) alike(other strike) bool {
	return hit.lies == other.lies && (hit.lies || hit.does == other.does)
}

// shared is a host that two lists have in common; -1 if there is none.
func (hit strike) shared(other strike) int {
	for _, host := range hit.target.List {
		if _, both := slices.BinarySearch(other.target.List, host); both {
			return host
		}
	}
	return -1
}

// pool is what is certain of the hosts of which a strike takes some.
type pool struct {
	hosts []int        // those of its target that may be up, ascending; of any class
	down  map[fate]int // how many of its target are down for which reason
	last  int          // one of those that are down
	most  int          // how many are up at most
	known bool         // the hosts are those of its target, not some of them
	sure  bool         // known, and all of them are up
}

// all reports whether a strike takes all of its pool that are up.
func (p pool) all(hit strike) bool {
	t := hit.target
	return t.List != nil || t.Share == 1 || t.Count >= p.most && t.Count > 0
}

// takes is how many of so many hosts a target takes.
func (t Target) takes(of int) int {
	switch {
	case t.List != nil || of == 0:
		return of
	case t.Count > 0:
		return min(t.Count, of)
	}
	return max(1, int(math.Round(t.Share*float64(of))))
}

// meet reports whether two draws have a host in common, whichever they take.
func meet(a, b strike, of, other pool) bool {
	size := max(len(of.hosts), len(other.hosts))
	if !of.sure || !other.sure || a.ends || a.target.takes(len(of.hosts))+b.target.takes(len(other.hosts)) <= size {
		return false
	}
	both := 0
	for _, host := range of.hosts {
		if _, in := slices.BinarySearch(other.hosts, host); in {
			both++
		}
	}
	least := func(hit strike, p pool) int {
		return max(0, hit.target.takes(len(p.hosts))-(len(p.hosts)-both))
	}
	return least(a, of)+least(b, other) > both
}

// checkTogether refuses what contradicts an earlier strike at the same time.
func (s *Scenario) checkTogether(hit, before strike, of, other pool) error {
	if !hit.alike(before) {
		return nil
	}
	at := formatDuration(hit.at)
	if host := hit.shared(before); host >= 0 {
		return s.errorf(hit.path, "%s: host %d cannot do both at %s, this and %s (%s)", hit.path, host,
			at, before.path, phrase.Quote(before.does))
	}
	if meet(hit, before, of, other) {
		return s.errorf(hit.path, "%s: no node can do both at %s, this and %s (%s), and %s and %s of the same %d nodes have some in common: want fewer, or another time",
			hit.path, at, before.path, phrase.Quote(before.does), phrase.Quote(hit.on), phrase.Quote(before.on), max(len(of.hosts), len(other.hosts)))
	}
	return nil
}
