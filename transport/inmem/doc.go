// Package inmem is the simulated network: it carries the requests of node cores and clients in virtual time, with
// latencies drawn per message, timeouts, and a record of what it delivered.
//
// A Network is a table of hosts, each a real node core or a client. It is driven by a kernel: the network schedules
// events with it (Scheduler), and the kernel hands them back when their time has come (Lane.Deliver). Requests and
// answers are passed by reference; nobody may change one once it is sent.
//
// # Lanes
//
// A lane is the part of the network that one worker drives: its hosts, the calls they wait for, the messages on their way
// to them. A lane touches nothing of another lane; messages between lanes travel in envelopes that the worker hands
// over (Outbox, Accept). For that, all that a call needs is decided by the caller when it calls: both latencies, and
// whether the answer can come in time at all.
//
// # What is not modelled
//
// Bandwidth, loss, processor time at the nodes and queues in front of them; all clocks are equal.
package inmem
