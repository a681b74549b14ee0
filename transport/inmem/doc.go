// Package inmem is the simulated network: it carries the requests of node cores and
// clients in virtual time, with latencies of messages or pairs, timeouts, and a record of
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
// request that is answered at once needs no timer. Package link has loss, connections,
// bandwidth and queues.
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
// # Bytes
//
// Bytes are counted by package wire, as transport/http sends them between nodes of ours:
// once for each message, when it departs. Both ends count what the message carries.
//
// Nodes that have met before need not tell their structure again. As the loop of
// transport/http does, a host keeps of each peer the latest structure that it got, up to
// wire.MaxLearned of them, and names it in the next request; if it is still the one that
// the peer has, the answer is a 304 without a body. Messages are pointers here, so a
// number stands for the structure (edition). It differs in two points: a node whose lists
// change and change back makes a new snapshot, of which its ETag could not tell that it
// is new; and a structure that a Front gives in place of the node's has no number, so it is
// told in full each time, also where it is the same.
//
// # What is not modelled
//
// Without a Link, the connections under the messages, bandwidth, loss, processor time at
// the nodes and the queues in front of them. All clocks are equal.
package inmem
