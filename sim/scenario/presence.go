package scenario

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"spreadable/internal/phrase"
)

// A fault or an attack on more nodes than are up at its time is an error. A scenario tells
// which are down as far as it is written in it: join, churn.trace, and faults before that
// end hosts. What is drawn during a run only the run tells.

// presence follows which hosts may be up during the faults and attacks.
type presence struct {
	scenario *Scenario
	starts   []time.Duration
	ended    map[int]ending
	gaps     []gap         // what faults end, in the order of time
	up       []bool        // by churn.trace; nil without
	rest     []Transition  // of the trace
	lost     int           // how many of the others have ended at least, drawn at random
	lostBy   string        // the last fault that has ended some of them
	vague    bool          // some that may be up may be down
	returns  time.Duration // when the last of those is back that were drawn to bounce
	held     []pool        // what the holds since the last release are on
}

// ending is a fault that has ended a host, for good if until is 0.
type ending struct {
	path  string
	until time.Duration
}

// gap is a time in which a host is down by a fault.
type gap struct {
	host int
	from time.Duration
	ending
}

// fate is why a host is down: one of these, or the path of the fault that has ended it.
type fate string

const (
	here  fate = "" // it is up, or may be
	later fate = "later"
	away  fate = "away"
)

func (s *Scenario) newPresence() *presence {
	p := &presence{scenario: s, starts: s.Starts(), ended: map[int]ending{}}
	if s.Churn.Trace != "" {
		p.up, p.rest = s.Begins(), s.transitions
	}
	p.vague = s.Churn.On() || s.Leave.On() || s.Join.Mode == Poisson
	return p
}

// checkPresence refuses what happens to hosts that are down, and what contradicts what
// happens to the same hosts at the same time. At last it looks for the hosts of clients.
func (s *Scenario) checkPresence() error {
	list := s.strikes()
	if len(list) == 0 && s.Workload.EntryHosts() == nil {
		return nil
	}
	p := s.newPresence()
	pools := make([]pool, len(list))
	for i, hit := range list {
		p.follow(hit.at)
		if i > 0 && list[i-1].at < hit.at {
			clear(pools[:i]) // they may be large
		}
		if hit.does == string(Release) && !hit.lies {
			if err := p.checkRelease(hit); err != nil {
				return err
			}
			continue
		}
		pools[i] = p.pool(hit)
		if err := p.checkStrike(hit, pools[i]); err != nil {
			return err
		}
		for j := i - 1; j >= 0 && list[j].at == hit.at; j-- {
			if err := s.checkTogether(hit, list[j], pools[i], pools[j]); err != nil {
				return err
			}
		}
		p.strike(hit, pools[i])
	}
	return p.checkEntry()
}

// pool lists the hosts that a strike may be on.
func (p *presence) pool(hit strike) pool {
	s, t := p.scenario, hit.target
	of := pool{down: map[fate]int{}, last: -1}
	if s.movable() && t.List == nil {
		of.most = s.Nodes // or more: nodes come to further hosts
		return of
	}
	for _, host := range s.hostsOf(t, hit.lies) {
		if why := p.down(host, hit.at); why != here {
			of.down[why]++
			of.last = host
		} else {
			of.hosts = append(of.hosts, host)
		}
	}
	of.most = min(len(of.hosts), max(0, p.count(hit.at)-p.lost), s.mostOf(t))
	if t.List != nil {
		of.most = len(of.hosts)
	}
	plain := t.Class == "" || s.mostOf(Target{Class: t.Class}) == s.Nodes
	of.known = plain && (t.List != nil || t.Role == Nodes || t.Role == Bootstrap)
	of.sure = of.known && !p.vague
	return of
}

// count is how many hosts may be up, those that were drawn to end among them.
func (p *presence) count(at time.Duration) (count int) {
	for host := range p.starts {
		if p.down(host, at) == here {
			count++
		}
	}
	return count
}

// hostsOf are the hosts that a target can be on, whether they are up or not. Of which class
// each is, is drawn. A lie spares the bootstrap nodes where they are not named.
func (s *Scenario) hostsOf(t Target, lies bool) []int {
	if t.List != nil {
		return t.List
	}
	first, end, there := 0, s.Nodes, func(int) bool { return true }
	if t.Role == Bootstrap {
		end = s.Join.Bootstrap
	} else if lies {
		first = s.Join.Bootstrap
	}
	if t.Place != "" {
		there = s.isIn(t.Place)
	}
	var hosts []int
	for host := first; host < end; host++ {
		if there(host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// drawn reports whether it is drawn when nodes come and leave.
func (s *Scenario) drawn() bool { return s.Churn.On() && s.Churn.Trace == "" }

// movable reports whether nodes may come to hosts beside those of the first nodes.
func (s *Scenario) movable() bool { return s.drawn() || s.Churn.NewIP > 0 }

// down says why a host is down at a time.
func (p *presence) down(host int, at time.Duration) fate {
	s := p.scenario
	if s.drawn() {
		return here // any node may be at the address by then
	}
	if p.starts[host] > at {
		return later
	}
	if p.up != nil {
		if !p.up[host] {
			return away
		}
		return here // it may have come back since a fault
	}
	if end, ended := p.ended[host]; ended && (end.until == 0 || at < end.until) {
		return fate(end.path)
	}
	return here
}

// why says why a host is down.
func (p *presence) why(host int, is fate) string {
	switch is {
	case later:
		return fmt.Sprintf("host %d starts at %s (%s)", host, formatDuration(p.starts[host]), p.scenario.startedBy())
	case away:
		return fmt.Sprintf("host %d is down by churn.trace", host)
	}
	return fmt.Sprintf("%s has ended host %d", is, host)
}

// tally says why the hosts of a target are down: how many for which reason.
func (p *presence) tally(hit strike, of pool) string {
	var texts []string
	for _, is := range slices.Sorted(maps.Keys(of.down)) {
		count := of.down[is]
		switch {
		case is == later:
			texts = append(texts, fmt.Sprintf("%d start later (%s)", count, p.scenario.startedBy()))
		case is == away:
			texts = append(texts, fmt.Sprintf("%d are down by churn.trace", count))
		case len(of.hosts) == 0 && len(of.down) == 1:
			texts = append(texts, fmt.Sprintf("%s has ended all", is))
		default:
			texts = append(texts, fmt.Sprintf("%s has ended %d", is, count))
		}
	}
	if p.lost > 0 {
		texts = append(texts, fmt.Sprintf("%d have ended (%s)", p.lost, p.lostBy))
	}
	if hit.lies && hit.target.Role == Nodes && (len(of.hosts) > 0 || len(texts) == 0) {
		texts = append(texts, "bootstrap nodes lie only where on says bootstrap, or their numbers")
	}
	return strings.Join(texts, ", ")
}

// checkStrike refuses a strike on none that is up, on more than are, or that cuts off all.
func (p *presence) checkStrike(hit strike, of pool) error {
	s, at, key := p.scenario, formatDuration(hit.at), join(hit.path, "on")
	all := strike{at: hit.at, target: Target{Share: 1, Role: Nodes}}
	switch {
	case of.most == 0 && hit.target.List != nil:
		return s.errorf(key, "%s: no node of it is up at %s: %s", key, at, p.why(of.last, p.down(of.last, hit.at)))
	case of.most == 0 && p.count(hit.at) <= p.lost:
		return s.errorf(key, "%s: no node is up at %s: %s", key, at, p.tally(hit, of))
	case of.most == 0:
		return s.errorf(key, "%s: no node of it is up at %s: %s", key, at, p.tally(hit, of))
	case hit.target.Count > of.most:
		return s.errorf(key, "%s: %s is more than the %d that can be up at %s: %s", key,
			phrase.Quote(hit.on), of.most, at, p.tally(hit, of))
	case !hit.lies && hit.does == string(Partition) && p.cutsNone(hit, of):
		return s.errorf(key, "%s: %s is all nodes that are up at %s, so it cuts no node off from another: %s", key,
			phrase.Quote(hit.on), at, p.tally(all, p.pool(all)))
	}
	return nil
}

// cutsNone reports whether a partition is of all nodes until it is repaired: no other is up,
// and none comes.
func (p *presence) cutsNone(hit strike, of pool) bool {
	s := p.scenario
	if s.drawn() || s.Join.Mode == Poisson || p.returns > hit.at || !of.known || !of.all(hit) {
		return false
	}
	until := s.repairOf(hit)
	if slices.ContainsFunc(p.rest, func(t Transition) bool { return t.Up && t.At < until }) {
		return false
	}
	for host := range p.starts {
		is := p.down(host, hit.at)
		_, in := slices.BinarySearch(of.hosts, host)
		end := p.ended[host]
		switch {
		case is == here && !in,
			is == later && p.starts[host] < until,
			is != here && is != later && is != away && end.until > 0 && end.until < until:
			return false
		}
	}
	return true
}

// repairOf is when a partition ends.
func (s *Scenario) repairOf(hit strike) time.Duration {
	until := s.Duration
	for _, f := range s.Faults {
		switch {
		case f.Do == Partition && f.At == hit.at && f.For > 0:
			until = min(until, f.At+f.For)
		case f.Do == Repair && f.At > hit.at:
			until = min(until, f.At)
		}
	}
	return until
}

// strike takes note of what a strike does to its hosts.
func (p *presence) strike(hit strike, of pool) {
	if hit.does == string(Hold) && !hit.lies {
		p.held = append(p.held, of)
	}
	if !hit.ends || p.scenario.Churn.On() {
		return
	}
	if of.known && of.all(hit) {
		for _, host := range of.hosts {
			if p.scenario.Join.Mode == Poisson && host >= p.scenario.Join.Bootstrap {
				break // it may not have started
			}
			p.ended[host] = ending{hit.path, hit.back}
			p.gaps = append(p.gaps, gap{host, hit.at, p.ended[host]})
		}
		p.lost = max(0, p.lost-len(of.hosts)) // some of those may be among them
		return
	}
	p.vague, p.returns = true, max(p.returns, hit.back)
	if t := hit.target; hit.back == 0 && t.Role == Nodes && t.Class == "" && t.Place == "" && p.scenario.Join.Mode != Poisson {
		p.lost, p.lostBy = p.lost+t.takes(of.most), hit.path
	}
}

// checkRelease refuses a release of nodes all of which have ended for good since.
func (p *presence) checkRelease(hit strike) error {
	held := p.held
	p.held = nil
	by := ""
	for _, of := range held {
		if p.scenario.drawn() {
			return nil
		}
		for _, host := range of.hosts {
			end, ended := p.ended[host]
			if !ended || end.until > 0 {
				return nil
			}
			by = cmp.Or(by, fmt.Sprintf("%s has ended host %d", end.path, host))
		}
	}
	if by == "" {
		return nil // the course of the faults has been judged before
	}
	return p.scenario.errorf(hit.path, "%s: no node is held any more at %s: %s", hit.path, formatDuration(hit.at), by)
}

// follow reads the trace up to a time.
func (p *presence) follow(until time.Duration) {
	for len(p.rest) > 0 && p.rest[0].At <= until {
		p.up[p.rest[0].Node] = p.rest[0].Up
		p.rest = p.rest[1:]
	}
}
