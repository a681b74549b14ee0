package faults

import (
	"fmt"
	"io"
	"testing"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/sim/lie"
)

// RunToggle lets an attacker with one IP toggle at each master of a settled network; see
// package lie. The world that is left is closed: it may be looked at, not run.
func RunToggle(t testing.TB, size int, seed uint64, rounds int, log io.Writer) *World {
	w := grown(t, size, seed, 1, log)
	w.Run(12 * round)
	toggle, _ := lie.Of("toggle")
	for i, h := range w.Live() {
		if len(h.Node.Structure().Slaves) == 0 {
			continue
		}
		var answer lie.Answer
		attacker := w.Play(fmt.Sprintf("203.0.113.7:%d", 1000+i), coretest.ActorFunc(
			func(from core.Peer, req *message.Request) (message.Response, coretest.Reaction) {
				return actor(answer).Act(from, req)
			}))
		answer = toggle.Begin(&lie.Liar{World: seam{w}, Host: place{attacker}, Victim: h.Peer()})
	}
	w.Run(time.Duration(rounds) * round)
	return w.finish()
}
