// Package link has what may happen to a message between two hosts, beyond its latency:
// loss, connections, bandwidth, queues and hosts that cannot be reached.
//
// Each is a small value with one job that decorates another one. The innermost carry
// packets and know no sizes (Way):
//
//   - Latency: a packet takes what a latency model draws;
//   - Access: the lines of some hosts add a delay;
//   - TCP or Datagrams: packets are lost, and sent again or not.
//
// The outer ones carry messages (inmem.Link). A message passes them in this order:
//
//   - Outside: a request to a host that cannot be reached never arrives;
//   - Uplink: a message takes its size over the sender's bandwidth, after those before
//     it;
//   - Connections: a request may have to wait for a handshake;
//   - Path: the message travels, as one packet on a Way;
//   - Downlink: as the uplink, at the receiver's end;
//   - Server: a request waits for the receiver's processor, or is turned away.
//
// New puts together those that a network needs. What they have counted is in Counts.
//
// # State
//
// Links are called from all partitions of a network at the same time, so each keeps its
// state by host: what Depart changes belongs to the sender, what Arrive changes to the
// receiver. Random draws come from streams of their own, by host and purpose. So the same
// seed gives the same run with any number of workers, and switching one decorator on
// changes nothing that another one draws.
//
// # What is not modelled
//
// A message is one packet: a long one is not divided into segments that travel at the
// same time on both lines, nor slowed down at the start as by TCP. A packet that is sent
// again delays only itself, and takes no more of the uplink. Messages that share a
// connection do not wait for each other.
package link
