package report

import (
	"fmt"

	"spreadable/sim/result"
	"spreadable/sim/result/words"
)

// network tells what happened to messages, each part only if it was switched on.
func network(n *result.Network) []headline {
	var list []headline
	switch {
	case n.Retransmissions != nil && n.Lost != nil:
		list = append(list, headline{"Lost and sent again", words.Short(float64(*n.Retransmissions)), "messages",
			fmt.Sprintf("TCP sends a lost message again after a while; %s were given up.", none(int(*n.Lost)))})
	case n.Lost != nil:
		list = append(list, headline{"Lost", words.Short(float64(*n.Lost)), "messages",
			"As datagrams are not sent again, the asker waits until its timeout."})
	}
	for _, c := range []struct {
		name, unit, means string
		count             *int64
	}{
		{"Refused", "requests", "They came to a full queue, and were answered at once that the node is busy.", n.Refused},
		{"Given up", "messages", "The asker did not wait until their turn on a line came.", n.Abandoned},
		{"Behind a NAT", "requests", "They were for nodes that no other can reach, and got no answer.", n.Unreachable},
		{"Connections", "opened", "Each takes a round trip, and one more for TLS.", n.Handshakes},
	} {
		if c.count != nil {
			list = append(list, headline{c.name, words.Short(float64(*c.count)), c.unit, c.means})
		}
	}
	for _, u := range []struct {
		name, what string
		use        *result.Use
	}{
		{"Busiest uplink", "A message", n.Uplink}, {"Busiest downlink", "A message", n.Downlink},
		{"Busiest node", "A request", n.Service},
	} {
		if u.use != nil {
			list = append(list, headline{u.name, percent(u.use.UtilisationMax), "of the time", fmt.Sprintf(
				"That of node %d; %s in the mean. %s waited %s ms for those before it in the mean, and %s ms at most.",
				u.use.Busiest, percent(u.use.UtilisationMean), u.what, words.Short(u.use.WaitMS.Mean),
				words.Short(u.use.WaitMS.Max))})
		}
	}
	return list
}
