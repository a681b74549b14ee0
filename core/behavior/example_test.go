package behavior_test

import (
	"fmt"
	"time"

	"spreadable/core/behavior"
	"spreadable/core/peer"
)

// A slave tells a false size of its master in every answer, a sync every 16 s. Once it has
// done so often enough, the sync's sweep asks for its ban.
func Example() {
	const syncLifetime = 100 * time.Second
	rules := behavior.Rules()
	slave := peer.FromID(1)
	var scores behavior.Scores
	var bans behavior.Bans
	for now := time.Duration(0); bans.Len() == 0; now += 16 * time.Second {
		for _, v := range scores.Sweep(now, &rules, syncLifetime) {
			fmt.Println("banned after", now, "for", v.Life, "because of", v.Action)
			bans.Add(behavior.Ban{Peer: v.Peer, Reason: v.Action.String(), Since: now, Until: now + v.Life})
		}
		scores.Add(now, rules[behavior.SlaveMasters], behavior.SlaveMasters, slave, 1)
	}
	// Output:
	// banned after 1m36s for 432h0m0s because of slaveMasters
}
