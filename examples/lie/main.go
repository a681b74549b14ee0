// Lie is a simulator with a lie of its own, as a module of its own: nodes that answer every
// third search only.
//
//	go run . SCENARIO.yaml
package main

import (
	"fmt"
	"os"

	"spreadable/core"
	"spreadable/core/message"
	"spreadable/sim"
	"spreadable/sim/lie"
	"spreadable/sim/scenario"
)

// lazy is the lie. What it depends on, here the count, is the liar's own: liars answer at
// the same time.
func lazy(*lie.Liar) lie.Answer {
	searches := 0
	return func(_ core.Peer, req *message.Request) (message.Response, bool) {
		if req.Kind != message.KindQuerySlave && req.Kind != message.KindQueryButler {
			return message.Response{}, false // the node answers
		}
		searches++
		return message.Refuse(message.CodeUnknownQuery), searches%3 != 0
	}
}

// row is the lie as scenario files know it: `attacks: [{at: 4m, lie: lazy, on: 10%}]`.
func row() scenario.LieRow {
	return scenario.LieRow{Name: "lazy", Kind: lie.Kind{Begin: lazy}}
}

func run(path string) error {
	s, err := scenario.Reader{Lies: []scenario.LieRow{row()}}.Load(path, nil)
	if err != nil {
		return err
	}
	r, err := sim.Run(s, sim.Options{})
	if err != nil {
		return err
	}
	if a := r.Summary.Attacks; a != nil {
		fmt.Printf("%s: %d of %d nodes lie, %d of them are banned\n", s.Name, a.Liars, s.Nodes, a.Convicted)
	}
	if search := r.Summary.Search; search != nil && search.Coverage != nil {
		fmt.Printf("searches reach %.1f %% of the honest nodes in the mean\n", 100*search.Coverage.Mean)
	}
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "lie: expected one scenario file")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "lie:", err)
		os.Exit(1)
	}
}
