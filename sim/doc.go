// Package sim runs scenarios: it builds a simulated network of real node cores, lets it
// live in virtual time, asks it what clients would ask, and measures what it does.
//
// Run is the whole of it. Inside, from the bottom up:
//
//   - package kernel: events, partitions and workers. It knows nothing of networks.
//   - handler.go: the simulated network (transport/inmem) as a handler of the kernel's
//     events.
//   - package population: which nodes are up at which time.
//   - world.go: the network of a scenario, and what is planned for it.
//   - faults.go, attacks.go: what breaks, and which nodes lie; targets.go chooses these.
//     Package weather is what is then wrong with hosts and messages, package lie what liars
//     say.
//   - workload.go: the searches and approvals of clients; entries.go: when and where they
//     ask.
//   - measure.go: samples of the network's state, and the rows of the results.
//   - check.go: the invariants, judged from outside the nodes.
//   - tap.go: what a recorder of traces (package trace) is told.
//   - run.go: the order of it all.
//   - package laws: what theory says of all this, and whether it is so.
//
// The same scenario, seed and version give the same run to the bit.
package sim
