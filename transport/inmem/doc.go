// Package inmem is the simulated network: it carries the requests of node cores and
// clients in virtual time, with latencies drawn per message, timeouts, and a record of
// what it delivered.
//
// A Network is a table of hosts, each a real node core or a client. It is driven by a
// kernel: the network schedules events with it (Scheduler), and the kernel hands them
// back when their time has come (Partition.Deliver). Requests and answers are passed by
// reference; nothing may change one once it is sent.
//
// # Links
//
// A message goes through a Link: it departs from its sender, travels, and arrives at its
// receiver's end. Without one, messages have a latency (package latency) and nothing else
// happens to them. Then the asker draws the latency of both ways when it calls, and a
// request that is answered at once needs no timer.
//
// A request of a host to itself is none of the network's: it is an event of the same
// instant, as it is a call within the process on the real wire. It has no latency, cannot
// be lost, and is not counted as traffic.
//
// # Partitions
//
// A partition is the part of the network that one worker drives at a time: its hosts, the
// calls they wait for, the messages on their way to them. It touches nothing of another
// partition; messages between partitions travel in envelopes that the kernel hands over
// (Seal, Accept).
//
// # What is not modelled
//
// Bandwidth, loss, processor time at the nodes and queues in front of them; all clocks
// are equal.
package inmem
