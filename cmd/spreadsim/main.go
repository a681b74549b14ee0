// Command spreadsim runs scenario files: it builds a network of real node
// cores in virtual time, asks it what the scenario asks, and writes down what
// it did.
//
//	spreadsim run scenarios/quickstart.yaml
//
// The machine (terminal, clock, memory, signals) is known to this package only. The
// command-line library is known to it and to package command, the frame that it shares
// with spreadnode. Package sim knows what a run is, and makes it the same on every
// machine.
package main

import (
	"os"

	"spreadable/sim"
)

func main() {
	os.Exit(run(os.Args, os.Stdout, os.Stderr, sim.Run))
}
