package trace_test

import (
	"fmt"
	"time"

	"spreadable/sim"
	"spreadable/sim/scenario"
	"spreadable/sim/trace"
)

// What a node asks for in its first second.
func ExampleRecorder() {
	s, err := scenario.Parse("small.yaml", []byte("name: small\nnodes: 5\nduration: 20s\n"), nil)
	if err != nil {
		panic(err)
	}
	r := trace.New(trace.Options{Window: trace.Window{Nodes: []int{3}, To: time.Second, Entries: 100}})
	if _, err := sim.Run(s, sim.Options{Trace: r}); err != nil {
		panic(err)
	}
	for _, e := range r.Tracks()[0].Entries {
		if e.What == trace.Asked {
			fmt.Printf("%v: asked %s for %s, answered after %v\n", e.At.Round(time.Millisecond), r.Text(e.Peer), e.Kind, e.Until-e.At)
		}
	}
	// Output:
	// 924ms: asked node 0 for status, answered after 50ms
	// 974ms: asked node 0 for provide-registration, answered after 50ms
}
