package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"spreadable/internal/phrase"
)

// A fault or an attack on hosts that are all down at its time is on no node. A scenario
// tells which are down as far as it is written in it: join.times, churn.trace, and faults
// before that end hosts by their numbers. What is drawn during a run only the run tells.

// presence follows which hosts by number are up during the faults and attacks.
type presence struct {
	scenario *Scenario
	ended    map[int]ending
	up       []bool       // by churn.trace; nil without
	rest     []Transition // of the trace
}

// ending is a fault that has ended a host, for good if until is 0.
type ending struct {
	path  string
	until time.Duration
}

// strike is a fault or an attack on hosts by number.
type strike struct {
	at    time.Duration
	path  string
	does  string // the verb, or the lie
	hosts []int
	back  time.Duration // when the nodes that it ends are back; 0 is never
	ends  bool          // it ends nodes
	lies  bool
}

// strikes lists the faults and attacks on hosts by number in their order in time. Of
// those at the same time attacks are first: no fault before has ended their hosts.
func (s *Scenario) strikes() (list []strike) {
	for i, a := range s.Attacks {
		if t, err := ParseTarget(a.On); err == nil && t.List != nil {
			list = append(list, strike{at: a.At, path: "attacks." + strconv.Itoa(i), does: a.Lie, hosts: t.List, lies: true})
		}
	}
	for i, f := range s.Faults {
		t, err := ParseTarget(f.On)
		if err != nil || t.List == nil {
			continue
		}
		hit := strike{at: f.At, path: "faults." + strconv.Itoa(i), does: string(f.Do), hosts: t.List, ends: f.Do == Crash || f.Do == Bounce}
		if f.Do == Bounce {
			hit.back = f.At + f.For
		}
		list = append(list, hit)
	}
	slices.SortStableFunc(list, func(a, b strike) int { return cmp.Compare(a.at, b.at) })
	return list
}

// checkPresence refuses what happens to hosts that are down, and what contradicts what
// happens to the same hosts at the same time.
func (s *Scenario) checkPresence() error {
	p := presence{scenario: s, ended: map[int]ending{}}
	if s.Churn.Trace != "" {
		p.up, p.rest = s.Begins(), s.transitions
	}
	list := s.strikes()
	for i, hit := range list {
		p.follow(hit.at)
		if why := p.none(hit); why != "" {
			return s.errorf(join(hit.path, "on"), "%s.on: no node of it is up at %s: %s", hit.path, formatDuration(hit.at), why)
		}
		for _, before := range slices.Backward(list[:i]) {
			if before.at != hit.at {
				break
			}
			if host := hit.contradicts(before); host >= 0 {
				return s.errorf(hit.path, "%s: host %d cannot do both at %s, this and %s (%s)", hit.path, host,
					formatDuration(hit.at), before.path, phrase.Quote(before.does))
			}
		}
		if hit.ends {
			for _, host := range hit.hosts {
				p.ended[host] = ending{hit.path, hit.back}
			}
		}
	}
	return nil
}

// checkAnyLeft refuses what happens to nodes after all have crashed, where none come later.
func (s *Scenario) checkAnyLeft() error {
	bounces := slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.Do == Bounce })
	if s.Churn.On() || s.Join.Mode != Mass || bounces {
		return nil
	}
	end := slices.IndexFunc(s.Faults, func(f Fault) bool {
		t, err := ParseTarget(f.On)
		return f.Do == Crash && err == nil && t.all(s.Nodes)
	})
	if end < 0 {
		return nil
	}
	check := func(path string, at time.Duration, on string) error {
		if on == "" || at <= s.Faults[end].At {
			return nil
		}
		return s.errorf(join(path, "on"), "%s.on: no node is up at %s: faults.%d has ended all", path, formatDuration(at), end)
	}
	for i, f := range s.Faults {
		if err := check("faults."+strconv.Itoa(i), f.At, f.On); err != nil {
			return err
		}
	}
	for i, a := range s.Attacks {
		if err := check("attacks."+strconv.Itoa(i), a.At, a.On); err != nil {
			return err
		}
	}
	return nil
}

// contradicts is a host to which two things happen at the same time of which only one
// can; -1 if there is none. A node tells one lie, and is slow, skewed, held or cut off by
// one fault at a time.
func (a strike) contradicts(b strike) int {
	if a.lies != b.lies || !a.lies && a.does != b.does {
		return -1
	}
	for _, host := range a.hosts {
		if _, both := slices.BinarySearch(b.hosts, host); both {
			return host
		}
	}
	return -1
}

// none says why none of the hosts is up; "" if one is, or may be.
func (p presence) none(hit strike) (why string) {
	for _, host := range hit.hosts {
		if why = p.down(host, hit.at); why == "" {
			return ""
		}
	}
	return why
}

// down says why a host is down at a time; "" if it is up, or may be.
func (p presence) down(host int, at time.Duration) string {
	s := p.scenario
	if s.Join.Mode == Listed && s.Join.Times.At(host) > at {
		return fmt.Sprintf("host %d starts at %s (join.times)", host, formatDuration(s.Join.Times.At(host)))
	}
	if p.up != nil && !p.up[host] {
		return fmt.Sprintf("host %d is down by churn.trace", host)
	}
	if s.Churn.On() {
		return "" // another node may be at the address by then
	}
	if end, ended := p.ended[host]; ended && (end.until == 0 || at < end.until) {
		return fmt.Sprintf("%s has ended host %d", end.path, host)
	}
	return ""
}

// follow reads the trace up to a time.
func (p *presence) follow(until time.Duration) {
	for len(p.rest) > 0 && p.rest[0].At <= until {
		p.up[p.rest[0].Node] = p.rest[0].Up
		p.rest = p.rest[1:]
	}
}
