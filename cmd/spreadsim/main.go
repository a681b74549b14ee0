// Command spreadsim runs scenario files: it builds a network of real node
// cores in virtual time, asks it what the scenario asks, and writes down what
// it did.
//
//	spreadsim run scenarios/quickstart.yaml
//
// Everything of the machine (terminal, clock, memory, signals) stays in this
// package, and of the command-line library in this one and in package command,
// the frame it shares with spreadnode; what a run is, and that it is the same
// on every machine, is the business of package sim.
package main

import (
	"os"

	"spreadable/sim"
)

func main() {
	os.Exit(run(os.Args, os.Stdout, os.Stderr, sim.Run))
}
