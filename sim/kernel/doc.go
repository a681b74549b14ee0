// Package kernel is the heart of the simulator: a discrete-event kernel that knows
// virtual time, events, partitions and workers, and nothing of what the events mean.
//
// The simulated system is divided into partitions. A partition has the events that are
// still to come for it (package queue) and a Handler, which gets them in their total
// order (Time, To, From, Seq). What the handler causes in its own partition it gives to
// Schedule; what it causes in another travels there in an envelope.
//
//	k := kernel.New(workers, lookahead, handlers) // one handler for each partition
//	k.Partition(0).Schedule(kernel.Event{Time: 1e9, To: 7})
//	k.RunUntil(2 * time.Second)
//
// # The caller's turn
//
// RunUntil delivers all events before a limit and returns. Between two calls all
// partitions stand still at the same virtual time, and only there may the caller look at
// the whole system or change it: take a sample, break a link, start nodes. So whatever
// concerns more than one partition happens at the end of a slice of time, and needs no
// lock.
//
// # Partitions, lookahead and safe time
//
// What one partition causes in another takes effect after the lookahead at the earliest.
// So the events of a partition may be delivered up to its safe time: the lookahead beyond
// the clocks of all others. Nothing that they have not sent yet can fall before that. A
// worker takes the partition that is furthest behind, drives it to its safe time, hands
// over what it has sent, moves its clock, and takes another. (Conservative
// synchronisation: Chandy and Misra, Distributed simulation, 1979.)
//
// There are a few partitions for each worker. While one worker is held up in a partition
// by a slow moment (a master asks all others in one instant, a hundred thousand newcomers
// ask one node), the rest have the other partitions; with one partition each they waited
// for each other two fifths of the time.
//
// The order of events does not depend on which worker delivers them. So each destination
// sees the same events in the same order, whatever the number of workers and partitions.
package kernel
