// Package sim runs scenarios: it builds a simulated network of real node cores, lets it live in virtual time, asks it
// what clients would ask, and measures what it does.
//
// Run is the whole of it. Inside, from the bottom up:
//
//   - kernel.go: the discrete-event kernel. It hands events to the network in their total order.
//   - workers.go: several kernels on several processors, to the same bits.
//   - world.go: the network of a scenario, and when its nodes start.
//   - workload.go: the searches and approvals of clients.
//   - measure.go: samples of the network's state, and the rows of the results.
//   - check.go: the invariants, judged from outside the nodes.
//   - run.go: the order of it all.
//
// The same scenario, seed and version give the same run to the bit.
package sim
