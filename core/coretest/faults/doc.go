// Package faults breaks networks of nodes and watches how they mend. One run has a kind
// of fault, a size and a seed, which make the run repeatable to the bit: a network grows,
// the fault does its harm, and then every round of syncs is checked for the invariants of
// coretest.Network.Violation.
//
// The faults are those of package sim/fault and the lies those of package sim/lie: the
// simulator breaks its own networks with them (package sim/swarm). What differs is the
// world, which shares no code with the simulator's.
//
// Besides faults there are liars, nodes that answer what is not so (liars.go); the
// toggle, an attack by registering again and again (toggle.go); and two questions asked
// alone: whether a bootstrap node finds back to its network (returns.go), and what
// constant loss does (loss.go).
//
// To look for failures, run many seeds, then trace the smallest that fails:
//
//	go test ./core/coretest/faults -run TestByHand -v -kind all -count 20
//	go test ./core/coretest/faults -run TestByHand -v -kind boot-gone -size 3 -from 86 -trace
package faults
