package core_test

import (
	"fmt"
	"slices"
	"time"

	"spreadable/core"
	"spreadable/core/coretest"
	"spreadable/core/message"
	"spreadable/core/peer"
)

// whoHolds is an application on the query seam: which nodes hold a document? Each node
// answers for itself, and the core derives the rest: the entry node asks the masters,
// they ask their slaves, and on the way back the answers are merged in pairs.
type whoHolds struct {
	node      string
	documents map[string]bool
}

// Name tells the application's requests apart from others'.
func (w *whoHolds) Name() string { return "who-holds" }

// Answer is one node's: itself, or nothing to say.
func (w *whoHolds) Answer(document any) any {
	if w.documents[document.(string)] {
		return []string{w.node}
	}
	return nil
}

// Merge puts two answers together. It never sees nil, and changes neither: answers are
// shared.
func (w *whoHolds) Merge(a, b any) any {
	all := slices.Concat(a.([]string), b.([]string))
	slices.Sort(all)
	return all
}

// Nine nodes hold documents; a client asks one of them who holds which. The answer comes
// with its coverage: how many nodes should have answered, and how many did.
func ExampleQuery() {
	network := coretest.New(nil, 25*time.Millisecond, 1)
	for i := 1; i <= 9; i++ {
		host := network.AddNode(fmt.Sprintf("node%d.example.com:80", i), core.Config{Bootstrap: []core.Peer{peer.FromID(1)}})
		documents := map[string]bool{"article": true, "song": i%4 == 0}
		host.Node.Offer(&whoHolds{node: fmt.Sprintf("node%d", i), documents: documents})
		host.Start()
	}
	network.Run(2 * time.Minute)

	ask := func(document string) {
		query := &message.QueryRequest{Name: "who-holds", Arg: document}
		network.Client(1).Client.Ask(peer.FromID(5), 0, query, func(answer *message.QueryAnswer, err error) {
			if err != nil {
				fmt.Println("error:", err)
				return
			}
			fmt.Printf("%s: held by %v, %d of %d nodes answered, in %d hops\n",
				document, answer.Result, answer.Coverage.Answered, answer.Coverage.Asked, answer.Cost.Hops)
		})
		network.Settle()
	}
	ask("song")
	ask("film")
	network.Host(8).Up = false
	ask("song")
	// Output:
	// song: held by [node4 node8], 9 of 9 nodes answered, in 3 hops
	// film: held by <nil>, 9 of 9 nodes answered, in 3 hops
	// song: held by [node4], 8 of 9 nodes answered, in 3 hops
}
