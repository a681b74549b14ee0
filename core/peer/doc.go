// Package peer names the nodes of a network.
//
// A node is known by one text, "host:port". Two nodes are the same node when,
// and only when, these texts are equal: "localhost:1", "127.0.0.1:1" and
// "[::ffff:127.0.0.1]:1" are three nodes that share an IP. [Parse] turns what
// came over the wire or from a person into an [Address], or says what is wrong
// with it; [Address.String] gives the text back.
//
// Lists of nodes take most of a node's memory, so inside a process an address is a
// [Peer]: four bytes, given out by a [Book] that holds each text once. Codecs, options
// and reports translate; the core compares and copies small integers.
//
// Identity is text, but rights depend on the IP as well: bans do, and a request must
// come from the address that it names. So the package also holds the one way to read
// and compare IPs ([ParseIP], [SameIP], [FullIPv6]), and the [List] of white-, black-
// and trust-listed hosts. Nothing here looks up names: that is I/O, which a transport
// does. It hands the result to [Book.SetIP].
package peer
