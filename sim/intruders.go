package sim

import (
	"fmt"
	"net/netip"
	"time"

	"spreadable/core"
	"spreadable/core/draw"
	"spreadable/sim/scenario"
)

// intruder is a host of an attack beside the nodes, and when it is there, in virtual time.
type intruder struct {
	address     string
	from, until time.Duration
}

// allIntruders are the hosts beside the nodes, by attack.
func allIntruders(s *scenario.Scenario, epoch time.Duration) (all [][]intruder, err error) {
	all = make([][]intruder, len(s.Attacks))
	for i := range all {
		if all[i], err = intrudersOf(s, i, epoch); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// intrudersOf are the hosts of an attack beside the nodes; none of one that is on nodes.
func intrudersOf(s *scenario.Scenario, number int, epoch time.Duration) ([]intruder, error) {
	attack := s.Attacks[number]
	kind, _ := s.Lie(attack.Lie)
	if kind.Grinds {
		return grind(s, number, epoch)
	}
	list := make([]intruder, attack.Identities)
	for i := range list {
		list[i] = intruder{fmt.Sprintf("203.0.113.%d:%d", number+1, nodePort+i), attack.At, attack.Until(s.Duration)}
	}
	return list, nil
}

// groundEntrants are the addresses among which an attacker grinds. Each of its IPs has a
// /24 of its own.
func groundEntrants(number int, attack scenario.Attack) (all []draw.Entrant) {
	for i := range attack.IPs {
		ip := netip.AddrFrom4([4]byte{204, byte(number), byte(i), 1})
		for port := range attack.Ports {
			all = append(all, draw.Entrant{Address: netip.AddrPortFrom(ip, uint16(port+1)).String(), IP: ip})
		}
	}
	return all
}

// groundRounds is for how many sync intervals before its period a node that was ground is
// there, so that all nodes know its master when the draw is made, and after it.
const groundRounds = 4

// grind chooses the nodes of an attacker that knows the draws to come. It ranks all its
// addresses for each period, by the order of the draw without a salt, which it does not
// know, and has a node at as many of the first as are drawn. That is as good as a node at
// each address. Where one address comes first twice it stays there in between.
func grind(s *scenario.Scenario, number int, epoch time.Duration) ([]intruder, error) {
	attack, approval := s.Attacks[number], s.Approval
	settings, err := approval.Settings()
	if err != nil {
		return nil, err
	}
	count, err := draw.ParseCount(approval.Approvers)
	if err != nil {
		return nil, err
	}
	all := groundEntrants(number, attack)
	end, lead := attack.Until(s.Duration), groundRounds*s.SyncInterval
	var list []intruder
	place := make(map[int]int) // in the list, by number in all
	for start := draw.Start(epoch+attack.At, approval.Period); start < epoch+end; start += approval.Period {
		order := draw.Original(start)
		if settings.ByHost {
			order = draw.ByHost(draw.Draw{Action: core.ClientApproval{}.Name(), Start: start, Group: settings.Group})
		}
		from := max(attack.At, start-epoch-lead)
		until := min(end, start-epoch+approval.Period+lead)
		first := draw.Shortlist(order, all, draw.Unlimited())
		for _, k := range first[:min(len(first), count.Of(s.Nodes))] {
			if i, known := place[k]; known {
				list[i].until = until
			} else {
				place[k] = len(list)
				list = append(list, intruder{all[k].Address, from, until})
			}
		}
	}
	return list, nil
}
