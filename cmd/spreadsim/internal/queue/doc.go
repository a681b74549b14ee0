// Package queue shares the runs of sweeps among many machines over NATS JetStream.
//
//	queue.go    a connection to the server, and what the server keeps
//	mark.go     what has become of a run: tried by, done with
//	collect.go  the side of the sweep: enqueue what is missing, collect what is done
//	worker.go   the side of the machines: one run for each free core
//	turn.go     what a worker does with one delivery of a run
//	server.go   an embedded server
//
// The folder of the sweep is the truth, the queue a cache: a server that loses all it has
// costs the runs in progress and no more, because the sweep enqueues again what is missing.
//
// # What the server keeps
//
//   - A stream with the runs that wait or are being run, each under the subject
//     spreadsim.run.<version>.<key>. It takes one message for each subject, so a run
//     that is enqueued twice is there once. A message is deleted when it is acknowledged.
//   - A durable consumer for each version of the program, which all workers of that
//     version pull from. So no other version ever sees the run.
//   - An object store with the results, and the files that scenarios name, by their hashes.
//   - A bucket of marks: done.<version>.<key> says which object is the result,
//     tried.<version>.<key> which workers have begun the run and not ended it.
//
// # The life of a run
//
// A worker with a free core pulls one message. It writes itself down as one that has begun
// the run, and from then on tells the server at a quarter of the lease that it is still at
// it. When the run ends, the worker stores the result, marks it, and then acknowledges.
// Whatever dies between two of these steps, the next worker finds either a mark, and only
// acknowledges, or none, and runs again. Delivery is at least once. A second result of one
// key must be the same to the byte; if it is not, both are kept in the mark, and both sides
// report a bug of the simulator.
//
// A worker that is told to end gives its runs back. One that dies does not: after the lease
// its runs go to other workers. These ask whether those that began the run before are still
// there. An answer "I am at it" leaves the run to that worker: it was the server or the
// network that failed. A run that has lost three workers is itself a result, with the
// outcome lost, so it blocks nothing. Before its third worker it waits until one is idle,
// and runs alone there: so it does not drag down the runs beside it for a third time.
package queue
