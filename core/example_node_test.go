package core_test

import (
	"fmt"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/peer"
)

// The smallest network that has all there is: three nodes. The first knows only itself,
// and the others know its address. A minute later each has a backlink, and all know all
// masters.
func ExampleNode() {
	network := coretest.New(nil, 25*time.Millisecond, 1)
	first := []core.Peer{peer.FromID(1)}
	for i := 1; i <= 3; i++ {
		host := network.AddNode(fmt.Sprintf("node%d.example.com:80", i), core.Config{Bootstrap: first})
		host.Start()
	}
	network.Run(time.Minute)
	for _, host := range network.Live() {
		place := host.Node.Structure()
		listed := 0
		for _, slave := range network.Host(place.Backlink.ID()).Node.Structure().Slaves {
			if slave == place.Address {
				listed++
			}
		}
		fmt.Printf("%s: listed %d time by its backlink, counts %d nodes, knows %d masters\n",
			network.Book.Text(place.Address), listed, host.Node.NetworkSize(), len(place.Masters.List))
	}
	// Output:
	// node1.example.com:80: listed 1 time by its backlink, counts 3 nodes, knows 3 masters
	// node2.example.com:80: listed 1 time by its backlink, counts 3 nodes, knows 3 masters
	// node3.example.com:80: listed 1 time by its backlink, counts 3 nodes, knows 3 masters
}
