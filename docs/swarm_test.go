package docs

import (
	"strings"
	"testing"

	"spreadable/sim/fault"
	"spreadable/sim/lie"
)

// docs/swarm.md lists every fault and every lie.
func TestEveryFaultAndLieIsDocumented(t *testing.T) {
	text := read(t, "docs/swarm.md")
	for _, c := range []struct {
		heading, head string
		names         []string
	}{{"## Faults", "fault", fault.Kinds()}, {"## Liars", "lie", lie.Kinds()}} {
		var documented []string
		for _, cell := range firstCells(section(t, text, c.heading), c.head) {
			for _, name := range strings.Split(cell, ",") {
				documented = append(documented, strings.Trim(name, "` "))
			}
		}
		sameSet(t, c.head, documented, c.names)
	}
}
