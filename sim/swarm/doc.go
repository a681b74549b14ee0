// Package swarm looks for failures that no test thinks of. From a seed it draws a network,
// its weather, faults, liars and a load (Plan), runs that in the simulator's own kernel,
// and after each fault, when the network has had time to mend, judges it from outside.
//
//	plan := swarm.Draw(4711, swarm.All())
//	if failure := swarm.Run(plan, nil).Failure; failure != nil {
//		smallest := swarm.Shrink(plan, failure, run)
//	}
//
// A plan is one line of text, which repeats the run to the bit on every machine. What a
// phase of a run does comes from random streams of its own. So a phase that is left out
// changes nothing but its effects, and a failure can be made smaller.
//
// The kinds of faults are in package fault, those of lies in package lie, what must hold
// of a settled network in package invariant. Here are what they act on (world.go,
// host.go, weather.go), the load of clients (load.go), and the judge (judge.go).
package swarm
