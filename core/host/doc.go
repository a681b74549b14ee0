// Package host is the seam between a node and the applications that run on it: what an
// extension is given, and what it declares. An extension is one value that runs unchanged
// on real nodes (package node), in the simulator (package sim) and in the little network
// of the tests (package core/coretest).
//
// # The smallest extension
//
//	type Greeter struct{ ask host.Ask[Question, Answer] }
//
//	func (g *Greeter) Name() string { return "greeter" }
//
//	func (g *Greeter) Start(h *host.Host) {
//		g.ask = host.Query[Question, Answer]{Name: "hello", Local: …, Merge: …}.Offer(h)
//	}
//
// [Attach] gives each extension its Host, before the node starts. From then on all that
// the extension declares is called in the node's thread, as the node itself is: it never
// locks, never blocks and starts no goroutine. What waits is a procedure on a [Task], and
// reads from top to bottom. What takes milliseconds goes to Task.Offload.
//
// # What there is
//
//   - [Query]: a question to the whole network. One node's answer and a way to merge are
//     all that the extension says; the network does the rest, and tells the coverage.
//   - [Direct]: a request to one node, which a stream of bytes may follow.
//   - [Host.Pick], [Host.Balanced] and [Spread]: choose nodes for copies, evenly, and write
//     to them until enough have acknowledged.
//   - [Bucket]: keys and values of the extension, on disk before anything that depends on
//     them leaves the node. [Blobs]: large values. [Cache]: what can be had again.
//   - [Host.Every], [Host.OnMembers]: work in the background, by time and by who joined
//     and left the network.
//   - [Host.Count], [Host.Gauge], [Host.Log], [Host.OnStatus], [Host.Command]: what the
//     owner sees and does.
//
// HTTP routes for clients are in package extensions/web: nothing here knows HTTP.
//
// # Names
//
// All names of an extension are scoped to it: its query "find" is "documents.find" for
// others, its keys are in its own bucket, its locks its own. Names of extensions have
// lower-case letters, digits and hyphens, and differ; so the names of two cannot collide.
//
// # Peers and addresses
//
// A [Peer] is a number that means something while a procedure runs, no longer: the node
// forgets addresses that it does not need. What an extension keeps or sends are addresses
// as texts ([Host.Address], [Host.Peer]).
//
// # Values
//
// Questions and answers travel as JSON, and by reference in the simulator. So neither may
// be changed once it is given to the host or has come from it. An answer with a method
// JSONSize() int says how long it is, which spares a simulation to encode it.
//
// # Panics
//
// On a real node a panic of an extension fails what it was doing, and undoes what it has put
// into its bucket since it last waited; see [Guard]. It does not end the node. Goroutines of
// the extension's own are not guarded.
//
// # Trust
//
// A question or answer of another node is whatever a liar makes it: Check and Valid see it
// before anything else does. Errors of both are refusals: a *message.Error keeps its code,
// any other gets one. An answer that is not valid counts as garbage against the peer that
// gave it, so Valid must accept all that honest nodes give.
package host
