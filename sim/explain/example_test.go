package explain_test

import (
	"fmt"
	"time"

	"spreadable/sim"
	"spreadable/sim/explain"
	"spreadable/sim/scenario"
)

// Why is node 3 where it is after 20 s? Without recorded samples nothing is compared.
func ExampleRepeat() {
	s, err := scenario.Parse("small.yaml", []byte("name: small\nnodes: 5\nduration: 60s\n"), nil)
	if err != nil {
		panic(err)
	}
	story, err := explain.Repeat(s, nil, 3, 20*time.Second, sim.Options{})
	if err != nil {
		panic(err)
	}
	fmt.Println(story.Address, story.State.Role, story.State.Size)
	// Output: 10.0.0.4:4000 slave 5
}
