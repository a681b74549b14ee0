package sim

import (
	"math"
	"slices"

	"spreadable/core/draw"
	"spreadable/core/peer"
	"spreadable/internal/theory"
	"spreadable/sim/result"
	"spreadable/sim/scenario"
)

// What attackers make of draws of approvers, and what theory says of it: that the liars
// among the approvers are as many as chance gives, of all that can be drawn.

// captured fills in which draws the attackers decide and which they can deny: so many of
// the approvers lie or have lied that they are enough for a decision, or that the others
// are not.
func (a *attacks) captured(sum *result.Approval, requests []result.Request) {
	decision, err := draw.ParseDecision(a.world.scenario.Approval.DecisionLevel)
	draws := result.Draws(requests)
	if err != nil || len(draws) == 0 {
		return
	}
	captured, denied, drawn := 0, 0, 0
	for _, approvers := range draws {
		drawn = max(drawn, len(approvers))
	}
	liarsOf := make([]int, drawn+1)
	for _, approvers := range draws {
		liars := 0
		for _, host := range approvers {
			if a.lies(host) {
				liars++
			}
		}
		liarsOf[liars]++
		agree := decision.Of(len(approvers))
		if liars >= agree {
			captured++
		}
		if len(approvers)-liars < agree {
			denied++
		}
	}
	all := float64(len(draws))
	sum.Captured, sum.Denied = result.Finite(float64(captured)/all), result.Finite(float64(denied)/all)
	of := a.electorate()
	of.Approvers = min(drawn, of.Nodes)
	of.Agree = decision.Of(of.Approvers)
	sum.CapturedExpected, sum.DeniedExpected = result.Finite(of.Capture()), result.Finite(of.Denial())
	for liars, seen := range liarsOf {
		sum.Liars = append(sum.Liars, result.LiarsDrawn{Liars: liars, Draws: seen, Expected: all * of.Exactly(liars)})
	}
}

// electorate are the groups that can be drawn at the end of the run, and how many of them
// are the attackers': of a group that they share with others, their part. An attacker that
// grinds counts as if it had a node at each of its addresses.
func (a *attacks) electorate() theory.Draw {
	groups := make(map[string]int) // how many nodes each has
	for host := range a.world.hosts {
		if a.counts(host) {
			groups[a.groupOf(host)]++
		}
	}
	liars := 0.0
	for host := range a.world.hosts {
		if a.counts(host) && a.lies(host) {
			liars += 1 / float64(groups[a.groupOf(host)])
		}
	}
	ground := 0
	for number, attack := range a.world.scenario.Attacks {
		ground += a.groundGroups(number, attack)
	}
	return theory.Draw{Nodes: len(groups) + ground, Colluders: int(math.Round(liars)) + ground}
}

// counts reports whether a host can be drawn and was not ground.
func (a *attacks) counts(host int) bool {
	return a.world.net.Host(host).Up() && !a.omitted(host) && (a.liars[host] == nil || !a.liars[host].kind.Grinds)
}

// groundGroups is how many groups the addresses make among which an attacker grinds.
func (a *attacks) groundGroups(number int, attack scenario.Attack) int {
	settings, err := a.world.scenario.Approval.Settings()
	if err != nil || !settings.ByHost {
		return attack.IPs * attack.Ports
	}
	groups := make(map[string]bool)
	for _, entrant := range groundEntrants(number, attack) {
		group, _ := settings.Group.Of(entrant)
		groups[group] = true
	}
	return len(groups)
}

// groupOf names what counts once in a draw.
func (a *attacks) groupOf(host int) string {
	w := a.world
	address := w.book.Address(peerOf(host))
	entrant := draw.Entrant{Address: address.String(), IP: address.IP()}
	settings, err := w.scenario.Approval.Settings()
	switch {
	case err == nil && settings.ByHost:
		group, _ := settings.Group.Of(entrant)
		return group
	case hostsOf(w.scenario) == peer.HostsStrict:
		return peer.HostIP(entrant.IP).String()
	}
	return entrant.Address
}

// omitted reports whether a host's master keeps it out of draws.
func (a *attacks) omitted(host int) bool {
	backlink := a.world.node(host).Structure().Backlink
	if backlink.IsZero() {
		return false
	}
	l := a.liars[int(backlink.ID())-1]
	if l == nil || l.answer == nil || !l.kind.Omits {
		return false
	}
	return !slices.Contains(l.lie.Band, peerOf(host))
}
